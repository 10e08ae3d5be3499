"""The reply reader: octets in, replies out, no I/O (RFC 5321 sections 4.2 and 4.5.3.1.5).

It never guesses. A line is three digits by pattern, then a space, a hyphen or its end; anything else is a fault, and so
is a reply beyond the limits. Octets behind a complete reply stay visible in ``unread`` until somebody takes them, so
that nothing can be read before its time. Each octet is looked at once, however small the segments.
"""

from __future__ import annotations

import re
from collections import deque

from probe.errors import Detail
from probe.limits import Limits
from probe.model import Reply
from probe.model.noun import noun
from probe.text import Redactor, show

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_HEAD = re.compile(rb"[2-5](?:[0-9](?:[0-9][ \r-]?)?)?", re.DOTALL)
_HEAD_SIZE = 4
# RFC 2034 section 4: class, subject and detail at the very start of the text, then a space.
_ENHANCED = re.compile(rb"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:[ \t]|$)")


@noun(frozen=True)
class Fault:
    """Why no further reply can be read: ``outcome`` is a word of ``Session.outcome``, ``octets`` what was there."""

    outcome: str
    detail: Detail
    octets: bytes


@noun(frozen=True)
class _Line:
    code: int
    last: bool
    text: bytes
    at_ms: float


class ReplyReader:
    """Feed it octets as they come; take replies as they become whole. ``redact`` takes secrets out of what is kept."""

    def __init__(self, limits: Limits, redact: Redactor | None = None) -> None:
        self._limits = limits
        self._redact = redact or Redactor()
        self._ready: deque[Reply] = deque()
        self._stopped: tuple[str, Detail | None] | None = None
        self._evidence = bytearray()
        self._bad_from = 0
        self._unbroken = True
        self._start_reply()
        self._start_line()

    @property
    def unread(self) -> bytes:
        """Everything that arrived and was not taken: whole replies, then the partial one."""
        return b"".join(reply.raw for reply in self._ready) + self.partial

    @property
    def partial(self) -> bytes:
        """The octets of the reply that is not whole yet, as far as the limits keep them."""
        return bytes(self._evidence if self._stopped else self._raw + self._line)

    @property
    def fault(self) -> Fault | None:
        """The fault, once every reply before it was taken."""
        if self._ready or self._stopped is None:
            return None
        outcome, what = self._stopped
        line = bytes(self._evidence[self._bad_from :]).partition(b"\n")[0].rstrip(b"\r")
        what = what or Detail("detail-no-reply-line", line=show(self._redact.cut(line[:120])))
        return Fault(outcome, what, bytes(self._evidence))

    def take(self) -> Reply | None:
        """The next whole reply, or None."""
        return self._ready.popleft() if self._ready else None

    def feed(self, octets: bytes, at_ms: float) -> None:
        """Add octets that arrived at ``at_ms``, in milliseconds since the session began."""
        start = 0
        while self._stopped is None:
            # The head of a line is judged before the rest is looked at, so that it makes no difference how the stream
            # was cut.
            head = len(self._line)
            end = octets.find(b"\n", start)
            stop = len(octets) if end < 0 else end + 1
            if head < _HEAD_SIZE:
                part = min(stop, start + _HEAD_SIZE - head)
                self._grow(octets[start:part], at_ms)
                start = part
                self._refuse_at_sight()
                if self._stopped is not None:
                    break
            if start < stop:
                self._grow(octets[start:stop], at_ms)
            start = stop
            if end < 0:
                return
            if self._stopped is None:
                self._end_line(at_ms)
        # Behind a fault nothing is read any more, but what comes after it is evidence.
        if self._unbroken:
            self._evidence += octets[start:][: max(0, self._limits.reply - len(self._evidence))]

    def end(self, at_ms: float) -> None:
        """The stream is over. A last line that lacks only its line end counts as a refusal, never as a consent."""
        match = _LINE.fullmatch(bytes(self._line).removesuffix(b"\r")) if self._stopped is None else None
        if match and match[1][:1] in b"45" and match[2] != b"-":
            self._oddities["no-line-end"] = None
            self._end_line(at_ms)

    def _start_reply(self) -> None:
        self._lines: list[_Line] = []
        self._raw = bytearray()
        self._size = 0
        self._oddities: dict[str, None] = {}

    def _start_line(self) -> None:
        self._line = bytearray()
        self._line_size = 0

    def _grow(self, octets: bytes, at_ms: float) -> None:
        self._line_size += len(octets)
        self._size += len(octets)
        room = min(self._limits.line, self._limits.reply - len(self._raw)) - len(self._line)
        self._line += octets[: max(0, room)]
        if self._size > self._limits.reply:
            self._give_up(Detail("detail-large-reply", octets=self._limits.reply), at_ms)

    def _refuse_at_sight(self) -> None:
        """Four octets that no reply line begins with need no line end: a server of another kind may never send one."""
        head = bytes(self._line[:_HEAD_SIZE]).removesuffix(b"\n")
        if self._stopped is None and head and not _HEAD.fullmatch(head):
            self._stop("malformed", None, len(self._raw))

    def _end_line(self, at_ms: float) -> None:
        whole, size = bytes(self._line), self._line_size
        self._raw += whole
        self._start_line()
        content = self._without_end(whole, size)
        match = _LINE.fullmatch(content)
        if match is None and size > self._limits.line:
            self._stop("limit", Detail("detail-long-line", octets=size))
            return
        if match is None:
            self._stop("malformed", None, len(self._raw) - len(whole))
            return
        self._note_oddities(content)
        self._lines.append(_Line(int(match[1]), match[2] != b"-", match[3] or b"", at_ms))
        if size > self._limits.line:
            self._give_up(Detail("detail-long-line", octets=size), at_ms)
        elif self._lines[-1].last:
            self._ready.append(self._reply())
            self._start_reply()
        elif len(self._lines) >= self._limits.reply_lines:
            self._give_up(Detail("detail-many-lines", lines=self._limits.reply_lines), at_ms)

    def _without_end(self, line: bytes, size: int) -> bytes:
        if size > len(line):
            self._oddities["line-cut"] = None
            return line
        if line.endswith(b"\r\n"):
            return line[:-2]
        if line.endswith(b"\n"):
            self._oddities["bare-lf"] = None
            return line[:-1]
        return line.removesuffix(b"\r")  # the stream ended here

    def _note_oddities(self, content: bytes) -> None:
        if b"\r" in content:
            self._oddities["bare-cr"] = None
        if b"\0" in content:
            self._oddities["nul"] = None
        if not content.isascii():
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                self._oddities["not-utf8"] = None
            else:
                self._oddities["8bit"] = None
        if len(content) > 510:  # RFC 5321 section 4.5.3.1.5: 512 octets with code and line end
            self._oddities["long-line"] = None

    def _reply(self, *, cut: bool = False) -> Reply:
        codes = tuple(line.code for line in self._lines)
        redact = self._redact.cut if cut else self._redact
        texts = tuple(show(redact(line.text)) for line in self._lines)
        if len(set(codes)) > 1:
            self._oddities["inconsistent-codes"] = None
        enhanced = _ENHANCED.match(self._lines[0].text)
        return Reply(
            code=codes[-1],
            enhanced=enhanced[1].decode("ascii") if enhanced else None,
            lines=texts,
            codes=codes,
            raw=redact(bytes(self._raw)),
            arrived_ms=tuple(line.at_ms for line in self._lines),
            oddities=tuple(self._oddities),
            cut=cut,
        )

    def _give_up(self, what: Detail, at_ms: float) -> None:
        """A limit was reached. Where every line so far carries one refusing code, that refusal stands, cut short."""
        head = _LINE.match(bytes(self._line))
        if head is not None and head[2] is not None:
            self._lines.append(_Line(int(head[1]), False, head[3] or b"", at_ms))
        codes = {line.code for line in self._lines}
        if self._line and (head is None or head[2] is None):
            codes.add(0)  # a line that is no reply line, or that nobody can tell yet
        self._raw += self._line
        self._line = bytearray()
        if len(codes) == 1 and codes.pop() >= 400:
            self._ready.append(self._reply(cut=True))
            self._raw = bytearray()
        self._stop("limit", what)

    def _stop(self, outcome: str, what: Detail | None, bad_from: int = 0) -> None:
        """Read no further. Without ``what`` the line that begins at ``bad_from`` is to blame."""
        self._stopped, self._bad_from = (outcome, what), bad_from
        self._evidence = self._raw + self._line
        self._unbroken = len(self._evidence) == self._size  # nothing was left out of it so far
