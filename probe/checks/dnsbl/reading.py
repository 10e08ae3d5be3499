"""What one answer of a blocklist means: an entry, praise, information, an error, or nothing that can be believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from probe.rows import BlockList

_ERROR_NETWORK = "127.255.255."
# What Spamhaus began and others have taken over; for lists of which no more is known. The errors have their words, and
# the way out, in data/words.toml.
CONVENTION = {
    "127.255.255.250": "key-disabled",
    "127.255.255.251": "key-unknown",
    "127.255.255.252": "zone-mistyped",
    "127.255.255.254": "public-resolver",
    "127.255.255.255": "too-many-questions",
    _ERROR_NETWORK: "list-error",
}
# Some lists refuse with this answer, some mean an entry by it, one praises. Of a list that nobody knows it says
# nothing.
AMBIGUOUS = {"127.0.0.1": "ambiguous-answer"}
_EXACT, _BIT = 6, 5


@dataclass(frozen=True)
class Reading:
    """One answer, read. ``role`` is ``block``, ``allow`` or ``info``, ``error`` for "not for you", or ``outside`` for
    an answer that is not in 127.0.0.0/8. ``meaning`` is empty where the list does not say; of an error it is its id."""

    role: str
    meaning: str = ""


def read(blocklist: BlockList, value: str) -> Reading:
    """What one answer of this list means. An exact entry beats a bit, a bit a prefix, and an error the like code."""
    try:
        inside = ipaddress.IPv4Address(value).is_loopback
    except ValueError:
        inside = False
    if not inside:
        return Reading("outside")
    general = CONVENTION if value.startswith(_ERROR_NETWORK) else {}
    for table in (blocklist.errors, general):
        error, code = _closest(table, value), _closest(blocklist.codes, value)
        if error[0] and error[0] >= code[0]:
            return Reading("error", error[2])
    return Reading(code[1] or blocklist.role, code[2])


def read_all(blocklist: BlockList, values: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The role and the meanings of a whole answer: the worst role decides, since a parked or refusing list proves
    nothing."""
    readings = [read(blocklist, value) for value in values]
    found = {reading.role for reading in readings}
    role = next(role for role in ("outside", "error", "block", "info", "allow") if role in found)
    return role, tuple(dict.fromkeys(one.meaning for one in readings if one.role == role and one.meaning))


def _closest(table: Mapping[str, str], value: str) -> tuple[int, str, str]:
    """How close the best entry is (0 for none), its own role if it has one, and its meaning."""
    best = (0, "", "")
    for key, meaning in table.items():
        role, _, pattern = key.rpartition(" ")
        closeness = _closeness(pattern, value)
        if closeness == best[0] == _BIT:  # several bits of one answer are several meanings
            best = (_BIT, role, f"{best[2]}; {meaning}")
        elif closeness > best[0]:
            best = (closeness, role, meaning)
    return best


def _closeness(pattern: str, value: str) -> int:
    if pattern == value:
        return _EXACT
    if pattern == "*":
        return 1
    network, bit, mask = pattern.partition("&")
    if bit:
        octet = value.removeprefix(network)
        return _BIT if octet.isdecimal() and int(octet) & int(mask) else 0
    return 1 + pattern.count(".") if pattern.endswith(".") and value.startswith(pattern) else 0
