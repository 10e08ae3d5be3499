"""A message taken apart: header fields (RFC 5322 section 2.2) and MIME parts (RFC 2045, RFC 2046), broken ones too.

A missing boundary leaves the body whole, a cut message gives what there is, and parts deeper than anybody needs are
taken as text. The work is linear in the length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from probe.replies.bounces.charset import decoded, text_of

_DEEPEST = 6
_MOST_PIECES = 200
_FIELD = re.compile(rb"([!-9;-~]{1,76})[ \t]*:(.*)", re.DOTALL)
_PARAMETER = re.compile(r";\s{0,20}([\w*-]{1,40})\s{0,20}=\s{0,20}(?:\"((?:[^\"\\]|\\.){0,500})\"|([^\s;\"]{1,500}))")
_MOST_FIELDS = 1000

Fields = tuple[tuple[str, str], ...]
"""Names in lower case, values unfolded, in their order."""


class Part(NamedTuple):
    """A part that holds no others: its media type in lower case, its own header, its octets without transfer encoding.

    Parts of type ``message/*`` are not opened. ``depth`` is 0 for the message itself.
    """

    type: str
    fields: Fields
    octets: bytes
    charset: str | None
    depth: int

    @property
    def text(self) -> str:
        return text_of(self.octets, self.charset)


def first(fields: Fields, name: str) -> str | None:
    """The value of the first field called ``name``."""
    return next((value for key, value in fields if key == name), None)


def split(octets: bytes) -> tuple[Fields, bytes]:
    """Header and body. Octets that begin with no field are all body."""
    fields: list[tuple[str, list[bytes]]] = []
    at = 0
    while at < len(octets) and len(fields) < _MOST_FIELDS:
        end = octets.find(b"\n", at)
        end = len(octets) if end < 0 else end
        line = octets[at:end].rstrip(b"\r")
        if not line:
            at = end + 1
            break
        if line[:1] in b" \t" and fields:
            fields[-1][1].append(line)
        elif found := _FIELD.fullmatch(line):
            fields.append((found[1].decode("ascii").lower(), [found[2]]))
        elif not fields and line.startswith((b"From ", b">From ")):
            pass  # the line that an mbox puts before each message
        else:
            break  # a body that no empty line announces
        at = end + 1
    unfolded = ((name, text_of(b"".join(value)).strip()) for name, value in fields)
    return tuple(unfolded), octets[at:]


def media_type(fields: Fields) -> tuple[str, dict[str, str]]:
    """Type and parameters of a Content-Type (RFC 2045 section 5.1); ``text/plain`` where there is none."""
    value = (first(fields, "content-type") or "")[:4000]
    kind = value.partition(";")[0].strip().lower()
    parameters = {found[1].lower(): found[2] or found[3] or "" for found in _PARAMETER.finditer(value)}
    return (kind if "/" in kind else "text/plain"), parameters


def parts(fields: Fields, body: bytes, depth: int = 0) -> Iterator[Part]:
    """Every part that is no multipart, in their order."""
    kind, parameters = media_type(fields)
    if kind.startswith("multipart/") and depth < _DEEPEST:
        pieces = _pieces(body, parameters.get("boundary", ""))
        for piece in pieces:
            yield from parts(*split(piece), depth + 1)
        if pieces:
            return
        kind = "text/plain"
    octets = decoded(body, first(fields, "content-transfer-encoding") or "")
    yield Part(kind, fields, octets, parameters.get("charset"), depth)


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    """The body cut at its boundary lines (RFC 2046 section 5.1.1): what stands before the first and behind the last is
    for nobody. A last piece that no boundary ends was cut, and counts."""
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    if len(mark) < 3:
        return []
    pieces: list[bytes] = []
    begin = None
    at = 0
    while at < len(body) and len(pieces) < _MOST_PIECES:
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        if body.startswith(mark, at):
            line = body[at + len(mark) : end].strip()
            if line in (b"", b"--"):
                if begin is not None:
                    pieces.append(body[begin:at])
                begin = end + 1 if not line else None
                if line:
                    break
        at = end + 1
    if begin is not None:
        pieces.append(body[begin:])
    return pieces
