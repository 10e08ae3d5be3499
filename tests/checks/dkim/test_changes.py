"""What happened to a message on its way is named where undoing it makes the signature agree, and only there."""

from __future__ import annotations

import base64
import quopri
from typing import Any

import pytest

from probe.model import CheckResult
from tests.checks.dkim.signed import EDWARD, verified
from tests.signing import HEADERS, PLAIN, Signer

HEAD, _, BODY = PLAIN.partition(b"\r\n\r\n")
HEAD += b"\r\n\r\n"
SIMPLE = "simple/simple"


def named(result: CheckResult) -> list[tuple[str, str]]:
    """The changes of a signature that failed: kind and part."""
    assert "fail" == result.result, result.facts["reason"]
    return [(change["change"], change["part"]) for change in result.facts["changes"]]


def replaced(message: bytes, old: bytes, new: bytes) -> bytes:
    assert old in message
    return message.replace(old, new)


# --- the body

UMLAUTS = HEAD + "Grüße aus Köln, für Bob\r\n".encode()
JAPANESE = HEAD + "ご注文ありがとうございます。\r\n".encode()
DOTTED = HEAD + b".profile\r\nFrom here on\r\n"
LONG = HEAD + b"x" * 1200 + b"\r\nend\r\n"
PARTS = (
    HEAD
    + b"--b\r\nContent-Type: text/plain\r\n\r\nHello.\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hello.\r\n--b--\r\n"
)
ENCODED = b"Content-Transfer-Encoding: 8bit\r\n"


def signed_as(hashed: bytes, message: bytes = PLAIN, c: str = "simple/simple") -> bytes:
    return EDWARD.sign(message, c=c, hashed=hashed)


CHANGED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "footer": (EDWARD.sign() + b"___\r\na list\r\n", {"change": "footer-added", "lines": 2, "octets": 13}),
    "footer after blank lines": (EDWARD.sign(c=SIMPLE) + b"\r\n\r\n-\r\n", {"change": "footer-added", "lines": 3}),
    "banner": (
        replaced(EDWARD.sign(), b"\r\n\r\nHello Bob", b"\r\n\r\nCAUTION: from outside\r\n\r\nHello Bob"),
        {"change": "banner-added", "lines": 2},
    ),
    "inserted": (
        replaced(EDWARD.sign(PARTS), b"<p>Hello.\r\n", b"<p>Hello.\r\n<p>unsubscribe\r\n"),
        {"change": "lines-inserted", "lines": 1, "octets": 16},
    ),
    "wrapped": (
        replaced(
            EDWARD.sign(),
            BODY,
            b"--new\r\nContent-Type: text/plain\r\n\r\n" + BODY + b"--new\r\n\r\nlist\r\n--new--\r\n",
        ),
        {"change": "wrapped-in-multipart"},
    ),
    "cut": (EDWARD.sign(l="54").removesuffix(b"Ann\r\n"), {"change": "body-cut", "signed": 54, "octets": 49}),
    "empty": (signed_as(b"\r\n"), {"change": "empty-body"}),
    "other form": (signed_as(BODY, c="relaxed/relaxed"), {"change": "other-canonicalization"}),
    "no last line end": (signed_as(BODY.removesuffix(b"\r\n")), {"change": "trailing-lines"}),
    "two last line ends": (signed_as(BODY + b"\r\n"), {"change": "trailing-lines"}),
    "LF": (signed_as(BODY.replace(b"\r\n", b"\n")), {"change": "line-ends", "ends": "lf"}),
    "CR": (signed_as(BODY.replace(b"\r\n", b"\r")), {"change": "line-ends", "ends": "cr"}),
    "an LF among CR LF": (signed_as(b"a\nb\r\n", HEAD + b"a\nb\r\n"), {"change": "line-ends", "ends": "mixed"}),
    "a CR as a line end": (signed_as(b"a\r\nb\r\n", HEAD + b"a\rb\r\n"), {"change": "line-ends", "ends": "cr"}),
    "CR CR LF": (signed_as(BODY.replace(b"\r\n", b"\r\r\n")), {"change": "line-ends", "ends": "crcrlf"}),
    "white space added": (
        replaced(EDWARD.sign(c=SIMPLE), b"way.\r\n-- \r\n", b"way.   \r\n-- \r\n"),
        {"change": "trailing-white-space-added"},
    ),
    "white space lost": (
        replaced(EDWARD.sign(c=SIMPLE), b"-- \r\n", b"--\r\n"),
        {"change": "trailing-white-space-lost"},
    ),
    "leading line added": (replaced(EDWARD.sign(), b"\r\n\r\nH", b"\r\n\r\n\r\nH"), {"change": "leading-lines-added"}),
    "leading line lost": (
        replaced(EDWARD.sign(HEAD + b"\r\n" + BODY), b"\r\n\r\n\r\nH", b"\r\n\r\nH"),
        {"change": "leading-lines-lost"},
    ),
    "tabs": (
        replaced(EDWARD.sign(c=SIMPLE), b"three  boxes", b"three  boxes").replace(b"are on", b"are\ton"),
        {"change": "tabs-changed"},
    ),
    "From": (replaced(EDWARD.sign(DOTTED), b"\r\nFrom here", b"\r\n>From here"), {"change": "from-quoted"}),
    "dots doubled": (replaced(EDWARD.sign(DOTTED), b"\r\n.profile", b"\r\n..profile"), {"change": "dots-doubled"}),
    "dots lost": (replaced(EDWARD.sign(HEAD + b"..a\r\n"), b"\r\n..a", b"\r\n.a"), {"change": "dots-lost"}),
    "lines broken by !": (
        replaced(EDWARD.sign(LONG), b"x" * 1200, b"x" * 990 + b"!\r\n " + b"x" * 210),
        {"change": "lines-broken"},
    ),
    "lines broken": (
        replaced(EDWARD.sign(LONG), b"x" * 1200, b"x" * 998 + b"\r\n" + b"x" * 202),
        {"change": "lines-broken"},
    ),
    "quoted-printable": (
        EDWARD.sign(UMLAUTS, headers=HEADERS[:5]).partition(b"\r\n\r\n")[0]
        + b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quopri.encodestring("Grüße aus Köln, für Bob\n".encode()).replace(b"\n", b"\r\n"),
        {"change": "re-encoded", "encoding": "quoted-printable"},
    ),
    "base64": (
        EDWARD.sign(UMLAUTS, headers=HEADERS[:5]).partition(b"\r\n\r\n")[0]
        + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes("Grüße aus Köln, für Bob\r\n".encode()).replace(b"\n", b"\r\n"),
        {"change": "re-encoded", "encoding": "base64"},
    ),
    "a part": (
        replaced(
            EDWARD.sign(replaced(PARTS, b"text/plain\r\n\r\nHello.", b"text/plain\r\n" + ENCODED + b"\r\n\xc3\xa4.")),
            ENCODED + b"\r\n\xc3\xa4.",
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4.",
        ),
        {"change": "re-encoded"},
    ),
    "UTF-8": (
        EDWARD.sign(JAPANESE, body=JAPANESE.partition(b"\r\n\r\n")[2].decode().encode("iso-2022-jp")),
        {"change": "charset-changed", "before": "iso-2022-jp", "now": "utf-8"},
    ),
    "ISO-2022-JP": (
        replaced(
            EDWARD.sign(JAPANESE),
            JAPANESE.partition(b"\r\n\r\n")[2],
            JAPANESE.partition(b"\r\n\r\n")[2].decode().encode("iso-2022-jp"),
        ),
        {"change": "charset-changed", "before": "utf-8", "now": "iso-2022-jp"},
    ),
    "Latin-1": (
        EDWARD.sign(UMLAUTS, body=UMLAUTS.partition(b"\r\n\r\n")[2].decode().encode("iso-8859-1")),
        {"change": "charset-changed", "before": "iso-8859-1"},
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_of_the_body_is_named(name: str) -> None:
    message, change = CHANGED[name]
    result = verified(message)
    assert [(change["change"], "body")] == named(result)
    assert change.items() <= result.facts["changes"][0].items()
    assert (False, True) == (result.facts["body_matches"], result.facts["header_matches"])


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"three", b"four"), (b"Hello", b"hello"), (b"Ann\r\n", b"Ann\r\nP.S. No!\r\n\r\n\r\n-- \r\nAnne\r\n")],
)
def test_another_text_has_no_innocent_explanation(old: bytes, new: bytes) -> None:
    changed = HEAD + BODY.replace(old, new).replace(b"boxes", b"crates")
    assert [] == named(verified(EDWARD.sign().removesuffix(PLAIN) + changed))


def test_a_large_body_is_explained_by_its_footer() -> None:
    large = PLAIN + b"a line of text\r\n" * 100_000
    result = verified(EDWARD.sign(large) + b"a list\r\n")
    assert {"change": "footer-added", "lines": 1}.items() <= result.facts["changes"][0].items()


# --- the header


def head_changed(old: bytes, new: bytes, message: bytes | None = None) -> bytes:
    return replaced(EDWARD.sign() if message is None else message, old, new)


FOLDED = replaced(PLAIN, b"Bob <bob@mail.test>", b"Bob <bob@mail.test>,\r\n\tCarl <carl@mail.test>")
ENCODED_WORD = replaced(PLAIN, b"The order of  today", b"=?utf-8?b?44GU5rOo5paH?=")
RAW_WORD = replaced(PLAIN, b"The order of  today", "ご注文".encode())
HEADS: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "list tag": (head_changed(b"Subject: ", b"Subject: [orders] "), [("subject-tagged", "subject")]),
    "list tag behind Re": (
        head_changed(
            b"Re: The", b"Re: [orders] The", EDWARD.sign(replaced(PLAIN, b"Subject: The", b"Subject: Re: The"))
        ),
        [("subject-tagged", "subject")],
    ),
    "gateway": (head_changed(b"Subject: ", b"Subject: ***SPAM*** "), [("subject-tagged", "subject")]),
    "From rewritten": (
        head_changed(
            b"From: Ann <ann@shop.test>", b"X-Original-From: Ann <ann@shop.test>\r\nFrom: Ann via list <list@l.test>"
        ),
        [("from-rewritten", "from")],
    ),
    "both": (
        head_changed(
            b"From: Ann <ann@shop.test>",
            b"Reply-To: Ann <ann@shop.test>\r\nFrom: Ann via list <list@l.test>",
            head_changed(b"Subject: ", b"Subject: [orders] "),
        ),
        [("from-rewritten", "from"), ("subject-tagged", "subject")],
    ),
    "added, though oversigned": (
        b"Cc: eve@evil.test\r\n" + EDWARD.sign(headers=(*HEADERS, "Cc")),
        [("header-added", "cc")],
    ),
    "duplicated below": (
        head_changed(b"To: Bob", b"To: Eve <eve@evil.test>\r\nTo: Bob", EDWARD.sign()).replace(
            b"To: Eve <eve@evil.test>\r\nTo: Bob <bob@mail.test>\r\n",
            b"To: Bob <bob@mail.test>\r\nTo: Eve <eve@evil.test>\r\n",
        ),
        [("header-duplicated", "to")],
    ),
    "encoded": (
        head_changed(
            RAW_WORD.partition(b"Subject: ")[2].partition(b"\r\n")[0],
            b"=?utf-8?b?44GU5rOo5paH?=",
            EDWARD.sign(RAW_WORD),
        ),
        [("header-recoded", "subject")],
    ),
    "decoded": (
        head_changed(b"=?utf-8?b?44GU5rOo5paH?=", "ご注文".encode(), EDWARD.sign(ENCODED_WORD)),
        [("header-recoded", "subject")],
    ),
    "quoted": (head_changed(b"From: Ann <", b'From: "Ann" <'), [("header-recoded", "from")]),
    "unquoted": (
        head_changed(b'From: "Ann" <', b"From: Ann <", EDWARD.sign(replaced(PLAIN, b"From: Ann", b'From: "Ann"'))),
        [("header-recoded", "from")],
    ),
    "folded anew": (
        head_changed(
            b",\r\n\tCarl",
            b",\r\n  Carl",
            EDWARD.sign(replaced(FOLDED, b",\r\n\t", b",\r\n "), c=SIMPLE).replace(b",\r\n Carl", b",\r\n\tCarl"),
        ),
        [("header-refolded", "header")],
    ),
    "unfolded": (
        head_changed(b",\r\n\tCarl", b", Carl", EDWARD.sign(FOLDED, c=SIMPLE)),
        [("header-recoded", "to")],
    ),
    "encoding field": (
        head_changed(
            b"Encoding: 8bit",
            b"Encoding: quoted-printable",
            EDWARD.sign(ENCODED + PLAIN, headers=(*HEADERS, "Content-Transfer-Encoding")),
        ),
        [("header-changed", "content-transfer-encoding")],
    ),
    "told by z": (
        head_changed(
            b"Subject: The order",
            b"Subject: Some order",
            EDWARD.sign(z="From:Ann=20<ann@shop.test>|Subject:The=20order=20of=20=20today"),
        ),
        [("header-changed", "subject")],
    ),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_change_of_the_header_is_named(name: str) -> None:
    message, changes = HEADS[name]
    result = verified(message)
    assert changes == named(result)
    assert (True, False) == (result.facts["body_matches"], result.facts["header_matches"])


def test_what_z_says_is_told_even_where_it_does_not_explain_all() -> None:
    message = (
        EDWARD.sign(z="Subject:The=20order=20of=20=20today")
        .replace(b"Subject: The", b"Subject: No")
        .replace(b"To: Bob", b"To: Rob")
    )
    result = verified(message)
    assert [("header-changed", "subject")] == named(result)
    assert {"before": "The order of  today", "now": "No order of  today"}.items() <= result.facts["changes"][0].items()


def test_body_and_header_are_explained_together() -> None:
    result = verified(head_changed(b"Subject: ", b"Subject: [orders] ") + b"the list\r\n")
    assert [("footer-added", "body"), ("subject-tagged", "subject")] == named(result)


def test_another_field_has_no_innocent_explanation() -> None:
    assert [] == named(verified(head_changed(b"Subject: The order", b"Subject: Your account")))


def test_a_signature_by_another_key_is_told_from_a_changed_message() -> None:
    signer = Signer(bits=1024)
    other = Signer(bits=2048)
    assert "other-key" == verified(signer.sign(), other).facts["reason"]
    assert "header-changed" == verified(signer.sign().replace(b"Ann <", b"Eve <"), signer).facts["reason"]
