"""What stands on a list, on whose list, and whose rate or reputation a refusal speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from probe.rows import Signature

RATED = frozenset({"rate-limited", "poor-reputation", "too-many-connections", "greylisted"})

_DOMAIN_OBJECTS = (
    (re.compile(r"\b(?:helo|ehlo)\b"), "helo-domain"),
    (re.compile(r"\bclient host \[(?!\d)|\b(?:rdns|reverse dns|ptr|host ?name)\b"), "client-host"),
    (re.compile(r"\b(?:mail ?from|sender|envelope|return[- ]path|sending)\b"), "sender-domain"),
    (re.compile(r"\bfrom:|\bfrom (?:domain|header)|\bheader from"), "from-domain"),
    (
        re.compile(
            r"\b(?:ur[li]s?|links?|web ?sites?|body|content)\b|\bdomains? (?:present|found|in|inside)\b"
            r"|\bhaving a domain\b|\b(?:contain|includ|referenc)\w{0,4}\b"
        ),
        "domain-in-message",
    ),
)
_NETWORK = re.compile(
    r"\b(?:networks?|net ?blocks?|net ?range|subnets?|ranges?|cidr|prefix|as ?n)\b|/(?:[89]|[12]\d|3[01])\b"
)
_TRIPPED = (
    (re.compile(r"\b(?:ip )?(?:netblock|network|subnet|ip range)\b"), "network"),
    (re.compile(r"\bdkim[- ](?:authenticated )?domain\b|\bdkim domain\b"), "dkim-domain"),
    (re.compile(r"\bspf[- ](?:authenticated )?domain\b"), "spf-domain"),
    (re.compile(r"\burls?\b|\blinks?\b"), "url"),
    (
        re.compile(
            r"\bips?\b|\bip[- ]address|\bclient host\b|\byour (?:host|server)|\bsending (?:host|server)"
            r"|\bmail server \["
        ),
        "ip",
    ),
    (re.compile(r"\bdomains?\b"), "domain"),
    (re.compile(r"\bsenders?\b|\bsending user|\byour account\b|\bmailfrom\b"), "sender"),
    (
        re.compile(r"\brecipients?\b|\b(?:user|mailbox|account) you are trying\b|\breceiving mail at a rate\b"),
        "recipient",
    ),
)


def about(lowered: str, cause: str, fields: Mapping[str, Any], signature: Signature | None) -> dict[str, str]:
    """``list_kind``, ``listed_object`` and, for a list of the provider's own, ``list_name``."""
    found: dict[str, str] = {}
    if signature is not None and signature.list_name and "list_name" not in fields:
        found["list_name"] = signature.list_name
    found["list_kind"] = "public" if fields.get("list_zone") else "private"
    if signature is not None and signature.object:
        found["listed_object"] = signature.object
    elif cause == "ip-blocklisted":
        found["listed_object"] = "network" if "blocked_network" in fields or _NETWORK.search(lowered) else "ip"
    else:
        objects = (name for pattern, name in _DOMAIN_OBJECTS if pattern.search(lowered))
        found["listed_object"] = next(objects, "domain")
    return found


def tripped(lowered: str) -> str | None:
    """Whose rate or reputation it is."""
    return next((name for pattern, name in _TRIPPED if pattern.search(lowered)), None)
