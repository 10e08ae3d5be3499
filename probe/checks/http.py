"""Reading one HTTP response, without I/O (RFC 9110, RFC 9112): status line, fields, body, within strict bounds.

Every octet is hostile. What cannot be read, contradicts itself or is longer than allowed raises ``HttpError`` with a
reason, in time linear in what arrived. No content coding is undone and none was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from probe.errors import ProbeError
from probe.text import show

_HEAD_LIMIT = 16 * 1024
_LINE_LIMIT = 8 * 1024
_INTERIM_MOST = 3
_CHUNK_OVERHEAD = 64 * 1024
_STATUS_LINE = re.compile(rb"HTTP/(1)\.([01]) ([1-9][0-9]{2})(?: ([^\r\n\0]*))?")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,80}):[ \t]*(.*?)[ \t]*", re.DOTALL)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?", re.DOTALL)


class HttpError(ProbeError):
    """There is no response: ``reason`` is ``no-http``, ``malformed``, ``truncated``, ``too-large`` or
    ``head-too-large``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Response:
    """One final response. ``fields`` are made printable, by name in lower case, those of one name joined with commas
    (RFC 9110 section 5.3). ``body`` is what the transfer coding held."""

    version: str
    status: int
    fields: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class ResponseReader:
    """Feed it what arrives until ``done``; then ``response`` is there. ``limit`` is the most octets of a body."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._line: Callable[[bytes], None] | None = self._status_line
        self._fields: dict[str, list[str]] = {}
        self._head = self._interim = self._overhead = 0
        self._version, self._status = "1.1", 0
        self._body = bytearray()
        self._left: int | None = None
        self._chunked = False
        self.done = False

    @property
    def response(self) -> Response:
        fields = {name: ", ".join(values) for name, values in self._fields.items()}
        return Response(self._version, self._status, fields, bytes(self._body))

    def feed(self, octets: bytes) -> None:
        """Take octets as they arrive. Raises ``HttpError``. What comes after the response is not looked at."""
        self._buffer += octets
        while not self.done and (self._take_line() if self._line else self._take_body()):
            pass

    def end(self, *, whole: bool) -> None:
        """No more will come. ``whole`` says that the other side ended the stream in order: only then a body whose
        length nobody told is whole (RFC 9112 section 9.8). Raises ``HttpError``."""
        if self.done:
            return
        if self._line is None and self._left is None and not self._chunked and whole:
            self.done = True
            return
        raise HttpError("truncated" if self._status else "no-http" if self._buffer else "closed")

    def _take_line(self) -> bool:
        """Hand on one line; False where it is not there yet. A bare LF ends a line too (RFC 9112 section 2.2)."""
        at = self._buffer.find(b"\n", self._searched)
        if max(at, len(self._buffer) if at < 0 else 0) > _LINE_LIMIT:
            raise HttpError("head-too-large")
        if at < 0:
            self._searched = len(self._buffer)
            return False
        line = bytes(self._buffer[:at]).removesuffix(b"\r")
        del self._buffer[: at + 1]
        self._searched = 0
        assert self._line is not None
        self._line(line)
        return True

    def _status_line(self, line: bytes) -> None:
        match = _STATUS_LINE.fullmatch(line)
        if not match:
            raise HttpError("no-http")
        self._version, self._status = f"1.{match[2].decode()}", int(match[3])
        self._line = self._field_line

    def _field_line(self, line: bytes) -> None:
        self._head += len(line)
        if self._head > _HEAD_LIMIT:
            raise HttpError("head-too-large")
        if not line:
            self._after_head()
            return
        # No white space before the colon, and no folded line (RFC 9112 sections 5.1 and 5.2).
        match = _FIELD.fullmatch(line)
        if not match or b"\r" in line or b"\0" in line:
            raise HttpError("malformed")
        self._fields.setdefault(match[1].decode("ascii").lower(), []).append(show(match[2]))

    def _after_head(self) -> None:
        if self._status < 200:  # RFC 9110 section 15.2: interim ones come before the response that counts
            self._interim += 1
            if self._interim > _INTERIM_MOST or self._status == 101:
                raise HttpError("malformed")
            self._fields, self._status, self._line = {}, 0, self._status_line
            return
        self._line = None
        codings = [word.strip().lower() for word in ", ".join(self._fields.get("transfer-encoding", [])).split(",")]
        lengths = {word.strip() for value in self._fields.get("content-length", []) for word in value.split(",")}
        if self._status in (204, 304):  # RFC 9112 section 6.3
            self.done = True
        elif codings != [""]:
            # Both at once is how responses are smuggled past one another (RFC 9112 section 6.3).
            if codings != ["chunked"] or lengths or self._version == "1.0":
                raise HttpError("malformed")
            self._chunked, self._line = True, self._chunk_size
        elif lengths:
            (length, *others) = lengths
            if others or not re.fullmatch("[0-9]{1,15}", length):
                raise HttpError("malformed")
            self._left = int(length)
            if self._left > self._limit:
                raise HttpError("too-large")
            self.done = self._left == 0

    def _take_body(self) -> bool:
        octets = bytes(self._buffer if self._left is None else self._buffer[: self._left])
        if not octets:
            return False
        del self._buffer[: len(octets)]
        self._body += octets
        if len(self._body) > self._limit:
            raise HttpError("too-large")
        if self._left is not None:
            self._left -= len(octets)
            if self._left == 0:
                self._line = self._chunk_end if self._chunked else None
                self.done = not self._chunked
        return True

    def _chunk_size(self, line: bytes) -> None:
        match = _CHUNK_SIZE.fullmatch(line)
        if not match:
            raise HttpError("malformed")
        self._pay(line)
        self._left = int(match[1], 16)
        if len(self._body) + self._left > self._limit:
            raise HttpError("too-large")
        self._line = None if self._left else self._trailer_line

    def _chunk_end(self, line: bytes) -> None:
        if line:
            raise HttpError("malformed")
        self._line = self._chunk_size

    def _trailer_line(self, line: bytes) -> None:
        self._pay(line)
        self.done = not line

    def _pay(self, line: bytes) -> None:
        """Chunks of one octet and endless trailers must not make a small body an endless stream."""
        self._overhead += len(line) + 4
        if self._overhead > _CHUNK_OVERHEAD:
            raise HttpError("malformed")
