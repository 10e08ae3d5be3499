"""The notebook of a check: asks, and keeps each question with its answer and one line of trace, in order."""

from __future__ import annotations

from collections.abc import Sequence

from probe.checks.protocols import Asker
from probe.model import Answer
from probe.text import show

_SHOWN = 200


class Steps:
    """Every question that one check asked. ``queries`` and ``trace`` go into its result as they are."""

    def __init__(self, ask: Asker) -> None:
        self._ask = ask
        self._queries: list[Answer] = []
        self._trace: list[str] = []

    @property
    def queries(self) -> tuple[Answer, ...]:
        return tuple(self._queries)

    @property
    def trace(self) -> tuple[str, ...]:
        return tuple(self._trace)

    async def ask(self, name: str, rdtype: str) -> Answer:
        """One question."""
        return (await self.ask_all([(name, rdtype)]))[0]

    async def ask_all(self, questions: Sequence[tuple[str, str]]) -> list[Answer]:
        """Several questions at once; the answers are in the order of the questions."""
        import asyncio

        answers = await asyncio.gather(*(self._ask.ask(name, rdtype) for name, rdtype in questions))
        for answer in answers:
            self._queries.append(answer)
            self._trace.append(said(answer))
        return answers

    def note(self, line: str) -> None:
        """One more line of trace. Outside text in it must have passed ``show()``."""
        self._trace.append(line)


def said(answer: Answer) -> str:
    """One answer in words: ``TXT of example.org: "v=spf1 -all"``."""
    question = f"{answer.type} of {show(answer.name)}"
    if answer.answer == "found":
        values = ", ".join(f'"{value}"' if answer.type == "TXT" else value for value in map(show, answer.values))
        return f"{question}: {values[:_SHOWN]}{'…' if len(values) > _SHOWN else ''}"
    if answer.answer == "absent":
        return f"{question}: there is none ({answer.reason or 'absent'})."
    return f"{question}: could not be asked ({answer.reason or answer.answer})."
