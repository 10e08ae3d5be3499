"""TLSA records, and the chains that they hold for."""

from __future__ import annotations

import datetime
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from probe.checks.tlsa import Association, association, match, parse
from probe.embedded.certificate import self_signed
from tests.tls.authority import DAY, Authority, ders

NOW = datetime.datetime(2026, 11, 27, tzinfo=datetime.UTC)
AUTHORITY = Authority(now=NOW)
OTHER = Authority("Another", now=NOW)
NAME = "mx.shop.example"
CHAIN = ders(AUTHORITY.issue(NAME))
EXPIRED = ders(AUTHORITY.issue(NAME, days=(-20, -1)))
FOREIGN = ders(AUTHORITY.issue("mx.other.example"))
SELF = ders(self_signed("whoever.example", days=-1, not_before=NOW))


def key_of(der: bytes) -> bytes:
    public = x509.load_der_x509_certificate(der).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("selector", [0, 1])
def test_the_record_of_a_certificate(selector: int) -> None:
    octets = CHAIN[0] if selector == 0 else key_of(CHAIN[0])
    assert f"3 {selector} 1 {hashlib.sha256(octets).hexdigest()}" == association(CHAIN[0], 3, selector, 1)
    assert f"3 {selector} 2 {hashlib.sha512(octets).hexdigest()}" == association(CHAIN[0], 3, selector, 2)
    assert f"3 {selector} 0 {octets.hex()}" == association(CHAIN[0], 3, selector, 0)
    assert association(CHAIN[0]) == association(CHAIN[0], 3, 1, 1)


def test_no_certificate_has_no_record() -> None:
    with pytest.raises(ValueError):
        association(b"nothing")


PARAMETERS = [(usage, selector, matching) for usage in (2, 3) for selector in (0, 1) for matching in (0, 1, 2)]


@pytest.mark.parametrize(("usage", "selector", "matching"), PARAMETERS)
def test_each_kind_of_record_matches_its_own_chain_and_no_other(usage: int, selector: int, matching: int) -> None:
    described = CHAIN[0] if usage == 3 else CHAIN[1]
    record = parse(association(described, usage, selector, matching))
    assert record.reason is None
    assert "match" == match(record, CHAIN, [NAME], NOW)
    assert "no-match" == match(record, ders(OTHER.issue(NAME)), [NAME], NOW)
    assert "no-match" == match(record, (), [NAME], NOW)
    assert "no-match" == match(record, (b"nothing",), [NAME], NOW)


def test_usage_3_looks_at_the_key_alone() -> None:
    for chain in (EXPIRED, FOREIGN, SELF):
        assert "match" == match(parse(association(chain[0])), chain, [NAME], NOW)


def test_usage_2_looks_at_name_and_date_too() -> None:
    issuer = parse(association(AUTHORITY.der, 2, 0, 1))
    assert "match" == match(issuer, CHAIN, ["shop.example", NAME], NOW)
    assert "other-name" == match(issuer, FOREIGN, [NAME, "shop.example"], NOW)
    assert "not-valid-now" == match(issuer, EXPIRED, [NAME], NOW)
    assert "not-valid-now" == match(issuer, CHAIN, [NAME], NOW + 29.5 * DAY)


def test_usage_2_needs_a_chain_that_leads_to_the_issuer() -> None:
    """The authority's certificate stands in the chain, and has signed nothing in it."""
    leaf = ders(OTHER.issue(NAME))[0]
    assert "no-match" == match(parse(association(AUTHORITY.der, 2, 1, 1)), (leaf, AUTHORITY.der), [NAME], NOW)


def test_an_issuer_that_the_server_does_not_send() -> None:
    leaf = CHAIN[:1]
    assert "no-match" == match(parse(association(AUTHORITY.der, 2, 0, 1)), leaf, [NAME], NOW)
    assert "match" == match(parse(association(AUTHORITY.der, 2, 0, 0)), leaf, [NAME], NOW)


def test_a_version_that_no_certificate_has_is_a_value_error() -> None:
    der = OTHER.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01", 1)
    assert der != OTHER.der
    with pytest.raises(ValueError, match="version"):
        association(der)


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=4), st.sampled_from(PARAMETERS))
def test_a_spoilt_certificate_matches_nothing_and_breaks_nothing(
    at: int, octets: bytes, parameters: tuple[int, int, int]
) -> None:
    record = parse(association(OTHER.der, *parameters))
    leaf, issuer = (der[: at % len(der)] + octets + der[at % len(der) + len(octets) :] for der in CHAIN)
    assert match(record, (leaf, issuer), [NAME], NOW) == "no-match"
    for der in (leaf, issuer):
        try:
            assert parse(association(der, *parameters)).reason is None
        except ValueError:
            continue


DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"3 1 1 {DIGEST}", None),
        (f"2 0 2 {DIGEST}{DIGEST}", None),
        (f"3 1 1 {DIGEST[:20]} {DIGEST[20:].upper()}", None),
        (f"0 1 1 {DIGEST}", "pkix-usage"),
        (f"1 0 1 {DIGEST}", "pkix-usage"),
        (f"4 1 1 {DIGEST}", "unknown-usage"),
        (f"255 255 255 {DIGEST}", "unknown-usage"),
        (f"3 2 1 {DIGEST}", "unknown-selector"),
        (f"3 1 3 {DIGEST}", "unknown-matching"),
        (f"3 1 2 {DIGEST}", "bad-length"),
        (f"3 1 1 {DIGEST}ab", "bad-length"),
        ("3 1 1 ", "bad-length"),
        (f"3 0 0 {DIGEST}", "bad-data"),
        (f"2 1 0 {DIGEST}", "bad-data"),
        ("3 0 0", "bad-data"),
        ("3 1 1 abc", "malformed"),
        ("3 1 1 xyz", "malformed"),
        ("3 1", "malformed"),
        (r"\# 3 030101", "malformed"),
        ("", "malformed"),
    ],
)
def test_what_senders_can_use(text: str, reason: str | None) -> None:
    assert reason == parse(text).reason


def test_the_parameters_by_which_people_call_it() -> None:
    assert "3 1 1" == parse(f"3 1 1 {DIGEST}").parameters


@given(st.one_of(st.text(), st.from_regex(r"[0-9]{1,3} [0-9]{1,3} [0-9]{1,3} [0-9a-f ]*", fullmatch=True)))
def test_any_text_is_read_or_refused(text: str) -> None:
    record = parse(text)
    assert isinstance(record, Association)
    if record.reason is None:
        assert "no-match" == match(record, CHAIN, [NAME], NOW)
