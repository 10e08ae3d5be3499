"""The notebook of a check: asks, and keeps each question with its answer and one line of trace, in order."""

from __future__ import annotations

from collections.abc import Sequence

from probe.catalog import Catalog, catalog
from probe.checks.protocols import Asker
from probe.model import Answer
from probe.text import show

_SHOWN = 200


class Steps:
    """Every question that one check asked. ``queries`` and ``trace`` go into its result as they are."""

    def __init__(self, ask: Asker, facts: Catalog) -> None:
        self._ask = ask
        self._facts = facts
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
            self._trace.append(said(answer, self._facts))
        return answers

    def note(self, key: str, /, **values: object) -> None:
        """One more line of trace: the words under ``trace-…`` with the values filled in."""
        self._trace.append(self._facts.say(f"trace-{key}", **values))

    def take(self, others: Steps, key: str) -> None:
        """What another notebook holds, each line of its trace as the ``line`` of the words under ``trace-…``."""
        self._queries += others.queries
        for line in others.trace:
            self.note(key, line=line)

    def reason(self, id_: str | None) -> str:
        """The words for the id of a reason."""
        return self._facts.reason({"reason": id_})


def said(answer: Answer, facts: Catalog | None = None) -> str:
    """One answer in words: ``TXT of example.org: "v=spf1 -all"``."""
    facts = facts or catalog()
    question = {"type": answer.type, "name": answer.name}
    if answer.answer == "found":
        values = ", ".join(f'"{value}"' if answer.type == "TXT" else value for value in map(show, answer.values))
        return facts.say("trace-found", **question, values=values[:_SHOWN] + "…" * (len(values) > _SHOWN))
    reason = answer.reason or answer.answer
    return facts.say("trace-absent" if answer.answer == "absent" else "trace-not-asked", **question, reason=reason)
