"""A whole policy without its mistakes: what to publish instead of a record that gives permerror.

The text is mended first (``amend``). Then DNS is asked what the mended record would lead to, as if it were published:
terms that lead to nothing or repeat others go where a limit of RFC 7208 section 4.6.4 or a missing record demands it,
and the client that was asked about is let in. Where an error remains there is nothing to publish.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from probe.addresses import is_private
from probe.checks.spf.amend import Amendment, amend, mend, merge, revive, term_for, written
from probe.checks.spf.evaluation import Evaluation
from probe.checks.spf.lint import remarks
from probe.checks.spf.query import Client, Name
from probe.checks.spf.questions import Questions
from probe.checks.spf.record import Record, Term, parse
from probe.checks.spf.survey import Policy, Visit, explore, followed
from probe.checks.spf.typos import resembles_record
from probe.checks.spf.usage import LIMITS
from probe.checks.spf.way import lookups
from probe.model import Answer
from probe.text import show

# The end of a record whose redirect was taken out: to be suspected, until its owner has listed all senders.
_CAREFUL_END = "~all"


async def mended(
    policy: Policy, questions: Questions, client: Client | None = None, name: Name | None = None
) -> Amendment | None:
    """The record without its mistakes; None where nobody can tell how it was meant, or where it would allow nobody. It
    lets in ``client``, unless that is a private address, which has no place in a public record."""
    made = _text(policy)
    if made is None:
        return None
    seen, asked = await _published(policy.domain, made.record, questions)
    if _has_errors(seen) or lookups(seen) > LIMITS["lookups"]:
        kept, removed = _without_dead_ends(seen)
        made = replace(written(kept, 0), removed=(*made.removed, *removed))
        seen, asked = await _published(policy.domain, made.record, questions)
        if _has_errors(seen):
            return None
    made = replace(written([term.text for term in parse(made.record).terms], lookups(seen)), removed=made.removed)
    if client is not None and name is not None and not is_private(client.text):
        outcome = await Evaluation(client, name, asked).run()
        if outcome.result != "pass":
            # Behind what could not be evaluated it would never be reached.
            first = next((term.text for term in parse(made.record).terms), None)
            before = outcome.mechanism if outcome.reason is None else first
            added = amend(made.record, term_for(client.text), lookups=lookups(seen), before=before)
            made = made if added is None else replace(added, removed=made.removed)
    if made.removed and not _allows_somebody(parse(made.record)):
        return None
    return None if policy.record is not None and made.record == policy.record.text else made


def costs(policy: Policy) -> tuple[dict[str, Any], ...]:
    """The terms of the record that need look-ups: ``term``, ``lookups`` with all that it includes, and ``void``,
    whether it leads to nothing."""
    if policy.record is None:
        return ()
    return tuple(
        {
            "term": show(term.text),
            "lookups": 1 + (lookups(visit.policy) if visit.policy else 0),
            "void": _leads_nowhere(term, visit, policy.domain),
        }
        for place, term in followed(policy.record)
        for visit in (policy.visits.get(place, Visit(None)),)
    )


def _text(policy: Policy) -> Amendment | None:
    """What can be mended by reading alone."""
    if policy.state == "several":
        return merge([made.record if (made := mend(text)) else text for text in policy.records])
    if policy.record is not None:
        own = written([term.text for term in policy.record.terms], 0)
        return mend(policy.record.text) if policy.record.errors else own
    meant = next(filter(resembles_record, policy.others), None)
    return None if meant is None else revive(meant)


class _Instead:
    """DNS as it would be with another record published."""

    def __init__(self, questions: Questions, domain: str, record: str) -> None:
        self._questions, self._domain, self._record = questions, domain.lower(), record

    async def ask(self, name: str, rdtype: str) -> Answer:
        if (name.lower(), rdtype) == (self._domain, "TXT"):
            return Answer(name, rdtype, "found", (self._record,))
        return await self._questions.ask(name, rdtype)


async def _published(domain: str, record: str, questions: Questions) -> tuple[Policy, Questions]:
    asked = Questions(_Instead(questions, domain, record))
    return await explore(domain, asked), asked


def _has_errors(policy: Policy) -> bool:
    return any(remark.level == "error" for remark in remarks(policy))


def _without_dead_ends(policy: Policy) -> tuple[list[str], tuple[str, ...]]:
    """The terms that stay, and those that lead to nothing or say again what another one says."""
    record = policy.record
    if record is None:
        return [], ()
    visits = {id(record.terms[place]): visit for place, visit in policy.visits.items()}
    kept: list[Term] = []
    removed: list[Term] = []
    said: set[tuple[str, str | None, str]] = set()
    for term in record.terms:
        visit, key = visits.get(id(term), Visit(None)), (term.name, term.qualifier, term.value.lower())
        dead = _leads_nowhere(term, visit, policy.domain) or _is_included(term, visit, record, visits)
        (removed if dead or key in said else kept).append(term)
        said.add(key)
    texts = [term.text for term in kept]
    if record.redirect in removed and record.all is None:
        texts.append(_CAREFUL_END)
    return texts, tuple(term.text for term in removed)


def _leads_nowhere(term: Term, visit: Visit, domain: str) -> bool:
    """Whether DNS says that a term can match nobody; what could not be asked may."""
    if visit.policy is not None:
        loop = visit.policy.state == "loop" and visit.policy.domain.lower() == domain.lower()
        return visit.policy.state == "none" or loop
    addresses = [answer for answer in visit.answers if answer.type != "MX"]
    return bool(visit.answers) and all(answer.answer == "absent" for answer in addresses or visit.answers)


def _is_included(term: Term, visit: Visit, record: Record, visits: dict[int, Visit]) -> bool:
    """Whether another term includes the same record further down."""
    if term.name != "include" or term.qualifier != "+" or visit.target is None:
        return False
    others = (visits.get(id(one)) for one in record.reached if one is not term and one.qualifier == "+")
    return any(visit.target.lower() in _below(other.policy) for other in others if other and other.policy)


def _below(policy: Policy) -> Iterator[str]:
    """The domains whose records a policy includes, its own not among them."""
    for place, visit in policy.visits.items():
        one = policy.record.terms[place] if policy.record else None
        if one and one.name in ("include", "redirect") and one.qualifier in ("+", None) and visit.policy:
            yield visit.policy.domain.lower()
            yield from _below(visit.policy)


def _allows_somebody(record: Record) -> bool:
    return record.redirect is not None or any(term.qualifier == "+" for term in record.reached)
