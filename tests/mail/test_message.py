"""A message is taken apart without losing an octet, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.mail.canonical import relaxed_body, relaxed_header, simple_body
from probe.mail.message import field, parse, to_crlf
from tests.signing import PLAIN

PIECES = st.sampled_from(
    [b"From: a@b.test", b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"X", b"From ", b"\0", b"\xff", b"\r\n\r\n"]
)
OCTETS = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=30).map(b"".join))


@given(octets=OCTETS)
def test_no_octet_is_lost_and_nothing_raises(octets: bytes) -> None:
    message = parse(octets)
    rest = to_crlf(octets, message.line_ends)
    if message.envelope:
        assert rest.startswith(message.envelope)
        rest = rest[len(message.envelope) :].removeprefix(b"\r\n")
    head = b"".join(one.raw for one in message.fields)
    separator = b"\r\n" if message.separated else b""
    together = head + separator + message.body
    # A last field without its line end gets one; an empty line in front of everything is the separator.
    assert together in (rest, rest + b"\r\n")


@given(octets=OCTETS)
def test_fields_have_names_or_none(octets: bytes) -> None:
    for one in parse(octets).fields:
        assert one.raw.endswith(b"\r\n")
        assert one.name == one.name.lower()
        assert one.name.isprintable() and ":" not in one.name and " " not in one.name
        assert one.text == one.text.strip(" \t")


def test_a_field_keeps_its_folds_and_its_case() -> None:
    message = parse(b"SubJECT : a\r\n\tb\r\n c\r\nTo: x\r\n\r\nbody\r\n")
    subject = message.fields[0]
    assert ("subject", b" a\r\n\tb\r\n c", "a\tb c") == (subject.name, subject.value, subject.text)
    assert b"SubJECT : a\r\n\tb\r\n c\r\n" == subject.raw
    assert b"body\r\n" == message.body


@pytest.mark.parametrize(
    ("octets", "line_ends"),
    [
        (PLAIN, "crlf"),
        (PLAIN.replace(b"\r\n", b"\n"), "lf"),
        (PLAIN.replace(b"\r\n", b"\r"), "cr"),
        (PLAIN + b"a\nb\r\n", "mixed"),
        (PLAIN + b"a\rb\r\n", "crlf"),
        (b"", "none"),
        (b"From: a@b.test", "none"),
    ],
)
def test_line_ends_are_put_back(octets: bytes, line_ends: str) -> None:
    message = parse(octets)
    assert line_ends == message.line_ends
    if line_ends in ("crlf", "lf", "cr") and b"a\rb" not in octets:
        assert (parse(PLAIN).fields, parse(PLAIN).body) == (message.fields, message.body)


@pytest.mark.parametrize("line", [b"From ann@shop.test Fri Nov 27 09:00:00 2026\r\n", b">From ann@shop.test\r\n"])
def test_the_line_of_a_mailbox_file_is_no_field(line: bytes) -> None:
    assert (line.strip(), parse(PLAIN).fields) == (parse(line + PLAIN).envelope, parse(line + PLAIN).fields)


@pytest.mark.parametrize(
    "raw", [b"hello\r\n", b": x\r\n", b"a b: c\r\n", b"\xff: c\r\n", b" a: c\r\n", b"\x01a: c\r\n"]
)
def test_what_is_no_field_has_no_name(raw: bytes) -> None:
    assert ("", raw) == (field(raw).name, field(raw).raw)


def test_a_header_without_a_body_and_a_body_without_a_header() -> None:
    assert (b"", False) == (parse(b"From: a@b.test\r\n").body, parse(b"From: a@b.test\r\n").separated)
    assert ((), b"text") == (parse(b"\r\ntext").fields, parse(b"\r\ntext").body)


# --- the examples of RFC 6376 section 3.4.5


def test_the_example_of_the_standard() -> None:
    message = parse(b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n")
    assert b"a:X\r\nb:Y Z\r\n" == b"".join(relaxed_header(one.raw) for one in message.fields)
    assert b" C\r\nD E\r\n" == message.relaxed_body
    assert b" C \r\nD \t E\r\n" == message.simple_body


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n\r\n"])
def test_an_empty_body(body: bytes) -> None:
    assert (b"\r\n", b"") == (simple_body(body), relaxed_body(body))


@given(body=OCTETS)
def test_canonical_forms_are_their_own(body: bytes) -> None:
    for form in (simple_body, relaxed_body):
        assert form(body) == form(form(body))
