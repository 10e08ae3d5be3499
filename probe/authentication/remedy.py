"""What to do about a message that is not believed: who acts, where, and the text to publish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probe.authentication.envelope import Envelope
from probe.catalog import Catalog
from probe.model import CheckResult, Fix

# What a change on the way calls for; what is not named here was changed by a relay or a list.
_BY_THE_SIGNER = frozenset("other-canonicalization trailing-lines line-ends empty-body".split())
_BY_ENCODING = frozenset("re-encoded charset-changed lines-broken dots-doubled dots-lost from-quoted".split())
# A key that its owner has to publish (again).
_TO_PUBLISH = frozenset("no-key not-a-key bad-base64 bad-key malformed-tag missing-p revoked".split())
_WEAK = frozenset("sha1 short-key sha1-only".split())


def fixes(checks: Sequence[CheckResult], env: Envelope, facts: Catalog) -> tuple[Fix, ...]:
    """Steps in the order in which to take them, each once."""
    return tuple(dict.fromkeys(_steps(checks, facts)))


def _steps(checks: Sequence[CheckResult], facts: Catalog) -> Iterator[Fix]:
    for one in checks:
        if one.check == "dkim" and one.result != "pass":
            yield from _of_signature(one, facts)


def _of_signature(one: CheckResult, facts: Catalog) -> Iterator[Fix]:
    told, reason = one.facts, one.facts.get("reason")
    if reason == "no-signature":
        yield _fix("sender", "fix-sign", facts)
    elif reason in _TO_PUBLISH:
        kind = "ed25519" if str(told.get("algorithm")).startswith("ed25519") else "rsa"
        record = f'{one.subject}. TXT "v=DKIM1; k={kind}; p={facts.words["publish-your-key"]}"'
        yield _fix("dns", "fix-publish-key", facts, publish=record, selector=told.get("selector"))
    elif reason in _WEAK:
        yield _fix("sender", "fix-strong-key", facts)
    elif reason == "other-key":
        yield _fix("sender", "fix-other-key", facts, name=one.subject)
    elif one.result == "fail":
        kinds = {change["change"] for change in told.get("changes", ())}
        if kinds & _BY_THE_SIGNER:
            yield _fix("sender", "fix-mend-signer", facts)
        elif kinds & _BY_ENCODING:
            yield _fix("sender", "fix-sign-encoded", facts)
        else:
            yield _fix("relay", "fix-leave-unchanged" if kinds else "fix-find-change", facts)


def _fix(who: str, key: str, facts: Catalog, *, publish: str | None = None, **values: Any) -> Fix:
    return Fix(facts.words[f"who-{who}"], facts.say(key, **values), publish=publish)
