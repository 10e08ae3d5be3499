"""Certificates for hostile servers, each made when first asked for and never kept: expired, for another name, with a
key that is too short, with thousands of names, with escape sequences for names; and contexts for old versions of TLS.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import tempfile
import warnings
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from probe.embedded.certificate import Certificate, self_signed
from tests.hostile.smtp_server import Peer, Script

NAMES = ("mx.test", "localhost", "127.0.0.1")
# OSC 52 would put text into the clipboard of whoever looks at the certificate.
EVIL_NAME = "\x1b]52;c;cm0gLXJm\x07.test"


@cache
def certificate(kind: str) -> Certificate:
    """The certificate of that kind, for ``NAMES`` unless the kind says otherwise."""
    now = datetime.datetime.now(datetime.UTC)
    if kind == "expired":
        return self_signed(*NAMES, days=-3)
    if kind == "future":
        return self_signed(*NAMES, not_before=now + datetime.timedelta(days=10))
    if kind == "other-name":
        return self_signed("elsewhere.test")
    if kind == "many-names":
        return self_signed(*NAMES, *(f"host-{number}.example.test" for number in range(2000)))
    if kind == "too-many-names":
        return self_signed(*NAMES, *(f"host-{number}.example.test" for number in range(8000)))
    if kind == "evil-name":
        return self_signed("mx.test", EVIL_NAME, "127.0.0.1")
    if kind == "weak-key":
        return _weak(now)
    return self_signed(*NAMES)


def _weak(now: datetime.datetime) -> Certificate:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.test")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    return Certificate(
        made.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


@cache
def context(kind: str) -> ssl.SSLContext:
    """A server's context: a kind of certificate, or ``tls1.0`` … ``tls1.2`` for a server that knows nothing newer."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers("ALL:@SECLEVEL=0")
    with tempfile.TemporaryDirectory(prefix="smtp-probe-") as folder:
        path = Path(folder) / "server.pem"
        path.touch(mode=0o600)
        chosen = certificate(kind)
        path.write_bytes(chosen.key_pem + chosen.pem)
        made.load_cert_chain(path)
    versions = {"tls1.0": ssl.TLSVersion.TLSv1, "tls1.1": ssl.TLSVersion.TLSv1_1, "tls1.2": ssl.TLSVersion.TLSv1_2}
    if kind in versions:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            made.maximum_version = versions[kind]
    return made


def handshake(kind: str, *, cut_after: int | None = None, then: bytes = b"") -> Script:
    """The act of a TLS handshake with that kind of context; ``then`` shares a segment with the end of it."""

    async def act(peer: Peer) -> None:
        await peer.shake(context(kind), cut_after=cut_after, then=then)

    return act
