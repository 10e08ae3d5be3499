"""Is there a usable DKIM key under a selector? (RFC 6376 section 3.6, RFC 8301, RFC 8463)

The subject is a ``Key``. The key is found and judged; no signature is verified, so the result is never pass or fail.
It is ``none`` (no key), ``permerror`` (a key with which every signature must fail: broken, revoked, too short),
``temperror`` (could not be asked), or None: a usable key, with ``verified`` False.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.checks.taglist import TagList, parse_tags
from probe.model import Answer, CheckResult, Result
from probe.names import is_hostname
from probe.text import show

ID = "dkim"
PROVES = ("dkim-fail", "sender-unauthenticated")

# RFC 8301 section 3.2: shorter keys must not be believed; signers should use 2048, verifiers need not handle more than
# 4096.
_SHORTEST, _ADVISED, _LONGEST = 1024, 2048, 4096


@dataclass(frozen=True)
class Key:
    """A selector of a domain. ``guessed`` where it was tried because others use it, not seen in a signature: what
    stands there may then be no key, but a wildcard's text."""

    domain: str
    selector: str
    guessed: bool = False


@dataclass(frozen=True)
class PublicKey:
    """One key record, read. ``reason`` is why no signature can verify with it, None for a usable key."""

    facts: Mapping[str, Any]
    reason: str | None


async def run(subject: Key, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Find and judge the key. Facts: ``domain``, ``selector``, ``guessed``, ``verified`` (False), ``reason``,
    ``cname``, and of a key ``record``, ``key_type``, ``bits``, ``revoked``, ``testing``, ``same_domain``, ``hashes``,
    ``services``, ``unknown_tags``, ``warnings``."""
    steps = Steps(ask, facts)
    domain, selector = subject.domain.rstrip(".").lower(), subject.selector.rstrip(".").lower()
    name = f"{selector}._domainkey.{domain}"
    about = {"domain": show(domain), "selector": show(selector), "guessed": subject.guessed, "verified": False}
    result: Result | None = "none"
    found: dict[str, Any] = {"reason": "bad-domain"}
    if is_hostname(name):
        answer = await steps.ask(name, "TXT")
        result, found = _judge(answer, subject.guessed)
        if found["reason"] not in ("no-key", "not-evaluated") and answer.known:
            steps.note("key-unusable", reason=steps.reason(found["reason"]))
    return CheckResult(ID, show(name), result, {**about, **found}, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    if one.result == "permerror":
        broken = [key for key in one.facts.get("keys", ()) if key.get("result") == "permerror"]
        reason = "; ".join(f"{key['subject']}: {facts.reason(key)}" for key in broken)
        yield emit("dkim-broken", one.subject, domain=one.subject, reason=reason)


def _judge(answer: Answer, guessed: bool) -> tuple[Result | None, dict[str, Any]]:
    alias: dict[str, Any] = {"cname": answer.canonical_name}
    if not answer.known:
        return "temperror", {"reason": answer.reason or answer.answer, **alias}
    texts = [show(value) for value in answer.values]
    keys = [text for text in texts if is_key(text)]
    if not texts or (guessed and not keys):
        return "none", {"reason": "no-key", **alias}
    if not keys:
        return "permerror", {"reason": "not-a-key", "record": texts[0], **alias}
    if len(keys) > 1:  # RFC 6376 section 3.6.2.2: undefined, so verifiers differ
        return "permerror", {"reason": "multiple-records", "records": tuple(keys), **alias}
    key = parse(keys[0])
    others = ("other-text",) if len(texts) > 1 else ()
    found = {**key.facts, "warnings": (*key.facts["warnings"], *others), **alias}
    return ("permerror" if key.reason else None), {"reason": key.reason or "not-evaluated", **found}


def is_key(text: str) -> bool:
    """Whether a TXT record means to be a key: it has a ``p`` tag, or begins with the version."""
    tags = parse_tags(text).tags
    if tags.get("v", "DKIM1").upper() != "DKIM1":
        return False  # SPF, DMARC and others under a wildcard
    return "p" in tags or "v" in tags


def parse(text: str) -> PublicKey:
    """Read a key record (RFC 6376 section 3.6.1); never raises. Unknown tags are ignored."""
    read = parse_tags(text)
    tags = read.tags
    kind = tags.get("k", "rsa").lower()
    flags, hashes = _words(tags.get("t", "")), _words(tags.get("h", ""))
    services = _words(tags.get("s", "*")) or ("*",)
    octets = _octets(tags.get("p", ""))
    bits = _bits(kind, octets) if octets else None
    reason = _reason(read, kind, hashes, services, octets, bits)
    warnings = {
        "testing": "y" in flags,
        "weak-key": kind == "rsa" and bits is not None and _SHORTEST <= bits < _ADVISED,
        "long-key": kind == "rsa" and bits is not None and bits > _LONGEST,
        "sha1-allowed": "sha1" in hashes and "sha256" in hashes,
        "no-version": "v" not in tags,
    }
    facts = {
        "record": text,
        "key_type": kind,
        "bits": bits,
        "revoked": reason == "revoked",
        "testing": "y" in flags,
        "same_domain": "s" in flags,
        "hashes": hashes,
        "services": services,
        "unknown_tags": tuple(name for name in tags if name not in ("v", "h", "k", "n", "p", "s", "t")),
        "warnings": tuple(id_ for id_, present in warnings.items() if present),
    }
    return PublicKey(facts, reason)


def _reason(
    read: TagList,
    kind: str,
    hashes: tuple[str, ...],
    services: tuple[str, ...],
    octets: bytes | None,
    bits: int | None,
) -> str | None:
    """The first thing that keeps every signature from verifying, in the order of RFC 6376 section 6.1.2."""
    tags = read.tags
    checks = (
        ("malformed", bool(read.malformed)),
        ("repeated-tag", bool(read.repeated)),  # RFC 6376 section 3.2: the whole list is then invalid
        ("bad-version", "v" in tags and (tags["v"] != "DKIM1" or read.first != "v")),
        ("missing-p", "p" not in tags),
        ("sha1-only", bool(hashes) and "sha256" not in hashes),  # RFC 8301 section 3.1
        ("other-service", not {"*", "email"} & set(services)),
        ("revoked", "p" in tags and not tags["p"]),
        ("unknown-key-type", kind not in ("rsa", "ed25519")),
        ("bad-base64", octets is None),
        ("bad-key", bits is None),
        ("short-key", kind == "rsa" and bits is not None and bits < _SHORTEST),
    )
    return next((reason for reason, broken in checks if broken), None)


def _words(value: str) -> tuple[str, ...]:
    return tuple(word for part in value.split(":") if (word := part.strip().lower()))


def _octets(value: str) -> bytes | None:
    """The key's octets, None where they are not base64. White space may stand anywhere (RFC 6376 section 3.2)."""
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _bits(kind: str, octets: bytes) -> int | None:
    """The size of the key, None where the octets are no key of this kind."""
    if kind == "ed25519":  # RFC 8463 section 4.2: the 32 octets themselves, without ASN.1
        return 256 if len(octets) == 32 else None
    if kind != "rsa":
        return None
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(octets)
    except Exception:  # a parser of hostile octets: whatever it says, this is no key
        return None
    return key.key_size if isinstance(key, RSAPublicKey) else None
