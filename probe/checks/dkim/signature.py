"""A DKIM-Signature field, read (RFC 6376 section 3.5). ARC-Message-Signature is read by the same rules.

Nothing is verified here: ``read`` says what the field claims, and the first thing that makes it no signature at all.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from probe.checks.taglist import TagList, parse_field
from probe.mail.message import Field
from probe.names import BadName, is_hostname, to_ascii
from probe.text import show

ALGORITHMS = {
    "rsa-sha256": ("rsa", "sha256"),
    "rsa-sha1": ("rsa", "sha1"),
    "ed25519-sha256": ("ed25519", "sha256"),
}
"""``a=`` and the type of key and the hash that it means (RFC 6376 section 3.3, RFC 8463 section 3)."""

_CANONICAL = ("simple", "relaxed")
_NUMBER = re.compile(r"[0-9]{1,76}")
# RFC 6376 sections 3.1 and 3.5: an algorithm is letters, digits and hyphens, a signature is base64.
_ALGORITHM = re.compile(r"[a-z][a-z0-9-]{0,63}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_WHITE = re.compile(r"[ \t\r\n]+")
_MOST = 400


@dataclass(frozen=True)
class Fault:
    """Why this is no signature that could be verified: the id of the reason, and the tag or text that it is about."""

    reason: str
    term: str | None = None


@dataclass(frozen=True)
class Signature:
    """What one field claims. ``headers`` are the names of ``h=`` in lower case; ``body_hash`` and ``octets`` are
    ``bh=`` and ``b=`` decoded; ``length`` is ``l=``, ``timestamp`` and ``expires`` are Unix times, ``copied`` the
    fields of ``z=`` as (name as written, value). Where ``fault`` is set, the rest is what could be read."""

    field: Field
    tags: TagList
    domain: str = ""
    selector: str = ""
    identity: str = ""
    algorithm: str = ""
    header_form: str = "simple"
    body_form: str = "simple"
    headers: tuple[str, ...] = ()
    body_hash: bytes = b""
    octets: bytes = b""
    length: int | None = None
    timestamp: int | None = None
    expires: int | None = None
    copied: tuple[tuple[str, bytes], ...] = ()
    fault: Fault | None = None

    @property
    def unsigned_raw(self) -> bytes:
        """The field as it was signed: with ``b=`` empty (RFC 6376 section 3.7)."""
        return without_b(self.field)


def read(field: Field, *, required: tuple[str, ...] = ("v", "a", "b", "bh", "d", "h", "s")) -> Signature:
    """Read a signature; never raises. ``required`` are the tags that must be there."""
    read = parse_field(field.value)
    tags = read.tags
    header_form, _, body_form = tags.get("c", "simple/simple").lower().partition("/")
    domain = _domain(tags.get("d", ""))
    octets, body_hash = _decoded(tags.get("b", "")), _decoded(tags.get("bh", ""))
    made = Signature(
        field=field,
        tags=read,
        domain=domain,
        selector=_domain(tags.get("s", "")),
        identity=_packed(tags.get("i", "")) or f"@{domain}",
        algorithm=tags.get("a", "").lower(),
        header_form=header_form.strip(),
        body_form=body_form.strip() or "simple",  # RFC 6376 section 3.5: c=relaxed alone says nothing of the body
        headers=names_in(tags.get("h", "")),
        body_hash=body_hash or b"",
        octets=octets or b"",
        length=_number(tags.get("l")),
        timestamp=_number(tags.get("t")),
        expires=_number(tags.get("x")),
        copied=_copied(tags.get("z", "")),
    )
    fault = _fault(made, required, body_hash is None, octets is None)
    return made if fault is None else replace(made, fault=fault)


def _fault(one: Signature, required: tuple[str, ...], bad_bh: bool, bad_b: bool) -> Fault | None:
    """The first thing wrong, in the order of RFC 6376 section 6.1.1."""
    tags = one.tags.tags
    if one.tags.malformed:
        return Fault("malformed-tag", _clip(one.tags.malformed[0]))
    if one.tags.repeated:
        return Fault("repeated-tag", one.tags.repeated[0])
    missing = next((name for name in required if not tags.get(name)), None)
    if missing is not None:
        return Fault("missing-tag", missing)
    for wrong, reason, name in (
        ("v" in required and tags["v"] != "1", "bad-version", "v"),
        (one.algorithm not in ALGORITHMS, "unknown-algorithm", "a"),
        (one.header_form not in _CANONICAL or one.body_form not in _CANONICAL, "unknown-canonicalization", "c"),
        (bad_b, "not-base64", "b"),
        (bad_bh, "not-base64", "bh"),
        (not is_hostname(one.domain), "bad-domain", "d"),
        (not is_hostname(one.selector), "bad-domain", "s"),
        (any(name in tags and _number(tags[name]) is None for name in "ltx"), "bad-number", "l, t, x"),
        ("q" in tags and "dns/txt" not in _packed(tags["q"]).lower().split(":"), "unknown-query", "q"),
    ):
        if wrong:
            return Fault(reason, _clip(f"{name}={_packed(tags.get(name, ''))}") if len(name) < 3 else name)
    if "v" in required and not is_within(one.identity, one.domain):
        return Fault("identity-outside", _clip(f"i={one.identity}"))
    if one.timestamp is not None and one.expires is not None and one.expires <= one.timestamp:
        return Fault("expires-before-signed", _clip(f"x={one.expires}"))
    return None


def is_within(identity: str, domain: str, *, same: bool = False) -> bool:
    """Whether the domain of ``i=`` is ``d=`` or stands below it (RFC 6376 section 3.5); with ``same`` only the same
    one will do (section 3.6.1, ``t=s``)."""
    _, at, host = identity.rpartition("@")
    host = _domain(host)
    return bool(at) and (host == domain or (not same and host.endswith(f".{domain}")))


def claims(one: Signature) -> Mapping[str, Any]:
    """What the field claims, for a report: printable and of bounded size. What is no domain, selector, identity,
    algorithm or base64 names nothing and is empty; ``Fault.term`` shows it as it stands."""
    octets = _packed(one.tags.tags.get("b", ""))[:16]
    return {
        "domain": one.domain if is_hostname(one.domain) else "",
        "selector": one.selector if is_hostname(one.selector) else "",
        "identity": _clip(one.identity) if is_hostname(_domain(one.identity.rpartition("@")[2])) else "",
        "algorithm": one.algorithm if _ALGORITHM.fullmatch(one.algorithm) else "",
        "canonicalization": _clip(f"{one.header_form}/{one.body_form}"),
        "signed_headers": tuple(_clip(name) for name in one.headers[:_MOST]),
        "body_length": one.length,
        "timestamp": one.timestamp,
        "expires": one.expires,
        "b": octets if _BASE64.fullmatch(octets) else "",
    }


def names_in(value: str) -> tuple[str, ...]:
    """The field names of ``h=``, in lower case and in their order."""
    return tuple(name for part in value.split(":") if (name := part.strip().lower()))


def without_b(field: Field) -> bytes:
    """The field with the value of ``b=`` taken out, white space around it too (RFC 6376 section 3.7)."""
    parts = field.value.split(b";")
    for index, part in enumerate(parts):
        name, equals, _ = part.partition(b"=")
        if equals and name.strip(b" \t\r\n") == b"b":
            parts[index] = name + equals
    return field.raw[: field.colon + 1] + b";".join(parts) + b"\r\n"


def _domain(value: str) -> str:
    """A domain or selector in lower case and A-labels (RFC 8616 section 4); as it stands where it is none."""
    packed = _packed(value)
    try:
        return to_ascii(packed) if packed else ""
    except (BadName, UnicodeError):
        return packed.lower()


def _packed(value: str) -> str:
    return _WHITE.sub("", value)


def _decoded(value: str) -> bytes | None:
    try:
        return base64.b64decode(_packed(value), validate=True)
    except (binascii.Error, ValueError):
        return None


def _number(value: str | None) -> int | None:
    packed = _packed(value or "")
    return int(packed) if _NUMBER.fullmatch(packed) else None


def _copied(value: str) -> tuple[tuple[str, bytes], ...]:
    """The fields of ``z=`` as name and value, in their order (RFC 6376 section 3.5)."""
    found = []
    for part in _packed(value).split("|", _MOST)[:_MOST] if value else ():
        name, colon, text = part.partition(":")
        if colon:
            found.append((name, _unquoted(text.encode("utf-8", "surrogateescape"))))
    return tuple(found)


def _unquoted(text: bytes) -> bytes:
    """DKIM-Quoted-Printable (RFC 6376 section 2.11)."""
    return re.sub(rb"=([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), text)


def _clip(text: str) -> str:
    """Outside text for a report: printable, and no longer than anybody reads."""
    return show(text[:_MOST])
