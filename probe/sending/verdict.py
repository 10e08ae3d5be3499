"""What the checks of a sender come to: one word, one sentence, and the proof line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe.catalog import Catalog
from probe.checks import check
from probe.model import CheckResult, Client, Conclusion
from probe.sending.plan import Wishes
from probe.sending.subject import Subject

# What has to have been asked before anybody can say that mail will not be refused.
_DECISIVE = ("dnsbl", "ptr", "spf", "dkim", "dmarc", "mx")


def conclusion(checks: Sequence[CheckResult], facts: Catalog) -> Conclusion:
    """``fail``: something is wrong, with the mail from here or with how the domain takes mail. ``unknown``: nothing is,
    but something that counts could not be asked, or nothing at all was. ``pass``: nothing stands in the way."""
    if missing(checks) or refusals(checks) or errors(checks, facts):
        return "fail"
    decisive = [one for one in checks if one.check in _DECISIVE and (one.check != "dnsbl" or one.facts.get("main"))]
    answered = [one for one in checks if one.result != "temperror"]
    if not answered or any(one.result == "temperror" for one in decisive):
        return "unknown"
    return "pass"


def refusals(checks: Sequence[CheckResult]) -> tuple[str, ...]:
    """The ids of the checks that found a reason for which servers refuse mail from here, each once."""
    return tuple(dict.fromkeys(one.check for one in checks if _refused_for(one)))


def errors(checks: Sequence[CheckResult], facts: Catalog) -> tuple[str, ...]:
    """The ids of the checks that have a finding of severity error, each once."""
    return tuple(
        dict.fromkeys(
            one.check
            for one in checks
            if any(facts.findings[told.id].severity == "error" for told in check(one.check).findings(one, facts))
        )
    )


def missing(checks: Sequence[CheckResult]) -> bool:
    """Whether the domain does not exist at all: servers refuse such a sender whatever else they find. Its MX records
    say so or, where they were not asked for, its SPF record."""
    told = [one for one in checks if one.check == "mx"]
    told = told or [one for one in checks if one.check == "spf" and one.facts.get("identity", "mailfrom") == "mailfrom"]
    return any(one.result == "none" and one.facts.get("reason") == "nxdomain" for one in told)


def _refused_for(one: CheckResult) -> bool:
    if one.check == "dnsbl":
        return one.result == "fail" and bool(one.facts.get("main"))
    if one.check == "spf":
        return one.result in ("fail", "permerror") and one.facts.get("identity", "mailfrom") == "mailfrom"
    return one.check in ("ptr", "dmarc") and one.result == "fail"


def summary(subject: Subject, checks: Sequence[CheckResult], facts: Catalog) -> str:
    """The sentence that goes with the conclusion."""
    word: str = conclusion(checks, facts)
    found = refusals(checks)
    if missing(checks):
        word = "missing"
    elif word == "fail" and not found:
        word, found = "broken", errors(checks, facts)
    labels = [facts.words[f"name-{one}"] for one in found]
    return facts.say(f"summary-sender-{word}", subject=subject.text, domain=subject.domain, checks=facts.listed(labels))


def proof(
    subject: Subject, wishes: Wishes, client: Client, checks: Sequence[CheckResult], facts: Catalog
) -> tuple[str, ...]:
    """A line for the client's address, one for the lists, then one a check that decides."""
    return tuple(_lines(wishes, client, checks, facts))


def _lines(wishes: Wishes, client: Client, checks: Sequence[CheckResult], facts: Catalog) -> Iterator[str]:
    if not wishes.clients:
        yield facts.words["proof-sender-no-client"]
    elif client.learned_from == "socket":
        yield facts.say("proof-sender-own-client", addresses=", ".join(wishes.clients))
    else:
        yield facts.say("proof-sender-client", addresses=", ".join(wishes.clients))
    lists = [one for one in checks if one.check == "dnsbl"]
    if lists:
        yield _about_lists(lists, facts)
    for one in checks:
        if one.check in ("ptr", "spf", "dkim", "dmarc"):
            told = {**one.facts, "subject": one.subject, "result": one.result, "reason": facts.reason(one.facts)}
            told["name"] = next(iter(one.facts.get("confirmed", ())), "")
            told["count"] = len(one.facts.get("keys", ()))
            told.setdefault("domain", one.subject)
            exact = f"proof-sender-{one.check}-{one.result}"
            yield facts.say(exact if exact in facts.words else f"proof-sender-{one.check}", **told)


def _about_lists(lists: Sequence[CheckResult], facts: Catalog) -> str:
    """How many lists said what, each counted once, by the worst that it said about anybody. RFC 5782 section 5: a list
    that shows nobody its own test entry has said nothing by saying that we are not on it."""
    listed = list(dict.fromkeys(str(one.facts.get("zone")) for one in lists if one.result == "fail"))
    asked = [one for one in lists if one.result in ("pass", "temperror", "permerror")]
    mute = {one.facts.get("zone") for one in asked if one.result != "pass" or not one.facts.get("healthy")}
    silent = len(mute.difference(listed))
    clean = len({one.facts.get("zone") for one in asked} - mute - set(listed))
    key = "proof-sender-listed" if listed else "proof-sender-unlisted"
    rest = facts.count("proof-sender-silent", silent) if silent else ""
    return facts.say(key, zones=facts.listed(listed), clean=clean, silent=rest)
