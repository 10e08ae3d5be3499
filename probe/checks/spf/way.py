"""The way of a client that nothing matches: every term of a policy in the order of evaluation, with what it costs.

Pure, over a ``Policy``. The limits of RFC 7208 section 4.6.4 are counted along this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from probe.checks.spf.record import Term
from probe.checks.spf.survey import Policy, Visit, followed


@dataclass(frozen=True)
class Stop:
    """One term on the way. ``lookups`` is 1 where it needs one, ``void4`` and ``void6`` how many of its look-ups find
    nothing for a client of that version, ``allows`` whether it may give somebody a pass."""

    domain: str
    term: Term
    lookups: int
    void4: int
    void6: int
    allows: bool


def walk(policy: Policy, *, counts: bool = True) -> tuple[Stop, ...]:
    """All stops. ``counts`` is False below an ``include`` that is no plus: a pass there is none for the whole."""
    return tuple(_walk(policy, counts))


def lookups(policy: Policy) -> int:
    """The look-ups of the whole way."""
    return sum(stop.lookups for stop in walk(policy))


def voids(way: Sequence[Stop]) -> tuple[int, int]:
    """The void look-ups of an IPv4 and of an IPv6 client."""
    return sum(stop.void4 for stop in way), sum(stop.void6 for stop in way)


def _walk(policy: Policy, counts: bool) -> Iterator[Stop]:
    if policy.record is None or policy.record.errors:
        return
    asks = dict(followed(policy.record))
    terms = [term for term in policy.record.reached if term.qualifier]
    places = {id(term): place for place, term in asks.items()}
    if policy.record.redirect is not None and policy.record.all is None:
        terms.append(policy.record.redirect)
    for term in terms:
        visit = policy.visits.get(places.get(id(term), -1), Visit(None))
        counted = counts and term.qualifier in ("+", None)
        needs = int(id(term) in places)
        yield Stop(policy.domain, term, needs, _voids(visit, 4), _voids(visit, 6), counted and _allows(term, visit))
        if visit.policy is not None:
            yield from _walk(visit.policy, counted)


def _voids(visit: Visit, version: int) -> int:
    """``exists`` asks for A whatever the client is, and so for nothing else; the rest for what the client has."""
    types = {answer.type for answer in visit.answers}
    wanted = ("A",) if types == {"A"} else ("MX", "A" if version == 4 else "AAAA")
    return sum(answer.answer == "absent" and answer.type in wanted for answer in visit.answers)


def _allows(term: Term, visit: Visit) -> bool:
    """Whether this very term can match anybody. What could not be asked, or hangs on the message, may."""
    if term.name in ("include", "redirect"):
        return visit.policy is None or visit.policy.state == "failed"
    if term.name in ("a", "mx", "exists") and visit.target is not None:
        return any(answer.answer != "absent" and answer.type != "MX" for answer in visit.answers) or any(
            answer.answer in ("failed", "refused") for answer in visit.answers
        )
    return True
