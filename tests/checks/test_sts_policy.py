"""MTA-STS records and policies as text, and which hosts they cover."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.checks.sts_policy import (
    covers,
    is_pattern,
    is_record,
    looks_like_record,
    new_id,
    parse_policy,
    parse_record,
    policy_text,
    record_text,
)

GOOD = b"version: STSv1\r\nmode: enforce\r\nmx: mx.shop.example\r\nmx: *.Mail.example.\r\nmax_age: 604800\r\n"


@pytest.mark.parametrize(
    "text",
    ["v=STSv1; id=20261127T093000Z;", "v=STSv1;id=a", "v=STSv1; id=a; x=y;", "v=STSv1; x=y; id=a", "v=STSv1; id=a;  "],
)
def test_a_record_has_an_id(text: str) -> None:
    assert is_record(text)
    record = parse_record(text)
    assert (record.reason, record.id) in ((None, "a"), (None, "20261127T093000Z"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("v=STSv1;", "no-id"),
        ("v=STSv1; ID=a", "no-id"),
        ("v=STSv1; id=", "bad-id"),
        ("v=STSv1; id=2026-11-27", "bad-id"),
        ("v=STSv1; id=" + "1" * 33, "bad-id"),
        ("v=STSv1; id=a; id=b", "repeated-tag"),
        ("v=STSv1; id", "malformed-tag"),
        ("v=STSv1;; id=a", "malformed-tag"),
        ("v=STSv1; id=a; x=", "malformed-tag"),
        ("v=STSv1; id=a; x=a b", "malformed-tag"),
        ("v=STSv1; id =a", "malformed-tag"),
    ],
)
def test_a_record_that_senders_cannot_use(text: str, reason: str) -> None:
    assert is_record(text)
    assert (None, reason) == (parse_record(text).id, parse_record(text).reason)


@pytest.mark.parametrize("text", ["v=STSv1", "V=STSv1; id=a", " v=STSv1; id=a", "v=STSv2; id=a", "v = STSv1; id=a"])
def test_a_text_that_was_meant_to_be_one(text: str) -> None:
    assert (False, True) == (is_record(text), looks_like_record(text))


@pytest.mark.parametrize("text", ["", "v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@b", "id=a"])
def test_a_text_that_is_something_else(text: str) -> None:
    assert (False, False) == (is_record(text), looks_like_record(text))


def test_a_whole_policy() -> None:
    for octets in (GOOD, GOOD.replace(b"\r\n", b"\n"), GOOD.removesuffix(b"\r\n"), GOOD.replace(b": ", b":\t")):
        policy = parse_policy(octets)
        assert (None, "", ()) == (policy.reason, policy.detail, policy.warnings)
        assert ("enforce", 604800) == (policy.mode, policy.max_age)
        assert ("mx.shop.example", "*.mail.example") == policy.mx


def changed(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("octets", "reason", "detail"),
    [
        (b"", "no-version", ""),
        (changed(b"version: STSv1\r\n", b""), "no-version", ""),
        (changed(b"STSv1", b"STSv2"), "bad-version", "STSv2"),
        (changed(b"version", b"Version"), "no-version", ""),
        (changed(b"mode: enforce\r\n", b""), "no-mode", ""),
        (changed(b"enforce", b"Enforce"), "bad-mode", "Enforce"),
        (changed(b"enforce", b"report"), "bad-mode", "report"),
        (changed(b"max_age: 604800\r\n", b""), "no-max-age", ""),
        (changed(b"604800", b"31557601"), "bad-max-age", "31557601"),
        (changed(b"604800", b"-1"), "bad-max-age", "-1"),
        (changed(b"604800", b"1 week"), "bad-max-age", "1 week"),
        (changed(b"604800", b"10000000000"), "bad-max-age", "10000000000"),
        (changed(b"mx: mx.shop.example\r\nmx: *.Mail.example.\r\n", b""), "no-mx", ""),
        (changed(b"mx.shop.example", b"mx.*.example"), "bad-mx", "mx.*.example"),
        (changed(b"mx.shop.example", b"*"), "bad-mx", "*"),
        (changed(b"mx.shop.example", b"192.0.2.1"), "bad-mx", "192.0.2.1"),
        (changed(b"mx.shop.example", b"a.example, b.example"), "bad-mx", "a.example, b.example"),
        (changed(b"mx.shop.example", b".shop.example"), "bad-mx", ".shop.example"),
        (b"<html>\n" + GOOD, "malformed", "<html>"),
        (GOOD + b"# a remark\n", "malformed", "# a remark"),
        (changed(b"\r\n", b"\r"), "malformed", None),
        (b"\xef\xbb\xbf" + GOOD, "byte-order-mark", ""),
        (GOOD.decode().encode("utf-16"), "malformed", None),
    ],
)
def test_a_policy_that_senders_cannot_use(octets: bytes, reason: str, detail: str | None) -> None:
    policy = parse_policy(octets)
    assert reason == policy.reason
    assert detail is None or detail == policy.detail


@pytest.mark.parametrize(
    ("octets", "warnings", "unknown"),
    [
        (GOOD + b"mode: none\r\n", ("repeated-field",), ()),
        (GOOD + b"\r\n", ("empty-line",), ()),
        (GOOD + b"colour: blue\r\n", (), ("colour",)),
        (GOOD + "note: gr\u00fcn\r\n".encode(), ("not-ascii",), ("note",)),
        (GOOD.replace(b"mode: enforce", b"mode: none"), (), ()),
        (b"version: STSv1\nmode: none\nmax_age: 0\n", (), ()),
    ],
)
def test_what_senders_overlook(octets: bytes, warnings: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    policy = parse_policy(octets)
    assert (None, warnings, unknown) == (policy.reason, policy.warnings, policy.unknown)


def test_the_first_of_two_fields_counts() -> None:
    assert "enforce" == parse_policy(GOOD + b"mode: none\r\n").mode


@pytest.mark.parametrize(
    ("patterns", "host", "covered"),
    [
        (["mx.shop.example"], "MX.shop.example.", True),
        (["mx.shop.example"], "mx2.shop.example", False),
        (["*.shop.example"], "mx.shop.example", True),
        (["*.shop.example"], "a.mx.shop.example", False),
        (["*.shop.example"], "shop.example", False),
        (["a.example", "*.shop.example"], "mx.shop.example", True),
        (["shop.example"], "mx.shop.example", False),
        ([], "mx.shop.example", False),
    ],
)
def test_a_star_is_one_whole_label(patterns: list[str], host: str, covered: bool) -> None:
    assert covered == covers(patterns, host)


def test_patterns() -> None:
    assert all(map(is_pattern, ("mx.shop.example", "*.shop.example", "localhost", "xn--mx-0ga.example")))
    assert not any(map(is_pattern, ("", "*", "*.", "*shop.example", "a.*.example", "*.*.example", "a_b.example")))


def test_what_is_to_be_published_can_be_read_again() -> None:
    id_ = new_id(datetime.datetime(2026, 11, 27, 9, 30, tzinfo=datetime.UTC))
    assert "20261127T093000Z" == id_
    text = record_text(id_)
    assert ("v=STSv1; id=20261127T093000Z;", id_) == (text, parse_record(text).id)
    file = policy_text("testing", ["mx.shop.example", "*.mail.example"])
    assert file == (
        "version: STSv1\r\nmode: testing\r\nmx: mx.shop.example\r\nmx: *.mail.example\r\nmax_age: 604800\r\n"
    )
    policy = parse_policy(file.encode())
    assert (None, "testing", ("mx.shop.example", "*.mail.example")) == (policy.reason, policy.mode, policy.mx)


@given(
    st.one_of(st.binary(), st.lists(st.sampled_from([*GOOD.split(b"\r\n"), b"\n", b"\r", b":", b"\0"])).map(b"\n".join))
)
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    policy = parse_policy(octets)
    assert all(pattern.isprintable() for pattern in policy.mx)
    assert policy.detail.isprintable()
    if policy.reason is None:
        assert policy.mode is not None and policy.max_age is not None
    parse_record(octets.decode("latin-1"))
