"""A certificate authority of the test's own, and a certificate for 127.0.0.1 that it has signed."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PRIVATE = serialization.PrivateFormat.PKCS8
BARE = serialization.NoEncryption()


def authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """The file of the authority, and the context of a server that shows what it has signed."""
    own_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    own_name, name = _name("an authority of a test"), _name("an exchange of a test")
    own = _signed(own_name, own_name, own_key, own_key, x509.BasicConstraints(ca=True, path_length=None))
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    leaf = _signed(name, own_name, key, own_key, address)
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(own.public_bytes(pem))
    (folder / "exchange.pem").write_bytes(leaf.public_bytes(pem) + key.private_bytes(pem, PRIVATE, BARE))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "exchange.pem")
    return folder / "authority.pem", context


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number())
    built = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return built.add_extension(extension, critical=True).sign(signer, hashes.SHA256())
