"""Pieces of a log line by their names: ``key=value`` pairs, angle brackets, ``name[address]:port``.

All by plain searching: a hostile line costs no more than its length.
"""

from __future__ import annotations

import re

_PEER = re.compile(
    r"(?P<host>[^\[\]\s,]{0,255}?)\.? ?\[(?:IPv6:)?(?P<address>[^\[\]\s]{1,80})\](?::(?P<port>\d{1,5}))?"
)


def between(text: str, begin: str, end: str, start: int = 0) -> str | None:
    """What stands behind ``begin`` and before the next ``end``, or the rest; None where ``begin`` is missing."""
    at = text.find(begin, start)
    if at < 0:
        return None
    at += len(begin)
    until = text.find(end, at)
    return text[at:] if until < 0 else text[at:until]


def angle(text: str, key: str, start: int = 0) -> str | None:
    """The address of ``key=<address>``. A quoted local part may hold brackets and commas, so the end is ``>`` before a
    comma, a space or the end."""
    at = text.find(f"{key}=<", start)
    if at < 0:
        return None
    at += len(key) + 2
    until = at
    while True:
        until = text.find(">", until)
        if until < 0:
            return text[at:]
        if text[until + 1 : until + 2] in (",", " ", ";", ")", ""):
            return text[at:until]
        until += 1


def peer(text: str | None) -> tuple[str | None, str | None, int | None]:
    """Name, address and port of ``name[address]:port``, ``name [address]`` or ``name``; ``unknown`` is no name."""
    if not text:
        return None, None, None
    found = _PEER.match(text)
    if found is None:
        name = text.strip().rstrip(".")
        return (name if "." in name and " " not in name else None), None, None
    name = found["host"]
    address = found["address"]
    return (
        None if name in ("", "unknown") else name,
        address if "." in address or ":" in address else None,  # a Unix socket has brackets, too
        int(found["port"]) if found["port"] else None,
    )
