"""Hold the sessions, in one event loop, and look at what they leave behind.

Blocks in which good sessions are alone take turns with blocks in which hostile ones run beside them, so that a machine
that grows slower does so for both. Latencies go into buckets of two per cent, not into lists: what measures memory must
not grow itself.
"""

from __future__ import annotations

import asyncio
import gc
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from probe.limits import Limits
from probe.run import check

# What each server must lead to; a drip and a stall end at their deadline, a flood at the limit of a reply.
EXPECTED = {
    "good": "ok",
    "stall": "timeout",
    "drip": "timeout",
    "garbage": "malformed",
    "reset": "reset",
    "flood": "limit",
}
HOSTILE = tuple(name for name in EXPECTED if name != "good")
_PATIENT = Limits()
_SHORT = Limits(connect=5.0, banner=0.25, command=0.25, quit=0.25, session=1.0)
# In every second block a fifth is hostile: a tenth of all.
_HOSTILE_PART = 0.2
_BLOCK_S = 600.0


class Latencies:
    """Milliseconds in buckets that grow by two per cent, from 10 µs to far beyond a minute."""

    _BASE, _LEAST = math.log(1.02), 0.01

    def __init__(self) -> None:
        self._buckets = [0] * 1000
        self.count = 0
        self.most = 0.0

    def add(self, milliseconds: float) -> None:
        place = int(math.log(max(milliseconds, self._LEAST) / self._LEAST) / self._BASE)
        self._buckets[min(place, len(self._buckets) - 1)] += 1
        self.count += 1
        self.most = max(self.most, milliseconds)

    def percentile(self, part: float) -> float:
        """The upper end of the bucket in which it lies, 0 where there is none."""
        left = math.ceil(self.count * part)
        for place, count in enumerate(self._buckets):
            left -= count
            if left <= 0 < self.count:
                return self._LEAST * math.exp((place + 1) * self._BASE)
        return 0.0


@dataclass(frozen=True)
class Sample:
    """What was there between two blocks: sessions so far, octets of memory, descriptors, tasks."""

    sessions: int
    memory: int
    descriptors: int
    tasks: int


@dataclass
class Soak:
    """What came of it. ``wrong`` counts the sessions that ended otherwise than they must, by what happened."""

    began: float = 0.0
    seconds: float = 0.0
    sessions: int = 0
    alone: Latencies = field(default_factory=Latencies)
    beside: Latencies = field(default_factory=Latencies)
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in EXPECTED})
    wrong: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)

    @property
    def settled(self) -> Sample:
        """The first look after a tenth of the sessions: by then every cache is as large as it gets."""
        return next(one for one in self.samples if one.sessions * 10 >= self.sessions)

    @property
    def last(self) -> Sample:
        return self.samples[-1]

    def drift(self, what: Callable[[Sample], int]) -> int:
        """How much more there is at the end than after the first tenth."""
        return what(self.last) - what(self.settled)


async def soak(ports: dict[str, int], sessions: int, *, at_once: int = 8, seconds: float = 3600.0) -> Soak:
    """About ``sessions`` of them, ended early after ``seconds``."""
    made = Soak(began=time.monotonic())
    block = max(10, min(1000, sessions // 40))
    kinds = cycle(HOSTILE)
    while made.sessions < sessions and time.monotonic() - made.began < seconds:
        async with asyncio.timeout(_BLOCK_S):
            await _block(made, ports, ["good"] * block, [], at_once)
            hostile = list(islice(kinds, round(block * _HOSTILE_PART)))
            await _block(made, ports, ["good"] * (block - len(hostile)), hostile, at_once)
        await asyncio.sleep(0)
        gc.collect()
        tasks = len(asyncio.all_tasks())
        made.samples.append(Sample(made.sessions, memory(), sum(1 for _ in _descriptors().iterdir()), tasks))
    made.seconds = time.monotonic() - made.began
    return made


async def _block(made: Soak, ports: dict[str, int], good: list[str], hostile: list[str], at_once: int) -> None:
    latencies = made.beside if hostile else made.alone
    queues = (iter(good), iter(hostile))
    await asyncio.gather(*(_worker(made, ports, queue, latencies) for queue in queues for _ in range(at_once)))


async def _worker(made: Soak, ports: dict[str, int], kinds: Iterator[str], latencies: Latencies) -> None:
    for kind in kinds:
        began = time.perf_counter()
        report = await check(f"127.0.0.1:{ports[kind]}", limits=_PATIENT if kind == "good" else _SHORT)
        if kind == "good":
            latencies.add((time.perf_counter() - began) * 1000)
        outcome = report.sessions[-1].outcome
        made.sessions += 1
        made.outcomes[kind][outcome] += 1
        if outcome != EXPECTED[kind]:
            made.wrong[f"{kind}: {outcome} at {report.sessions[-1].stage}"] += 1


def memory() -> int:
    """Octets of resident memory; its largest so far where the system does not tell what it is now."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource
        import sys

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def _descriptors() -> Path:
    return next(path for path in (Path("/proc/self/fd"), Path("/dev/fd")) if path.is_dir())
