"""The certificate that is made at start."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from probe.embedded.certificate import self_signed


def test_it_is_for_the_names_given() -> None:
    made = x509.load_pem_x509_certificate(self_signed("mx.demo.test", "127.0.0.1", days=7).pem)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mx.demo.test"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert made.subject.rfc4514_string() == made.issuer.rfc4514_string() == "CN=mx.demo.test"
    assert made.not_valid_before_utc < datetime.now(UTC) < made.not_valid_after_utc
    key = made.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"


def test_it_can_have_expired() -> None:
    made = x509.load_pem_x509_certificate(self_signed("mx.demo.test", days=-2).pem)
    assert made.not_valid_before_utc < made.not_valid_after_utc < datetime.now(UTC) - timedelta(days=1)


def test_nothing_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    self_signed().server_context()
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_not_shown() -> None:
    made = self_signed()
    assert b"PRIVATE KEY" in made.key_pem
    assert "PRIVATE" not in repr(made) and made.key_pem not in made.pem
