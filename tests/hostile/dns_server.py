"""A name server that says whatever a scenario tells it to, octet by octet, over UDP and TCP on one loopback port.

Messages are built here with ``message``, ``record`` and ``name``, which check nothing: every count, length and pointer
may lie. Life, questions and octets are bounded, so that a client that runs wild meets an end.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, DNAME, OPT, TSIG = 1, 2, 5, 6, 12, 15, 16, 28, 39, 41, 250
TYPES = {"A": A, "NS": NS, "CNAME": CNAME, "SOA": SOA, "PTR": PTR, "MX": MX, "TXT": TXT, "AAAA": AAAA}
IN, CH = 1, 3
QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 1, 2, 3, 4, 5
ASKED = b"\xc0\x0c"  # a pointer to the question's name

_LIFE_S = 20.0
_MOST_QUERIES = 2000
_MOST_OCTETS = 32 * 1024 * 1024
_PORT_TRIES = 20


@dataclass(frozen=True)
class Query:
    """One question as it came; ``number`` is how many came before it over the same transport."""

    octets: bytes
    number: int

    @property
    def id(self) -> int:
        return int.from_bytes(self.octets[:2], "big")

    @property
    def labels(self) -> tuple[bytes, ...]:
        found, at = [], 12
        while self.octets[at]:
            found.append(self.octets[at + 1 : at + 1 + self.octets[at]])
            at += 1 + self.octets[at]
        return tuple(found)

    @property
    def name(self) -> str:
        return b".".join(self.labels).decode("latin-1").lower()

    @property
    def question(self) -> bytes:
        return self.octets[12 : 12 + sum(len(label) + 1 for label in self.labels) + 5]

    @property
    def type(self) -> int:
        return int.from_bytes(self.question[-4:-2], "big")

    @property
    def edns(self) -> bool:
        return bool(self.octets[11])


@dataclass(frozen=True)
class Datagram:
    """One packet of an answer, sent ``after`` seconds, from another port if ``elsewhere``."""

    octets: bytes
    after: float = 0.0
    elsewhere: bool = False


@dataclass(frozen=True)
class Stream:
    """What comes back over TCP: in pieces of so many octets (0: at once), and what happens then."""

    octets: bytes
    piece: int = 0
    end: Literal["close", "reset", "hold"] = "close"


UdpScript = Callable[[Query], Iterable[bytes | Datagram]]
TcpScript = Callable[[Query], Stream]


class HostileDns:
    """``async with HostileDns(udp, tcp) as dns: …``; without ``tcp`` its port is closed. ``queries`` is what came over
    UDP, ``streams`` what came over TCP. It stops by itself after ``life`` seconds."""

    def __init__(self, udp: UdpScript, tcp: TcpScript | None = None, *, life: float = _LIFE_S) -> None:
        self.udp = udp
        self.tcp = tcp
        self.life = life
        self.port = 0
        self.queries: list[Query] = []
        self.streams: list[Query] = []
        self.connections: set[asyncio.Transport] = set()
        self._octets = 0
        self._gone: list[asyncio.Future[None]] = []
        self._transports: list[asyncio.DatagramTransport] = []
        self._listener: asyncio.Server | None = None
        self._reserved: socket.socket | None = None
        self._end: asyncio.TimerHandle | None = None
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def questions(self, name: str | None = None, rdtype: int | None = None) -> int:
        """How many came over UDP, of that name and type if given; one that was sent again counts once."""
        return len(
            {
                (query.id, query.question)
                for query in self.queries
                if name in (None, query.name) and rdtype in (None, query.type)
            }
        )

    async def __aenter__(self) -> HostileDns:
        loop = asyncio.get_running_loop()
        for left in reversed(range(_PORT_TRIES)):
            await self._open_udp()
            self.port = self._transports[-1].get_extra_info("sockname")[1]
            try:
                await self._open_tcp()
                break
            except OSError:
                self._stop()
                if not left:
                    raise
        await self._open_udp()
        self._end = loop.call_later(self.life, self._stop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        listener = self._listener
        self._stop()
        if listener is not None:
            await listener.wait_closed()
        await asyncio.gather(*self._gone)
        for _ in range(2):  # a transport closes its socket a turn of the loop after it was told to
            await asyncio.sleep(0)

    async def _open_udp(self) -> None:
        loop = asyncio.get_running_loop()
        gone: asyncio.Future[None] = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(self, gone), local_addr=("127.0.0.1", 0))
        self._gone.append(gone)
        self._transports.append(transport)

    async def _open_tcp(self) -> None:
        if self.tcp is None:
            # Bound and not listening: nobody else gets the port, and whoever connects is refused.
            self._reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._reserved.bind(("127.0.0.1", self.port))
        else:
            self._listener = await asyncio.get_running_loop().create_server(lambda: _Tcp(self), "127.0.0.1", self.port)

    def _stop(self) -> None:
        for timer in (self._end, *self._timers):
            if timer is not None:
                timer.cancel()
        for udp in self._transports:
            udp.abort()
        for tcp in tuple(self.connections):
            tcp.abort()
        self._transports.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, call))

    def may_send(self, octets: bytes) -> bool:
        self._octets += len(octets)
        return self._octets <= _MOST_OCTETS

    def asked(self, octets: bytes, address: Any) -> None:
        if len(self.queries) >= _MOST_QUERIES:
            return
        query = Query(octets, len(self.queries))
        self.queries.append(query)
        for packet in self.udp(query):
            datagram = packet if isinstance(packet, Datagram) else Datagram(packet)
            if datagram.after:
                self.later(datagram.after, lambda datagram=datagram: self._send(datagram, address))  # type: ignore[misc]
            else:
                self._send(datagram, address)

    def _send(self, datagram: Datagram, address: Any) -> None:
        if self._transports and self.may_send(datagram.octets):
            self._transports[-1 if datagram.elsewhere else -2].sendto(datagram.octets, address)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, owner: HostileDns, gone: asyncio.Future[None]) -> None:
        self._owner = owner
        self._gone = gone

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._owner.asked(data, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set_result(None)


class _Tcp(asyncio.Protocol):
    def __init__(self, owner: HostileDns) -> None:
        self._owner = owner
        self._heard = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._owner.connections.add(self._transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        length = int.from_bytes(self._heard[:2], "big")
        if len(self._heard) < 2 + length or self._owner.tcp is None or len(self._owner.streams) >= _MOST_QUERIES:
            return
        query = Query(self._heard[2 : 2 + length], len(self._owner.streams))
        self._heard = self._heard[2 + length :]
        self._owner.streams.append(query)
        stream = self._owner.tcp(query)
        if not self._owner.may_send(stream.octets):
            self._transport.abort()
            return
        step = stream.piece or max(1, len(stream.octets))
        self._write([stream.octets[at : at + step] for at in range(0, len(stream.octets), step)], stream.end)

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.connections.discard(self._transport)

    def _write(self, pieces: list[bytes], end: str) -> None:
        if self._transport.is_closing():
            return
        if pieces:
            self._transport.write(pieces.pop(0))
            self._owner.later(0.0005 if pieces else 0.0, lambda: self._write(pieces, end))
        elif end == "close":
            self._transport.close()
        elif end == "reset":
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()


def name(text: str = "", *labels: bytes) -> bytes:
    """A name on the wire: the labels of ``text``, parted by dots, then ``labels`` as they are, then the root."""
    every = [label.encode("latin-1") for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in (*every, *labels)) + b"\0"


def record(
    rdtype: int, rdata: bytes, *, owner: bytes = ASKED, ttl: int = 60, rdclass: int = IN, length: int | None = None
) -> bytes:
    """One resource record; ``length`` is what RDLENGTH claims where that is not the truth."""
    return owner + struct.pack("!HHIH", rdtype, rdclass, ttl, len(rdata) if length is None else length) + rdata


def message(
    query: Query,
    answer: Iterable[bytes] = (),
    authority: Iterable[bytes] = (),
    additional: Iterable[bytes] = (),
    *,
    flags: int = RA,
    rcode: int = 0,
    question: bytes | None = None,
    id_: int | None = None,
    counts: tuple[int, int, int, int] | None = None,
) -> bytes:
    """An answer with QR and RD; ``question`` and ``counts`` are told as given, true or not."""
    sections = [list(answer), list(authority), list(additional)]
    asked = query.question if question is None else question
    numbers = counts or (int(bool(asked)), *map(len, sections))
    header = struct.pack("!6H", query.id if id_ is None else id_, QR | RD | flags | rcode, *numbers)
    return header + asked + b"".join(b"".join(section) for section in sections)


def ipv4(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET, address)


def ipv6(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6, address)


def txt(*strings: bytes) -> bytes:
    """RDATA of a TXT record; strings beyond 255 octets are parted."""
    parts = [string[at : at + 255] for string in strings for at in range(0, max(1, len(string)), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts)


def mx(preference: int, exchange: bytes) -> bytes:
    return preference.to_bytes(2, "big") + exchange


def soa(owner: str = "example.test", rdclass: int = IN) -> bytes:
    rdata = name("ns." + owner) + name("root." + owner) + struct.pack("!5I", 1, 2, 3, 4, 5)
    return record(SOA, rdata, owner=name(owner), rdclass=rdclass)


def framed(octets: bytes, length: int | None = None) -> bytes:
    """A message for TCP (RFC 1035 section 4.2.2); ``length`` is the length that it claims."""
    return (len(octets) if length is None else length).to_bytes(2, "big") + octets
