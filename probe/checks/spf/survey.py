"""A whole policy: the record of a domain, and all that its terms lead to, whoever the client is (RFC 7208).

Nothing is evaluated. What each term that can be reached would find is asked for, all at once, so that ``lint`` can
judge what no single evaluation sees: one ends at the first match. Terms that depend on the client or the sender are
left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from probe.checks.spf.macros import Tokens, as_name, expand, tokens, uses
from probe.checks.spf.query import can_be_asked, can_be_told, is_domain
from probe.checks.spf.questions import Questions, texts
from probe.checks.spf.record import Record, Term, is_record, parse
from probe.model import Answer

Place = Literal["type-99-only", "wrong-name"]
State = Literal["found", "none", "several", "failed", "loop"]

# A policy may need ten look-ups. One with so many terms that need one is broken long before its end.
_MOST_TERMS = 24
_SECONDS = 20.0
# The letters that mean the same for each message of the domain, as far as the terms go.
_FIXED = "do"


@dataclass(frozen=True)
class Visit:
    """What one term leads to. ``target`` is its name, None where that depends on the client or the sender,
    or where nobody looked any more. ``answers``
    is what DNS says about it; of ``mx`` first its MX records, then A and AAAA of each host. ``policy`` is what
    ``include`` and ``redirect`` lead to."""

    target: str | None
    answers: tuple[Answer, ...] = ()
    policy: Policy | None = None


@dataclass(frozen=True)
class Policy:
    """The record of one domain, and where it leads: ``visits`` by the place of the term in ``record.terms``. ``others``
    are the texts at the name that are no SPF record, ``strings`` those that the record was published in. ``elsewhere``
    is where a record was found that should be here: in the old type SPF (RFC 7208 section 3.1), or under another
    name."""

    domain: str
    state: State
    reason: str | None = None
    record: Record | None = None
    strings: tuple[bytes, ...] = ()
    others: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    visits: Mapping[int, Visit] = field(default_factory=dict)
    elsewhere: tuple[tuple[Place, str], ...] = ()


async def explore(domain: str, questions: Questions) -> Policy:
    """Everything that the policy of ``domain`` leads to, as far as 24 look-up terms and 20 seconds go."""
    surveyor = _Survey(domain, questions)
    policy = await surveyor.policy(domain, ())
    if policy.state == "none" and is_domain(domain):
        return replace(policy, elsewhere=await surveyor.elsewhere(domain))
    return policy


def followed(record: Record) -> list[tuple[int, Term]]:
    """The terms that need a look-up and can be reached, with their places."""
    reached = [term for term in record.reached if term.network is None and term.name != "all"]
    if record.redirect is not None and record.all is None:
        reached.append(record.redirect)
    places = {id(term): index for index, term in enumerate(record.terms)}
    return [(places[id(term)], term) for term in reached]


class _Survey:
    def __init__(self, origin: str, questions: Questions) -> None:
        self._origin = origin
        self._questions = questions
        self._left = _MOST_TERMS
        self._deadline = asyncio.get_running_loop().time() + _SECONDS

    async def policy(self, domain: str, above: tuple[str, ...]) -> Policy:
        """The policy of one domain; ``above`` are those that led to it."""
        if domain.lower() in above:
            return Policy(domain, "loop")
        if not is_domain(domain):
            return Policy(domain, "none", "bad-domain")
        answer = await self._ask(domain, "TXT")
        if not answer.known:
            return Policy(domain, "failed", answer.reason or answer.answer)
        published = texts(answer)
        others = tuple(text for text in published if not is_record(text))
        records = tuple(text for text in published if is_record(text))
        if len(records) != 1:
            reason = "multiple-records" if records else "no-record" if others else answer.reason or "no-record"
            return Policy(domain, "several" if records else "none", reason, others=others, records=records)
        record = parse(records[0])
        strings = answer.strings[published.index(records[0])] if answer.strings else ()
        visits = {} if record.errors else await self._visits(record, domain, (*above, domain.lower()))
        return Policy(domain, "found", None, record, strings, others, records, visits)

    async def elsewhere(self, domain: str) -> tuple[tuple[Place, str], ...]:
        """Where people put a record by mistake."""
        places: list[tuple[Place, str, str]] = [
            ("type-99-only", domain, "SPF"),
            ("wrong-name", f"_spf.{domain}", "TXT"),
            ("wrong-name", f"spf.{domain}", "TXT"),
            ("wrong-name", f"www.{domain}", "TXT"),
        ]
        answers = await asyncio.gather(*(self._ask(name, rdtype) for _, name, rdtype in places))
        return tuple(
            (place, name)
            for (place, name, _), answer in zip(places, answers, strict=True)
            if any(map(is_record, texts(answer)))
        )

    async def _visits(self, record: Record, domain: str, above: tuple[str, ...]) -> dict[int, Visit]:
        terms = followed(record)
        visits = await asyncio.gather(*(self._visit(term, domain, above) for _, term in terms))
        return {place: visit for (place, _), visit in zip(terms, visits, strict=True)}

    async def _visit(self, term: Term, domain: str, above: tuple[str, ...]) -> Visit:
        self._left -= 1
        if self._left < 0:
            return Visit(None)
        target = self._target(term, domain)
        if target is None or term.name == "ptr":
            return Visit(target)
        if term.name in ("include", "redirect"):
            return Visit(target, policy=await self.policy(target, above))
        if not can_be_asked(target):
            return Visit(target)
        if term.name == "exists":
            return Visit(target, (await self._ask(target, "A"),))
        if term.name == "a":
            return Visit(target, await self._addresses(target))
        mx = await self._ask(target, "MX")
        hosts = [value.rpartition(" ")[2] for value in mx.values][:11]
        hosts = [host for host in hosts if host != "." and can_be_told(host)]
        found = await asyncio.gather(*map(self._addresses, hosts))
        return Visit(target, (mx, *(answer for pair in found for answer in pair)))

    async def _addresses(self, name: str) -> tuple[Answer, Answer]:
        a, aaaa = await asyncio.gather(self._ask(name, "A"), self._ask(name, "AAAA"))
        return a, aaaa

    async def _ask(self, name: str, rdtype: str) -> Answer:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._questions.ask(name, rdtype)
        except TimeoutError:
            return Answer(name, rdtype, "failed", reason="timeout")

    def _target(self, term: Term, domain: str) -> str | None:
        if not term.spec:
            return domain
        read: Tokens = tokens(term.spec) or ()
        if uses(read, "sliphv"):
            return None
        expanded = expand(read, {"d": domain, "o": self._origin})
        return None if expanded is None else as_name(expanded)
