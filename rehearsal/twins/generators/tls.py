"""`tls`: real keys and certificates, made by the `cryptography` library."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rehearsal.errors import CloudError
from rehearsal.sdk import ResourceType
from rehearsal.twins.behaviour import Behaviour, Request

__all__ = ["Tls"]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_CURVES = {"P224": ec.SECP224R1, "P256": ec.SECP256R1, "P384": ec.SECP384R1, "P521": ec.SECP521R1}
_SUBJECT = {
    "commonName": NameOID.COMMON_NAME,
    "country": NameOID.COUNTRY_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "postalCode": NameOID.POSTAL_CODE,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
}
_KEY_USES = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
_EXTENDED_USES = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
}


class Tls(Behaviour):
    """Answers for `tls`."""

    def replacing(self, type_: ResourceType) -> frozenset[str]:
        """Any change makes a new key or certificate."""
        return frozenset(type_.inputs) - {"earlyRenewalHours"}

    def identity(self, request: Request) -> str:
        """A made-up id; the provider uses a hash."""
        return hashlib.sha1(uuid.uuid4().bytes, usedforsecurity=False).hexdigest()

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """The key or certificate.

        Raises:
            CloudError: a key or certificate in the inputs cannot be read, or an option is not one.
        """
        kind = request.type.token.rsplit(":", 1)[-1]
        try:
            if kind == "PrivateKey":
                return _private_key(request.inputs)
            if kind == "CertRequest":
                return _certificate_request(request.inputs)
            if kind == "SelfSignedCert":
                return _self_signed(request.inputs)
            if kind == "LocallySignedCert":
                return _locally_signed(request.inputs)
        except (ValueError, KeyError) as error:
            raise CloudError(f"{request.type.token}: {error}; check the PEM inputs and options") from error
        return {}


def _generate(inputs: Mapping[str, Any]) -> PrivateKey:
    algorithm = inputs["algorithm"]
    if algorithm == "RSA":
        return rsa.generate_private_key(65537, int(inputs.get("rsaBits") or 2048))
    if algorithm == "ECDSA":
        return ec.generate_private_key(_CURVES[inputs.get("ecdsaCurve") or "P224"]())
    if algorithm == "ED25519":
        return ed25519.Ed25519PrivateKey.generate()
    raise ValueError(f"algorithm {algorithm!r} is not RSA, ECDSA or ED25519")


def _pem(key: PrivateKey, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _private_key(inputs: Mapping[str, Any]) -> dict[str, Any]:
    key = _generate(inputs)
    public = key.public_key()
    is_edwards = isinstance(key, ed25519.Ed25519PrivateKey)
    has_openssh = (
        inputs.get("ecdsaCurve", "P256") != "P224" if isinstance(key, ec.EllipticCurvePrivateKey) else True
    )
    openssh = (
        public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + "\n" if has_openssh else ""
    )
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pkcs8 = _pem(key, PrivateFormat.PKCS8)
    return {
        "privateKeyPem": pkcs8 if is_edwards else _pem(key, PrivateFormat.TraditionalOpenSSL),
        "privateKeyPemPkcs8": pkcs8,
        "privateKeyOpenssh": _pem(key, PrivateFormat.OpenSSH) if has_openssh else "",
        "publicKeyPem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "publicKeyOpenssh": openssh,
        "publicKeyFingerprintMd5": hashlib.md5(der, usedforsecurity=False).hexdigest(),
        "publicKeyFingerprintSha256": f"SHA256:{hashlib.sha256(der).hexdigest()}",
    }


def _load(pem: str) -> PrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
        return key
    raise ValueError("the private key is of a kind that is not supported")


def _algorithm(key: PrivateKey) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def _hash(key: PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _name(subject: Mapping[str, Any] | None) -> x509.Name:
    given = subject or {}
    return x509.Name(
        [x509.NameAttribute(oid, str(given[key])) for key, oid in _SUBJECT.items() if given.get(key)]
    )


def _alternative_names(inputs: Mapping[str, Any]) -> x509.SubjectAlternativeName | None:
    hosts, addresses, uris = (
        cast("list[str]", inputs.get(key) or []) for key in ("dnsNames", "ipAddresses", "uris")
    )
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    names += [x509.IPAddress(ip_address(address)) for address in addresses]
    names += [x509.UniformResourceIdentifier(uri) for uri in uris]
    return x509.SubjectAlternativeName(names) if names else None


def _certificate_request(inputs: Mapping[str, Any]) -> dict[str, Any]:
    key = _load(inputs["privateKeyPem"])
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(inputs.get("subject")))
    alternatives = _alternative_names(inputs)
    if alternatives is not None:
        builder = builder.add_extension(alternatives, critical=False)
    signed = builder.sign(key, _hash(key))
    return {"certRequestPem": signed.public_bytes(Encoding.PEM).decode(), "keyAlgorithm": _algorithm(key)}


def _self_signed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    key = _load(inputs["privateKeyPem"])
    subject = _name(inputs.get("subject"))
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    alternatives = _alternative_names(inputs)
    if alternatives is not None:
        builder = builder.add_extension(alternatives, critical=False)
    return {"keyAlgorithm": _algorithm(key), **_signed(builder, inputs, key)}


def _locally_signed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    authority_key = _load(inputs["caPrivateKeyPem"])
    authority = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
    asked = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
    builder = x509.CertificateBuilder().subject_name(asked.subject).issuer_name(authority.subject)
    builder = builder.public_key(asked.public_key())
    for extension in asked.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return {"caKeyAlgorithm": _algorithm(authority_key), **_signed(builder, inputs, authority_key)}


def _signed(builder: x509.CertificateBuilder, inputs: Mapping[str, Any], key: PrivateKey) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0)
    end = start + timedelta(hours=float(inputs["validityPeriodHours"]))
    uses = set(inputs.get("allowedUses") or [])
    usage = {parameter: use in uses for use, parameter in _KEY_USES.items()}
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=bool(inputs.get("isCaCertificate")), path_length=None), critical=True
    )
    if any(usage.values()):
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    extended = [oid for use, oid in _EXTENDED_USES.items() if use in uses]
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    certificate = builder.sign(key, _hash(key))
    return {
        "certPem": certificate.public_bytes(Encoding.PEM).decode(),
        "readyForRenewal": False,
        "validityStartTime": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "validityEndTime": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
