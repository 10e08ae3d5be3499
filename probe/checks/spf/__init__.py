"""May this address send for that domain? Sender Policy Framework (RFC 7208).

The subject is a ``Query``, which is evaluated: ``check_host()`` in full, its answer ``none``, ``neutral``, ``pass``,
``fail``, ``softfail``, ``temperror`` or ``permerror``. Or it is a domain alone: then its record is judged without an
address, and the result is never pass or fail. It is ``none`` (no record), ``permerror`` (several records, or one that
every ``check_host()`` must refuse), ``temperror`` (could not be asked), or None: a record that is well formed, with
``evaluated`` False.

``macros``, ``record`` and ``query`` read, ``evaluation`` decides, ``questions`` keeps what DNS was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.spf.evaluation import LIMITS, UNKNOWN, Evaluation
from probe.checks.spf.query import Query, is_domain, read_client, read_name
from probe.checks.spf.questions import Questions, texts
from probe.checks.spf.record import is_record, parse
from probe.checks.steps import Steps, said
from probe.model import CheckResult, Result
from probe.names import is_hostname
from probe.text import show

ID = "spf"
PROVES = ("spf-fail", "sender-unauthenticated")

# RFC 7208 section 3.4: a longer record may not fit into one UDP answer.
_ADVISED_LENGTH = 450

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
    ``mechanism``, the directive that decided, or ``default``; ``explanation``, what the domain says to whom it fails,
    or None; ``reason``, ``term`` and ``at`` where there is no verdict; ``lookups``, ``void_lookups``, ``limits``;
    ``expanded``, what each term with macros became; ``trace``, the tree of it all, see ``probe.checks.spf.evaluation``.
    """
    if resolver is None:
        from probe.resolver import Resolver

        async with Resolver() as own:
            return await _evaluated(Query(ip, sender, helo), Questions(own), receiver)
    return await _evaluated(Query(ip, sender, helo), Questions(resolver), receiver)


async def run(subject: str | Query, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Evaluate a ``Query``, with the facts of ``check_host``; the subject of the result is its identity. Or find and
    judge the record of a domain. Facts: ``evaluated`` (False), ``reason``, and of a record ``record``, ``terms``,
    ``lookups_here``, ``all_qualifier``, ``redirect``, ``length``, ``errors``, ``warnings``, ``term`` (the broken
    one)."""
    if isinstance(subject, Query):
        from dataclasses import replace

        return replace(await _evaluated(subject, Questions(ask), UNKNOWN), subject=subject.identity)
    return await _judged(subject, Steps(ask))


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    if one.result in ("none", "permerror"):
        id_ = "spf-missing" if one.result == "none" else "spf-broken"
        domain = one.facts.get("domain") or one.subject
        yield emit(id_, domain, domain=domain, reason=facts.reason(one.facts))


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
        "explanation": outcome.explanation,
        "reason": outcome.reason,
        "term": outcome.term,
        "at": outcome.at,
        "lookups": evaluation.lookups,
        "void_lookups": evaluation.void_lookups,
        "expanded": evaluation.expanded,
        "trace": evaluation.trace,
    }
    queries = questions.queries
    return CheckResult(ID, domain, outcome.result, about | found, queries, tuple(map(said, queries)))


async def _judged(subject: str, steps: Steps) -> CheckResult:
    domain = subject.rstrip(".").lower()

    def result(word: Result | None, **found: Any) -> CheckResult:
        return CheckResult(ID, show(domain), word, {"evaluated": False, **found}, steps.queries, steps.trace)

    if not is_hostname(domain) or "." not in domain:  # RFC 7208 section 4.3
        return result("none", reason="bad-domain")
    answer = await steps.ask(domain, "TXT")
    if not answer.known:  # RFC 7208 section 4.4
        return result("temperror", reason=answer.reason or answer.answer)
    records = [text for text in texts(answer) if is_record(text)]
    if not records:  # RFC 7208 section 4.5
        return result("none", reason="no-record" if answer.values else answer.reason or "no-record")
    if len(records) > 1:
        return result("permerror", reason="multiple-records", records=tuple(map(show, records)))
    record = parse(records[0])
    errors = record.errors
    if record.lookups > LIMITS["lookups"]:  # whom no earlier term matches runs into the limit
        errors = (*errors, ("too-many-lookups", ""))
    warnings = {
        "plus-all": record.all is not None and record.all.qualifier == "+",
        "no-all": record.all is None and record.redirect is None,
        "ptr-deprecated": any(term.name == "ptr" for term in record.mechanisms),  # RFC 7208 section 5.5
        "redirect-ignored": record.redirect is not None and record.all is not None,
        "terms-after-all": len(record.mechanisms) > len(record.reached),
        "unknown-modifier": any(t.qualifier is None and t.name not in ("redirect", "exp") for t in record.terms),
        "long-record": len(record.text) > _ADVISED_LENGTH,
    }
    found = {
        "record": show(record.text),
        "terms": tuple(show(term.text) for term in record.terms),
        "lookups_here": record.lookups,
        "all_qualifier": record.all.qualifier if record.all else None,
        "redirect": show(record.redirect.value) if record.redirect else None,
        "length": len(record.text),
        "errors": tuple({"reason": reason, "term": show(term)} for reason, term in errors),
        "warnings": tuple(id_ for id_, present in warnings.items() if present),
    }
    if errors:
        reason, term = errors[0][0], show(errors[0][1])
        steps.note(f"The record is broken ({reason}): {term or found['record']}")
        return result("permerror", reason=reason, term=term or None, **found)
    steps.note(f"The record is well formed; {record.lookups} of its own terms need a look-up.")
    return result(None, reason="not-evaluated", **found)
