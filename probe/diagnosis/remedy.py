"""The way out: who acts, what they do, the text to publish, the page to go to."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from probe import remedies
from probe.addresses import is_private
from probe.checks.dnsbl import page_of
from probe.diagnosis.proof import named_zone
from probe.diagnosis.verdict import Case
from probe.model import CheckResult, Fix, Verdict
from probe.rows import Cause
from probe.text import filled


def fixes(case: Case, cause: Cause, verdict: Verdict) -> tuple[Fix, ...]:
    """Steps in the order to take them: those made for this very case, else the cause's own. Nobody is sent to a list
    that does not list them, or that is dead."""
    return _exact(case, cause, verdict) or (*_publications(case, cause), *_general(case, cause, verdict))


def _exact(case: Case, cause: Cause, verdict: Verdict) -> tuple[Fix, ...]:
    if cause.cause == "spf-fail" and verdict == "refuted":
        return (Fix(_who(case, "receiver"), case.facts.say("fix-spf-is-fine")),)
    if cause.cause in ("ip-blocklisted", "domain-blocklisted"):
        return _delisting(case, verdict)
    if cause.cause == "no-ptr":
        if verdict == "refuted":
            return (Fix(_who(case, "receiver"), case.facts.say("fix-ptr-is-fine")),)
        return _pointer(case)
    found = [one for one in case.of("extensions") if one.result == "fail"]
    if found:
        return tuple(_what_would_work(case, one.facts) for one in found if _same_command(case, one.subject))
    return ()


def _delisting(case: Case, verdict: Verdict) -> tuple[Fix, ...]:
    zone = named_zone(case.inquiry)
    results = [one for one in case.of("dnsbl") if (one.facts.get("zone") == zone if zone else one.result == "fail")]
    if verdict == "refuted" and any(one.result == "permerror" for one in results):
        return (Fix(_who(case, "receiver"), case.facts.say("fix-stop-asking", zone=zone)),)
    if verdict == "refuted":
        return (Fix(_who(case, "receiver"), case.facts.say("fix-not-listed-any-more", zone=zone)),)
    first = "fix-policy-list" if _is_policy_listing(case, results) else "fix-stop-the-cause"
    steps = [Fix(_who(case, "sender"), case.facts.say(first))]
    urls = case.inquiry.explanation.fields
    hits = [one for one in results if one.result == "fail"]
    for one in hits or results:
        in_text = re.search(r"https?://[^\s<>\"]+", str(one.facts.get("text") or ""))
        url = one.facts.get("delist") or urls.get("delist_url") or next(iter(urls.get("urls", ())), None)
        url = url or (in_text[0] if in_text else None) or _page_of(case, one)
        steps.append(Fix(_who(case, "sender"), case.facts.say("fix-delist", zone=one.facts.get("zone")), url=url))
    return tuple(steps)


def _is_policy_listing(case: Case, results: Sequence[CheckResult]) -> bool:
    """Whether the list only says that this range should not send directly: no accusation, and nothing to stop."""
    if "PBL" in str(case.inquiry.explanation.fields.get("list_name", "")).split():
        return True
    hits = [one for one in results if one.result == "fail"]
    return bool(hits) and all(_accuses_nobody(case, one) for one in hits)


def _accuses_nobody(case: Case, hit: CheckResult) -> bool:
    row = case.facts.blocklists.get(str(hit.facts.get("zone")))
    return row is not None and set(str(hit.facts.get("answer")).split(", ")) <= set(row.policy)


def _page_of(case: Case, one: CheckResult) -> str | None:
    return page_of(case.facts.blocklists.get(str(one.facts.get("zone"))), one.subject.partition(" @ ")[0])


def _publications(case: Case, cause: Cause) -> tuple[Fix, ...]:
    """The records that are missing or broken, or that leave a sender out, in full."""
    steps: list[Fix] = []
    if cause.cause in ("spf-fail", "sender-unauthenticated"):
        steps += _made(remedies.sender_policy(one, case.facts) for one in case.of("spf"))
    if cause.cause in ("dmarc-fail", "sender-unauthenticated"):
        wanting = [one for one in case.of("dmarc") if one.result in ("none", "permerror")]
        steps += _made(remedies.text_record(one, "fix-dmarc-record", case.facts) for one in wanting)
    return tuple(steps)


def _made(fixes: Iterable[Fix | None]) -> tuple[Fix, ...]:
    return tuple(one for one in fixes if one is not None)


def _pointer(case: Case) -> tuple[Fix, ...]:
    address = case.sender.client.address
    if address is None or is_private(address):
        return ()
    found = next((one for one in case.of("ptr") if one.subject == address), CheckResult("ptr", address, "fail"))
    return remedies.pointer(found, case.sender.ehlo, case.facts)


def _same_command(case: Case, subject: str) -> bool:
    command = case.inquiry.exchange.command or ""
    return command.split(" ")[0].upper() == subject.split(" ")[0].upper()


def _what_would_work(case: Case, facts: Mapping[str, Any]) -> Fix:
    offered = " ".join(facts["offered"])
    key = f"fix-{facts['kind']}" + ("" if offered else "-none")
    return Fix(_who(case, "sender"), case.facts.say(key, asked=", ".join(facts["not_offered"]), offered=offered))


def _general(case: Case, cause: Cause, verdict: Verdict) -> tuple[Fix, ...]:
    """The cause's own steps; one that needs a fact nobody knows is left out."""
    if verdict == "refuted":
        return ()
    fields = case.inquiry.explanation.fields
    known = {
        "ip": _public(case.sender.client.address),
        "zone": named_zone(case.inquiry),
        "domain": case.sender.from_domain or case.sender.spf_domain,
        "url": fields.get("delist_url") or next(iter(fields.get("urls", ())), None),
        "param": next((p for one in case.of("extensions") for p in one.facts["not_offered"]), None),
        "mechanism": fields.get("mechanism"),
        # A whole record to publish says it better.
        "spf_mechanism": None if _publications(case, cause) else _spf_mechanism(case.sender.client.address),
    }
    who = cause.who[0] if cause.who else "sender"
    steps = []
    for step in cause.fix:
        names = [name for _, name, _, _ in string.Formatter().parse(step) if name]
        if all(known.get(name) for name in names):
            steps.append(Fix(_who(case, who), filled(step, known)))
    return tuple(steps)


def _public(address: str | None) -> str | None:
    """An address that may stand in advice: nobody outside knows a private one."""
    return None if address is None or is_private(address) else address


def _spf_mechanism(address: str | None) -> str | None:
    public = _public(address)
    return None if public is None else f"ip{6 if ':' in public else 4}:{public}"


def _who(case: Case, who: str) -> str:
    return case.facts.words[f"who-{who}"]
