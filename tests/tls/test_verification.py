"""Every reason why a certificate does not hold, and none where it does."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from probe.tls.verification import PROBLEMS, problems, trust_anchors

NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Pair = tuple[x509.Certificate, Key]


def made(
    name: str,
    issuer: Pair | None = None,
    *,
    ca: bool = False,
    days: tuple[int, int] = (-30, 30),
    names: tuple[str, ...] = (),
    key: Key | None = None,
) -> Pair:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + datetime.timedelta(days=days[0]))
        .not_valid_after(NOW + datetime.timedelta(days=days[1]))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), False)
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(True, None), True)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


ROOT = made("Root", ca=True, days=(-400, 400))
MIDDLE = made("Middle", ROOT, ca=True, days=(-300, 300))
OLD_MIDDLE = made("Old middle", ROOT, ca=True, days=(-300, -10))


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "root.pem"
    path.write_bytes(ROOT[0].public_bytes(Encoding.PEM))
    return str(path)


def judged(ca_file: str, *chain: Pair, host: str = "mx.test") -> tuple[str, ...]:
    found = problems([one.public_bytes(Encoding.DER) for one, _ in chain], host, NOW, ca_file)
    assert set(found) <= set(PROBLEMS)
    return found


def test_a_whole_chain_holds(ca_file: str) -> None:
    assert judged(ca_file, made("mx.test", MIDDLE, names=("mx.test",)), MIDDLE) == ()
    assert judged(ca_file, made("x", MIDDLE, names=("*.test",)), MIDDLE) == ()


def test_each_reason_has_its_name(ca_file: str) -> None:
    named = ("mx.test",)
    assert judged(ca_file, made("x", MIDDLE, names=named)) == ("unknown-issuer",)
    assert judged(ca_file, made("x", names=named)) == ("self-signed",)
    assert judged(ca_file, made("x", MIDDLE, names=("other.test",)), MIDDLE) == ("other-name",)
    assert judged(ca_file, made("mx.test", MIDDLE), MIDDLE) == ("other-name",)
    assert judged(ca_file, made("x", MIDDLE, names=("*.test",)), MIDDLE, host="a.mx.test") == ("other-name",)
    assert judged(ca_file, made("x", MIDDLE, names=named, days=(-20, -5)), MIDDLE) == ("expired",)
    assert judged(ca_file, made("x", MIDDLE, names=named, days=(5, 20)), MIDDLE) == ("not-yet-valid",)
    assert judged(ca_file, made("x", OLD_MIDDLE, names=named), OLD_MIDDLE) == ("issuer-expired",)


def test_several_reasons_are_all_told(ca_file: str) -> None:
    small = rsa.generate_private_key(65537, 1024)
    assert judged(ca_file, made("x", names=("other.test",), days=(-20, -5), key=small)) == (
        "expired",
        "weak-key",
        "other-name",
        "self-signed",
    )


def test_a_self_signed_anchor_is_trusted_as_its_operator_means_it(tmp_path: Path) -> None:
    own = made("mx.test", names=("mx.test",))
    path = tmp_path / "own.pem"
    path.write_bytes(own[0].public_bytes(Encoding.PEM))
    assert judged(str(path), own) == ()


def test_a_file_that_has_changed_is_read_again(tmp_path: Path, ca_file: str) -> None:
    leaf = made("x", MIDDLE, names=("mx.test",))
    assert judged(ca_file, leaf, MIDDLE) == ()
    Path(ca_file).write_bytes(made("Another root", ca=True)[0].public_bytes(Encoding.PEM))
    assert judged(ca_file, leaf, MIDDLE) == ("unknown-issuer",)


def test_what_is_no_certificate_is_unreadable(ca_file: str) -> None:
    assert problems([b"junk"], "mx.test", NOW, ca_file) == ("unreadable",)


def test_one_broken_root_does_not_cost_the_others(tmp_path: Path) -> None:
    path = tmp_path / "roots.pem"
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    path.write_bytes(broken + ROOT[0].public_bytes(Encoding.PEM))
    assert judged(str(path), made("x", MIDDLE, names=("mx.test",)), MIDDLE) == ()


def test_the_systems_own_store_is_read_in_silence() -> None:
    """Some stores hold certificates with serial numbers that make their reader complain; a warning fails this test."""
    assert isinstance(trust_anchors(None), tuple)
