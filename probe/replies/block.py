"""Lines that are no log's, until they make a whole: a message, the messages of a mailbox, a pasted text, or replies one
a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from probe.replies.bounces.charset import text_of
from probe.replies.notice import WORDS, Notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from probe.replies.bounces.keeping import Kept

LONGEST = 1_048_576  # octets of one text; a message may have more (probe.replies.bounces.keeping)
_LONGEST_REPLY = 8192
_LONGEST_WORDS = 1024
REPLY = "reply"

# RFC 4155 appendix A: the line before each message of a mailbox ends in a time.
_FROM = re.compile(rb"From \S{1,320} .{0,40}\d\d:\d\d.{0,40}$")
_HEADER = re.compile(
    rb"(?:return-path|received|from|to|cc|subject|date|message-id|mime-version|content-[a-z-]{1,40}|delivered-to|sender"
    rb"|reply-to|auto-submitted|importance|thread-[a-z]{1,10}|envelope-to|delivery-date|authentication-results|arc-[a-z-]{1,40}"
    rb"|received-spf|dkim-signature|reporting-mta|(?:final|original)-recipient|diagnostic-code|remote-mta|action|status"
    rb"|x-[a-z0-9_-]{1,60}):",
    re.IGNORECASE,
)
_REPLY = re.compile(rb"\s{0,8}([45]\d\d)(?:([ -])|\r?$)")


class Block:
    """Feed it lines; it gives notices as soon as something is whole. ``unread`` are the lines where bounces begin that
    were too long to be read to their end."""

    def __init__(self) -> None:
        self.messages = self.replies = 0
        self.unread: list[int] = []
        self._kept: Kept | None = None
        self._octets = bytearray()
        self._begin = 0
        self._reply: list[bytes] = []
        self._length = 0
        self._is_message = self._is_mailbox = False

    @property
    def is_message(self) -> bool:
        """Whether what stands here now is a message: then lines of logs are part of it."""
        return self._is_message

    @property
    def is_open(self) -> bool:
        return bool(self._octets or self._kept or self._reply)

    def take(self, line: bytes, number: int) -> Iterator[Notice]:
        if (
            line.startswith(b"From ")
            and (self._is_mailbox or not (self._octets or self._kept))
            and _FROM.match(line.rstrip(b"\r"))
        ):
            yield from self.end()
            self._is_mailbox = self._is_message = True
            self._start(line, number)
            return
        if self._kept is not None:
            self._kept.take(line)
            return
        if not self._octets:
            reply = _REPLY.match(line)
            if reply is not None or self._reply:
                yield from self._answer(line, number, reply)
                return
            if not line.strip():
                return
            self._is_message = _HEADER.match(line) is not None
            self._start(line, number)
        elif len(self._octets) < LONGEST:
            self._octets += line + b"\n"
        else:
            yield from self.end()  # text without an end is read piece by piece
            self._start(line, number)

    def end(self) -> Iterator[Notice]:
        """No more of this: tell what it was."""
        if self._reply:
            yield from self._answered()
        kept, self._kept = self._kept, None
        octets, begin = bytes(self._octets if kept is None else kept.octets), self._begin
        self._octets.clear()
        if b"\r" in octets:  # also alone, as old Macintosh programs ended lines
            octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not octets:
            return
        if kept is None:
            yield from _text(octets, begin)
            return
        from probe.replies.bounces import bounce  # heavy, and most logs hold none

        self._is_message = False
        notices = bounce.read(octets, begin, strict=self._is_mailbox)
        if not notices and not bounce.is_mail(octets):
            yield from _text(octets, begin)
            return
        # Other mail in a mailbox was read; alone it is nothing that tells of a refusal.
        told = bool(notices) or bounce.is_report(octets)
        self.messages += told or self._is_mailbox
        if told and (kept.cut or (kept.left and not notices)):
            self.unread.append(begin)
        yield from notices

    def _start(self, line: bytes, number: int) -> None:
        self._begin = number
        if self._is_message:
            from probe.replies.bounces.keeping import Kept

            self._kept = Kept()
            self._kept.take(line)
        else:
            self._octets += line + b"\n"

    def _answer(self, line: bytes, number: int, reply: re.Match[bytes] | None) -> Iterator[Notice]:
        """One line of replies that stand alone: RFC 5321 section 4.2.1 joins those with a hyphen; words without a code
        belong to the reply above them."""
        if self._reply and (not line.strip() or (reply is not None and not self._goes_on(reply[1]))):
            yield from self._answered()
        if line.strip():
            if not self._reply:
                self._begin = number
            if self._length < _LONGEST_REPLY:
                self._reply.append(line)
                self._length += len(line) + 1

    def _goes_on(self, code: bytes) -> bool:
        before = _REPLY.match(self._reply[-1])
        return before is not None and before[1] == code and before[2] == b"-"

    def _answered(self) -> Iterator[Notice]:
        self.replies += 1
        yield Notice(REPLY, text_of(b"\n".join(self._reply)), line=self._begin)
        self._reply = []
        self._length = 0


def _may_refuse(text: str) -> bool:
    """Whether the text may be the words of a refusal alone: one paragraph, short, and with no number that only a
    sentence about something else explains."""
    from probe.replies.parsing import parse

    text = text.strip()
    if len(text) > _LONGEST_WORDS or re.search(r"\n[ \t]*\n", text):
        return False
    return parse(text).code == parse(text, strict=True).code


def _text(octets: bytes, begin: int) -> Iterator[Notice]:
    """A text that somebody pasted: the prose of a bounce, or else just the words of a refusal."""
    from probe.replies.bounces import prose
    from probe.replies.logs import events

    text = text_of(octets)
    if text.startswith(("{", "[")) and (documents := events.documents(text)):
        for document in documents:
            yield from events.notices(document, begin)
        return
    notices = prose.read(text)
    if notices:
        for notice in notices:
            yield notice._replace(line=begin)
    elif _may_refuse(text):
        yield Notice(WORDS, text, line=begin)
