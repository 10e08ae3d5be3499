"""The key under a selector: found, read and judged (RFC 6376 section 3.6, RFC 8301, RFC 8463)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probe.checks.steps import Steps
from probe.checks.taglist import TagList, parse_tags
from probe.model import Answer, Result
from probe.names import is_hostname
from probe.text import show

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

# RFC 8301 section 3.2: shorter keys must not be believed; signers should use 2048, verifiers need not handle more than
# 4096.
_SHORTEST, _ADVISED, _LONGEST = 1024, 2048, 4096
# A name that nobody uses as a selector: what stands there stands everywhere.
_NOBODY = "no-such-selector-9f2c"


@dataclass(frozen=True)
class Key:
    """A selector of a domain. ``guessed`` where it was tried because others use it, not seen in a signature: what
    stands there may then be no key, but a wildcard's text."""

    domain: str
    selector: str
    guessed: bool = False

    @property
    def name(self) -> str:
        """Where its record stands (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector.rstrip('.').lower()}._domainkey.{self.domain.rstrip('.').lower()}"


@dataclass(frozen=True)
class PublicKey:
    """One key record, read. ``reason`` is why no signature can verify with it, None for a usable key; ``octets`` are
    those of ``p``, None where they are not base64."""

    facts: Mapping[str, Any]
    reason: str | None
    octets: bytes | None


@dataclass(frozen=True)
class Found:
    """What came of a look-up: ``result`` as of the check, its facts with a ``reason``, and the key where exactly one
    was there, usable or not."""

    result: Result | None
    facts: Mapping[str, Any]
    key: PublicKey | None = None


async def find(key: Key, steps: Steps) -> Found:
    """Ask for the key and judge it. Two records, or none that is a key, are as broken as a broken one."""
    if not is_hostname(key.name):
        return Found("none", {"reason": "bad-domain"})
    answer = await steps.ask(key.name, "TXT")
    found = _judge(answer, key.guessed)
    if not answer.known or answer.answer == "absent":
        return found
    if found.key is not None and not key.guessed:
        return found
    # The text may be one that stands under every name (RFC 4592): no key that anybody put there for this selector.
    anywhere = await steps.ask(f"{_NOBODY}.{key.name.partition('.')[2]}", "TXT")
    wildcard = anywhere.answer == "found" and set(anywhere.values) == set(answer.values)
    return Found(found.result, {**found.facts, "wildcard": wildcard}, found.key)


def _judge(answer: Answer, guessed: bool) -> Found:
    alias: dict[str, Any] = {"cname": answer.canonical_name, "wildcard": False}
    if not answer.known:
        return Found("temperror", {"reason": answer.reason or answer.answer, **alias})
    texts = [show(value) for value in answer.values]
    keys = [text for text in texts if is_key(text)]
    if not texts or (guessed and not keys):
        return Found("none", {"reason": "no-key", **alias})
    if not keys:
        return Found("permerror", {"reason": "not-a-key", "record": texts[0], **alias})
    if len(keys) > 1:  # RFC 6376 section 3.6.2.2: undefined, so verifiers differ
        return Found("permerror", {"reason": "multiple-records", "records": tuple(keys), **alias})
    key = parse(keys[0])
    others = ("other-text",) if len(texts) > 1 else ()
    found = {**key.facts, "warnings": (*key.facts["warnings"], *others), **alias}
    return Found("permerror" if key.reason else None, {"reason": key.reason or "not-evaluated", **found}, key)


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
    return PublicKey(facts, reason, octets)


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
        ("malformed-tag", bool(read.malformed)),
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
    loaded = load(kind, octets)
    size: int | None = getattr(loaded, "key_size", None)
    return size


def load(kind: str, octets: bytes) -> RSAPublicKey | Ed25519PublicKey | None:
    """The key to verify with, None where the octets are no key of this kind. An RSA key comes as RSAPublicKey or as
    SubjectPublicKeyInfo (RFC 6376 section 3.6.1 and its errata): both are read."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        if kind == "ed25519":
            return Ed25519PublicKey.from_public_bytes(octets)
        key = load_der_public_key(octets)
    except Exception:  # a parser of hostile octets: whatever it says, this is no key
        return None
    return key if kind == "rsa" and isinstance(key, RSAPublicKey) else None
