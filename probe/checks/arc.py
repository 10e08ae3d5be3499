"""Does the chain of those who passed a message on hold? Authenticated Received Chain (RFC 8617, experimental and on
its way to historic: verified here, advised nowhere).

The subject is a ``Chain``. ``none``: no ARC field. ``pass``: every seal verifies, and the newest message signature.
``fail``: a seal or that signature does not, the sets are not whole, or a sealer said ``cv=fail``. ``temperror``: a key
could not be asked. ``oldest_pass`` is the lowest instance from which on every message signature verifies, 0 where all
do (section 5.2): since then nothing that was signed has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from probe.catalog import Catalog
from probe.checks.dkim.key import Key, find
from probe.checks.dkim.signature import Signature, claims, read
from probe.checks.dkim.verify import check_body, chosen, header_octets, verifier
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.checks.taglist import parse_field
from probe.mail.canonical import relaxed_header
from probe.mail.message import WHOLE, Field, Message
from probe.model import CheckResult, Result
from probe.text import show

ID = "arc"
PROVES = ()

# RFC 8617 section 4.2.1: more are a loop or an attack.
_MOST = 50
_SEAL, _SIGNATURE, _RESULTS = "arc-seal", "arc-message-signature", "arc-authentication-results"
_SHOWN = 300


@dataclass(frozen=True)
class Chain:
    """The ARC sets of one message."""

    message: Message


@dataclass(frozen=True)
class Set:
    """One instance: its seal, its message signature and the results that it recorded."""

    instance: int
    seal: Field
    signature: Field
    results: Field


@dataclass(frozen=True)
class _Verified:
    """``result`` is pass, fail or temperror, ``reason`` why not pass."""

    result: Result
    reason: str | None = None


async def run(subject: Chain, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Verify the chain. Facts: ``instances``, ``oldest_pass``, ``reason``, ``instance`` (the one that ``reason`` is
    about), and ``sets``, newest first: ``instance``, ``cv``, ``domain``, ``selector``, ``seal`` and ``signature`` (each
    pass, fail, temperror or None where it was not verified), ``seal_reason``, ``signature_reason``, ``results``."""
    steps, message = Steps(ask, facts), subject.message
    fields = [field for name in (_SEAL, _SIGNATURE, _RESULTS) for field in message.all(name)]
    if not fields:
        return CheckResult(ID, WHOLE, "none", {"instances": 0, "reason": "no-chain", "sets": ()})
    sets, problem = _sets(message)
    newest = sets[0] if sets else None
    about: dict[str, Any] = {"instances": len(sets), "oldest_pass": None, "sets": ()}
    if problem is not None or newest is None:
        reason, instance = problem or ("arc-incomplete", 0)
        steps.note("arc-result", result="fail", instance=instance, reason=steps.reason(reason))
        return CheckResult(ID, WHOLE, "fail", {**about, "reason": reason, "instance": instance}, (), steps.trace)
    claimed = _cv(newest)
    if claimed == "fail":  # section 5.2 step 2: the chain is broken, whatever still verifies
        told = {**about, "sets": tuple(_facts(one, None, None) for one in sets)}
        steps.note("arc-result", result="fail", instance=newest.instance, reason=steps.reason("arc-cv-fail"))
        sealed = {**told, "reason": "arc-cv-fail", "instance": newest.instance}
        return CheckResult(ID, _sealer(newest), "fail", sealed, (), steps.trace)
    signatures = await asyncio.gather(*(_signature(one, message, steps) for one in sets))
    seals = await asyncio.gather(*(_seal(one, before, steps) for one, before in zip(sets, _sealed(sets), strict=True)))
    word, reason_, at = _judge(sets, signatures, seals)
    told = {
        "instances": len(sets),
        "oldest_pass": _oldest_pass(sets, signatures),
        "reason": reason_,
        "instance": at,
        "sets": tuple(map(_facts, sets, signatures, seals)),
    }
    steps.note("arc-result", result=word, instance=at, reason=steps.reason(reason_) or "-")
    return CheckResult(ID, _sealer(newest), word, told, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    if one.result == "fail":
        yield emit("arc-fail", one.subject, reason=facts.reason(one.facts), instance=one.facts["instance"])
    elif one.result == "temperror" and "instance" in one.facts:
        yield emit("arc-not-asked", one.subject, reason=facts.reason(one.facts), instance=one.facts["instance"])


def _sets(message: Message) -> tuple[list[Set], tuple[str, int] | None]:
    """The sets, newest first, and what keeps them from being whole: (reason, instance). Each instance from 1 on has
    exactly one of each field (RFC 8617 section 5.2 step 3)."""
    found: dict[int, dict[str, Field]] = {}
    for name in (_SEAL, _SIGNATURE, _RESULTS):
        for field in message.all(name)[: _MOST * 2 + 1]:
            instance = instance_of(field)
            if instance is None:
                return [], ("arc-bad-instance", 0)
            if name in found.setdefault(instance, {}):
                return [], ("arc-duplicate", instance)
            found[instance][name] = field
    highest = max(found)
    if highest > _MOST:
        return [], ("arc-too-many", highest)
    for instance in range(1, highest + 1):
        if len(found.get(instance, {})) < 3:
            return [], ("arc-incomplete", instance)
    order = range(highest, 0, -1)
    return [Set(i, found[i][_SEAL], found[i][_SIGNATURE], found[i][_RESULTS]) for i in order], None


def instance_of(field: Field) -> int | None:
    """``i=`` of an ARC field, 1 to 1024 here: what is above 50 is refused later, by its name."""
    first = field.value if field.name != _RESULTS else field.value.partition(b";")[0]
    text = parse_field(first).tags.get("i", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 and 0 < int(text) <= 1024 else None


async def _signature(one: Set, message: Message, steps: Steps) -> _Verified:
    """The message signature: as DKIM's, without ``v``, and ``i`` is the instance (RFC 8617 section 4.1.2)."""
    signature = read(one.signature, required=("a", "b", "bh", "d", "h", "i", "s"))
    if "c" not in signature.tags.tags:
        signature = replace(signature, header_form="relaxed", body_form="relaxed")
    if _SEAL in signature.headers:
        return _Verified("fail", "arc-seal-signed")
    octets = header_octets(chosen(message, signature), signature)
    verified = await _verified(signature, octets, steps)
    if verified.result == "pass" and not check_body(message, signature).matches:
        return _Verified("fail", "body-changed")
    return verified


def _sealed(sets: Sequence[Set]) -> list[bytes]:
    """What each seal signs beside itself, in the order of ``sets``: every set before it, oldest first, each with its
    results, signature and seal; then its own results and signature (RFC 8617 section 5.1.1)."""
    before, found = b"", []
    for one in reversed(sets):
        own = relaxed_header(one.results.raw) + relaxed_header(one.signature.raw)
        found.append(before + own)
        before += own + relaxed_header(one.seal.raw)
    return found[::-1]


async def _seal(one: Set, before: bytes, steps: Steps) -> _Verified:
    signature = read(one.seal, required=("a", "b", "cv", "d", "i", "s"))
    if "h" in signature.tags.tags:
        return _Verified("fail", "arc-seal-with-h")
    octets = before + relaxed_header(signature.unsigned_raw).removesuffix(b"\r\n")
    return await _verified(signature, octets, steps)


async def _verified(signature: Signature, octets: bytes, steps: Steps) -> _Verified:
    if signature.fault is not None:
        return _Verified("fail", signature.fault.reason)
    found = await find(Key(signature.domain, signature.selector), steps)
    if found.result == "temperror":
        return _Verified("temperror", str(found.facts["reason"]))
    if found.key is None or found.key.reason is not None:
        return _Verified("fail", str(found.facts["reason"]))
    verify = verifier(found.key, signature)
    if verify is None:
        return _Verified("fail", "key-type-differs")
    if signature.algorithm == "rsa-sha1":  # RFC 8617 section 4.1.2 knows no SHA-1, as RFC 8301
        return _Verified("fail", "sha1")
    return _Verified("pass") if verify(octets) else _Verified("fail", "header-changed")


def _judge(
    sets: Sequence[Set], signatures: Sequence[_Verified], seals: Sequence[_Verified]
) -> tuple[Result, str | None, int]:
    """RFC 8617 section 5.2: what the seals claim, the newest signature, then every seal."""
    for one in sets:
        if _cv(one) != ("none" if one.instance == 1 else "pass"):
            return "fail", "arc-wrong-cv", one.instance
    if signatures[0].result != "pass":
        return signatures[0].result, signatures[0].reason, sets[0].instance
    for word in ("fail", "temperror"):
        for one, seal in zip(sets, seals, strict=True):
            if seal.result == word:
                return seal.result, seal.reason, one.instance
    return "pass", None, sets[0].instance


def _oldest_pass(sets: Sequence[Set], signatures: Sequence[_Verified]) -> int | None:
    """RFC 8617 section 5.2 step 5; None where not even the newest signature verifies."""
    oldest = None
    for one, signature in zip(sets, signatures, strict=True):
        if signature.result != "pass":
            return oldest
        oldest = one.instance
    return 0


def _facts(one: Set, signature: _Verified | None, seal: _Verified | None) -> Mapping[str, Any]:
    told = claims(read(one.seal, required=()))
    return {
        "instance": one.instance,
        "cv": show((_cv(one) or "")[:20]),
        "domain": told["domain"],
        "selector": told["selector"],
        "seal": seal and seal.result,
        "seal_reason": seal and seal.reason,
        "signature": signature and signature.result,
        "signature_reason": signature and signature.reason,
        "results": show(one.results.text.partition(";")[2].strip()[:_SHOWN]),
    }


def _cv(one: Set) -> str | None:
    return parse_field(one.seal.value).tags.get("cv", "").lower() or None


def _sealer(one: Set) -> str:
    return str(claims(read(one.seal, required=()))["domain"])
