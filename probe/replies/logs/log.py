"""One log, line by line, whoever wrote it.

Most lines of a log are of no interest, so what costs is kept from them: a line is looked at only where one of the readers'
cues stands in it, and a line that merely tells whose message it is goes no further than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from probe.replies.logs import events, exim, opensmtpd, other, postfix, qmail, sendmail
from probe.replies.logs.memory import Memory
from probe.replies.logs.queue import Listing
from probe.replies.logs.syslog import Entry, entry, is_logged
from probe.replies.logs.table import Table
from probe.replies.notice import Notice

_LONGEST = 16_384  # octets of a line that are read
_MOST_HEADS = 64

Read = Callable[[Entry, Memory], "Iterator[Notice] | None"]
_READERS: tuple[tuple[tuple[bytes, ...], Read], ...] = (
    (postfix.CUES, postfix.read),
    (exim.CUES, exim.read),
    (sendmail.CUES, sendmail.read),
    (opensmtpd.CUES, opensmtpd.read),
    (qmail.CUES, qmail.read),
    (other.CUES, other.read),
)
_CUES = tuple(dict.fromkeys(cue for cues, _ in _READERS for cue in cues))
_NOTHING: tuple[Notice, ...] = ()


class Log:
    """Feed it the lines of one file in their order."""

    def __init__(self) -> None:
        self._memory = Memory()
        self._heads: set[bytes] = set()
        self._table: Table | None = None
        self._listing: Listing | None = None

    def read(self, line: bytes, number: int) -> tuple[Notice, ...] | None:
        """What the line tells of refusals; None where it is no line of a log."""
        if b"=<" in line or b" <= " in line:
            _note(line, self._memory)
        for cue in _CUES:
            if cue in line:
                return self._read(line, number)
        if self._table is not None or self._listing is not None or line[:1] in b"#{-\t ":
            return self._read(line, number)
        if line[:4] in self._heads:
            return _NOTHING
        return _NOTHING if self._is_logged(line) else None

    def unsettled(self) -> Iterator[Notice]:
        """What is left at the end."""
        return self._memory.unsettled()

    def _read(self, line: bytes, number: int) -> tuple[Notice, ...] | None:
        text = line[:_LONGEST].decode("utf-8", "surrogateescape").rstrip("\r")
        one = entry(text, number)
        for cues, read in _READERS:
            if any(cue in line for cue in cues):
                found = read(one, self._memory)
                if found is not None:
                    return tuple(found)
        return _NOTHING if self._is_logged(line) else None

    def _is_logged(self, line: bytes) -> bool:
        logged = is_logged(line[:80].decode("ascii", "replace"))
        if logged and len(self._heads) < _MOST_HEADS:
            self._heads.add(line[:4])
        return logged
