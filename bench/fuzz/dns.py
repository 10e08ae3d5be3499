"""DNS messages for the codec, the decoder and the verdict: well-formed ones with a few things wrong, and noise.

``classify`` never raises, ``read_shape`` and ``decode`` raise ``MalformedError`` alone. ``absent`` is said only of a
whole message without an error in which the server shows that it may say so, and what is found is printable.
"""

from __future__ import annotations

import struct

from bench.fuzz.reading import Feature
from bench.fuzz.tape import Tape, Violation
from probe.resolver.classify import classify
from probe.resolver.codec import TYPES, MalformedError, Shape, encode_query, is_answer_to, is_truncated, read_shape
from probe.resolver.decode import decode

_NAME = b"\x04mail\x04test\x00"
_ASKED = (TYPES["A"], TYPES["TXT"], TYPES["MX"], TYPES["AAAA"], TYPES["PTR"], TYPES["NS"], TYPES["TLSA"], TYPES["CAA"])
_TYPES = (1, 16, 15, 5, 6, 2, 28, 12, 41, 46, 52, 257, 33, 65, 99, 250, 255, 65535)
_FLAGS = (0x8180, 0x8580, 0x8183, 0x8583, 0x8182, 0x8185, 0x8380, 0x8000, 0x8400, 0x80A0, 0x0180, 0xFFFF)
_NAMES = (
    *(b"\xc0\x0c", b"\x00", _NAME, b"\x03www\xc0\x0c", b"\x04MAIL\x04TEST\x00", b"\x3f" + b"a" * 63 + b"\xc0\x0c"),
    *(
        b"\xc0\x00",
        b"\xff\xff",
        b"\xc0\x20",
        b"\x40a",
        b"\x80\x01",
        b"\x04\x1b[0m\x00",
        b"\x03a.b\xc0\x0c",
        b"\x01\xff\x00",
    ),
)
_DATA = (
    *(b"\x7f\x00\x00\x02", b"\x05v=spf", b"\x00\x0a" + _NAME, b"\xc0\x0c", _NAME, b"", b"\x00", b"\xff" * 16),
    *(b"\x00" * 16, b"\x03\x01\x01" + b"\xaa" * 32, b"\x05\xff\x00\x1b\x9b\xe2\x05ab", b"\x00\x05issueca.test"),
    *(b"\xc0\x0c\xc0\x0c" + b"\x00\x00\x00\x01" * 5, b"\x00\x01\x00\x00\x01bad", b"\x00\x01\x00\x02\x00\x19\xc0\x0c"),
)
# What a record of the type may hold.
_FITTING = {
    1: b"\x7f\x00\x00\x02",
    5: b"\x03www\xc0\x0c",
    16: b"\x02hi\x01!",
    15: b"\x00\x0a" + _NAME,
    6: b"\xc0\x0c\xc0\x0c" + b"\x00\x00\x00\x01" * 5,
    28: b"\x00" * 16,
    12: _NAME,
    2: b"\xc0\x0c",
    52: b"\x03\x01\x01" + b"\xaa" * 32,
    257: b"\x00\x05issueca.test",
}


def read_message(tape: Tape, story: list[str] | None = None) -> Feature:
    """One run."""
    rdtype = tape.pick(_ASKED)
    query = encode_query(0x1234, _NAME, rdtype)
    packet = _packet(tape, query, rdtype)
    if story is not None:
        story.append(f"type {rdtype}, packet {packet.hex()}")
    answers = is_answer_to(query, packet)
    if answers:
        is_truncated(packet)
    shape: Shape | None = None
    try:
        shape = read_shape(packet)
        decode(packet, rdtype)
    except MalformedError:
        pass
    verdict = classify(packet, rdtype)
    shown = (*verdict.values, verdict.canonical_name or "", verdict.ask_on or "")
    if not all(text.isprintable() for text in shown):
        raise Violation(f"printable: {shown!r}")
    if verdict.answer == "absent":
        _entitled(packet, shape)
    if verdict.answer == "found" and (packet[2] & 0x02 or packet[3] & 0x0F not in (0, 3)):
        raise Violation(f"found: {verdict} in a message that is cut or an error")
    return ("dns", verdict.answer, answers, verdict.reason, len(verdict.values) > 0, verdict.ask_on is not None)


def _entitled(packet: bytes, shape: Shape | None) -> None:
    if shape is None or len(packet) < 12 or packet[2] & 0x02 or packet[3] & 0x0F not in (0, 3):
        raise Violation("absent: said of a message that is cut, malformed or an error")
    may = packet[2] & 0x04 or packet[3] & 0x80 or shape.zones
    if not may:
        raise Violation("absent: said by a server that is lame")


def _packet(tape: Tape, query: bytes, rdtype: int) -> bytes:
    if tape.once_in(20):
        return tape.octets(60)
    odd = tape.once_in(2)
    question = query[12 : 12 + len(_NAME) + 4]
    sections = [[_record(tape, rdtype, odd) for _ in range(tape.draw(4))] for _ in range(3)]
    counts = [tape.pick((0, 1, 2, 3, 0xFFFF)) if odd and tape.once_in(12) else len(one) for one in sections]
    flags = tape.pick(_FLAGS) if tape.once_in(2) else _FLAGS[0]
    flags = tape.draw(0x10000) if odd and tape.once_in(6) else flags
    questions = tape.pick((1, 0, 2, 0xFFFF)) if odd and tape.once_in(8) else 1
    packet = struct.pack("!6H", 0x1234, flags, questions, *counts) + question + b"".join(map(b"".join, sections))
    if odd and tape.once_in(4):
        packet = packet[: tape.draw(len(packet) + 1)]
    if odd and packet and tape.once_in(3):
        octets = bytearray(packet)
        for _ in range(1 + tape.draw(4)):
            octets[tape.draw(len(octets))] = tape.draw(256)
        packet = bytes(octets)
    return packet + (tape.octets(8) if odd and tape.once_in(6) else b"")


def _record(tape: Tape, asked: int, odd: bool) -> bytes:
    rdtype = tape.pick(tuple(_FITTING)) if tape.once_in(3) else asked
    rdtype = tape.pick(_TYPES) if odd and tape.once_in(4) else rdtype
    rdclass = tape.pick((255, 3, 254, 0)) if odd and tape.once_in(10) else 1
    data = tape.pick(_DATA) if odd and tape.once_in(4) else _FITTING.get(rdtype, b"")
    data = tape.octets(20) if odd and tape.once_in(8) else data
    length = tape.pick((0, 1, len(data) + 1, 0xFFFF)) if odd and tape.once_in(12) else len(data)
    name = tape.pick(_NAMES) if odd and tape.once_in(4) else tape.pick(_NAMES[:1] * 3 + _NAMES[3:5])
    return name + struct.pack("!HHIH", rdtype, rdclass, 60, length) + data
