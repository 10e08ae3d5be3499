"""A self-signed certificate made at start, so that no key is ever kept: EC P-256, for given names, for some days."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, repr=False)
class Certificate:
    """``pem`` is the certificate, which also verifies itself as ``--ca-file``; ``key_pem`` the private key."""

    pem: bytes
    key_pem: bytes

    def server_context(self) -> ssl.SSLContext:
        """What a TLS server needs. The files that ``ssl`` insists on are gone when this returns."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory(prefix="smtp-probe-") as folder:
            path = Path(folder) / "server.pem"
            path.touch(mode=0o600)
            path.write_bytes(self.key_pem + self.pem)
            context.load_cert_chain(path)
        return context


def self_signed(*names: str, days: float = 30, not_before: datetime | None = None, ca: bool = True) -> Certificate:
    """Make a certificate for host names and addresses; the first one is its subject too.

    ``days`` counts from ``not_before``, which is an hour ago by default; less than nothing gives one that has expired.
    Without ``ca`` it does not claim to be an authority, and some clients then do not take it as one.
    """
    names = names or ("localhost", "127.0.0.1", "::1")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    start = not_before or datetime.now(UTC) - timedelta(hours=1)
    end = start + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(start, end - timedelta(days=1)))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    return Certificate(
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
