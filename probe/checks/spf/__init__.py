"""May this address send for that domain? Sender Policy Framework (RFC 7208).

The subject is a ``Query``, which is evaluated: ``check_host()`` in full, its answer ``none``, ``neutral``, ``pass``,
``fail``, ``softfail``, ``temperror`` or ``permerror``. Or it is a domain alone: then its policy is judged without an
address, with all that it includes, and the result is never pass or fail. It is ``none`` (no record), ``permerror``
(something that every ``check_host()`` must refuse that comes so far), ``temperror`` (could not be asked), or None: a
policy that is well formed, with ``evaluated`` False.

``macros``, ``record`` and ``query`` read; ``evaluation`` decides for one client, with ``expansion`` and ``usage``;
``survey``, ``way`` and ``lint`` judge the whole policy, ``typos`` and ``amend`` mend it; ``questions`` keeps what DNS
was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from probe.addresses import is_private
from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.spf.amend import Amendment, amend, term_for
from probe.checks.spf.evaluation import Evaluation
from probe.checks.spf.expansion import UNKNOWN
from probe.checks.spf.lint import remarks
from probe.checks.spf.mending import costs, mended
from probe.checks.spf.query import Query, is_domain, read_client, read_name
from probe.checks.spf.questions import Questions
from probe.checks.spf.survey import Policy, explore
from probe.checks.spf.usage import LIMITS
from probe.checks.spf.way import lookups
from probe.checks.steps import said
from probe.model import CheckResult, Result
from probe.text import show

ID = "spf"
PROVES = ("spf-fail", "sender-unauthenticated")

# Enough to mend a record by; a hostile one can earn thousands.
_MOST_REMARKS = 40

__all__ = ["ID", "LIMITS", "PROVES", "Query", "check_host", "findings", "run"]


async def check_host(
    ip: str, sender: str, helo: str, resolver: Asker | None = None, *, receiver: str = UNKNOWN
) -> CheckResult:
    """``check_host()`` of RFC 7208: may the client at ``ip``, which said EHLO ``helo``, send for ``sender``?

    ``result`` is one of none, neutral, pass, fail, softfail, temperror and permerror; the subject is the domain
    that was checked. Any text is legal: an empty ``sender`` is the null reverse-path and stands for ``postmaster`` at
    the EHLO name, and where there is no domain or no address to check, the result is none. Never raises for what it is
    given or what DNS says. Without a ``resolver`` the system's name servers are asked. ``receiver`` is what ``%{r}``
    stands for.

    ``facts``: ``evaluated``; ``identity`` (mailfrom or helo), ``ip``, ``sender``, ``helo``, ``domain``; ``record``;
    ``mechanism``, the directive that decided, or ``default``, and ``mechanism_at``, whose record holds it;
    ``explanation``, what the domain says to whom it fails, or None; ``reason``, ``term`` and ``at`` where there is no
    verdict; ``lookups``, ``void_lookups``, ``limits``;
    ``expanded``, what each term with macros became; ``trace``, the tree of it all, see ``probe.checks.spf.evaluation``.
    """
    if resolver is None:
        from probe.resolver import Resolver

        async with Resolver() as own:
            return await _evaluated(Query(ip, sender, helo), Questions(own), receiver)
    return await _evaluated(Query(ip, sender, helo), Questions(resolver), receiver)


async def run(subject: str | Query, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Evaluate a ``Query``, with the facts of ``check_host``; the subject of the result is its identity. Or judge the
    policy of a domain, without an address.

    Facts of both, about the domain's record: ``record``, ``terms``, ``lookups_here`` (its own), ``lookups_most`` (over
    the whole tree, for whom nothing matches), ``all_qualifier``, ``redirect``, ``length``, ``errors`` (reason, term,
    at), ``warnings`` (id, term, at, value) and ``publish`` (name, record, strings, lookups, problems, removed): the
    record to publish, in full, where one can be told; ``costs`` (term, lookups, void) where too many are needed.
    Of a domain alone: ``evaluated`` (False), ``reason``, ``term``, ``at``.
    """
    questions = Questions(ask)
    if isinstance(subject, Query):
        domain = read_name(subject).domain
        result, policy = await asyncio.gather(_evaluated(subject, questions, UNKNOWN), explore(domain, questions))
        known = {**_described(policy), **result.facts, "publish": None}
        known["publish"] = await _to_publish(subject, result, policy, questions)
        queries = questions.queries
        trace = tuple(said(one, facts) for one in queries)
        return replace(result, subject=subject.identity, facts=known, queries=queries, trace=trace)
    result = await _judged(subject, questions)
    return replace(result, trace=tuple(said(one, facts) for one in result.queries))


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    domain = str(one.facts.get("domain") or one.subject)
    if one.result == "none" and one.facts.get("identity") != "helo":  # an EHLO name may do without
        yield emit("spf-missing", domain, domain=domain)
    if one.result == "permerror":
        way = _way(one.facts, one.facts, facts)
        yield emit("spf-broken", domain, domain=domain, reason=facts.reason(one.facts), way=way)
    elif one.facts.get("errors"):  # this client did not come so far
        error = one.facts["errors"][0]
        way = _way(error, {**one.facts, "publish": None}, facts)
        yield emit("spf-broken-beyond", domain, domain=domain, at=error["at"], reason=facts.reason(error), way=way)
    if one.result in ("fail", "softfail"):
        yield emit(
            "spf-rejects" if one.result == "fail" else "spf-distrusts",
            domain,
            domain=domain,
            address=one.facts["ip"],
            mechanism=one.facts["mechanism"],
            at=one.facts.get("mechanism_at") or domain,
            way=_way_in(one, facts),
        )
    if one.result == "temperror" and one.facts.get("evaluated"):
        yield emit("spf-unasked", domain, domain=domain, reason=facts.reason(one.facts))
    for warning in one.facts.get("warnings", ()):
        value = facts.reason({"reason": warning["value"]}) if warning["id"] == "not-asked" else warning["value"]
        yield emit(
            f"spf-{warning['id']}",
            warning["at"],
            domain=warning["at"],
            origin=domain,
            term=warning["term"],
            value=value,
        )


# All of them are in the facts; so many show where the look-ups go.
_MOST_COSTS = 15
_DEAD_ENDS = ("too-many-lookups", "too-many-void-lookups", "include-without-record", "redirect-without-record", "loop")


def _way(error: Mapping[str, Any], found: Mapping[str, Any], facts: Catalog) -> str:
    """What to do about an error, in words: the record without it where there is one, else where to look."""
    reason, term, at = error.get("reason"), error.get("term"), error.get("at")
    domain, publish, costs = found.get("domain"), found.get("publish") or {}, found.get("costs", ())
    loop = next((one for one in found.get("errors", ()) if one["reason"] == "loop"), None)
    if publish:
        key = "several" if reason == "multiple-records" else "record"
        if publish["removed"]:
            key = "dead-ends" if reason in _DEAD_ENDS else "removed"
    elif loop is not None and reason in ("loop", "too-many-lookups"):  # a loop is what uses the look-ups up
        key, term, at = "loop", loop["term"], loop["at"]
    elif reason == "too-many-lookups" and costs:
        key = "lookups"
    elif reason == "too-many-void-lookups" and any(cost["void"] for cost in costs):
        key, costs = "void", tuple(cost for cost in costs if cost["void"])
    elif at and domain and at != domain:
        key = "elsewhere"
    elif reason == "multiple-records":
        key = "several-unread"
    elif reason == "too-many-mx-hosts" and term:
        key = "mx-hosts"
    else:
        key = "term" if term else "other"
    return facts.say(
        f"mend-spf-{key}",
        domain=domain,
        at=at,
        term=term,
        record=publish.get("record"),
        removed=", ".join(publish.get("removed", ())),
        costs=", ".join(
            [f"{cost['term']} ({cost['lookups']})" for cost in costs[:_MOST_COSTS]] + ["…"] * (len(costs) > _MOST_COSTS)
        ),
    )


def _way_in(one: CheckResult, facts: Catalog) -> str:
    """How a sender that was not allowed gets in."""
    address = one.facts["ip"]
    key = "record" if one.facts.get("publish") else "private" if is_private(address) else "term"
    return facts.say(
        f"allow-spf-{key}",
        domain=one.facts.get("domain") or one.subject,
        address=address,
        term=term_for(address),
        record=(one.facts.get("publish") or {}).get("record"),
    )


async def _evaluated(query: Query, questions: Questions, receiver: str) -> CheckResult:
    client, name = read_client(str(query.ip)), read_name(query)
    domain = show(name.domain)
    about = {
        "evaluated": True,
        "identity": query.identity,
        "ip": show(str(query.ip)) if client is None else client.text,
        "sender": show(name.sender),
        "helo": show(name.helo),
        "domain": domain,
        "explanation": None,
        "limits": dict(LIMITS),
    }
    if client is None or not is_domain(name.domain):
        # RFC 7208 section 2.6.1: nothing was found that could be checked.
        reason = "bad-address" if client is None else "bad-domain"
        nothing: dict[str, Any] = {
            "record": None,
            "mechanism": None,
            "mechanism_at": None,
            "lookups": 0,
            "void_lookups": 0,
            "expanded": {},
            "trace": {},
        }
        return CheckResult(ID, domain, "none", {**about, **nothing, "reason": reason, "term": None, "at": None})
    evaluation = Evaluation(client, name, questions, receiver=receiver)
    outcome = await evaluation.run()
    found = {
        "record": None if outcome.record is None else show(outcome.record.text),
        "mechanism": outcome.mechanism,
        "mechanism_at": outcome.holder,
        "explanation": outcome.explanation,
        "reason": outcome.reason,
        "term": outcome.term,
        "at": outcome.at,
        "lookups": evaluation.usage.lookups,
        "void_lookups": evaluation.usage.void_lookups,
        "expanded": evaluation.expanded,
        "trace": evaluation.trace,
    }
    queries = questions.queries
    return CheckResult(ID, domain, outcome.result, about | found, queries, tuple(map(said, queries)))


async def _judged(subject: str, questions: Questions) -> CheckResult:
    """The policy of a domain, without an address."""
    domain = read_name(Query("", subject, "")).domain.lower()
    policy = await explore(domain, questions)
    found = _described(policy)
    result: Result | None = None
    about: dict[str, Any] = {"reason": "not-evaluated"}
    if policy.state == "failed":  # RFC 7208 section 4.4
        result, about = "temperror", {"reason": policy.reason}
    elif policy.state == "none":  # RFC 7208 sections 4.3 and 4.5
        result, about = "none", {"reason": policy.reason}
    elif found["errors"]:
        first = found["errors"][0]
        result, about = "permerror", {"reason": first["reason"], "term": first["term"] or None, "at": first["at"]}
    known: dict[str, Any] = {"evaluated": False, "domain": show(domain), **about, **found, "publish": None}
    if result in ("none", "permerror"):
        known["publish"] = _publication(policy, await mended(policy, questions))
    queries = questions.queries
    return CheckResult(ID, show(domain), result, known, queries)


async def _to_publish(query: Query, result: CheckResult, policy: Policy, questions: Questions) -> dict[str, Any] | None:
    """The record that would let this client pass; None where it passes, where nobody can tell, or where only a private
    address would be added."""
    facts = result.facts
    if result.result in ("pass", "temperror") or facts["reason"] in ("bad-address", "bad-domain"):
        return None
    if result.result == "none" and facts["identity"] == "helo":  # an EHLO name may do without
        return None
    if result.result == "permerror":
        made = await mended(policy, questions, read_client(str(query.ip)), read_name(query))
        return _publication(policy, made)
    if is_private(facts["ip"]):
        return None
    before = None if result.result == "none" else facts["mechanism"]
    record = None if policy.record is None else policy.record.text
    return _publication(policy, amend(record, term_for(facts["ip"]), lookups=lookups(policy), before=before))


def _publication(policy: Policy, made: Amendment | None) -> dict[str, Any] | None:
    if made is None:
        return None
    return {
        "name": show(policy.domain),
        "record": show(made.record),
        "strings": tuple(map(show, made.strings)),
        "lookups": made.lookups,
        "problems": made.problems,
        "removed": tuple(map(show, made.removed)),
    }


def _described(policy: Policy) -> dict[str, Any]:
    """The facts about a policy that no evaluation is needed for."""
    told = remarks(policy)[:_MOST_REMARKS]
    found: dict[str, Any] = {
        "errors": tuple(
            {"reason": one.id, "term": show(one.term), "at": show(one.at)} for one in told if one.level == "error"
        ),
        "warnings": tuple(
            {"id": one.id, "term": show(one.term), "at": show(one.at), "value": _shown(one.value)}
            for one in told
            if one.level == "warning"
        ),
    }
    if policy.records[1:]:
        found["records"] = tuple(map(show, policy.records))
    record = policy.record
    if record is not None:
        found |= {
            "record": show(record.text),
            "terms": tuple(show(term.text) for term in record.terms),
            "lookups_here": record.lookups,
            "lookups_most": lookups(policy),
            "all_qualifier": record.all.qualifier if record.all else None,
            "redirect": show(record.redirect.value) if record.redirect else None,
            "length": len(record.text),
        }
        limits = ("too-many-lookups", "too-many-void-lookups")
        if found["lookups_most"] > LIMITS["lookups"] or any(error["reason"] in limits for error in found["errors"]):
            found["costs"] = costs(policy)
    return found


def _shown(value: str | int) -> str | int:
    return show(value) if isinstance(value, str) else value
