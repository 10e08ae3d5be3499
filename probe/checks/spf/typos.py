"""What was meant: records that look like SPF and are none, and terms that are written as no standard has them.

A guess for a person to read. No evaluation may ever act on it.
"""

from __future__ import annotations

import re
import unicodedata

from probe.checks.spf.record import parse_term
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
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\\]")
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
    """What a term should probably read: one that is sound, or several; None where there is no good guess. A term with
    control characters, or with backslashes in the place of them, was not mistyped by anybody."""
    if len(term) > _LONGEST or _CONTROL.search(term):
        return None
    guess = _guess(term)
    if guess is None or guess.lower() == term.lower() or not all(map(_is_sound, guess.split(" "))):
        return None
    return guess


def _is_sound(text: str) -> bool:
    read = parse_term(text)
    return not read.problem and text.isascii() and (read.qualifier is not None or read.name in ("redirect", "exp"))


def _guess(term: str) -> str | None:
    read = folded(term).strip("\"'`,;\t\r\n ")
    sign = read[:1] if read[:1] in "+-~?" else ""
    body = read.removeprefix(sign)
    if any(character in body for character in ",;\t\r\n") and "{" not in body:
        parts = [_guess(part) or part for part in re.split(r"[,;\s]+", body) if part]
        return sign + " ".join(parts)
    name, separator, value = _parted(body)
    name = _NAMES.get(name, name)
    if is_address(body):
        name, value = "a", body
    if name in ("a", "ip4", "ip6", "mx") and value and is_address(value.partition("/")[0]):
        address, _, length = value.partition("/")
        name = "ip6" if ":" in address else "ip4"
        return f"{sign}{name}:{address}{_prefix(length, 128 if name == 'ip6' else 32)}"
    if name in ("redirect", "exp") and separator:
        return f"{name}={value}"
    if name == "all":
        return f"{sign}all"
    if name in _MECHANISMS:
        text = f"{sign}{name}{'/' if separator == '/' else ':' if value else ''}{value}"
        # Without a prefix length that is out of range a term names single addresses.
        return text if _is_sound(text) or name not in ("a", "mx") else text.partition("/")[0]
    return None


def _prefix(length: str, most: int) -> str:
    """A prefix length as it can be; the address alone where it is longer than the address has bits."""
    digits = length.lstrip("0") or length[:1]
    return f"/{digits}" if digits.isascii() and digits.isdecimal() and int(digits) < most else ""


def _parted(body: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"([A-Za-z][A-Za-z0-9-]*)([:=/]?)(.*)", body, re.DOTALL)
    return (match[1].lower(), match[2], match[3].strip()) if match else ("", "", body)
