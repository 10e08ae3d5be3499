"""A message taken apart without changing an octet of it (RFC 5322 section 2.1).

A file may have been saved with LF or CR alone; on the wire its lines ended with CR LF, and signatures are made over
those, so the line ends are put back and ``line_ends`` says so. Nothing else is touched, and nothing is refused: a line
of the header that is no field is kept as a field without a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from probe.mail.canonical import relaxed_body, simple_body

WHOLE = "message"
"""The subject of a check that is about the whole message."""

LineEnds = Literal["crlf", "lf", "cr", "mixed", "none"]

_CRLF = b"\r\n"
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]*")
_WSP = (b" ", b"\t")


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: ``raw`` with its folds and its last CRLF, ``name`` in lower case, empty where the line is no
    field. ``colon`` is where the name ends."""

    raw: bytes
    name: str
    colon: int

    @property
    def value(self) -> bytes:
        """What stands behind the colon, folds and all, without the last CRLF."""
        return self.raw[self.colon + 1 :].removesuffix(_CRLF)

    @property
    def text(self) -> str:
        """The value unfolded (RFC 5322 section 2.2.3) and stripped; octets that are not UTF-8 as surrogates."""
        return self.value.replace(_CRLF, b"").decode("utf-8", "surrogateescape").strip(" \t")


@dataclass(frozen=True)
class Message:
    """``fields`` in their order, ``body`` with CRLF line ends, ``octets`` as they came. ``separated`` says whether an
    empty line ended the header, ``envelope`` is a line of a mailbox file that stood before it ("From …")."""

    octets: bytes
    fields: tuple[Field, ...]
    body: bytes
    line_ends: LineEnds
    separated: bool
    envelope: bytes = b""

    @cached_property
    def named(self) -> Mapping[str, tuple[Field, ...]]:
        """The fields by name, each name's from top to bottom."""
        found: dict[str, list[Field]] = {}
        for field in self.fields:
            found.setdefault(field.name, []).append(field)
        return {name: tuple(fields) for name, fields in found.items()}

    def all(self, name: str) -> tuple[Field, ...]:
        """The fields of one name, in lower case, from top to bottom."""
        return self.named.get(name, ())

    def first(self, name: str) -> Field | None:
        """The topmost field of one name."""
        return next(iter(self.all(name)), None)

    @cached_property
    def notes(self) -> dict[Any, Any]:
        """What others worked out about it and need not work out again."""
        return {}

    @cached_property
    def simple_body(self) -> bytes:
        return simple_body(self.body)

    @cached_property
    def relaxed_body(self) -> bytes:
        return relaxed_body(self.body)


def parse(octets: bytes) -> Message:
    """Take a message apart; never raises, and takes time in proportion to its size."""
    line_ends = line_ends_of(octets)
    text = to_crlf(octets, line_ends)
    envelope = b""
    if text.startswith((b"From ", b">From ")):  # RFC 4155: the line between messages of a mailbox file
        envelope, _, text = text.partition(_CRLF)
    if text.startswith(_CRLF):
        head, separator, body = b"", _CRLF, text[2:]
    else:
        head, separator, body = text.partition(b"\r\n\r\n")
    return Message(octets, tuple(_fields(head)), body, line_ends, bool(separator), envelope)


def holds_fields(message: Message) -> bool:
    """Whether there is any field at all. One letter and a colon stand in any octets by chance: that is none."""
    return any(len(name) > 1 and _WORD.fullmatch(name) for name in message.named)


def line_ends_of(octets: bytes) -> LineEnds:
    """How the lines end: by CR LF, or by one of them alone as on Unix and the old Macintosh; ``mixed`` where an LF
    stands alone beside others. A CR that stands alone among other line ends is no line end."""
    pairs, feeds = octets.count(_CRLF), octets.count(b"\n")
    if feeds > pairs:
        return "mixed" if pairs else "lf"
    if pairs:
        return "crlf"
    return "cr" if b"\r" in octets else "none"


def to_crlf(octets: bytes, line_ends: LineEnds) -> bytes:
    """With the line ends of the wire."""
    if line_ends in ("lf", "mixed"):
        return octets.replace(_CRLF, b"\n").replace(b"\n", _CRLF)
    return octets.replace(b"\r", _CRLF) if line_ends == "cr" else octets


def field(raw: bytes) -> Field:
    """One field of its octets, with or without the last CRLF. A name is printable ASCII without the colon (RFC 5322
    section 2.2); white space behind it is the obsolete form (section 4.5)."""
    raw = raw if raw.endswith(_CRLF) else raw + _CRLF
    colon = raw.find(b":")
    name = raw[:colon].rstrip(b" \t") if colon > 0 else b""
    if not name or not name.isascii() or not name.decode("ascii").isprintable() or b" " in name:
        return Field(raw, "", -1)
    return Field(raw, name.decode("ascii").lower(), colon)


def _fields(head: bytes) -> Iterator[Field]:
    lines: list[bytes] = []
    for line in head.split(_CRLF):
        if lines and line[:1] in _WSP:
            lines.append(line)
            continue
        if lines:
            yield field(_CRLF.join(lines))
        lines = [line] if line else []
    if lines:
        yield field(_CRLF.join(lines))
