"""What the checks of a sender come to: one word, one sentence, and the proof line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe.catalog import Catalog
from probe.model import CheckResult, Client, Conclusion
from probe.sending.plan import Wishes
from probe.sending.subject import Subject

# What receivers refuse mail for, and what has to have been asked before anybody can say that they will not.
_DECISIVE = ("dnsbl", "ptr", "spf", "dmarc")


def conclusion(checks: Sequence[CheckResult]) -> Conclusion:
    """``fail``: something is wrong for which servers refuse mail. ``unknown``: nothing is, but something that counts
    could not be asked. ``pass``: nothing stands in the way."""
    if trouble(checks):
        return "fail"
    waiting = [one for one in checks if one.check in _DECISIVE and one.result == "temperror"]
    if any(one.check != "dnsbl" or one.facts.get("main") for one in waiting):
        return "unknown"
    return "pass"


def trouble(checks: Sequence[CheckResult]) -> tuple[str, ...]:
    """The ids of the checks that found a reason to refuse mail, each once."""
    return tuple(dict.fromkeys(one.check for one in checks if _refused_for(one)))


def _refused_for(one: CheckResult) -> bool:
    if one.check == "dnsbl":
        return one.result == "fail" and bool(one.facts.get("main"))
    if one.check == "spf":
        return one.result in ("fail", "permerror") and one.facts.get("identity", "mailfrom") == "mailfrom"
    return one.check in ("ptr", "dmarc") and one.result == "fail"


def summary(subject: Subject, checks: Sequence[CheckResult], facts: Catalog) -> str:
    """The sentence that goes with the conclusion."""
    word = conclusion(checks)
    labels = [facts.words[f"name-{check}"] for check in trouble(checks)]
    return facts.say(f"summary-sender-{word}", subject=subject.text, checks=facts.listed(labels))


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
    listed = [one for one in lists if one.result == "fail"]
    # RFC 5782 section 5: a list that shows nobody its own test entry has said nothing by saying that we are not on it.
    clean = sum(1 for one in lists if one.result == "pass" and one.facts.get("healthy"))
    silent = sum(1 for one in lists if one.result in ("pass", "temperror", "permerror")) - clean
    named = facts.listed([str(one.facts.get("zone")) for one in listed])
    key = "proof-sender-listed" if listed else "proof-sender-unlisted"
    rest = facts.count("proof-sender-silent", silent) if silent else ""
    return facts.say(key, zones=named, clean=clean, silent=rest)
