"""What one packet means: found, absent, refused or failed.

``absent`` needs a server that may say so: one that is authoritative, that offers recursion, or that shows the SOA of
the zone (RFC 2308 section 2). A referral, which names other servers and no SOA, says nothing about the name; most
resolver libraries read it as "no record", and here it is ``lame``.
"""

from __future__ import annotations

from typing import NamedTuple

from probe.model import AnswerState
from probe.resolver.codec import TYPES, MalformedError, Shape, is_authenticated, is_plain_denial, is_within, read_shape
from probe.resolver.decode import decode

_CNAME = TYPES["CNAME"]
_NOERROR, _NXDOMAIN = 0, 3
_RCODES = {1: "formerr", 2: "servfail", 4: "notimp", 5: "refused", 9: "notauth", 16: "badvers"}


class Verdict(NamedTuple):
    """``Answer`` without the question. ``ask_on`` is the name to ask for next, where aliases led out of the message;
    ``links`` counts the aliases in it."""

    answer: AnswerState
    reason: str | None = None
    values: tuple[str, ...] = ()
    canonical_name: str | None = None
    authenticated: bool = False
    ask_on: str | None = None
    links: int = 0
    strings: tuple[tuple[bytes, ...], ...] = ()
    extended_errors: tuple[int, ...] = ()


def classify(packet: bytes, rdtype: int) -> Verdict:
    """Judge an answer that belongs to its question. Never raises."""
    if is_plain_denial(packet):
        return Verdict("absent", "nxdomain", authenticated=is_authenticated(packet))
    try:
        shape = read_shape(packet)
        if shape.truncated:
            return Verdict("failed", "truncated")
        if shape.rcode in (_NOERROR, _NXDOMAIN):
            return _judge(packet, shape, rdtype)
    except MalformedError:
        return Verdict("failed", "malformed")
    reason = _RCODES.get(shape.rcode, f"rcode-{shape.rcode}")
    state: AnswerState = "refused" if reason == "refused" else "failed"
    return Verdict(state, reason, extended_errors=shape.extended_errors)


def _judge(packet: bytes, shape: Shape, rdtype: int) -> Verdict:
    if not shape.answer:
        return _nothing(shape, shape.asked, None)
    if rdtype not in shape.answer and _CNAME not in shape.answer:
        return Verdict("failed", "malformed")  # records, but none that was asked for
    if shape.rcode == _NXDOMAIN and rdtype in shape.answer and rdtype != _CNAME:
        return Verdict("failed", "malformed")  # the name does not exist and has records: one of the two is wrong
    records = decode(packet, rdtype)
    if records.loop:
        return Verdict("failed", "cname-loop", canonical_name=records.alias)
    if records.values:
        return Verdict(
            "found",
            None,
            records.values,
            records.alias,
            shape.authenticated,
            links=records.links,
            strings=records.strings,
        )
    if records.alias is None:
        return Verdict("failed", "malformed")  # records, but none of the name that was asked for
    if shape.rcode == _NXDOMAIN or _shows_zone(shape, records.end):
        return _nothing(shape, records.end, records.alias)
    return Verdict("found", None, (), records.alias, shape.authenticated, ask_on=records.alias, links=records.links)


def _shows_zone(shape: Shape, name: bytes) -> bool:
    """Whether the SOA is there of a zone that holds the name; that of any other zone says nothing about it."""
    return any(is_within(name, zone) for zone in shape.zones)


def _nothing(shape: Shape, name: bytes, alias: str | None) -> Verdict:
    shows_zone = _shows_zone(shape, name)
    referral = shape.rcode == _NOERROR and shape.delegates and not shows_zone
    entitled = shape.authoritative or (not referral and (shape.recursion_available or shows_zone))
    if not entitled:
        return Verdict("failed", "lame", canonical_name=alias)
    reason = "nxdomain" if shape.rcode == _NXDOMAIN else "nodata"
    return Verdict("absent", reason, canonical_name=alias, authenticated=shape.authenticated)
