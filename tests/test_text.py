"""show(): whatever stands in outside text, what comes out can be seen and does nothing."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.text import show

# Control, format, surrogate, private, unassigned, and the two separators that end a line.
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt: drawn as nothing, whatever their category.
IGNORABLE = """
    00AD 034F 061C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F FEFF FFA0 FFF0-FFF8
    1BCA0-1BCA3 1D173-1D17A E0000-E0FFF
"""
ANY_TEXT = st.text(st.characters(exclude_categories=()))


def ignorable() -> Iterator[int]:
    for item in IGNORABLE.split():
        first, _, last = item.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def plain(text: str) -> bool:
    return all(unicodedata.category(character) not in HIDDEN for character in text)


def test_every_octet_alone_is_visible() -> None:
    shown = [show(bytes([octet])) for octet in range(256)]
    assert [shown[octet] for octet in range(0x20, 0x7F)] == [chr(octet) for octet in range(0x20, 0x7F)]
    assert shown[0x00] == "\\0"
    assert [shown[9], shown[10], shown[13]] == ["\\t", "\\n", "\\r"]
    assert [shown[octet] for octet in (0x07, 0x1B, 0x7F)] == ["\\x07", "\\x1b", "\\x7f"]
    assert [shown[octet] for octet in range(0x80, 0x100)] == [f"\\x{octet:02x}" for octet in range(0x80, 0x100)]
    assert all(text.isascii() and text.isprintable() and text for text in shown)


def test_every_code_point_of_a_hidden_category_is_spelled_out() -> None:
    left_alone = [
        hex(point)
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) in HIDDEN and show(chr(point))[0] != "\\"
    ]
    assert left_alone == []


def test_every_default_ignorable_code_point_is_spelled_out() -> None:
    assert [hex(point) for point in ignorable() if show(chr(point))[0] != "\\"] == []


def test_no_white_space_but_the_plain_space_is_left() -> None:
    points = (point for point in range(sys.maxunicode + 1) if chr(point).isspace() and show(chr(point))[0] != "\\")
    assert list(points) == [0x20]


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        ("554 5.7.1 Service unavailable", "554 5.7.1 Service unavailable"),
        ("ユーザーが見つかりません – größer, 😀", "ユーザーが見つかりません – größer, 😀"),
        ("größer".encode(), "größer"),
        (b"gr\xf6\xdfer", "gr\\xf6\\xdfer"),
        (b"\xc3(\xe2\x82", "\\xc3(\\xe2\\x82"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        (b"\xc0\x80", "\\xc0\\x80"),
        (b"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"),
        ("\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("a\r\nb", "a\\r\\nb"),
        ("evil\u202etxt.exe", "evil\\u202etxt.exe"),
        ("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("", ""),
    ],
)
def test_shown_as(outside: str | bytes, shown: str) -> None:
    assert show(outside) == shown


@given(ANY_TEXT)
@settings(deadline=None)
def test_any_text_comes_out_plain_and_twice_is_once(text: str) -> None:
    shown = show(text)
    assert plain(shown)
    assert show(shown) == shown


@given(st.binary())
@settings(deadline=None)
def test_any_octets_come_out_plain_and_twice_is_once(octets: bytes) -> None:
    shown = show(octets)
    assert plain(shown)
    assert show(shown) == shown


@given(st.text())
@settings(deadline=None)
def test_utf8_and_its_text_are_shown_alike(text: str) -> None:
    assert show(text.encode()) == show(text)


@given(st.text(), st.binary(min_size=1, max_size=3), st.text())
@settings(deadline=None)
def test_what_is_good_around_broken_utf8_stays(before: str, broken: bytes, after: str) -> None:
    shown = show(before.encode() + b"\xff" + broken + b"\xff" + after.encode())
    assert shown.startswith(show(before) + "\\xff")
    assert shown.endswith("\\xff" + show(after))
