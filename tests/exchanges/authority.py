"""A certificate authority of the test's own, and what it signs, as strict readers want them."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
PRIVATE = serialization.PrivateFormat.PKCS8
BARE = serialization.NoEncryption()
Key = ec.EllipticCurvePrivateKey


class Owner(NamedTuple):
    name: x509.Name
    key: Key


def authority(folder: Path, host: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """The file of the authority, and the context of a server that shows what it has signed for a host.

    Beside them lie certificates that nobody should accept: expired, for another host, signed by its owner.
    """
    root, venue = _owner("an authority of a test"), _owner("an exchange of a test")
    signs = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    own = _signed(root, root, [x509.BasicConstraints(ca=True, path_length=None), signs])
    named = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    ours, others = ([x509.SubjectAlternativeName([each])] for each in (named, x509.DNSName("example.org")))
    (folder / "authority.pem").write_bytes(own.public_bytes(PEM))
    private = venue.key.private_bytes(PEM, PRIVATE, BARE)
    for name, leaf in {
        "exchange": _signed(venue, root, ours),
        "expired": _signed(venue, root, ours, age_days=9),
        "other-host": _signed(venue, root, others),
        "self-signed": _signed(venue, venue, ours),
    }.items():
        (folder / f"{name}.pem").write_bytes(leaf.public_bytes(PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "exchange.pem")
    return folder / "authority.pem", context


def _owner(words: str) -> Owner:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])
    return Owner(name, ec.generate_private_key(ec.SECP256R1()))


def _signed(
    owner: Owner, signer: Owner, extensions: Sequence[x509.ExtensionType], *, age_days: int = 1
) -> x509.Certificate:
    now, public = datetime.now(UTC), owner.key.public_key()
    built = x509.CertificateBuilder().subject_name(owner.name).issuer_name(signer.name).public_key(public)
    built = built.serial_number(x509.random_serial_number())
    first = now - timedelta(days=age_days)
    built = built.not_valid_before(first).not_valid_after(first + timedelta(days=2))
    for extension in extensions:
        built = built.add_extension(extension, critical=True)
    of_signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
    built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    return built.add_extension(of_signer, critical=False).sign(signer.key, hashes.SHA256())
