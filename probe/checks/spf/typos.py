"""What was meant: records that look like SPF and are none, and terms that are written as no standard has them.

A guess for a person to read. No evaluation may ever act on it.
"""

from __future__ import annotations

import re
import unicodedata

from probe.names import is_address

# Letters and signs that look like ASCII and come from word processors, keyboards and web pages; Unicode's own folding
# (NFKC) knows the full-width forms, but not these.
_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u02dc\u223c\u301c", "~"),
        **dict.fromkeys("\u2018\u2019\u201c\u201d\u00ab\u00bb", '"'),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
        **dict(zip("\u0430\u0435\u043e\u0440\u0441\u0455\u0456\u0445\u03bd\u03bf", "aeopcsixvo", strict=True)),
    }
)
_VERSION = re.compile(
    r"[\"'\s(]*(?:v\s*[=:]?\s*spf\s*[0-9]*|spf\s*-?v?[0-9]?(?:\.0(?:/[a-z,]+)?)?(?![a-z]))", re.IGNORECASE
)
_MENTION = re.compile(r"\b(?:include:|redirect=|ip4:|ip6:)|[-~?+]all\b", re.IGNORECASE)
_NAMES = {"ipv4": "ip4", "ip": "ip4", "ip-4": "ip4", "ipv6": "ip6", "ip-6": "ip6", "includes": "include"}
_NAMES |= {"inc": "include", "incude": "include", "inlcude": "include", "exist": "exists", "redir": "redirect"}
_NAMES |= {"host": "a", "aaaa": "a", "mxs": "mx", "al": "all", "alll": "all"}
# A longer term is no slip of the hand.
_LONGEST = 300
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})


def folded(text: str) -> str:
    """``text`` with what only looks like ASCII written in it."""
    return unicodedata.normalize("NFKC", text.translate(_LOOKALIKES)).translate(_LOOKALIKES)


def resembles_record(text: str) -> bool:
    """Whether a text that is no SPF record was meant to be one: it begins almost like one, and says what one says."""
    read = folded(text)
    begins = _VERSION.match(read)
    return begins is not None and (bool(_MENTION.search(read)) or begins.end() >= len(read.rstrip()))


def after_version(text: str) -> str:
    """What stands behind the version of a text that ``resembles_record``."""
    read = folded(text)
    begins = _VERSION.match(read)
    return read[begins.end() :] if begins else read


def correction(term: str) -> str | None:
    """What a term should probably read; None where there is no good guess."""
    if len(term) > _LONGEST:
        return None
    read = folded(term).strip("\"'`,;\t\r\n ")
    sign = read[:1] if read[:1] in "+-~?" else ""
    body = read.removeprefix(sign)
    if any(character in body for character in ",;\t\r\n") and "{" not in body:
        parts = [correction(part) or part for part in re.split(r"[,;\s]+", body) if part]
        return sign + " ".join(parts)
    name, separator, value = _parted(body)
    name = _NAMES.get(name, name)
    if is_address(body):
        name, value = "a", body
    if name in ("a", "ip4", "ip6", "mx") and value and is_address(value.partition("/")[0]):
        name = "ip6" if ":" in value else "ip4"
        return _unless_same(f"{sign}{name}:{value}", term)
    if name in ("redirect", "exp") and separator:
        return _unless_same(f"{name}={value}", term)
    if name == "all":
        return _unless_same(f"{sign}all", term)
    if name in _MECHANISMS:
        cidr = separator == "/"
        return _unless_same(f"{sign}{name}{'/' if cidr else ':' if value else ''}{value}", term)
    return None


def _parted(body: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"([A-Za-z][A-Za-z0-9-]*)([:=/]?)(.*)", body, re.DOTALL)
    return (match[1].lower(), match[2], match[3].strip()) if match else ("", "", body)


def _unless_same(text: str, term: str) -> str | None:
    return None if text.lower() == term.lower() else text
