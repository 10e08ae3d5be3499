"""Which DMARC policy applies to an author domain, and does a message pass it? (RFC 9989, and RFC 7489 beside it)

The subject is the domain of the From field, or an ``Author``: that domain with what SPF and DKIM said. The record is
discovered by the DNS tree walk (RFC 9989 section 4.10) and judged; beside it stands what a receiver finds that still
follows RFC 7489 and the Public Suffix List, and where the two differ. The result speaks for RFC 9989.

``none``: no record anywhere. ``permerror``: a record that makes receivers apply no DMARC at all. ``temperror``: it
could not be asked, or SPF or DKIM could not. ``pass`` and ``fail``: only for an ``Author``. None: a record that was
judged alone, with ``evaluated`` False.

``record`` reads, ``discovery`` finds, ``alignment`` compares, ``reports`` looks where reports go, ``publication``
writes the text to publish.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probe.catalog import Catalog
from probe.checks.destination import domain_of
from probe.checks.dmarc.alignment import Author, Identifier, align, disposition, verdict
from probe.checks.dmarc.discovery import (
    Discovery,
    Places,
    Walk,
    by_suffix_list,
    by_tree_walk,
    organizational_domain,
    registered_domain,
    suffix_list,
    targets,
    walk,
)
from probe.checks.dmarc.publication import consent_record, first_record, mended_record, new_mailbox, next_records
from probe.checks.dmarc.record import Record, is_record, near_miss, parse
from probe.checks.dmarc.reports import faults, judge
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.model import CheckResult, Result
from probe.names import is_hostname
from probe.text import show

ID = "dmarc"
PROVES = ("dmarc-fail", "sender-unauthenticated")

__all__ = ["ID", "PROVES", "Author", "findings", "is_record", "organizational_domain", "parse", "run", "targets"]

# What a warning of the record is worth telling as; the others are facts alone.
_FLAWS = (
    *("bad-p", "bad-sp", "bad-np", "bad-adkim", "bad-aspf", "bad-psd", "bad-t", "bad-rua", "bad-ruf", "bad-fo"),
    *("rua-without-mailto", "ruf-without-mailto", "missing-p", "malformed-tag", "repeated-tag", "misspelt-tag"),
    *("unseparated", "quotes", "not-ascii", "wildcard", "psd-no-suffix"),
)
_HINTS = (
    *("no-rua", "p-not-second", "fo-without-ruf", "size-limit", "long-record", "removed-pct", "removed-rf"),
    *("removed-ri", "sp-without-effect", "np-without-effect", "sp-weaker", "sp-stricter", "np-weaker"),
)


async def run(subject: str | Author, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Find the record and judge it, and the message where one is given.

    Facts: ``evaluated``, ``reason``, and of RFC 9989 ``found_at``, ``record``, ``policy`` (that of this domain),
    ``applied`` (with ``t=y`` one step milder), ``policy_tag``, ``domain_exists``, ``p``, ``sp``, ``np``, ``adkim``,
    ``aspf``, ``psd``, ``t``, ``rua``, ``ruf``, ``fallback``, ``unknown_tags``, ``misspelt``, ``warnings``,
    ``organizational_domain``, ``alias`` (a CNAME's target), ``discarded``; ``misplaced`` (names where a record stands
    that nobody looks at); ``reports`` (see ``reports.judge``); ``publish`` (``name``, ``record``, ``later``,
    ``changed``,
    ``choices``: the records to choose from where several stand there, ``new_mailbox``: one to set up first,
    ``takes_effect``: the policy that a flaw has kept from being applied). ``rfc9989`` and ``rfc7489`` hold
    what each standard comes to: ``result``, ``reason``, ``organizational_domain``, ``found_at``, ``record``,
    ``policy``, ``policy_tag``, ``applied``, ``disposition``, ``identifiers``; ``differences`` names in what."""
    author = subject if isinstance(subject, Author) else Author(subject)
    steps, domain = Steps(ask, facts), domain_of(author.domain)
    if domain is None:
        return CheckResult(
            ID, show(author.domain.rstrip(".").lower()), "none", {"evaluated": False, "reason": "bad-domain"}
        )
    places = Places(steps)
    newer, walked = await by_tree_walk(domain, places, steps)
    older = await by_suffix_list(domain, places)

    async def by_walk(name: str) -> str | None:
        return (await walk(name, places)).organizational_domain

    async def by_list(name: str) -> str | None:
        return registered_domain(name)

    standards = {}
    for standard, found, organization in (("rfc9989", newer, by_walk), ("rfc7489", older, by_list)):
        identifiers = await align(author, domain, found.record, organization) if found.policy and found.record else ()
        standards[standard] = _standard(author, found, identifiers)
    surroundings = await _surroundings(domain, newer, older, steps)
    result: Result | None = standards["rfc9989"]["result"]
    _note(newer, standards, steps)
    details = {
        "evaluated": result in ("pass", "fail") or (result == "temperror" and newer.policy is not None),
        **_of_record(newer, walked, surroundings["wildcard"]),
        "reason": standards["rfc9989"]["reason"],
        **standards,
        "differences": _differences(newer, older, standards),
        "misplaced": surroundings["misplaced"],
        "reports": surroundings["reports"],
        "publish": _publish(domain, newer),
    }
    return CheckResult(ID, domain, result, details, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    domain, found = one.subject, one.facts
    publish = found.get("publish", {})
    record = publish.get("record", "")
    if one.result in ("none", "permerror"):
        id_ = "dmarc-missing" if one.result == "none" else "dmarc-broken"
        name = publish.get("name", f"_dmarc.{domain}")
        way = _way(id_, name, str(record), publish, facts)
        yield emit(id_, domain, domain=domain, reason=facts.reason(found), way=way)
    if publish.get("takes_effect"):
        yield emit("dmarc-takes-effect", domain, domain=domain, policy=publish["takes_effect"])
    for name in found.get("misplaced", ()):
        yield emit("dmarc-misplaced", domain, domain=domain, place=name)
    if one.result == "fail":
        asked = found["rfc9989"]["disposition"]
        id_ = "dmarc-fail-watched" if asked == "none" else "dmarc-fail"
        yield emit(id_, domain, domain=domain, reason=facts.reason(found), policy=asked)
    if found.get("policy"):
        yield from _of_policy(one, facts, str(record))


def _way(id_: str, name: str, record: str, publish: Mapping[str, Any], facts: Catalog) -> str:
    """What to publish, in words: with the choice that only the owner has, and the mailbox that is not there yet."""
    choices = "; ".join(f'"{choice}"' for choice in publish.get("choices", ()) if choice != record)
    key = "publish-dmarc-choose" if choices else f"publish-{id_}"
    said = facts.say(key, name=name, record=record, choices=choices)
    return facts.joined(_mailbox(publish, facts), said)


def _mailbox(publish: Mapping[str, Any], facts: Catalog) -> str:
    mailbox = publish.get("new_mailbox")
    return facts.say("set-up-mailbox", mailbox=mailbox) if mailbox else ""


def _of_policy(one: CheckResult, facts: Catalog, record: str) -> Iterator[Emitted]:
    domain, found, at = one.subject, one.facts, one.facts["found_at"]
    mailbox = _mailbox(found["publish"], facts)
    mailbox += facts.words["sentence-space"] if mailbox else ""
    for id_ in found["warnings"]:
        what = facts.reason({"reason": id_, "term": _term(id_, found)})
        if id_ in _FLAWS:
            yield emit("dmarc-flaw", at, domain=at, what=what, record=record, mailbox=mailbox)
        elif id_ in _HINTS:
            yield emit("dmarc-hint", at, domain=at, what=what, record=record, mailbox=mailbox)
    later = found["publish"]["later"]
    waiting = found["publish"]["takes_effect"] is not None  # then the policy that is meant comes first
    if found.get("policy") == "none" and not waiting:
        yield emit("dmarc-policy-none", at, domain=domain, record=later[0] if later else record, mailbox=mailbox)
    elif found["t"] and not waiting:
        applied = found.get("applied")
        yield emit("dmarc-testing", at, domain=domain, policy=found.get("policy"), applied=applied, record=later[0])
    for entry in found["reports"]:
        for fault in faults(entry):
            if fault == "unauthorized":
                exact, any_domain = consent_record(at, entry["domain"])
                yield emit(
                    "dmarc-reports-refused", at, uri=entry["uri"], owner=entry["domain"], record=exact, other=any_domain
                )
            else:
                reason = facts.reason({"reason": f"report-{fault}"})
                yield emit("dmarc-reports-lost", at, domain=at, uri=entry["uri"], reason=reason)
    if found["differences"]:
        names = "; ".join(facts.reason({"reason": f"differs-{name}"}) for name in found["differences"])
        newer, older = found["rfc9989"], found["rfc7489"]
        yield emit("dmarc-standards-differ", domain, domain=domain, what=names, newer=_said(newer), older=_said(older))


def _said(standard: dict[str, Any]) -> str:
    """What one standard comes to, in the tags' own words."""
    said = [f"{standard['policy_tag']}={standard['policy']}"] if standard["policy"] else [str(standard["result"])]
    said += [standard["result"]] if standard["policy"] and standard["result"] else []
    at = f" ({standard['found_at']})" if standard["found_at"] else ""
    organization = f", {standard['organizational_domain']}" if standard["organizational_domain"] else ""
    return " ".join(said) + at + organization


def _term(id_: str, found: Any) -> str | None:
    """The words of the record that a warning is about."""
    if id_ == "misspelt-tag":
        return ", ".join(f"{wrong} ({meant})" for wrong, meant in found["misspelt"].items())
    return None


def _standard(author: Author, found: Discovery, identifiers: Sequence[Identifier]) -> dict[str, Any]:
    """What one standard comes to, for this domain and this message."""
    result, reason = found.result, found.reason
    if found.policy and (author.spf is not None or author.dkim is not None):
        result, reason = verdict(author, identifiers)
    return {
        "result": result,
        "reason": reason,
        "organizational_domain": found.organizational_domain,
        "found_at": found.found_at,
        "record": found.record.text if found.record else None,
        "policy": found.policy,
        "policy_tag": found.tag,
        "applied": found.applied,
        "disposition": disposition(result, found) if found.policy else None,
        "identifiers": tuple(one.facts for one in identifiers),
    }


def _of_record(found: Discovery, walked: Walk, wildcard: bool) -> dict[str, Any]:
    """The record of RFC 9989, tag by tag, and what was met on the way to it."""
    discarded = tuple({"domain": one.domain, "reason": one.flaw} for one in walked.places if one.flaw)
    record = found.record
    if record is None:
        return {"discarded": discarded}
    alias = next((one.alias for one in walked.places if one.domain == found.found_at), None)
    return {
        "found_at": found.found_at,
        "record": record.text,
        "policy": found.policy,
        "applied": found.applied,
        "policy_tag": found.tag,
        "domain_exists": found.exists,
        "p": record.p,
        "sp": record.sp,
        "np": record.np,
        "adkim": record.adkim,
        "aspf": record.aspf,
        "psd": record.psd,
        "t": record.t,
        "rua": record.rua,
        "ruf": record.ruf,
        "fallback": record.fallback,
        "unknown_tags": record.unknown,
        "misspelt": dict(record.misspelt),
        "warnings": (*record.warnings, *_misfits(found, record), *(("wildcard",) if wildcard else ())),
        "organizational_domain": found.organizational_domain,
        "alias": alias,
        "discarded": discarded,
    }


def _misfits(found: Discovery, record: Record) -> Iterator[str]:
    """Tags that have no effect, or too much of one, at the place where the record stands."""
    at, organization = str(found.found_at), found.organizational_domain
    if organization is not None and at.endswith(f".{organization}"):  # RFC 9989 section 4.7, "sp" and "np"
        yield from (f"{name}-without-effect" for name in ("sp", "np") if name in record.tags)
    if record.psd == "y" and suffix_list().privatesuffix(at):  # not None: it is no public suffix
        yield "psd-no-suffix"


async def _surroundings(domain: str, newer: Discovery, older: Discovery, steps: Steps) -> dict[str, Any]:
    """What stands around the record: a wildcard that answers in its place, the mailboxes for its reports; or, where
    there is none, a record at a name that nobody asks."""
    if newer.record is None or newer.found_at is None:
        misplaced = await _misplaced(domain, steps) if newer.result == "none" else ()
        return {"wildcard": False, "reports": (), "misplaced": misplaced}
    own = (newer.organizational_domain, older.organizational_domain)
    # RFC 4592 section 2.1.1: the wildcard itself can be asked for by its name.
    reports, answer = await judge(newer.record, newer.found_at, own, steps, (f"*.{newer.found_at}", "TXT"))
    return {
        "wildcard": any(is_record(show(value)) for value in answer.values),
        "reports": reports,
        "misplaced": (),
    }


async def _misplaced(domain: str, steps: Steps) -> tuple[str, ...]:
    """Where records end up by mistake: at the domain itself, without the underscore, or with the zone's name twice,
    because a DNS panel added it."""
    names = [one for one in (domain, f"dmarc.{domain}", f"_dmarc.{domain}.{domain}") if is_hostname(one)]
    answers = await steps.ask_all([(name, "TXT") for name in names])
    return tuple(
        name
        for name, answer in zip(names, answers, strict=True)
        if any(is_record(show(value)) or near_miss(show(value)) for value in answer.values)
    )


def _differences(newer: Discovery, older: Discovery, standards: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    """In what a receiver that follows RFC 7489 differs, as far as both are known."""
    if "temperror" in (newer.result, older.result) or (newer.record is None and older.record is None):
        return ()
    mine, theirs = standards["rfc9989"], standards["rfc7489"]
    organizations = (newer.organizational_domain, older.organizational_domain)
    ids = {
        "organizational-domain": None not in organizations and organizations[0] != organizations[1],
        "record": mine["found_at"] != theirs["found_at"],
        "policy": mine["found_at"] == theirs["found_at"] and mine["policy"] != theirs["policy"],
        "testing": mine["policy"] == theirs["policy"] and mine["applied"] != theirs["applied"],
        "pct": older.record is not None and older.record.pct not in (0, 100) and older.policy != "none",
        "result": mine["result"] != theirs["result"],
    }
    return tuple(id_ for id_, differs in ids.items() if differs)


def _publish(domain: str, found: Discovery) -> dict[str, Any]:
    """The record to publish now, those that follow it, and whether it says anything else than what stands there."""
    if found.result == "temperror":
        return {}
    at = found.found_at or domain
    record = found.record or found.meant or parse(first_record(at).text)
    mended = mended_record(at, record)
    choices = tuple(dict.fromkeys(mended_record(at, one).text for one in found.several))
    later = next_records(at, record)
    again = parse(mended.text)
    same = found.record is not None and _without_spaces(again) == _without_spaces(found.record)
    in_force = found.record is not None and found.record.standing() == "sound"
    return {
        "name": mended.name,
        "record": mended.text,
        "later": tuple(one.text for one in later),
        "changed": not same,
        "choices": choices if len(choices) > 1 else (),
        "new_mailbox": new_mailbox(at, mended, found.record or found.meant),
        # A flaw that made receivers apply nothing has also kept mail from being refused.
        "takes_effect": None if in_force or again.p in (None, "none") else again.p,
    }


def _without_spaces(record: Record) -> dict[str, str]:
    return {name: "".join(value.split()) for name, value in record.tags.items()}


def _note(found: Discovery, standards: dict[str, dict[str, Any]], steps: Steps) -> None:
    """The last lines of the trace: what applies, and what each standard makes of the message."""
    record = found.record
    if record is not None and found.result == "permerror":
        steps.note("dmarc-unusable", found_at=found.found_at, reason=steps.reason(found.reason))
    if found.policy and record is not None:
        key = "dmarc-applies-in-test" if record.t else "dmarc-applies"
        steps.note(key, found_at=found.found_at, tag=found.tag, policy=found.policy)
    for standard, said in standards.items():
        for one in said["identifiers"]:
            key = {True: "aligned", False: "not-aligned", None: "alignment-unknown"}[one["aligned"]]
            name = f"{one['mechanism'].upper()} {one['result']}"
            steps.note(key, standard=standard, result=name, domain=one["domain"], mode=one["mode"])
        if said["result"] in ("pass", "fail"):
            steps.note("dmarc-result", standard=standard, result=said["result"], reason=steps.reason(said["reason"]))
