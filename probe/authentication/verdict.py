"""What the checks of a message come to: one word, one sentence, and the proof line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from probe.authentication.envelope import Envelope
from probe.catalog import Catalog
from probe.model import CheckResult, Conclusion

_MOST_AUTHORS = 5


def conclusion(checks: Sequence[CheckResult]) -> Conclusion:
    """``pass``: DMARC says that the author's domain stands for the message. ``fail``: it says not, nothing at all
    stands for it, or it names no author. ``unknown``: the domain says nothing, or something could not be asked."""
    dmarc = _only(checks, "dmarc")
    if dmarc is None:  # there is no author whom anything could stand for
        return "fail"
    if dmarc.result in ("pass", "fail"):
        return "pass" if dmarc.result == "pass" else "fail"
    stated = [one.result for one in checks if one.check in ("dkim", "spf")]
    if dmarc.result in ("temperror", None) or "pass" in stated or "temperror" in stated:
        return "unknown"
    # An address that is not known might have spoken for it.
    return "fail" if any(one.check == "spf" and one.result for one in checks) else "unknown"


def summary(checks: Sequence[CheckResult], facts: Catalog) -> str:
    """The sentence that goes with the conclusion."""
    dmarc, word = _only(checks, "dmarc"), conclusion(checks)
    if dmarc is None:
        return facts.say("summary-message-no-author")
    if dmarc.result in ("pass", "fail"):
        return facts.say(f"summary-message-{word}", domain=dmarc.subject)
    return facts.say(f"summary-message-{word}-{dmarc.result or 'undecided'}", domain=dmarc.subject)


def proof(checks: Sequence[CheckResult], env: Envelope, facts: Catalog, *, unread: int = 0) -> tuple[str, ...]:
    """One line each for the author, the client, SPF, every signature, the chain and DMARC; equal ones once, with their
    count. ``unread`` is the number of signatures that nobody looked at."""
    times = Counter(_lines(checks, env, facts, unread))
    return tuple(
        line if count == 1 else facts.say("proof-times", line=line, count=count) for line, count in times.items()
    )


def _lines(checks: Sequence[CheckResult], env: Envelope, facts: Catalog, unread: int) -> Iterator[str]:
    yield from _author(checks, facts)
    if env.client.address is None:
        yield facts.words["proof-client-none"]
    elif env.hop is not None:
        yield facts.say("proof-client-received", **{**vars(env.hop), "address": env.client.address})
    else:
        yield facts.say("evidence-address-from-option", address=env.client.address)
    for check in ("spf", "dkim", "arc", "dmarc"):
        for one in checks:
            if one.check == check and not (check == "arc" and one.result == "none"):
                yield _line(one, facts)
        if check == "dkim" and unread:
            yield facts.count("proof-dkim-unread", unread)


def _author(checks: Sequence[CheckResult], facts: Catalog) -> Iterator[str]:
    """Who is said to have written it, as it stands in From, and the domain that answers for that name."""
    structure, dmarc = _only(checks, "structure"), _only(checks, "dmarc")
    addresses = structure.facts.get("from", ()) if structure is not None else ()
    if addresses:
        shown = ", ".join(addresses[:_MOST_AUTHORS]) + ("…" if len(addresses) > _MOST_AUTHORS else "")
        key = "proof-from" if dmarc is not None else "proof-from-nobody"
        yield facts.say(key, addresses=shown, domain=dmarc.subject if dmarc is not None else "")


def _line(one: CheckResult, facts: Catalog) -> str:
    told = {
        "domain": one.subject,
        **one.facts,
        "subject": one.subject,
        "result": one.result,
        "reason": facts.reason(one.facts),
    }
    if one.check == "dmarc":
        identifiers = one.facts.get("rfc9989", {}).get("identifiers", ())
        aligned = [
            f"{each['mechanism'].upper()} {each['domain']}"
            for each in identifiers
            if each["aligned"] and each["result"] == "pass"
        ]
        told["aligned"] = facts.listed(list(dict.fromkeys(aligned)))
    key = f"proof-{one.check}-{one.result}"
    if one.check == "dkim" and one.result == "neutral" and not (told.get("domain") and told.get("selector")):
        key = "proof-dkim-unnamed"
    return facts.say(key if key in facts.words else f"proof-{one.check}", **told)


def _only(checks: Sequence[CheckResult], check: str) -> CheckResult | None:
    return next((one for one in checks if one.check == check), None)
