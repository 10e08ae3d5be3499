"""What to do about a message that is not believed: who acts, where, and the text to publish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe import remedies
from probe.catalog import Catalog
from probe.model import CheckResult, Fix

# What a change on the way calls for; what is not named here was changed by a relay or a list.
_BY_THE_SIGNER = frozenset("other-canonicalization trailing-lines line-ends empty-body".split())
_BY_ENCODING = frozenset("re-encoded charset-changed lines-broken dots-doubled dots-lost from-quoted".split())
# A key that its owner has to publish (again).
_TO_PUBLISH = frozenset("no-key not-a-key bad-base64 bad-key malformed-tag missing-p revoked".split())
# A signature that no key can mend.
_MALFORMED = frozenset("from-not-signed identity-outside expires-before-signed".split())
_WEAK = frozenset("sha1 short-key sha1-only".split())


def fixes(checks: Sequence[CheckResult], facts: Catalog) -> tuple[Fix, ...]:
    """Steps in the order in which to take them, each once."""
    return tuple(dict.fromkeys(step for one in checks for step in _steps(one, facts) if step is not None))


def _steps(one: CheckResult, facts: Catalog) -> Iterator[Fix | None]:
    if one.check == "dkim" and one.result != "pass":
        yield from _of_signature(one, facts)
    elif one.check == "spf" and one.result == "permerror":
        yield remedies.sender_policy(one, facts)
    elif one.check == "dmarc":
        yield from _of_policy(one, facts)


def _of_signature(one: CheckResult, facts: Catalog) -> Iterator[Fix]:
    told, reason = one.facts, one.facts.get("reason")
    if reason == "no-signature":
        yield _fix("sender", facts.say("fix-sign"), facts)
    elif one.result == "neutral" or reason in _MALFORMED:  # before the key: both know a malformed tag
        yield _fix("sender", facts.say("fix-mend-signature", reason=facts.reason(told)), facts)
    elif reason in _TO_PUBLISH:
        kind = "ed25519" if str(told.get("algorithm")).startswith("ed25519") else "rsa"
        record = f'{one.subject}. TXT "v=DKIM1; k={kind}; p={facts.words["publish-your-key"]}"'
        yield _fix("dns", facts.say("fix-publish-key", selector=told.get("selector")), facts, record)
    elif reason in _WEAK:
        yield _fix("sender", facts.say("fix-strong-key"), facts)
    elif reason == "other-key":
        yield _fix("sender", facts.say("fix-other-key", name=one.subject), facts)
    elif one.result == "fail":
        kinds = {change["change"] for change in told.get("changes", ())}
        if kinds & _BY_THE_SIGNER:
            yield _fix("sender", facts.say("fix-mend-signer"), facts)
        elif kinds & _BY_ENCODING:
            yield _fix("sender", facts.say("fix-sign-encoded"), facts)
        else:
            yield _fix("relay", facts.say("fix-leave-unchanged" if kinds else "fix-find-change"), facts)


def _of_policy(one: CheckResult, facts: Catalog) -> Iterator[Fix | None]:
    """A record that is missing or broken; and where something passed for another domain, how to make it speak for the
    author. Nobody is told to authorise the address that brought a message: it may be a forger's."""
    if one.result in ("none", "permerror"):
        yield remedies.text_record(one, "fix-dmarc-record", facts)
    passed = [each for each in one.facts.get("rfc9989", {}).get("identifiers", ()) if each["result"] == "pass"]
    if one.result == "fail" and passed:
        others = dict.fromkeys(f"{each['mechanism'].upper()} {each['domain']}" for each in passed)
        yield _fix("sender", facts.say("fix-align", domain=one.subject, others=facts.listed(list(others))), facts)


def _fix(who: str, do: str, facts: Catalog, publish: str | None = None) -> Fix:
    return Fix(facts.words[f"who-{who}"], do, publish=publish)
