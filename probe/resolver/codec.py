"""The part of DNS messages (RFC 1035 section 4) that this tool reads and writes itself.

A question is built here whole. Of an answer, the header is read and the types of its records are counted, which is
enough to tell that a name does not exist. What records hold is left to dnspython, see ``decode``. Every octet is
hostile: what cannot be read raises ``MalformedError`` and nothing else, in time linear in the packet.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

# The IANA numbers of the types that the checks ask for.
TYPES = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "DS": 43,
    "DNSKEY": 48,
    "TLSA": 52,
    "HTTPS": 65,
    "SPF": 99,
    "CAA": 257,
}

_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_OPT = 41
_NXDOMAIN = 3
_RD_AD, _CD = 0x0120, 0x0010
_EDE = 15  # RFC 8914 section 2
# The size that avoids fragments on common paths, as agreed on the DNS flag day of 2020.
_UDP_SIZE = 1232


class MalformedError(ValueError):
    """A packet that is no readable DNS message."""


@dataclass(frozen=True)
class Shape:
    """What an answer is made of: flags, the response code with the upper bits of EDNS (RFC 6891 section 6.1.3), and
    the types of the records in the answer section. ``asked`` is the name in the question; ``zones`` are those whose
    SOA stands in the authority section, ``delegates`` whether an NS does; ``extended_errors`` are the numbers of RFC
    8914."""

    authoritative: bool
    truncated: bool
    recursion_available: bool
    authenticated: bool
    rcode: int
    answer: tuple[int, ...]
    asked: bytes
    zones: tuple[bytes, ...]
    delegates: bool
    extended_errors: tuple[int, ...] = ()


def encode_query(identifier: int, name: bytes, rdtype: int, *, edns: bool = True, checked: bool = True) -> bytes:
    """One question for ``name`` (as ``names.encode_name`` gives it) in class IN, recursion desired.

    AD is set to learn whether the answer was validated (RFC 6840 section 5.7); DO is not, since nobody here reads
    signatures. Without ``checked`` a resolver hands out what it does not believe, too (CD, RFC 4035 section 3.2.2).
    """
    header = _HEADER.pack(identifier, _RD_AD if checked else _RD_AD | _CD, 1, 0, 0, 1 if edns else 0)
    option = b"\0" + _RECORD.pack(_OPT, _UDP_SIZE, 0, 0) if edns else b""
    return header + name + struct.pack("!HH", rdtype, 1) + option


def is_answer_to(query: bytes, packet: bytes) -> bool:
    """Whether ``packet`` answers ``query``: the id, the QR bit and the question are right. Anything else is a stray.

    Servers that do not understand a question may leave it out, so an error counts without one.
    """
    if len(packet) < _HEADER.size or packet[:2] != query[:2] or not packet[2] & 0x80 or packet[2] & 0x78:
        return False
    questions, rcode = int.from_bytes(packet[4:6], "big"), packet[3] & 0x0F
    if questions == 0:
        return rcode not in (0, 3)
    end = _after_name(query, _HEADER.size) + 4
    asked, echoed = query[_HEADER.size : end], packet[_HEADER.size : end]
    # Lengths are below 64 and so below "A": lowering the whole name touches letters only.
    return questions == 1 and len(echoed) == len(asked) and _folded(echoed) == _folded(asked)


def is_plain_denial(packet: bytes) -> bool:
    """Whether this is the answer that blocklists give most: NXDOMAIN, from a server that is authoritative or offers
    recursion, and no record but SOA and OPT. Then there is no more to read. False where a closer look is needed."""
    if len(packet) < _HEADER.size or packet[3] & 0x0F != _NXDOMAIN or packet[2] & 0x02:
        return False
    _, flags, questions, answers, *counts = _HEADER.unpack_from(packet)
    if questions != 1 or answers or not flags & 0x0480:
        return False
    try:
        at = _HEADER.size
        while length := packet[at]:
            at += 1 + length
            if length >= 0x40 or at > 254 + _HEADER.size:
                return False
        at += 5
        for kind, count in zip((TYPES["SOA"], _OPT), counts, strict=True):
            for _ in range(count):
                owner, at = at, _after_name(packet, at)
                rdtype, _, ttl, length = _RECORD.unpack_from(packet, at)
                if rdtype != kind or (kind == _OPT and ttl >> 24):  # the upper bits of another error
                    return False
                read_name(packet, owner)
                at += _RECORD.size + length
    except (MalformedError, struct.error, IndexError):
        return False
    return at <= len(packet)


def read_shape(packet: bytes) -> Shape:
    """Read the header and walk over all records. Raises ``MalformedError``."""
    try:
        _, flags, questions, *counts = _HEADER.unpack_from(packet)
        at = _HEADER.size
        for _ in range(questions):
            at = _after_name(packet, at) + 4
        asked = read_name(packet, _HEADER.size) if questions else b"\0"
        rcode = flags & 0x0F
        sections: list[list[int]] = [[], [], []]
        zones = []
        errors: tuple[int, ...] = ()
        for section, count in zip(sections, counts, strict=True):
            for _ in range(count):
                owner, at = at, _after_name(packet, at)
                rdtype, rdclass, ttl, length = _RECORD.unpack_from(packet, at)
                at += _RECORD.size + length
                section.append(rdtype)
                if rdtype == TYPES["SOA"] and rdclass == 1 and section is sections[1]:
                    zones.append(read_name(packet, owner))
                if rdtype == _OPT and section is sections[2]:
                    rcode |= ttl >> 24 << 4
                    errors = _extended_errors(packet[at - length : at])
    except (struct.error, IndexError):
        raise MalformedError("the message ends too early") from None
    if at > len(packet):
        raise MalformedError("the message ends too early")
    return Shape(
        authoritative=bool(flags & 0x0400),
        truncated=bool(flags & 0x0200),
        recursion_available=bool(flags & 0x0080),
        authenticated=bool(flags & 0x0020),
        rcode=rcode,
        answer=tuple(sections[0]),
        asked=asked,
        zones=tuple(zones),
        delegates=TYPES["NS"] in sections[1],
        extended_errors=errors,
    )


def answer_data(packet: bytes, rdtype: int) -> dict[bytes, list[bytes]]:
    """The data of the records of one type in the answer section, by their owners as ``read_name`` gives them. The
    packet has passed ``read_shape``."""
    _, _, questions, count, *_ = _HEADER.unpack_from(packet)
    at = _HEADER.size
    for _ in range(questions):
        at = _after_name(packet, at) + 4
    found: dict[bytes, list[bytes]] = {}
    for _ in range(count):
        owner, at = at, _after_name(packet, at)
        kind, rdclass, _, length = _RECORD.unpack_from(packet, at)
        at += _RECORD.size + length
        if kind == rdtype and rdclass == 1:
            found.setdefault(read_name(packet, owner), []).append(packet[at - length : at])
    return found


def _extended_errors(options: bytes) -> tuple[int, ...]:
    """The numbers in the options of EDNS, each once; what is cut or odd there costs nothing but itself."""
    found: dict[int, None] = {}
    while len(options) >= 4:
        code, length = struct.unpack_from("!HH", options)
        if code == _EDE and length >= 2 and len(options) >= 6:
            found[int.from_bytes(options[4:6], "big")] = None
        options = options[4 + length :]
    return tuple(found)


def read_name(packet: bytes, at: int) -> bytes:
    """A name as labels with their lengths, in lower case and without pointers. Raises ``MalformedError``, and
    ``IndexError`` where the message ends."""
    found, before, pointers = bytearray(), at, 0
    # A name has at most 127 labels, so that more pointers than that only cost time.
    while len(found) < 255 and pointers < 128:
        length = packet[at]
        if length >= 0xC0:
            at = (length & 0x3F) << 8 | packet[at + 1]
            if at >= before:  # RFC 1035 section 4.1.4: to a prior occurrence, and so never in a circle
                raise MalformedError("a pointer that does not lead back")
            before, pointers = at, pointers + 1
        elif length >= 0x40:
            raise MalformedError("a label of an unknown kind")
        else:
            found += packet[at : at + 1 + length]
            at += 1 + length
            if length == 0:
                return bytes(found).lower()
    raise MalformedError("a name that is too long, or leads through too many pointers")


def is_within(name: bytes, zone: bytes) -> bool:
    """Whether a name is that of the zone or stands below it; both as ``read_name`` gives them."""
    while len(name) > len(zone):
        name = name[name[0] + 1 :]
    return name == zone


def is_truncated(packet: bytes) -> bool:
    """The TC bit, readable even where the rest is cut."""
    return bool(packet[2] & 0x02)


def is_authenticated(packet: bytes) -> bool:
    """The AD bit (RFC 4035 section 3.2.3)."""
    return bool(packet[3] & 0x20)


def _folded(question: bytes) -> bytes:
    return question[:-4].lower() + question[-4:]


def _after_name(packet: bytes, at: int) -> int:
    while True:
        length = packet[at]
        if length >= 0xC0:  # RFC 1035 section 4.1.4: a pointer ends a name
            return at + 2
        if length >= 0x40:
            raise MalformedError("a label of an unknown kind")
        at += length + 1
        if length == 0:
            return at
