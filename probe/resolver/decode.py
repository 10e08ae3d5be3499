"""Records into presentation form (RFC 1035 section 5), by dnspython, which is imported here and only when called.

The chain of aliases is followed inside the one message, from the name asked for; records of other names are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probe.resolver.codec import TYPES, MalformedError, answer_data
from probe.text import show

if TYPE_CHECKING:
    import dns.message
    import dns.name

CHAIN = 8
_TEXTS = (TYPES["TXT"], TYPES["SPF"])
_TLSA = TYPES["TLSA"]


@dataclass(frozen=True)
class Records:
    """``values`` of the records at the end of the chain; ``alias`` is that end where at least one CNAME led there;
    ``loop`` is set where it had no end, or more than ``CHAIN`` aliases. ``links`` counts the aliases; ``end`` is the
    last name as it stands on the wire, in lower case. ``strings`` holds the octets of TXT records."""

    values: tuple[str, ...] = ()
    alias: str | None = None
    loop: bool = False
    links: int = 0
    end: bytes = b"\0"
    strings: tuple[tuple[bytes, ...], ...] = ()


def decode(packet: bytes, rdtype: int) -> Records:
    """Read the answer section. Raises ``MalformedError``."""
    import dns.message

    try:
        if rdtype == _TLSA:
            # A record that cannot be used has been published all the same, and dnspython would not have it.
            found = answer_data(packet, rdtype)
            return _follow(dns.message.from_wire(packet, ignore_trailing=True, continue_on_error=True), rdtype, found)
        return _follow(dns.message.from_wire(packet, ignore_trailing=True), rdtype, {})
    except Exception as error:  # a parser of hostile octets may fail in ways that its authors did not foresee
        raise MalformedError(show(str(error)) or type(error).__name__) from None


def _follow(message: dns.message.Message, rdtype: int, tlsa: Mapping[bytes, Sequence[bytes]]) -> Records:
    import dns.rdataclass
    import dns.rdatatype

    wanted = dns.rdatatype.RdataType.make(rdtype)
    name, alias = message.question[0].name, None
    for links in range(CHAIN + 1):
        if data := tlsa.get(name.to_digestable()):
            return Records(tuple(map(_association, data)), alias, links=links)
        records = message.get_rrset(message.answer, name, dns.rdataclass.IN, wanted)
        if records:
            values = tuple(_value(record) for record in records)
            strings = tuple(tuple(record.strings) for record in records) if wanted in _TEXTS else ()
            return Records(values, alias, links=links, strings=strings)
        aliases = message.get_rrset(message.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if not aliases:
            return Records(alias=alias, links=links, end=name.to_digestable())
        name = aliases[0].target
        alias = _name(name)
    return Records(alias=alias, loop=True)


def _value(record: Any) -> str:
    kind: str = record.rdtype.name
    if kind in ("TXT", "SPF"):
        return show(b"".join(record.strings))
    if kind in ("CNAME", "NS", "PTR"):
        return _name(record.target)
    if kind == "MX":
        return f"{record.preference} {_name(record.exchange)}"
    if kind == "SRV":
        return f"{record.priority} {record.weight} {record.port} {_name(record.target)}"
    if kind == "SOA":
        times = f"{record.serial} {record.refresh} {record.retry} {record.expire} {record.minimum}"
        return f"{_name(record.mname)} {_name(record.rname)} {times}"
    return show(record.to_text())


def _association(data: bytes) -> str:
    """RFC 6698 section 2.2, and what is too short for that in the form for anything (RFC 3597 section 5)."""
    if len(data) < 3:
        return f"\\# {len(data)} {data.hex()}".rstrip()
    return f"{data[0]} {data[1]} {data[2]} {data[3:].hex()}".rstrip()


def _name(name: dns.name.Name) -> str:
    # dnspython escapes what is not printable ASCII, and a dot inside a label, with a backslash.
    return show(name.to_text(omit_final_dot=True).lower())
