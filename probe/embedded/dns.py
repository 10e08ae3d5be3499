"""A small authoritative name server over UDP and TCP, for zones written as text and faults on demand.

It answers as RFC 1034 section 4.3.2 says: aliases are followed where it has the target, wildcards are expanded (RFC
4592), what does not exist comes with the SOA, and names of other zones are refused. It also sets RA, so that it can
stand in for a recursive resolver.
"""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

Fault = Literal["servfail", "refused", "timeout", "truncated", "lame", "formerr-edns"]
Transport = Literal["udp", "tcp"]

_SOA = "@ SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60\n"
_ALIASES = 16
_PORT_TRIES = 20
_RCODES = {"servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED}


class Question(NamedTuple):
    """One question that came in: the name in lower case without the last dot, the type, and how it came."""

    name: str
    type: str
    transport: Transport


class DnsServer:
    """``async with DnsServer(zones={"dnsbl.test": "2.0.0.127 A 127.0.0.2"}) as dns: …``

    ``zones`` maps a zone to its records in master-file form (RFC 1035 section 5); a TTL and the SOA may be left out.
    ``faults`` maps a name, or ``*.name`` for everything below it, to what goes wrong there: ``servfail``, ``refused``,
    ``timeout`` (no answer), ``truncated`` (TC over UDP), ``lame`` (a referral elsewhere), ``formerr-edns`` (EDNS is not
    understood). With ``authenticated`` it sets AD for those that ask. Raises ``dns.exception.DNSException`` for a zone
    that cannot be read. ``questions`` is everything asked so far.
    """

    def __init__(
        self,
        zones: Mapping[str, str] | None = None,
        *,
        faults: Mapping[str, Fault] | None = None,
        authenticated: bool = False,
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.address = address
        self.port = port
        self.authenticated = authenticated
        self.questions: list[Question] = []
        self._zones = {dns.name.from_text(origin): _zone(origin, text) for origin, text in (zones or {}).items()}
        self._faults = {dns.name.from_text(name): fault for name, fault in (faults or {}).items()}
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone: asyncio.Future[None] | None = None

    @property
    def endpoint(self) -> str:
        """Address and port as the option ``--resolver`` takes them."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    async def __aenter__(self) -> DnsServer:
        loop = asyncio.get_running_loop()
        wanted = self.port
        for last in reversed(range(_PORT_TRIES)):
            self._gone = loop.create_future()
            self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), local_addr=(self.address, wanted))
            self.port = self._udp.get_extra_info("sockname")[1]
            try:
                self._tcp = await asyncio.start_server(self._accept, self.address, self.port)
                break
            except OSError:
                # The free UDP port that the system chose may be taken for TCP.
                await self._close_udp()
                if wanted or not last:
                    raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tcp is not None:
            self._tcp.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._tcp is not None:
            await self._tcp.wait_closed()
        await self._close_udp()

    async def _close_udp(self) -> None:
        if self._udp is not None and self._gone is not None:
            self._udp.close()
            await self._gone

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve_tcp(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                answer = self.answer(await reader.readexactly(size), "tcp")
                if answer is not None:
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                    await writer.drain()
        except (OSError, EOFError):
            return
        finally:
            writer.transport.abort()

    def answer(self, packet: bytes, transport: Transport) -> bytes | None:
        """The answer to one packet; None where silence is the answer."""
        try:
            query = dns.message.from_wire(packet)
        except (dns.exception.DNSException, ValueError):
            return None
        if query.flags & dns.flags.QR or query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            return None
        asked = query.question[0]
        self.questions.append(Question(_text(asked.name), dns.rdatatype.to_text(asked.rdtype), transport))

        fault = self._fault(asked.name)
        if fault == "timeout":
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if fault in _RCODES:
            response.set_rcode(_RCODES[fault])
        elif fault == "formerr-edns" and query.edns >= 0:
            response.use_edns(False)
            response.set_rcode(dns.rcode.FORMERR)
        elif fault == "lame":
            response.flags &= ~dns.flags.RA
            elsewhere = dns.rrset.from_text(dns.name.root, 60, "IN", "NS", "ns.elsewhere.invalid.")
            response.authority.append(elsewhere)
        else:
            self._look_up(asked, response)
            if self.authenticated and query.flags & dns.flags.AD:
                response.flags |= dns.flags.AD
        return _packed(query, response, transport, truncated=fault == "truncated")

    def _fault(self, name: dns.name.Name) -> str | None:
        if name in self._faults:
            return self._faults[name]
        wild = [dns.name.Name((b"*", *parent.labels)) for parent in _parents(name)]
        return next((self._faults[one] for one in wild if one in self._faults), None)

    def _look_up(self, asked: dns.rrset.RRset, response: dns.message.Message) -> None:
        name = asked.name
        zone = self._zone_of(name)
        if zone is None:
            response.set_rcode(dns.rcode.REFUSED)
            return
        response.flags |= dns.flags.AA
        for _ in range(_ALIASES):
            node = _node(zone, name)
            found = node and node.get_rdataset(dns.rdataclass.IN, asked.rdtype)
            alias = node and node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME)
            records = found or alias
            if not records:
                if node is None:
                    response.set_rcode(dns.rcode.NXDOMAIN)
                response.authority.append(_soa(zone))
                return
            response.answer.append(dns.rrset.from_rdata_list(name, records.ttl, records))
            if found:
                return
            name = records[0].target
            zone = self._zone_of(name)
            if zone is None or any(name == seen.name for seen in response.answer):
                return

    def _zone_of(self, name: dns.name.Name) -> dns.zone.Zone | None:
        return next((self._zones[one] for one in (name, *_parents(name)) if one in self._zones), None)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        answer = self._server.answer(data, "udp")
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        gone = self._server._gone
        if gone is not None and not gone.done():
            gone.set_result(None)


def _zone(origin: str, text: str) -> dns.zone.Zone:
    # Leading blanks have a meaning in a master file: the indentation of a text in source code must go first.
    records = "$TTL 60\n" + textwrap.dedent(text) + "\n"
    zone = dns.zone.from_text(records, origin, relativize=False, check_origin=False)
    if zone.get_rdataset(zone.origin or dns.name.root, dns.rdatatype.SOA) is None:
        zone = dns.zone.from_text(_SOA + records, origin, relativize=False, check_origin=False)
    return zone


def _node(zone: dns.zone.Zone, name: dns.name.Name) -> Any:
    """The node of ``name``, of the wildcard that covers it, or an empty one for a name with others below it. None
    means that the name does not exist."""
    for depth, closest in enumerate((name, *_parents(name))):
        exact = zone.get_node(closest)
        exists = exact is not None or any(one.is_subdomain(closest) for one in zone.nodes)
        if exists and depth == 0:
            return exact if exact is not None else dns.zone.Zone.node_factory()
        if exists:
            # RFC 4592 section 3.3.1: only the wildcard right below the closest existing name counts.
            return zone.get_node(dns.name.Name((b"*", *closest.labels)))
    return None


def _soa(zone: dns.zone.Zone) -> dns.rrset.RRset:
    origin = zone.origin
    assert origin is not None
    return zone.find_rrset(origin, dns.rdatatype.SOA)


def _packed(
    query: dns.message.Message, response: dns.message.Message, transport: Transport, *, truncated: bool
) -> bytes:
    limit = 0xFFFF if transport == "tcp" else max(query.payload, 512) if query.edns >= 0 else 512
    if not (truncated and transport == "udp"):
        try:
            return response.to_wire(max_size=limit)
        except dns.exception.TooBig:
            pass
    short = dns.message.make_response(query, recursion_available=True)
    short.flags |= dns.flags.TC
    return short.to_wire()


def _parents(name: dns.name.Name) -> list[dns.name.Name]:
    return [dns.name.Name(name.labels[depth:]) for depth in range(1, len(name.labels))]


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
