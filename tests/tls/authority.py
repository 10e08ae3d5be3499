"""An authority of one's own, for servers on loopback whose certificates shall verify, or just not."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from probe.embedded.certificate import Certificate

DAY = datetime.timedelta(days=1)


class Authority:
    """Its certificate is ``pem``, and ``der``; ``now`` is the moment around which everything that it issues is
    valid."""

    def __init__(self, name: str = "A test authority", now: datetime.datetime | None = None) -> None:
        self.now = now or datetime.datetime.now(datetime.UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        self._certificate = (
            _builder(self._name, self._name, self._key, self.now - 30 * DAY, self.now + 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, SHA256())
        )
        self.pem = self._certificate.public_bytes(Encoding.PEM)
        self.der = self._certificate.public_bytes(Encoding.DER)

    def file(self, folder: Path) -> str:
        """The certificate as a file, as ``--ca-file`` takes it."""
        path = folder / "authority.pem"
        path.write_bytes(self.pem)
        return str(path)

    def issue(self, *names: str, days: tuple[float, float] = (-1, 29)) -> Certificate:
        """A certificate for these names, valid from and to so many days from now, with the authority's own behind."""
        key = ec.generate_private_key(ec.SECP256R1())
        begin, end = (self.now + each * DAY for each in days)
        leaf = (
            _builder(_named(names[0]), self._name, key, begin, end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key, SHA256())
        )
        return Certificate(
            leaf.public_bytes(Encoding.PEM) + self.pem,
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )


def ders(certificate: Certificate) -> tuple[bytes, ...]:
    """The chain of a certificate in DER form, leaf first."""
    return tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(certificate.pem))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    begin: datetime.datetime,
    end: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )
