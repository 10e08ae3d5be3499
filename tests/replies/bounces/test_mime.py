"""A message is taken apart however broken it is, and nothing of it is lost that could be read."""

from __future__ import annotations

import base64

import pytest

from probe.replies.bounces.charset import decoded, text_of
from probe.replies.bounces.mime import first, media_type, parts, split


def test_a_header_is_unfolded_and_ends_at_the_empty_line() -> None:
    fields, body = split(b"Subject: one\r\n\ttwo\r\nX-A:b\r\n\r\nbody\r\n")
    assert (("subject", "one\ttwo"), ("x-a", "b")) == fields
    assert b"body\r\n" == body


def test_a_body_without_an_empty_line_before_it() -> None:
    fields, body = split(b"Subject: one\nThis is no field\n")
    assert (("subject", "one"),) == fields
    assert b"This is no field\n" == body


def test_words_alone_are_all_body() -> None:
    assert ((), b"just words\n") == split(b"just words\n")


@pytest.mark.parametrize(
    ("value", "kind", "boundary"),
    [
        ('multipart/report; report-type=delivery-status; boundary="a b"', "multipart/report", "a b"),
        ("Multipart/Mixed;boundary=x", "multipart/mixed", "x"),
        ('multipart/mixed; boundary = "q\\"uoted"', "multipart/mixed", 'q\\"uoted'),
        ("text", "text/plain", None),
        ("", "text/plain", None),
    ],
)
def test_a_content_type(value: str, kind: str, boundary: str | None) -> None:
    found, parameters = media_type((("content-type", value),))
    assert (kind, boundary) == (found, parameters.get("boundary"))


MIXED = b"""Content-Type: multipart/mixed; boundary=a

preamble
--a
Content-Type: text/plain

one
--a
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/html

<b>two</b>
--b--
--a
Content-Type: message/rfc822

Subject: three
--a--
epilogue
"""


def test_parts_come_in_their_order() -> None:
    found = [(part.type, part.octets.strip()) for part in parts(*split(MIXED))]
    assert [("text/plain", b"one"), ("text/html", b"<b>two</b>"), ("message/rfc822", b"Subject: three")] == found


def test_a_message_that_is_cut_keeps_its_last_part() -> None:
    found = list(parts(*split(MIXED[: MIXED.index(b"two") + 3])))
    assert [b"one", b"<b>two"] == [part.octets.strip() for part in found]


def test_a_boundary_that_never_comes_leaves_one_text() -> None:
    (part,) = parts(*split(MIXED.replace(b"--a", b"--z")))
    assert "text/plain" == part.type
    assert b"one" in part.octets


def test_nesting_has_an_end() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n" % (n, n) for n in range(3000))
    assert 1 == len(list(parts(*split(deep + b"\nend"))))


@pytest.mark.parametrize("cut", range(8))
def test_base64_that_is_cut_or_broken_gives_what_there_is(cut: int) -> None:
    whole = base64.b64encode(b"550 5.1.1 User unknown")
    octets = decoded(whole[: len(whole) - cut] + b"\n!", "Base64")
    assert b"550 5.1.1 User unknown".startswith(octets)
    assert len(octets) >= 16 - cut


def test_other_encodings() -> None:
    assert b"a=b" == decoded(b"a=3Db", " quoted-printable ")
    assert b"a=3Db" == decoded(b"a=3Db", "x-unknown")


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        ("配送".encode(), None, "配送"),
        ("配送".encode(), "us-ascii", "配送"),
        ("配送".encode("iso-2022-jp"), None, "配送"),
        ("配送".encode("iso-2022-jp"), '"ISO-2022-JP"', "配送"),
        ("できません".encode("shift_jis"), None, "できません"),
        ("できません".encode("euc_jp"), "unknown-8bit", "できません"),
        ("①".encode("cp932"), "shift_jis", "①"),
        ("не найден".encode("koi8-r"), "KOI8-R", "не найден"),
        ("用户不存在".encode("gbk"), "gb2312", "用户不存在"),
        ("für".encode("latin-1"), "iso-8859-1", "für"),
        ("für".encode("latin-1"), None, "für"),
        (b"abc", "punycode", "abc"),
        (b"6162", "hex", "6162"),
        (b"abc", "no-such-charset", "abc"),
        (b"\xff\xfe\x80", "utf-8", "ÿþ€"),
    ],
)
def test_charsets(octets: bytes, charset: str | None, text: str) -> None:
    assert text == text_of(octets, charset)


def test_the_first_field_counts() -> None:
    assert "1" == first((("a", "1"), ("a", "2")), "a")
    assert first((), "a") is None
