"""Is there a usable DKIM key under a selector, and does a signature verify? (RFC 6376, RFC 8301, RFC 8463)

The subject is a ``Key``, or one signature of a message as ``Signed``.

A key is found and judged; no signature is verified, so its result is never pass or fail. It is ``none`` (no key),
``permerror`` (a key with which every signature must fail: broken, revoked, too short), ``temperror`` (could not be
asked), or None: a usable key, with ``verified`` False.

A signature gets a word of RFC 8601 section 2.7.1: ``pass``; ``fail`` (body or header are not what was signed);
``policy`` (they are, but it has expired, or leaves out a From); ``neutral`` (it cannot be read); ``permerror`` (no
usable key, or one that may not be used so); ``temperror``; ``none`` for a message without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.dkim import body_changes, header_changes
from probe.checks.dkim.changes import Change
from probe.checks.dkim.coverage import Coverage, coverage
from probe.checks.dkim.key import Found, Key, PublicKey, find, is_key, parse
from probe.checks.dkim.signature import ALGORITHMS, Signature, claims, is_within, read
from probe.checks.dkim.verify import Body, check_body, chosen, header_octets, is_of_this_key, verifier
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.mail.message import WHOLE, Message
from probe.model import CheckResult, Result
from probe.text import show

ID = "dkim"
PROVES = ("dkim-fail", "sender-unauthenticated")

__all__ = ["ID", "PROVES", "Key", "PublicKey", "Signed", "findings", "is_key", "parse", "run"]

# A clock that is off by less is no lie (RFC 6376 section 3.5, "t=" and "x=").
_SKEW_S = 3600
_UNREADABLE = frozenset(
    "malformed-tag repeated-tag missing-tag bad-version not-base64 bad-number bad-domain unknown-algorithm "
    "unknown-canonicalization unknown-query".split()
)


@dataclass(frozen=True)
class Signed:
    """One signature of a message: ``place`` counts from the topmost, ``now`` is Unix time. Where there is no such
    signature, the message is not signed."""

    message: Message
    place: int
    now: float


async def run(subject: Key | Signed, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Judge a key or verify a signature.

    Facts of both: ``domain``, ``selector``, ``verified``, ``reason``, ``cname``, ``wildcard``, and of a key ``record``,
    ``key_type``, ``bits``, ``revoked``, ``testing``, ``same_domain``, ``hashes``, ``services``, ``unknown_tags``,
    ``warnings``. Of a key also ``guessed``; of a signature ``identity``, ``algorithm``, ``canonicalization``,
    ``signed_headers``, ``body_length`` (l=), ``timestamp``, ``expires``, ``b`` (its beginning), ``body_matches``,
    ``header_matches``, ``body_octets``, ``unsigned_octets``, ``oversigned``, ``unsigned``, ``unsigned_duplicates``,
    ``changes`` (what would explain a mismatch) and ``term`` (the tag that ``reason`` is about).
    """
    steps = Steps(ask, facts)
    if isinstance(subject, Signed):
        return await _signature(subject, steps)
    about = {"domain": _low(subject.domain), "selector": _low(subject.selector), "guessed": subject.guessed}
    found = await find(subject, steps)
    reason = found.facts["reason"]
    if reason not in ("no-key", "not-evaluated", "bad-domain") and found.result != "temperror":
        steps.note("key-unusable", reason=steps.reason(reason))
    told = {**about, "verified": False, **found.facts}
    return CheckResult(ID, show(subject.name), found.result, told, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    if one.facts.get("signature"):
        yield from _of_signature(one, facts)
    elif one.facts.get("reason") == "no-signature":
        yield emit("dkim-unsigned", one.subject)
    elif one.result == "permerror":
        broken = [key for key in one.facts.get("keys", ()) if key.get("result") == "permerror"]
        reason = "; ".join(f"{key['subject']}: {facts.reason(key)}" for key in broken)
        yield emit("dkim-broken", one.subject, domain=one.subject, reason=reason)


async def _signature(subject: Signed, steps: Steps) -> CheckResult:
    """In the order of RFC 6376 section 6.1: the field, the key, body and header, then what is known of the moment."""
    signatures = subject.message.all("dkim-signature")
    if subject.place >= len(signatures):
        return CheckResult(ID, WHOLE, "none", {"verified": False, "reason": "no-signature"})
    one = read(signatures[subject.place])
    told: dict[str, Any] = {"signature": subject.place + 1, "verified": False, **claims(one)}
    # Only where both can be read is there a name under which a key could stand.
    name = f"{one.selector}._domainkey.{one.domain}" if told["selector"] and told["domain"] else WHOLE

    def result(word: Result | None, reason: str | None, term: str | None = None) -> CheckResult:
        about = {**told, "reason": reason} | ({"term": term} if term else {})
        steps.note("signature-result", result=word, reason=steps.reason(reason) or "-")
        return CheckResult(ID, name, word, about, steps.queries, steps.trace)

    if one.fault is not None:
        return result("neutral" if one.fault.reason in _UNREADABLE else "permerror", one.fault.reason, one.fault.term)
    if "from" not in one.headers:  # RFC 6376 section 6.1.1
        return result("permerror", "from-not-signed")
    found = await find(Key(one.domain, one.selector), steps)
    told |= {name: value for name, value in found.facts.items() if name != "reason"}
    covered = coverage(subject.message, one)
    told |= covered.facts
    if found.key is not None:
        told |= _compare(subject.message, one, found.key, steps)
    word, reason = _judge(subject, one, found, told, covered)
    return result(word, reason)


def _compare(message: Message, one: Signature, key: PublicKey, steps: Steps) -> dict[str, Any]:
    """Hold body and header against the signature, and where they do not agree, look for what would explain it."""
    body = check_body(message, one)
    steps.note("body-agrees" if body.matches else "body-differs", octets=body.hashed)
    told: dict[str, Any] = {
        "body_matches": body.matches,
        "body_octets": body.octets,
        "unsigned_octets": body.octets - body.hashed,
        "changes": (),
    }
    changes = [] if body.matches else _body_change(message, one, body)
    verify = verifier(key, one)
    if verify is None:
        return {**told, "header_matches": None, "changes": tuple(change.facts for change in changes)}
    agrees = verify(header_octets(chosen(message, one), one))
    steps.note("header-agrees" if agrees else "header-differs", count=len(one.headers))
    if not agrees:
        told["own_key"] = is_of_this_key(key, one)
        if told["own_key"] is not False:
            changes += header_changes.explain(message, one, verify) or header_changes.differing_copies(message, one)
    return {**told, "verified": True, "header_matches": agrees, "changes": tuple(change.facts for change in changes)}


def _body_change(message: Message, one: Signature, body: Body) -> list[Change]:
    if one.length is not None and one.length > body.octets:
        return [Change("body-cut", "body", {"signed": one.length, "octets": body.octets})]
    change = body_changes.explain(message, one)
    return [] if change is None else [change]


def _judge(
    subject: Signed, one: Signature, found: Found, told: dict[str, Any], covered: Coverage
) -> tuple[Result, str | None]:
    """The word of RFC 8601 and why. What must not be believed comes before what was computed, a broken signature
    before one that is only out of time."""
    key = found.key
    if found.result == "temperror":
        return "temperror", str(found.facts["reason"])
    kind, digest = ALGORITHMS[one.algorithm]
    refused = (
        (key is None or key.reason is not None, str(found.facts["reason"])),
        (key is not None and key.facts["key_type"] != kind, "key-type-differs"),
        # RFC 6376 section 3.6.1: h= names the hashes that the key may be used with, t=s forbids subdomains in i=.
        (key is not None and bool(key.facts["hashes"]) and digest not in key.facts["hashes"], "hash-not-allowed"),
        (key is not None and key.facts["same_domain"] and not is_within(one.identity, one.domain, same=True), "t-s"),
    )
    for wrong, reason in refused:
        if wrong:
            return "permerror", reason
    if not told["body_matches"]:
        return "fail", "body-changed"
    if not told["header_matches"]:
        return "fail", "other-key" if told.get("own_key") is False else "header-changed"
    if digest == "sha1":  # RFC 8301 section 3.1: it agrees, and must be taken as failed all the same
        return "permerror", "sha1"
    if one.expires is not None and subject.now > one.expires:
        return "policy", "expired"
    if one.timestamp is not None and one.timestamp > subject.now + _SKEW_S:
        return "policy", "signed-in-future"
    if "from" in covered.unsigned_duplicates:  # RFC 6376 section 8.15
        return "policy", "unsigned-from"
    return "pass", None


def _of_signature(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    told = one.facts
    domain, selector = told["domain"] or "?", told["selector"] or "?"
    reason = facts.reason(told)
    if one.result == "fail":
        yield emit(
            "dkim-fail", one.subject, domain=domain, selector=selector, reason=reason, change=_changes(one, facts)
        )
    elif one.result == "neutral":
        yield emit("dkim-malformed", one.subject, reason=reason)
    elif one.result == "permerror":
        yield emit("dkim-unusable", one.subject, domain=domain, selector=selector, reason=reason)
    elif one.result == "temperror":
        yield emit("dkim-not-asked", one.subject, domain=domain, selector=selector, reason=reason)
    elif one.result == "policy" and told["reason"] == "unsigned-from":
        yield emit("dkim-from-unsigned", one.subject, domain=domain, selector=selector)
    elif one.result == "policy":
        yield emit("dkim-policy", one.subject, domain=domain, selector=selector, reason=reason)
    if one.result != "pass":
        return
    if told["unsigned_octets"]:
        yield emit("dkim-body-unsigned", one.subject, domain=domain, octets=told["unsigned_octets"])
    elif told["body_length"] is not None:
        yield emit("dkim-body-length", one.subject, domain=domain, length=told["body_length"])
    duplicates = ", ".join(told["unsigned_duplicates"])
    if duplicates:
        yield emit("dkim-duplicate-unsigned", one.subject, domain=domain, headers=duplicates)
    if told["unsigned"]:
        yield emit("dkim-under-signed", one.subject, domain=domain, headers=", ".join(told["unsigned"]))
    if told["testing"]:
        yield emit("dkim-testing", one.subject, domain=domain)
    if "weak-key" in told["warnings"]:
        yield emit("dkim-weak-key", one.subject, domain=domain, bits=told["bits"])


def _changes(one: CheckResult, facts: Catalog) -> str:
    """What would explain a mismatch, in sentences; that nothing was found is said, too."""
    changes = one.facts.get("changes") or ()
    if not changes:
        return facts.words["change-unknown"]
    return facts.joined(*(facts.say(f"change-{change['change']}", **change) for change in changes))


def _low(name: str) -> str:
    return show(name.rstrip(".").lower())
