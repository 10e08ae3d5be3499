"""Macro strings of SPF: reading them, and filling them in (RFC 7208 section 7).

A string is read once into tokens: text, and ``Macro`` where something is to be filled in. Reading tells whether it is
well formed, before anything is known that could be filled in; that is what section 4.6 asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

# RFC 7208 section 7.2.
LETTERS = "slodiphvcrt"
EXPLANATION_LETTERS = "crt"

_MACRO = r"%(?:([%_-])|\{([A-Za-z])(0*[1-9][0-9]*)?([rR]?)([-.+,/_=]*)\})"
_TOKEN = re.compile(rf"{_MACRO}|([!-$&-~]+)")
# An explanation may hold spaces, too (RFC 7208 section 6.2: explain-string).
_TOKEN_OR_SPACE = re.compile(rf"{_MACRO}|([ -$&-~]+)")
_ESCAPES = {"%": "%", "_": " ", "-": "%20"}
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# A name has at most 253 characters, a reply line 512; far beyond both, filling in is only work for us.
LONGEST = 16_384
_REMEMBERED = 512


@dataclass(frozen=True)
class Macro:
    """One ``%{…}``, or by its second character one of ``%%``, ``%_`` and ``%-``. ``keep`` is how many parts on the
    right stay, 0 for all; ``escaped`` is set for a capital letter, which asks for URL escaping."""

    letter: str
    keep: int = 0
    backwards: bool = False
    delimiters: str = ""
    escaped: bool = False

    @property
    def as_it_is(self) -> bool:
        """Whether the value is not taken apart."""
        return not (self.keep or self.backwards or self.delimiters)


Tokens = tuple[str | Macro, ...]


def tokens(text: str, *, explanation: bool = False) -> Tokens | None:
    """The tokens of a macro string, or None where it is malformed."""
    return _read_once(text, explanation) if len(text) <= _REMEMBERED else _read(text, explanation)


def _read(text: str, explanation: bool) -> Tokens | None:
    token = _TOKEN_OR_SPACE if explanation else _TOKEN
    found: list[str | Macro] = []
    position = 0
    while position < len(text):
        match = token.match(text, position)
        if match is None:
            return None
        escape, letter, keep, backwards, delimiters, literal = match.groups()
        if literal:
            found.append(literal)
        elif escape:
            found.append(Macro(escape))
        elif letter.lower() not in LETTERS:
            return None
        else:
            # More parts than a name can have are all parts; so large a number need not be computed.
            parts = int(keep[-9:]) if keep and len(keep.lstrip("0")) < 9 else 0
            found.append(Macro(letter.lower(), parts, bool(backwards), delimiters, letter.isupper()))
        position = match.end()
    return tuple(found)


_read_once = lru_cache(maxsize=512)(_read)


def uses(read: Sequence[str | Macro], letters: str) -> bool:
    """Whether any of these letters is filled in."""
    return any(isinstance(token, Macro) and token.letter in letters for token in read)


def expand(read: Tokens, values: Mapping[str, str]) -> str | None:
    """Fill in. ``values`` maps each letter that is used to its value. None where the outcome is absurdly long."""
    out: list[str] = []
    filled: dict[Macro, str] = {}
    size = 0
    for token in read:
        if isinstance(token, str):
            piece = token
        elif token in filled:
            piece = filled[token]
        else:
            piece = filled[token] = _ESCAPES.get(token.letter) or _filled(token, values[token.letter])
        size += len(piece)
        if size > LONGEST:
            return None
        out.append(piece)
    return "".join(out)


def _filled(macro: Macro, value: str) -> str:
    """One value, taken apart, turned round, cut and joined again by dots (RFC 7208 section 7.3)."""
    if not macro.as_it_is:
        parts = re.split(f"[{re.escape(macro.delimiters)}]", value) if macro.delimiters else value.split(".")
        if macro.backwards:
            parts.reverse()
        value = ".".join(parts[-macro.keep :])
    return _url_escaped(value) if macro.escaped else value


def _url_escaped(value: str) -> str:
    octets = value.encode("utf-8", "backslashreplace")
    return "".join(chr(octet) if octet in _UNRESERVED else f"%{octet:02X}" for octet in octets)


def as_name(expanded: str) -> str:
    """What was filled in as a domain name: without the last dot, and cut on its left, label by label, to 253
    characters (RFC 7208 section 7.3)."""
    name = expanded.removesuffix(".")
    while len(name) > 253 and "." in name:
        name = name.partition(".")[2]
    return name
