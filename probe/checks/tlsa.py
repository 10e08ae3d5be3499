"""TLSA records: reading them, and holding them against a chain of certificates (RFC 6698, RFC 7671, RFC 7672).

Pure, apart from ``cryptography``, which is loaded where certificates are looked at.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cryptography import x509

PKIX_TA, PKIX_EE, DANE_TA, DANE_EE = range(4)
CERTIFICATE, PUBLIC_KEY = range(2)
FULL, SHA256, SHA512 = range(3)

_RECORD = re.compile(r"([0-9]{1,3}) ([0-9]{1,3}) ([0-9]{1,3}) ?([0-9A-Fa-f ]*)")
_LENGTHS = {SHA256: 32, SHA512: 64}

Match = Literal["match", "no-match", "other-name", "not-valid-now"]


@dataclass(frozen=True)
class Association:
    """One record. ``reason`` is why an SMTP client cannot use it, None for a usable one: ``malformed``, ``pkix-usage``
    (RFC 7672 section 3.1.3), ``unknown-usage``, ``unknown-selector``, ``unknown-matching``, ``bad-length``,
    ``bad-data``."""

    text: str
    usage: int = -1
    selector: int = -1
    matching: int = -1
    data: bytes = b""
    reason: str | None = None

    @property
    def parameters(self) -> str:
        """The three numbers that people call it by: ``3 1 1``."""
        return f"{self.usage} {self.selector} {self.matching}"


def parse(text: str) -> Association:
    """Read a record in presentation form (RFC 6698 section 2.2); never raises."""
    match = _RECORD.fullmatch(text.strip())
    if not match or len(digits := match[4].replace(" ", "")) % 2:
        return Association(text, reason="malformed")
    usage, selector, matching = int(match[1]), int(match[2]), int(match[3])
    data = bytes.fromhex(digits)
    return Association(text, usage, selector, matching, data, _reason(usage, selector, matching, data))


def _reason(usage: int, selector: int, matching: int, data: bytes) -> str | None:
    if usage in (PKIX_TA, PKIX_EE):
        return "pkix-usage"
    if usage not in (DANE_TA, DANE_EE):
        return "unknown-usage"
    if selector not in (CERTIFICATE, PUBLIC_KEY):
        return "unknown-selector"
    if matching not in (FULL, SHA256, SHA512):
        return "unknown-matching"
    if matching in _LENGTHS:
        return None if len(data) == _LENGTHS[matching] else "bad-length"
    return None if _holds_what_it_says(selector, data) else "bad-data"


def _holds_what_it_says(selector: int, data: bytes) -> bool:
    """Whether the whole certificate, or the whole key, can be read."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    from probe.tls.certificate import load

    try:
        if selector == CERTIFICATE:
            load(data)
        else:
            load_der_public_key(data)
    except Exception:  # a parser of hostile octets: whatever it says, this is nothing that could match
        return False
    return True


def association(der: bytes, usage: int = DANE_EE, selector: int = PUBLIC_KEY, matching: int = SHA256) -> str:
    """The record to publish for a certificate. ``3 1 1`` outlives every renewal that keeps the key (RFC 7671
    section 5.1). Raises ValueError for what is no certificate with a key that can be read."""
    from cryptography.exceptions import UnsupportedAlgorithm

    from probe.tls.certificate import load

    try:
        return f"{usage} {selector} {matching} {_selected(load(der), selector, matching).hex()}"
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None


def match(record: Association, chain: Sequence[bytes], names: Sequence[str], now: datetime.datetime) -> Match:
    """Whether a usable record holds for a chain, leaf first and in DER form; never raises.

    With usage 3 the leaf alone is compared, whatever its names and dates (RFC 7672 section 3.1.1). With usage 2 an
    issuer must match, the leaf must lead to it, be valid now and bear one of the names (section 3.2.2).
    """
    try:
        return _match(record, chain, names, now)
    except Exception:  # parsers of hostile octets: what they cannot read, matches nothing
        return "no-match"


def _match(record: Association, chain: Sequence[bytes], names: Sequence[str], now: datetime.datetime) -> Match:
    from probe.tls.certificate import load

    certificates = list(map(load, chain))
    if not certificates:
        return "no-match"
    if record.usage == DANE_EE:
        return "match" if _equals(record, certificates[0]) else "no-match"
    anchors = [one for one in certificates[1:] if _equals(record, one)]
    if record.selector == CERTIFICATE and record.matching == FULL and not anchors:
        anchors = [load(record.data)]  # the record itself brings the issuer
    return _leads_to(anchors, certificates, names, now)


def _leads_to(
    anchors: Sequence[x509.Certificate],
    chain: Sequence[x509.Certificate],
    names: Sequence[str],
    now: datetime.datetime,
) -> Match:
    from probe.tls.verification import leads_to, names_host

    leaf, *others = chain
    if not anchors or not leads_to(anchors, leaf, others, now):
        return "no-match"
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        return "not-valid-now"
    return "match" if any(names_host(leaf, name) for name in names) else "other-name"


def _equals(record: Association, certificate: x509.Certificate) -> bool:
    return _selected(certificate, record.selector, record.matching) == record.data


def _selected(certificate: x509.Certificate, selector: int, matching: int) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    octets = certificate.public_bytes(Encoding.DER)
    if selector == PUBLIC_KEY:
        octets = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if matching == FULL:
        return octets
    return hashlib.new("sha256" if matching == SHA256 else "sha512", octets).digest()
