"""Whatever a postmaster has at hand: a bounce, a mailbox full of them, a log, a queue listing, or just a reply.

Octets come in, incidents go out, in their order and as soon as they are known. Each line is a log's, or belongs to a
block: a message, or text that somebody pasted. Memory stays flat however long a log is: of a line, a message and the
messages in flight only so much is kept.

Nothing is expected of the input, and nothing in it makes this fail. It does no I/O.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from probe.catalog import Catalog, catalog
from probe.errors import UsageError
from probe.model import Incident
from probe.replies.block import Block
from probe.replies.logs.log import Log
from probe.replies.notice import WORDS, Explainer, Notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

LONGEST_LINE = 1_048_576
_CHUNK = 262_144
_MOST_CUT = 1000


class Intake:
    """One stream, read. ``lines`` counts what came, ``logged`` those of a log, ``found`` the incidents."""

    def __init__(self, facts: Catalog, source: str | None = None) -> None:
        self.lines = self.logged = self.found = 0
        self._explainer = Explainer(facts)
        self._source = source
        self._block = Block()
        self._cut: list[int] = []

    @property
    def understood(self) -> bool:
        """Whether anything was there that can be read, refusal or not."""
        return bool(self.logged or self.found or self._block.messages or self._block.replies)

    @property
    def unread(self) -> tuple[int, ...]:
        """The lines where something begins that was too long to be read to its end."""
        return (*self._block.unread, *self._cut)

    def read(self, chunks: Iterable[bytes]) -> Iterator[Incident]:
        """The incidents in a stream of octets, cut anywhere."""
        for notice in self._notices(lines(unmarked(chunks))):
            incident = self._explainer.incident(notice, self._source)
            if notice.format == WORDS and (self.logged or not _says_why(incident)):
                continue
            self.found += 1
            yield incident

    def _notices(self, stream: Iterable[bytes]) -> Iterator[Notice]:
        """Part the lines of logs from the blocks between them."""
        block, log = self._block, Log()
        for number, line in enumerate(stream, 1):
            self.lines = number
            if len(line) >= LONGEST_LINE and len(self._cut) < _MOST_CUT:
                self._cut.append(number)
            if not block.is_message and (found := log.read(line, number)) is not None:
                self.logged += 1
                if block.is_open:
                    yield from block.end()
                yield from found
            else:
                yield from block.take(line, number)
        yield from block.end()
        yield from log.unsettled()


def diagnose(outside: str | bytes | IO[str] | IO[bytes], *, facts: Catalog | None = None) -> tuple[Incident, ...]:
    """Every refusal and delay that a bounce, a log, a queue listing or a pasted reply tells of, explained. ``outside``
    is the text, its octets, or a file that was opened for reading.

    Empty where there is none, or where nothing can be read. Raises ``UsageError`` for anything else, such as a path,
    and for a file that cannot be read.
    """
    return tuple(Intake(facts or catalog()).read(_chunks(outside)))


def _chunks(outside: object) -> Iterator[bytes]:
    if isinstance(outside, (str, bytes, bytearray, memoryview)):
        yield octets_of(outside if isinstance(outside, str) else bytes(outside))
        return
    read = getattr(outside, "read", None)
    if not callable(read):
        raise UsageError(f"text, octets or an open file can be diagnosed, no {type(outside).__name__}: open it first")
    try:
        while chunk := read(_CHUNK):
            yield octets_of(chunk)
    except (OSError, ValueError) as error:  # also a closed file, and one that is no text in its encoding
        raise UsageError(f"cannot read the file: {error}") from error


def _says_why(incident: Incident) -> bool:
    """Words without any code are a refusal only if they say why, at once: a letter comes to such words later."""
    read = incident.explanation
    if read.cause in (None, "unknown"):
        return False
    first = re.split(r"[.;!?](?:\s|$)", " ".join(incident.lines), maxsplit=1)[0]
    return incident.code is not None or (read.matched or "").lower() in first.lower()


def octets_of(outside: str | bytes) -> bytes:
    """Text as the octets that it was read from."""
    if isinstance(outside, bytes):
        return outside
    try:
        return outside.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, which no octets stand for
        return outside.encode("utf-8", "replace")


def unmarked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same octets without a byte order mark. UTF-16, as Windows tools write it, becomes UTF-8."""
    stream = iter(chunks)
    begin = b""
    for chunk in stream:
        begin += chunk
        if len(begin) >= len(codecs.BOM_UTF8):
            break
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        for chunk in chain([begin], stream):
            yield decoder.decode(chunk).encode("utf-8", "replace")
        return
    yield begin.removeprefix(codecs.BOM_UTF8)
    yield from stream


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream, without their ends. Of a line that is too long the rest is dropped."""
    held = b""
    skipping = False
    for chunk in chunks:
        pieces = chunk.split(b"\n")
        if len(pieces) == 1:
            if not skipping:
                held += chunk
                if len(held) > LONGEST_LINE:
                    yield held[:LONGEST_LINE]
                    held, skipping = b"", True
            continue
        if not skipping:
            yield (held + pieces[0])[:LONGEST_LINE]
        yield from pieces[1:-1]
        held, skipping = pieces[-1], False
    if held:
        yield held
