"""The cluster's authorities, tokens and the administrator's certificate, made before any machine exists.

k3s takes authorities that lie in its ``tls`` directory before its first start (docs.k3s.io,
cli/certificate), so the program knows them: the kubeconfig is known without logging in to a machine, and
the tokens pin the authority.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Final

import pulumi
import pulumi_random as random
import pulumi_tls as tls
import yaml

__all__ = ["AUTHORITIES", "HetznerCertificates", "hash_of", "kubeconfig"]

AUTHORITIES: Final = ("server-ca", "client-ca", "request-header-ca", "etcd/peer-ca", "etcd/server-ca")
"""Files that k3s wants, without ``.crt`` and ``.key``; beside them ``service.key``, which signs account
tokens."""

_HOUR: Final = 1
_YEAR: Final = 365 * 24 * _HOUR
_AUTHORITY_HOURS: Final = 10 * _YEAR
_ADMINISTRATOR_HOURS: Final = _YEAR
_RENEWAL_HOURS: Final = 30 * 24 * _HOUR
"""An update in the last thirty days of the administrator's certificate makes a new one."""

_PASSWORD_LENGTH: Final = 48


class HetznerCertificates(pulumi.ComponentResource):
    """Five authorities, the key for account tokens, two join passwords, and one administrator.

    All of it is secret and lies encrypted in the state: whoever can open the state is administrator of the
    cluster. The authorities last ten years and are not renewed by an update, as k3s reads them once.
    """

    authority: pulumi.Output[str]
    """Certificate that the API's certificates are signed with, PEM."""
    files: pulumi.Output[Mapping[str, str]]
    """Content of k3s's ``tls`` directory by path below it. Secret."""
    server_password: pulumi.Output[str]
    agent_password: pulumi.Output[str]
    administrator: pulumi.Output[tuple[str, str]]
    """Certificate and key, PEM, of a member of ``system:masters``. Secret."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        """Make everything under the logical name ``name``."""
        super().__init__("sovereign:hetzner:Certificates", name, None, opts)
        provider = tls.Provider(f"{name}-tls", opts=pulumi.ResourceOptions(parent=self))
        drawing = random.Provider(f"{name}-random", opts=pulumi.ResourceOptions(parent=self))
        self._options = pulumi.ResourceOptions(parent=self, provider=provider)
        pairs = {path: self._authority(name, path) for path in AUTHORITIES}
        accounts = tls.PrivateKey(
            f"{name}-service-accounts", algorithm="RSA", rsa_bits=2048, opts=self._options
        )
        self.authority = pairs["server-ca"][0].cert_pem
        contents: dict[str, pulumi.Output[str]] = {"service.key": accounts.private_key_pem}
        for path, (certificate, key) in pairs.items():
            contents[f"{path}.crt"] = certificate.cert_pem
            contents[f"{path}.key"] = key.private_key_pem
        self.files = pulumi.Output.secret(pulumi.Output.all(**contents))
        drawn = pulumi.ResourceOptions(parent=self, provider=drawing)
        self.server_password = _password(f"{name}-servers", drawn)
        self.agent_password = _password(f"{name}-agents", drawn)
        certificate, key = self._administrator(name, *pairs["client-ca"])
        both = pulumi.Output.all(certificate.cert_pem, key.private_key_pem)
        self.administrator = pulumi.Output.secret(both.apply(lambda pair: (pair[0], pair[1])))
        self.register_outputs({})

    def _key(self, name: str) -> tls.PrivateKey:
        return tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=self._options)

    def _authority(self, name: str, path: str) -> tuple[tls.SelfSignedCert, tls.PrivateKey]:
        label = path.replace("/", "-")
        key = self._key(f"{name}-{label}")
        certificate = tls.SelfSignedCert(
            f"{name}-{label}",
            private_key_pem=key.private_key_pem,
            subject=tls.SelfSignedCertSubjectArgs(common_name=f"{name}-{label}"),
            is_ca_certificate=True,
            set_subject_key_id=True,
            allowed_uses=["cert_signing", "crl_signing", "digital_signature", "key_encipherment"],
            validity_period_hours=_AUTHORITY_HOURS,
            opts=self._options,
        )
        return certificate, key

    def _administrator(
        self, name: str, authority: tls.SelfSignedCert, authority_key: tls.PrivateKey
    ) -> tuple[tls.LocallySignedCert, tls.PrivateKey]:
        key = self._key(f"{name}-administrator")
        request = tls.CertRequest(
            f"{name}-administrator",
            private_key_pem=key.private_key_pem,
            subject=tls.CertRequestSubjectArgs(
                common_name="sovereign-administrator", organization="system:masters"
            ),
            opts=self._options,
        )
        certificate = tls.LocallySignedCert(
            f"{name}-administrator",
            cert_request_pem=request.cert_request_pem,
            ca_cert_pem=authority.cert_pem,
            ca_private_key_pem=authority_key.private_key_pem,
            allowed_uses=["client_auth", "digital_signature"],
            validity_period_hours=_ADMINISTRATOR_HOURS,
            early_renewal_hours=_RENEWAL_HOURS,
            opts=self._options,
        )
        return certificate, key


def _password(name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    # Letters and digits: a colon would split the token, a quote the configuration.
    return random.RandomPassword(name, length=_PASSWORD_LENGTH, special=False, opts=opts).result


def hash_of(authority: str) -> str:
    """The hash by which a k3s token pins its cluster: sha256 of the file's bytes, for a file with one
    certificate (k3s, pkg/clientaccess/token.go).
    """
    return hashlib.sha256(authority.encode()).hexdigest()


def kubeconfig(name: str, server: str, authority: str, certificate: str, key: str) -> str:
    """A kubeconfig with one cluster and its administrator, for ``https://host:port``."""

    def encoded(pem: str) -> str:
        return base64.b64encode(pem.encode()).decode()

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": server, "certificate-authority-data": encoded(authority)}}
        ],
        "users": [
            {
                "name": name,
                "user": {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)},
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return yaml.safe_dump(document, sort_keys=False)
