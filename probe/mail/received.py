"""What the trace fields of a message say about its last hop (RFC 5321 section 4.4).

Anybody can write a Received field. Those on top were written last, by the servers of whoever holds the message; below
the first one that names a foreign client everything is that client's own word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from probe.mail.message import Message
from probe.names import is_address, is_hostname
from probe.text import show

_MOST_FIELDS = 50
_LONGEST = 4000
_ADDRESS = re.compile(r"[\[(](?:IPv6:)?([0-9A-Fa-f:.]{3,45})[\])]", re.IGNORECASE)
_HELO = re.compile(r"\b(?:helo|ehlo)[ =]([^\s()]{1,255})", re.IGNORECASE)
_FROM = re.compile(r"from\s+([^\s()]{1,255})", re.IGNORECASE)
_BY = re.compile(r"\bby\s+([^\s();]{1,255})", re.IGNORECASE)


@dataclass(frozen=True)
class Hop:
    """One Received field: ``place`` counts from the topmost, ``client`` is the address that connected, ``helo`` the
    name that it gave, ``by`` who wrote the field. Each is None where the field does not say."""

    place: int
    client: str | None
    helo: str | None
    by: str | None


def hops(message: Message) -> Iterator[Hop]:
    """The hops from the last to the first."""
    for place, field in enumerate(message.all("received")[:_MOST_FIELDS], 1):
        text = field.text[:_LONGEST].partition(";")[0]
        by = _BY.search(text)
        origin = text[: by.start()] if by else text
        yield Hop(place, _client(origin), _helo(origin), _named(by))


def return_path(message: Message) -> str | None:
    """The address of MAIL FROM, as the final server noted it (RFC 5321 section 4.4); empty for the null reverse-path,
    None where there is no Return-Path."""
    field = message.first("return-path")
    if field is None:
        return None
    text = field.text[:_LONGEST]
    _, bracket, rest = text.partition("<")
    return (rest.partition(">")[0] if bracket else text).strip()


def _client(origin: str) -> str | None:
    """The last address in brackets of the from clause: what is in front of it may be a name that looks like one."""
    found = [address for address in _ADDRESS.findall(origin) if is_address(address)]
    return found[-1] if found else None


def _helo(origin: str) -> str | None:
    said = _HELO.search(origin) or _FROM.match(origin)
    return _named(said)


def _named(found: re.Match[str] | None) -> str | None:
    if found is None:
        return None
    name = found[1].strip("[]<>,").rstrip(".")
    if is_address(name.removeprefix("IPv6:")):
        return f"[{name}]"
    return name.lower() if is_hostname(name.lower()) else show(name)
