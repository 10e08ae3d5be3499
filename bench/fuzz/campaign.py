"""Run a target again and again, and make the first failure small.

Half of the runs are new; the others change the tape of an earlier run that led to something not seen before, such as a
new pair of outcome and stage. Everything follows from the seed: the same seed, target and number of runs give the same
runs, wherever they are held.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from bench.fuzz.conversations import Conversations
from bench.fuzz.dns import read_message
from bench.fuzz.reading import Feature, parse_lines, read_octets
from bench.fuzz.tape import Tape, Violation, mutated, shrunk

Target: TypeAlias = Callable[[Tape, "list[str] | None"], Feature]
TARGETS: dict[str, Target] = {
    "reader": read_octets,
    "parsers": parse_lines,
    "dns": read_message,
    "conversations": Conversations(),
}
_POOL = 2000


@dataclass(frozen=True)
class Failure:
    """A run that broke a property: what broke, the numbers of the shortest tape found, and what happens on it."""

    target: str
    seed: str
    what: str
    tape: tuple[int, ...]
    story: tuple[str, ...]


@dataclass
class Tally:
    """What a campaign did. ``kinds`` counts what the runs came to, by their first words."""

    target: str
    runs: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    features: int = 0
    failure: Failure | None = None


def campaign(name: str, seed: str, *, runs: int, seconds: float) -> Tally:
    """At most so many runs in at most so many seconds, up to the first failure."""
    target, tally, began = TARGETS[name], Tally(name), time.monotonic()
    seen: dict[Feature, list[int]] = {}
    pool: list[list[int]] = []
    while tally.runs < runs and time.monotonic() - began < seconds:
        chance = Random(f"{seed}:{name}:{tally.runs}")
        ahead = mutated(pool[int(chance.random() * len(pool))], chance) if pool and chance.random() < 0.5 else ()
        tape = Tape(chance, ahead)
        tally.runs += 1
        try:
            feature = target(tape, None)
        except Exception as error:
            tally.failure = _failure(name, f"{seed}:{tally.runs - 1}", error, tape.drawn)
            break
        tally.kinds[str(feature[1])] += 1
        if feature not in seen:
            seen[feature] = tape.drawn
            if len(pool) < _POOL:
                pool.append(tape.drawn)
    tally.features, tally.seconds = len(seen), time.monotonic() - began
    return tally


def replay(name: str, tape: Sequence[int]) -> tuple[str | None, list[str]]:
    """What breaks on this tape, None where all is well, and the story."""
    story: list[str] = []
    try:
        TARGETS[name](Tape(None, tape), story)
    except Exception as error:
        return _words(error), story
    return None, story


def _failure(name: str, seed: str, error: Exception, tape: Sequence[int]) -> Failure:
    kind = _kind(_words(error))

    def fails(candidate: Sequence[int]) -> bool:
        try:
            TARGETS[name](Tape(None, candidate), None)
        except Exception as another:
            return _kind(_words(another)) == kind
        return False

    small = shrunk(tape, fails) if fails(tape) else list(tape)
    what, story = replay(name, small)
    return Failure(name, seed, what or _words(error), tuple(small), tuple(story))


def _words(error: Exception) -> str:
    if isinstance(error, Violation):
        return str(error)
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f" in {at.tb_frame.f_code.co_filename.rpartition('/')[2]}:{at.tb_lineno}" if at else ""
    return f"{type(error).__name__}{where}: {error}"


def _kind(words: str) -> str:
    return words.partition(":")[0]
