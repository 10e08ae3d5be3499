"""One log, line by line, whoever wrote it.

Most lines of a log are of no interest, so what costs is kept from them: a line is looked at only where one of the
readers' cues stands in it, and a line that merely tells whose message it is goes no further than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from probe.replies.bounces.charset import text_of
from probe.replies.logs import events, exim, opensmtpd, other, postfix, qmail, sendmail
from probe.replies.logs.fields import between
from probe.replies.logs.memory import Memory
from probe.replies.logs.queue import Listing
from probe.replies.logs.syslog import Entry, entry, is_logged
from probe.replies.logs.table import Table
from probe.replies.notice import Notice

_LONGEST = 16_384  # octets of a line that are read
_MOST_HEADS = 64

Read = Callable[[Entry, Memory], "Iterator[Notice] | None"]
_READERS: tuple[tuple[tuple[str, ...], Read], ...] = (
    (postfix.CUES, postfix.read),
    (exim.CUES, exim.read),
    (sendmail.CUES, sendmail.read),
    (opensmtpd.CUES, opensmtpd.read),
    (qmail.CUES, qmail.read),
    (other.CUES, other.read),
)
_CUES = tuple(dict.fromkeys(cue for cues, _ in _READERS for cue in cues))
_NOTHING: tuple[Notice, ...] = ()
_SPECIAL = ("#", "{", "[", "-", "\t", " ")
_COMMENTS = ("#Software: ", "#Version: ", "#Log-type: ", "#Date: ")


class Log:
    """Feed it the lines of one file in their order."""

    def __init__(self) -> None:
        self._memory = Memory()
        self._heads: set[str] = set()
        self._special: Table | Listing | None = None

    def read(self, octets: bytes, number: int) -> Sequence[Notice] | None:
        """What the line tells of refusals; None where it is no line of a log."""
        line = octets.decode("utf-8", "surrogateescape")
        if self._special is not None or line[:1] in _SPECIAL or number == 1:
            found = self._structured(octets, line, number)
            if found is not None:
                return found
        if ": from=<" in line or ": message-id=<" in line or " <= " in line:
            _note(line, self._memory)
        if self._memory.waits and " => " in line:
            self._delivered(line, " => ")
        # The most frequent case of all gets by with the fewest questions.
        for cue in postfix.CUES if line.find("postfix/", 0, 80) >= 0 else _CUES:
            if cue in line:
                if "status=sent" in line or "stat=Sent" in line:
                    self._delivered(line)
                    break
                if not line.isascii():
                    line = text_of(octets)  # of whatever charset a server's words are
                return self._read(entry(line[:_LONGEST].rstrip("\r"), number), line)
        if line[:4] in self._heads:
            return _NOTHING
        return _NOTHING if self._is_logged(line) else None

    def unsettled(self) -> Iterator[Notice]:
        """What is left at the end."""
        return self._memory.unsettled()

    def _read(self, one: Entry, line: str) -> Sequence[Notice] | None:
        for cues, read in _READERS:
            if any(cue in line for cue in cues):
                found = read(one, self._memory)
                if found is not None:
                    return tuple(found)
        return _NOTHING if self._is_logged(line) else None

    def _delivered(self, line: str, mark: str = ": to=<") -> None:
        """It went well in the end, so what servers said before is over. The id stands before the ``mark``."""
        at = line.find(mark) if self._memory.waits else -1
        if at > 0:
            self._memory.settle(line[line.rfind(" ", 0, at) + 1 : at])

    def _structured(self, octets: bytes, line: str, number: int) -> Sequence[Notice] | None:
        """A row of a table, a line of a queue listing, or an object; None where it is none of them."""
        if line.startswith(("{", "[{")):
            return self._object(octets, number)
        line = line[:_LONGEST].rstrip("\r")
        if Listing.begins(line):
            self._special = Listing()
            return _NOTHING
        if line.startswith("#") or number == 1:
            table = Table.of(line, self._memory)
            if table is not None:
                self._special = table
                return _NOTHING
            if line.startswith(_COMMENTS):
                return _NOTHING
        if self._special is None or not line.strip():
            return None
        found = self._special.read(line, number)
        if found is None:
            self._special = None
        return None if found is None else tuple(found)

    def _object(self, octets: bytes, number: int) -> Sequence[Notice] | None:
        documents = events.documents(text_of(octets))
        if not documents:
            return None
        if len(documents) == 1 and (inner := events.wrapped(documents[0])) is not None:
            said, time, host = inner
            line = said[:_LONGEST].rstrip("\r\n")
            one = entry(line, number)
            one = one._replace(time=one.time or time, host=one.host or host)
            _note(line, self._memory)
            if found := self._read(one, line):
                return found
        return [made for document in documents for made in events.notices(document, number)]

    def _is_logged(self, line: str) -> bool:
        logged = is_logged(line[:120])
        if logged and len(self._heads) < _MOST_HEADS:
            self._heads.add(line[:4])
        return logged


def _note(line: str, memory: Memory) -> None:
    """Whose message it is: a line of Postfix's qmgr(8) or cleanup(8), or of Sendmail or Exim, at its arrival."""
    for mark, kind in ((": from=<", "sender"), (": message-id=<", "message-id")):
        at = line.find(mark)
        if at > 0:
            begin = at + len(mark)
            id_ = line[line.rfind(" ", 0, at) + 1 : at]
            memory.note(kind, id_, line[begin : line.find(">", begin)])
            if kind == "sender" and (msgid := between(line, ", msgid=<", ">", begin)):
                memory.note("message-id", id_, msgid)
            return
    at = line.find(" <= ")
    if at > 0:
        id_ = line[line.rfind(" ", 0, at) + 1 : at]
        sender = between(line, " <= ", " ", at) or ""
        memory.note("sender", id_, "" if sender == "<>" else sender)
        if message_id := between(line, " id=", " ", at):
            memory.note("message-id", id_, message_id)
