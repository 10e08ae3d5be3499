"""The DNS of one evaluation: each question asked once, each answer kept, in the order of asking."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from probe.checks.protocols import Asker
from probe.model import Answer


class Questions:
    """Asks for an evaluation, and for the survey of a whole policy, so that what both need is asked once."""

    def __init__(self, ask: Asker) -> None:
        self._ask = ask
        self._answers: dict[tuple[str, str], Answer] = {}

    @property
    def queries(self) -> tuple[Answer, ...]:
        """Every question with its answer."""
        return tuple(self._answers.values())

    async def ask(self, name: str, rdtype: str) -> Answer:
        """One question."""
        key = (name.lower(), rdtype)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = await self._ask.ask(name, rdtype)
        return answer

    async def ask_all(self, names: Sequence[str], rdtype: str) -> None:
        """Several at once, so that ``ask`` has them at hand."""
        unknown = [name for name in dict.fromkeys(names) if (name.lower(), rdtype) not in self._answers]
        if len(unknown) > 1:
            await asyncio.gather(*(self.ask(name, rdtype) for name in unknown))


def texts(answer: Answer) -> tuple[str, ...]:
    """TXT records as they were published, their strings joined without a space (RFC 7208 section 3.3). Octets that are
    not UTF-8 are carried as ``surrogateescape`` does; ``show()`` makes the same of this text as of the octets."""
    if answer.strings:
        return tuple(b"".join(record).decode("utf-8", "surrogateescape") for record in answer.strings)
    return answer.values
