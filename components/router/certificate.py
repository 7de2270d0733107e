"""The certificate of an edge."""

from __future__ import annotations

import hashlib

import pulumi
import pulumi_kubernetes as k8s
import pulumi_tls as tls

from components.router.configuration import CERTIFICATE_FILE
from components.workloads import ClosedNamespace, ClusterTarget

__all__ = ["EdgeCertificate"]

_VALID_HOURS = 90 * 24
_RENEW_BEFORE_HOURS = 30 * 24


class EdgeCertificate(pulumi.ComponentResource):
    """A key and a certificate for one host name, as a Secret that HAProxy reads.

    Self-signed: clients must be given the certificate. The key is made by the program and stays in the
    stack's state, encrypted by the stack's own secrets provider, so keep the state in the jurisdiction as
    well. An update within thirty days of expiry makes a new certificate, and the routers are replaced one by
    one.
    """

    secret_name: str
    certificate: pulumi.Output[str]
    """In PEM form; public. Whoever connects to the edge must be given it."""
    fingerprint: pulumi.Output[str]
    """SHA-256 of the certificate in PEM form; public."""

    def __init__(
        self,
        name: str,
        *,
        host: str,
        tls_provider: pulumi.ProviderResource,
        namespace: ClosedNamespace,
        target: ClusterTarget,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Create key, certificate and Secret under the logical name ``name``."""
        super().__init__("sovereign:router:EdgeCertificate", name, None, opts)
        made_by_tls = pulumi.ResourceOptions(parent=self, provider=tls_provider)
        key = tls.PrivateKey(f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=made_by_tls)
        private_key = pulumi.Output.secret(key.private_key_pem)
        certificate = tls.SelfSignedCert(
            f"{name}-certificate",
            private_key_pem=private_key,
            allowed_uses=["digital_signature", "server_auth"],
            dns_names=[host],
            subject=tls.SelfSignedCertSubjectArgs(common_name=host),
            validity_period_hours=_VALID_HOURS,
            early_renewal_hours=_RENEW_BEFORE_HOURS,
            opts=made_by_tls,
        )
        bundle = pulumi.Output.secret(pulumi.Output.all(certificate.cert_pem, private_key).apply(_joined))
        self.secret_name = "edge-certificate"
        k8s.core.v1.Secret(
            f"{name}-secret",
            metadata={
                "name": self.secret_name,
                "namespace": namespace.namespace,
                "labels": target.residency.without_personal_data().labels,
            },
            string_data={CERTIFICATE_FILE: bundle},
            opts=target.options(self, depends_on=[namespace]),
        )
        self.certificate = pulumi.Output.unsecret(certificate.cert_pem)
        self.fingerprint = self.certificate.apply(_sha256)
        self.register_outputs({"fingerprint": self.fingerprint})


def _joined(parts: list[str]) -> str:
    return "".join(part if part.endswith("\n") else f"{part}\n" for part in parts)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
