"""What EHLO and HELP offer, read from their replies, and how that compares with what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

# RFC 5321 section 4.1.1.1: ehlo-keyword; "AUTH=" is the form of servers from before RFC 2554.
_KEYWORD = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =](.*))?")
# The verbs of RFC 5321 section 4.1.1 and of the extensions in its registry.
VERBS = frozenset(
    (
        "HELO EHLO LHLO MAIL RCPT DATA RSET VRFY EXPN HELP NOOP QUIT TURN SEND SOML SAML ETRN ATRN AUTH STARTTLS "
        "BDAT BURL VERB ONEX XCLIENT XFORWARD MTRK"
    ).split()
)
_WORD = re.compile(r"[A-Z][A-Z0-9-]{2,}")


def offered(lines: Sequence[str]) -> dict[str, str]:
    """Keyword in capitals → parameters, from the lines of a 250 to EHLO. The first line is the greeting. A keyword
    that comes twice keeps the parameters of both (old servers give AUTH in two forms)."""
    found: dict[str, dict[str, None]] = {}
    for line in lines[1:]:
        match = _KEYWORD.fullmatch(_plain(line))
        if match is not None:
            found.setdefault(match[1].upper(), {}).update(dict.fromkeys((match[2] or "").split()))
    return {keyword: " ".join(parameters) for keyword, parameters in found.items()}


def strange_lines(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines of a 250 to EHLO that are no keyword with parameters."""
    return tuple(line for line in lines[1:] if line.strip() and not _KEYWORD.fullmatch(_plain(line)))


def _plain(line: str) -> str:
    """Some servers part the words by a tab, which a shown line spells out."""
    return line.replace("\\t", " ").strip()


def size_limit(extensions: Mapping[str, str]) -> int | None:
    """The octets that SIZE allows (RFC 1870 section 4), None where none is given, or none that is a number of at most
    20 digits."""
    digits = extensions.get("SIZE", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else None


def help_verbs(lines: Iterable[str]) -> tuple[str, ...]:
    """The verbs that a 214 lists, in its order. A word counts if it is a known verb in capitals, or if it stands in a
    line that holds nothing but words in capitals, at least three of them."""
    found: dict[str, None] = {}
    for line in lines:
        words = _plain(line).rpartition(":")[2].replace(",", " ").split()
        only = len(words) >= 3 and all(_WORD.fullmatch(word) for word in words)
        for word in words:
            if word in VERBS or only:
                found[word] = None
    return tuple(found)
