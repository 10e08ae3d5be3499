"""The canonical forms over which DKIM and ARC sign (RFC 6376 section 3.4). Linear in their input."""

from __future__ import annotations

import re

_CRLF = b"\r\n"
# Only what has to change: a single space before a word, which is most of a text, is passed over.
_RUN = re.compile(rb"[ \t]{2,}|\t")


def simple_header(raw: bytes) -> bytes:
    """A field as it stands, with its last CRLF (section 3.4.1)."""
    return raw


def relaxed_header(raw: bytes) -> bytes:
    """The name in lower case, unfolded, white space reduced to one space and none at the ends (section 3.4.2)."""
    name, _, value = raw.partition(b":")
    value = _RUN.sub(b" ", value.replace(_CRLF, b"")).strip(b" ")
    return name.rstrip(b" \t").lower() + b":" + value + _CRLF


def simple_body(body: bytes) -> bytes:
    """Without the empty lines at the end, and with a line end there (section 3.4.3): an empty body is one CRLF."""
    return without_last_line_ends(body) + _CRLF


def relaxed_body(body: bytes) -> bytes:
    """White space reduced to one space, none at the end of a line, no empty lines at the end (section 3.4.4). An empty
    body stays empty."""
    text = without_last_line_ends(_RUN.sub(b" ", body).replace(b" \r\n", _CRLF).removesuffix(b" "))
    return text + _CRLF if text else b""


def without_last_line_ends(body: bytes) -> bytes:
    end = len(body)
    while body.endswith(_CRLF, 0, end):
        end -= 2
    return body[:end]


HEADER = {"simple": simple_header, "relaxed": relaxed_header}
BODY = {"simple": simple_body, "relaxed": relaxed_body}
