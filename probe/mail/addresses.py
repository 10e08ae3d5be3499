"""The mailboxes of a From, To or Reply-To field (RFC 5322 section 3.4), read as a receiver must: in one pass, with
quoted strings, comments, groups and source routes, and without ever raising.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probe.names import BadName, is_hostname, to_ascii

_CLOSING = {'"': '"', "<": ">", "[": "]"}
_MOST = 1000
_LONGEST = 100_000


@dataclass(frozen=True)
class Mailbox:
    """``local`` at ``domain``, the domain in A-labels and lower case, None where it is no domain name."""

    address: str
    local: str
    domain: str | None


def mailboxes(text: str) -> tuple[Mailbox, ...]:
    """The mailboxes of an unfolded address list, at most a thousand, of its first hundred thousand characters."""
    found = []
    for piece in _pieces(text[:_LONGEST]):
        box = _mailbox(piece)
        if box is not None:
            found.append(box)
        if len(found) >= _MOST:
            break
    return tuple(found)


def _pieces(text: str) -> Iterator[str]:
    """The text cut at commas and at the ends of groups, comments left out, a group's name too."""
    kept: list[str] = []
    closing, depth, escaped = "", 0, False
    for character in text:
        if escaped:
            escaped = False
            if not depth:
                kept.append(character)
            continue
        if character == "\\" and (closing == '"' or depth):
            escaped = True
            if not depth:
                kept.append(character)
        elif closing:
            kept.append(character)
            if character == closing:
                closing = ""
        elif character == "(":
            depth += 1
        elif depth:
            depth -= character == ")"
        elif character in ",;":
            yield "".join(kept)
            kept = []
        elif character == ":":
            kept = []
        else:
            closing = _CLOSING.get(character, "")
            kept.append(character)
    yield "".join(kept)


def _mailbox(piece: str) -> Mailbox | None:
    opened = _unquoted_find(piece, "<")
    if opened >= 0:
        address = piece[opened + 1 :].partition(">")[0]
        if address.startswith("@"):  # a source route (RFC 5322 section 4.4)
            address = address.rpartition(":")[2]
    else:
        address = piece
    address = address.strip()
    local, at, domain = address.rpartition("@")
    if not at:
        return Mailbox(address, address, None) if address else None
    return Mailbox(address, local.strip(), _domain(domain.strip().rstrip(".")))


def _unquoted_find(text: str, wanted: str) -> int:
    quoted = escaped = False
    for index, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\" and quoted:
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == wanted and not quoted:
            return index
    return -1


def _domain(text: str) -> str | None:
    try:
        name = to_ascii(text)
    except (BadName, UnicodeError):
        return None
    return name if is_hostname(name) else None
