"""What became of a body on its way: guesses are undone one by one until ``bh=`` agrees (RFC 6376 section 6.1.3).

A hash does not say what was changed, only whether a guess is right; so whatever is found here is certain, and where
nothing is found, nothing is known. The work is bounded by ``_BUDGET`` octets hashed, whatever the body is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import quopri
import re
from collections.abc import Iterator
from itertools import chain

from probe.checks.dkim.changes import Change
from probe.checks.dkim.signature import Signature
from probe.checks.dkim.verify import hash_of
from probe.mail.canonical import BODY, without_last_line_ends
from probe.mail.message import Message, line_ends_of, to_crlf

_CRLF = b"\r\n"
_BUDGET = 16 * 1024 * 1024
_MOST_FOOTER_LINES = 4000
_MOST_BANNER_LINES = 60
_MOST_INSERTED_LINES = 60
_MOST_BOUNDARIES = 12
_MOST_PARTS = 40
# What Japanese and western mail was written in before UTF-8.
_CHARSETS = ("iso-2022-jp", "shift_jis", "euc-jp", "iso-8859-1", "windows-1252", "iso-8859-15", "gb18030", "big5")
_TRANSFER = re.compile(rb"(?im)^(content-transfer-encoding:[ \t]*)(quoted-printable|base64)([ \t]*\r\n)")

Guess = tuple[Change, bytes]
"""A change, and the octets that would have been hashed before it."""


def explain(message: Message, signature: Signature) -> Change | None:
    """The change that explains why the body does not agree with ``bh=``; None where no guess fits. Signatures that hash
    in the same way share the work."""
    footer = _footer(message, signature)
    if footer is not None:
        return footer
    way = (signature.body_form, hash_of(signature), signature.length)
    known, more = message.notes.setdefault(("guesses", *way), ({}, _hashed(message, signature)))
    while signature.body_hash not in known:
        step = next(more, None)
        if step is None:
            return None
        digest, change = step
        known.setdefault(digest, change)
    found: Change = known[signature.body_hash]
    return found


def _hashed(message: Message, signature: Signature) -> Iterator[tuple[bytes, Change]]:
    """Each guess as the hash that the signer would have written, until the budget is spent."""
    budget = _BUDGET
    for change, octets in _guesses(message, signature):
        budget -= len(octets)
        if budget < 0:
            return
        cut = octets if signature.length is None else octets[: signature.length]
        yield hashlib.new(hash_of(signature), cut).digest(), change


def _footer(message: Message, signature: Signature) -> Change | None:
    """The beginning of the body agrees: what follows was added. One pass, a copy of the hash at each line."""
    if signature.length is not None:
        return None
    body = without_last_line_ends(_canonical(message, signature)) + _CRLF
    lines = body.split(_CRLF)[:-1]
    digest = hashlib.new(hash_of(signature))
    skipped = max(0, len(lines) - _MOST_FOOTER_LINES)
    while skipped and not lines[skipped - 1]:
        skipped -= 1
    head = _CRLF.join(lines[:skipped]) + _CRLF if skipped else b""
    digest.update(head)
    hashed = len(head)
    blank = 0  # empty lines at the end of a body are not hashed (RFC 6376 section 3.4.3)
    for number, line in enumerate(lines[skipped:], skipped):
        if not line:
            blank += 1
            continue
        text = _CRLF * blank + line + _CRLF
        blank = 0
        digest.update(text)
        hashed += len(text)
        if number + 1 < len(lines) and digest.copy().digest() == signature.body_hash:
            about = {"octets": len(body) - hashed, "lines": len(lines) - number - 1}
            return Change("footer-added", "body", about)
    return None


def _guesses(message: Message, signature: Signature) -> Iterator[Guess]:
    form = BODY[signature.body_form]
    other = "simple" if signature.body_form == "relaxed" else "relaxed"
    body = message.body
    yield _body("other-canonicalization", form=other), BODY[other](body)
    # The likely ones first: of a large body only a few fit into the budget.
    for change, text in chain(_encodings(message), _charsets(body), _wrapped(body), _white_space(body)):
        if text != body:
            yield change, form(text)
    yield from _line_ends(message, form is BODY["relaxed"])
    for change, text in chain(_quoting(body), _inserted(body), _banners(body)):
        if text != body:
            yield change, form(text)
    yield _body("empty-body"), b""
    yield _body("empty-body"), _CRLF


def _line_ends(message: Message, relaxed: bool) -> Iterator[Guess]:
    """Hashed as no verifier hashes: over other line ends, or with the empty lines at the end as they came."""
    body = message.body
    yield _body("trailing-lines"), body
    yield _body("trailing-lines"), without_last_line_ends(body)
    yield _body("trailing-lines"), body + _CRLF
    for name, end in (("lf", b"\n"), ("cr", b"\r"), ("crcrlf", b"\r\r\n")):
        for text in (message.simple_body, message.relaxed_body) if relaxed else (message.simple_body,):
            yield _body("line-ends", ends=name), text.replace(_CRLF, end)
    # A CR alone, or an LF among CR LF, may have been a line end to the signer, and not to us, or the other way.
    loose = to_crlf(message.octets, "mixed" if line_ends_of(message.octets) == "crlf" else "none")
    _, separator, rest = loose.partition(b"\r\n\r\n")
    if separator and rest != body:
        yield _body("line-ends", ends="mixed"), BODY["relaxed" if relaxed else "simple"](rest)
    if b"\r" in body.replace(_CRLF, b""):
        lone = re.sub(rb"\r(?!\n)", _CRLF, body)
        yield _body("line-ends", ends="cr"), BODY["relaxed" if relaxed else "simple"](lone)


def _white_space(body: bytes) -> Iterator[Guess]:
    """White space at the ends of lines, added or taken away; the line "-- " before a signature is the usual victim."""
    stripped = [line.rstrip(b" \t") for line in body.split(_CRLF)]
    yield _body("trailing-white-space-added"), _CRLF.join(stripped)
    yield _body("trailing-white-space-lost"), re.sub(rb"(?m)^--\r$", b"-- \r", body)
    yield _body("trailing-white-space-added"), _CRLF.join(b"-- " if line == b"--" else line for line in stripped)
    yield _body("leading-lines-added"), body.lstrip(b"\r\n")
    for count in (1, 2):
        yield _body("leading-lines-lost"), _CRLF * count + body
    if b"\t" in body:
        yield _body("tabs-changed"), body.replace(b"\t", b" ")
        yield _body("tabs-changed"), body.expandtabs()


def _quoting(body: bytes) -> Iterator[Guess]:
    """Marks at the start of a line, as mailbox files (RFC 4155) and SMTP (RFC 5321 section 4.5.2) need them; lines
    broken because they were longer than 998 octets."""
    yield _body("from-quoted"), re.sub(rb"(?m)^>(>*From )", rb"\1", body)
    yield _body("dots-doubled"), re.sub(rb"(?m)^\.\.", b".", body)
    yield _body("dots-lost"), re.sub(rb"(?m)^\.", b"..", body)
    yield _body("lines-broken"), body.replace(b"!\r\n ", b"")
    lines = body.split(_CRLF)
    longest = max(map(len, lines))
    if longest >= 900:
        joined = b"".join(line + (b"" if len(line) == longest else _CRLF) for line in lines).removesuffix(_CRLF)
        yield _body("lines-broken"), joined
        yield _body("lines-broken"), joined.replace(b"\r\n ", b"")


def _encodings(message: Message) -> Iterator[Guess]:
    """Signed as 8bit, and encoded for a server that does not offer 8BITMIME (RFC 6152)."""
    body = message.body
    field = message.first("content-transfer-encoding")
    encoding = field.text.lower() if field is not None else ""
    if encoding in ("quoted-printable", "base64"):
        for text in _decoded(body, encoding):
            yield _body("re-encoded", encoding=encoding), text
    if _TRANSFER.search(body):
        for plain in (b"8bit", b"7bit"):
            yield _body("re-encoded", encoding="quoted-printable, base64"), _parts_decoded(body, plain)
    if not encoding or encoding in ("7bit", "8bit", "binary"):
        yield _body("re-encoded", encoding="8bit"), to_crlf(quopri.encodestring(body.replace(_CRLF, b"\n")), "lf")


def _decoded(body: bytes, encoding: str) -> Iterator[bytes]:
    if encoding == "base64":
        try:
            text = base64.b64decode(re.sub(rb"[\r\n\t ]+", b"", body), validate=True)
        except (binascii.Error, ValueError):
            return
    else:
        text = quopri.decodestring(body)
    yield to_crlf(text, line_ends_of(text))
    if not text.endswith(b"\n"):
        yield to_crlf(text + _CRLF, line_ends_of(text + _CRLF))


def _parts_decoded(body: bytes, plain: bytes) -> bytes:
    """A multipart body with each part that was encoded as it was before."""
    pieces = re.split(rb"(?m)^(?=--)", body)
    for index, piece in enumerate(pieces):
        found = _TRANSFER.search(piece)
        head, separator, content = piece.partition(b"\r\n\r\n")
        if found is None or not separator or found.start() > len(head):
            continue
        head = _TRANSFER.sub(lambda match: match[1] + plain + match[3], head + _CRLF, count=1).removesuffix(_CRLF)
        text = next(_decoded(content, found[2].decode("ascii").lower()), content)
        pieces[index] = head + separator + text.removesuffix(_CRLF) + _CRLF
    return b"".join(pieces)


def _charsets(body: bytes) -> Iterator[Guess]:
    if body.isascii():
        if b"\x1b" in body:
            yield from _recoded(body, "iso-2022-jp", ("utf-8", "shift_jis", "euc-jp"))
        return
    yield from _recoded(body, "utf-8", _CHARSETS)
    for charset in _CHARSETS[1:]:
        yield from _recoded(body, charset, ("utf-8",))


def _recoded(body: bytes, now: str, before: tuple[str, ...]) -> Iterator[Guess]:
    try:
        text = body.decode(now)
    except UnicodeError:
        return
    for charset in before:
        try:
            yield _body("charset-changed", now=now, before=charset), text.encode(charset)
        except UnicodeError:
            continue


def _wrapped(body: bytes) -> Iterator[Guess]:
    """The whole message was put into one part of a new multipart, as mailing lists do to add a footer."""
    boundaries = re.finditer(rb"(?m)^--[^\r\n]{1,72}\r$", body)
    for _, found in zip(range(_MOST_PARTS), boundaries, strict=False):
        start = body.find(b"\r\n\r\n", found.end() - 1)
        end = body.find(_CRLF + found[0].rstrip(b"\r"), found.end())
        if 0 <= start < end:
            yield _body("wrapped-in-multipart"), body[start + 4 : end] + _CRLF


def _banners(body: bytes) -> Iterator[Guess]:
    """Lines were put in front, such as a warning that the mail comes from outside."""
    at, end = 0, len(without_last_line_ends(body))
    for lines in range(1, _MOST_BANNER_LINES + 1):
        at = body.find(_CRLF, at) + 2
        if at < 2 or at >= end:
            return
        yield _body("banner-added", lines=lines, octets=at), body[at:]


def _inserted(body: bytes) -> Iterator[Guess]:
    """Lines were put at the end of a part of a multipart, in front of its boundary."""
    for number, found in enumerate(re.finditer(rb"(?m)^--[^\r\n]{1,72}\r$", body)):
        if number >= _MOST_BOUNDARIES:
            return
        start = found.start()
        for lines in range(1, _MOST_INSERTED_LINES + 1):
            start = body.rfind(_CRLF, 0, max(0, start - 2)) + 2
            if start < 2:
                break
            about = {"lines": lines, "octets": found.start() - start}
            yield _body("lines-inserted", **about), body[:start] + body[found.start() :]


def _canonical(message: Message, signature: Signature) -> bytes:
    return message.relaxed_body if signature.body_form == "relaxed" else message.simple_body


def _body(kind: str, **details: object) -> Change:
    return Change(kind, "body", details)
