"""CPU time against size: four times the input may cost at most six times as much.

Each ratio is taken five times and the median counts, of CPU time and not of the clock on the wall, so that a busy
machine changes little. The reader's limits are lifted here, for they would hide what it costs to come close to them.
"""

from __future__ import annotations

import gc
import itertools
import string
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.fuzz.tape import Violation
from probe.limits import Limits
from probe.resolver.classify import classify
from probe.resolver.codec import encode_query, is_answer_to
from probe.smtp.extensions import help_verbs, offered, size_limit, strange_lines
from probe.smtp.reader import ReplyReader

FACTOR, MOST = 4, 6.0
_ROUNDS = 5
_NO_LIMITS = Limits(line=1 << 30, reply=1 << 30, reply_lines=1 << 30)
# Below this a ratio says more about the clock than about the code.
_LEAST_S = 0.004


@dataclass(frozen=True)
class Growth:
    """One kind of input: ``make`` prepares an input of some size and returns what is to be timed. ``size`` is the
    small one; ``fixed`` keeps it where the format knows no larger, or where more would only measure the caches."""

    name: str
    make: Callable[[int], Callable[[], object]]
    size: int
    fixed: bool = False


@dataclass(frozen=True)
class Measured:
    """Milliseconds of CPU time for the small input, and the median ratio."""

    name: str
    size: int
    small_ms: float
    ratio: float

    @property
    def fine(self) -> bool:
        return self.ratio <= MOST


def measure(growth: Growth) -> Measured:
    """Time it. The size grows until the small input takes long enough to be timed."""
    gc.collect()
    size = growth.size
    while True:
        small = _seconds(growth.make(size))
        if growth.fixed or small >= _LEAST_S or size > growth.size * 64:
            break
        size *= 2
    repeats = max(1, round(_LEAST_S / max(small, 1e-7))) if growth.fixed else 1
    little, much = growth.make(size), growth.make(size * FACTOR)
    pairs = [(_seconds(little, repeats), _seconds(much, repeats)) for _ in range(_ROUNDS)]
    ratios = sorted(large / max(small, 1e-6) for small, large in pairs)
    smalls = sorted(small for small, _ in pairs)
    return Measured(growth.name, size, smalls[_ROUNDS // 2] / repeats * 1000, ratios[_ROUNDS // 2])


def check(growth: Growth) -> Measured:
    """The same; raises ``Violation`` where it grows too fast. Measured twice more before anybody is blamed: what is
    quadratic stays so."""
    found = measure(growth)
    for _ in range(2):
        if not found.fine:
            found = min(found, measure(growth), key=lambda one: one.ratio)
    if not found.fine:
        raise Violation(f"growth: {found.name}: {FACTOR} times the input takes {found.ratio:.1f} times the CPU time")
    return found


def _seconds(work: Callable[[], object], repeats: int = 1) -> float:
    gc.disable()
    try:
        began = time.process_time()
        for _ in range(repeats):
            work()
        return time.process_time() - began
    finally:
        gc.enable()


def _reader(octets: bytes, step: int) -> Callable[[], object]:
    segments = [octets[at : at + step] for at in range(0, len(octets), step)]

    def work() -> object:
        reader = ReplyReader(_NO_LIMITS)
        for segment in segments:
            reader.feed(segment, 0.0)
        reader.end(0.0)
        while reader.take() is not None:
            pass
        return reader.fault, reader.partial

    return work


def _lines(lines: list[str]) -> Callable[[], object]:
    return lambda: (size_limit(offered(lines)), strange_lines(lines), help_verbs(lines))


def _words(count: int) -> list[str]:
    return ["".join(word) for word in itertools.islice(itertools.product(string.ascii_uppercase, repeat=4), count)]


def _message(count: int, rdtype: int, record: Callable[[int], bytes], authority: bool = False) -> Callable[[], object]:
    question = b"\x04mail\x04test\x00"
    query = encode_query(1, question, rdtype)
    counts = (1, 0, count, 0) if authority else (1, count, 0, 0)
    packet = b"\x00\x01\x81\x80" + struct.pack("!4H", *counts) + query[12 : 12 + len(question) + 4]
    packet += b"".join(map(record, range(count)))
    return lambda: (is_answer_to(query, packet), classify(packet, rdtype))


def _record(rdtype: int, data: bytes, name: bytes = b"\xc0\x0c") -> bytes:
    return name + struct.pack("!HHIH", rdtype, 1, 60, len(data)) + data


def _chain(count: int, authority: bool = False) -> Callable[[], object]:
    """Pointers to pointers, and records whose names begin at the end of the chain."""
    question = b"\x04mail\x04test\x00" + struct.pack("!HH", 16, 1)
    start = 12 + len(question) + 12
    links = b"".join(struct.pack("!H", 0xC000 | (12 if at == 0 else start + 2 * (at - 1))) for at in range(count))
    name = struct.pack("!H", 0xC000 | (start + 2 * (count - 1)))
    rdtype = 6 if authority else 16
    records = [_record(65280, links), *(_record(rdtype, b"\x02" + struct.pack("!H", at), name) for at in range(count))]
    counts = (1, 0, len(records), 0) if authority else (1, len(records), 0, 0)
    packet = struct.pack("!6H", 1, 0x8180, *counts) + question + b"".join(records)
    return lambda: classify(packet, 16)


GROWTHS = (
    Growth("reader: short replies", lambda n: _reader(b"250 ok\r\n" * n, 1 << 30), 1000),
    Growth("reader: one long line", lambda n: _reader(b"250 " + b"x" * n + b"\r\n", 1 << 30), 100_000),
    Growth("reader: one reply of many lines", lambda n: _reader(b"250-x\r\n" * n + b"250 x\r\n", 1 << 30), 1000),
    Growth("reader: an endless line, octet by octet", lambda n: _reader(b"250 " + b"x" * n, 1), 4000),
    Growth("reader: many lines, octet by octet", lambda n: _reader(b"250-x\r\n" * n, 1), 600),
    Growth("reader: behind a fault, octet by octet", lambda n: _reader(b"banana\r\n" + b"x" * n, 1), 4000),
    Growth("reader: bare line feeds", lambda n: _reader(b"250-x\n" * n, 7), 1000),
    Growth("parsers: many keywords", lambda n: _lines(["mx", *_words(n)]), 1000, fixed=True),
    Growth(
        "parsers: one keyword again and again",
        lambda n: _lines(["mx", *(f"AUTH {w}" for w in _words(n))]),
        1000,
        fixed=True,
    ),
    Growth(
        "parsers: one line of many words", lambda n: _lines(["mx", "AUTH " + " ".join(_words(n))]), 1000, fixed=True
    ),
    Growth(
        "parsers: two lines of many words",
        lambda n: _lines(["mx", *["AUTH " + " ".join(_words(n))] * 2]),
        1000,
        fixed=True,
    ),
    Growth("parsers: one line of blanks", lambda n: _lines(["mx", "SIZE" + " " * n + "!"]), 4000),
    Growth("parsers: digits of SIZE", lambda n: _lines(["mx", "SIZE " + "9" * n]), 10_000),
    Growth("parsers: words of HELP", lambda n: _lines(["mx", " ".join(_words(n)), "a:" * n]), 1000, fixed=True),
    Growth("dns: addresses", lambda n: _message(n, 1, lambda at: _record(1, struct.pack("!I", at))), 200, fixed=True),
    Growth("dns: texts", lambda n: _message(n, 16, lambda at: _record(16, b"\x04%04d" % at)), 200, fixed=True),
    Growth("dns: the same text", lambda n: _message(n, 16, lambda at: _record(16, b"\x01x")), 200, fixed=True),
    Growth(
        "dns: names of their own",
        lambda n: _message(n, 15, lambda at: _record(15, b"\0\x0a\x04%04d\xc0\x0c" % at, b"\x04%04d\xc0\x0c" % at)),
        200,
        fixed=True,
    ),
    Growth(
        "dns: aliases",
        lambda n: _message(n, 1, lambda at: _record(5, b"\x04%04d\xc0\x0c" % (at + 1), b"\x04%04d\xc0\x0c" % at)),
        200,
        fixed=True,
    ),
    Growth("dns: one text of many strings", lambda n: _message(1, 16, lambda at: _record(16, b"\x01x" * n)), 4000),
    Growth("dns: pointers to pointers", _chain, 300, fixed=True),
    Growth("dns: pointers to pointers of zones", lambda n: _chain(n, authority=True), 300, fixed=True),
    Growth(
        "dns: zones",
        lambda n: _message(n, 1, lambda at: _record(6, b"", b"\x04%04d\xc0\x0c" % at), authority=True),
        200,
        fixed=True,
    ),
    Growth("dns: more records promised than sent", lambda n: _message(n, 1, lambda at: b""), 1000, fixed=True),
)
