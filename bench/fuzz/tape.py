"""Chance that is written down: every decision of a run is a small number on a tape.

A run that fails is replayed from its tape, and made smaller by shortening the tape and lowering its numbers. So 0 is
always the plainest choice, and a tape that ends too early goes on with zeros.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeVar

_T = TypeVar("_T")
_MOST_TRIES = 3000


class Violation(Exception):
    """A property does not hold. The first word of the text says which one."""


class Tape:
    """Replays ``ahead``, then goes on with ``chance``, or with zeros where there is none."""

    def __init__(self, chance: Random | None = None, ahead: Sequence[int] = ()) -> None:
        self._random = None if chance is None else chance.random
        self._ahead = ahead
        self.drawn: list[int] = []

    def draw(self, count: int) -> int:
        """A number from 0 to ``count - 1``."""
        place = len(self.drawn)
        if place < len(self._ahead):
            number = self._ahead[place] % count
        else:
            number = int(self._random() * count) if self._random is not None else 0
        self.drawn.append(number)
        return number

    def once_in(self, count: int) -> bool:
        """True in one of ``count`` cases; False is the plain one."""
        return self.draw(count) == count - 1

    def pick(self, choices: Sequence[_T]) -> _T:
        """The first is the plainest."""
        return choices[self.draw(len(choices))]

    def octets(self, most: int) -> bytes:
        """Any octets, up to ``most`` of them."""
        return bytes(self.draw(256) for _ in range(self.draw(most + 1)))


def mutated(tape: Sequence[int], chance: Random) -> list[int]:
    """The same tape with a few numbers changed, dropped or doubled."""
    changed = list(tape)
    for _ in range(1 + int(chance.random() * 4)):
        if not changed:
            break
        at, what = int(chance.random() * len(changed)), chance.random()
        if what < 0.6:
            changed[at] = int(chance.random() * 256)
        elif what < 0.8:
            del changed[at : at + 1 + int(chance.random() * 4)]
        else:
            changed[at:at] = changed[at : at + 1 + int(chance.random() * 8)]
    return changed


def shrunk(tape: Sequence[int], fails: Callable[[Sequence[int]], bool], seconds: float = 20.0) -> list[int]:
    """A shorter tape that fails as well, as far as that can be found in ``seconds``."""
    best, end, tries = list(tape), time.monotonic() + seconds, 0
    better = True
    while better:
        better = False
        for candidate in _smaller(best):
            tries += 1
            if tries > _MOST_TRIES or time.monotonic() > end:
                return best
            if fails(candidate):
                best, better = candidate, True
                break
    return best


def _smaller(tape: list[int]) -> Iterator[list[int]]:
    while tape and tape[-1] == 0:
        tape = tape[:-1]
        yield tape
    for size in (32, 8, 4, 2, 1):
        for at in range(max(0, len(tape) - size), -1, -1):
            yield tape[:at] + tape[at + size :]
    for size in (8, 4, 2, 1):
        for at in range(0, len(tape), size):
            if any(tape[at : at + size]):
                yield tape[:at] + [0] * len(tape[at : at + size]) + tape[at + size :]
    for at, number in enumerate(tape):
        if number > 1:
            yield [*tape[:at], number // 2, *tape[at + 1 :]]
            yield [*tape[:at], number - 1, *tape[at + 1 :]]
