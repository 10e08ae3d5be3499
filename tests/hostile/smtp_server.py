"""A server that does what a scenario says, octet by octet, on loopback.

Built on raw sockets, because streams are too polite: it can hold half a line, reset, close one direction, stop reading,
speak plain text inside a TLS connection and cut a handshake in two. It bounds its own life, what it reads and what it
says, and knows at the end whether the client hung up.

A *script* is a coroutine function over a ``Peer``. An *act* is what happens at one point of it: octets to say, a
function over the peer, or several of these in a tuple. ``polite()`` makes the script of a well-behaved server whose
acts can be replaced one by one, named after the commands that they answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TypeAlias

LIFE_S = 10.0
MOST_OCTETS = 32 * 1024 * 1024
MOST_LINE = 64 * 1024

Script: TypeAlias = "Callable[[Peer], Awaitable[None]]"
Act: TypeAlias = "bytes | Script | tuple[Act, ...]"


class Over(Exception):
    """The script ends here: from now on the server is silent and only listens for the end."""


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, released: asyncio.Event) -> None:
        self.released = released
        self.heard: list[bytes] = []
        self.last = b""
        self.turns: Counter[Script] = Counter()
        self.ended = False
        self.complaints: list[str] = []
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._octets = 0
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()

    @property
    def in_tls(self) -> bool:
        return self._tls is not None

    async def say(self, octets: bytes) -> None:
        """Through TLS where it is on."""
        self.last = octets
        if self._tls is None:
            await self.say_plain(octets)
        elif octets:
            self._tls.write(octets)
            await self.say_plain(self._outgoing.read())

    async def say_plain(self, octets: bytes) -> None:
        """Past TLS, as somebody on the way could."""
        self._count(len(octets))
        try:
            await self._loop.sock_sendall(self._sock, octets)
        except OSError:
            raise Over from None

    async def line(self) -> bytes:
        """The next command line without its end. Raises ``Over`` at the end of the stream."""
        while True:
            found, end, rest = self._buffer.partition(b"\n")
            if end:
                self._buffer = rest
                self.heard.append(bytes(found).rstrip(b"\r"))
                return self.heard[-1]
            await self._more(MOST_LINE)

    async def body(self) -> bytes:
        """A message up to its dot."""
        while b"\r\n.\r\n" not in self._buffer:
            await self._more(MOST_OCTETS)
        text, _, self._buffer = self._buffer.partition(b"\r\n.\r\n")
        return bytes(text)

    async def some(self, octets: int) -> None:
        """At least so many octets, whatever they are."""
        while len(self._buffer) < octets:
            await self._more(MOST_OCTETS)

    async def nothing(self, seconds: float) -> None:
        """Complain if the client speaks within ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._more(MOST_LINE)
        if self._buffer:
            self.complaints.append(f"the client spoke before its turn: {bytes(self._buffer[:80])!r}")

    async def shake(self, context: ssl.SSLContext, *, cut_after: int | None = None, then: bytes = b"") -> None:
        """The TLS handshake as its server; with ``cut_after`` only so many octets of it leave; ``then`` is said in the
        segment that ends it."""
        incoming, outgoing = self._incoming, self._outgoing
        layer = context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(bytes(self._buffer))
        self._buffer.clear()
        while True:
            try:
                layer.do_handshake()
                done = True
                if then:
                    layer.write(then)
            except ssl.SSLWantReadError:
                done = False
            except ssl.SSLError:
                await self.say_plain(outgoing.read())
                raise Over from None
            octets = outgoing.read()
            if octets and cut_after is not None:
                await self.say_plain(octets[:cut_after])
                return
            await self.say_plain(octets)
            if done:
                self._tls = layer
                return
            incoming.write(await self._receive())

    async def close_tls(self) -> None:
        """Send close_notify and leave the socket open."""
        assert self._tls is not None
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        await self.say_plain(self._outgoing.read())

    def fin(self) -> None:
        """No more octets from here; the other direction stays open."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()
        self.ended = True

    async def until_ended(self) -> None:
        """Read on until the client hangs up."""
        while not self.ended:
            with contextlib.suppress(Over, ssl.SSLError):
                await self._receive()

    async def _more(self, most: int) -> None:
        if len(self._buffer) > most:
            raise Over
        self._buffer += self._decrypted(await self._receive())

    async def _receive(self) -> bytes:
        try:
            octets = await self._loop.sock_recv(self._sock, 65536)
        except OSError:
            octets = b""
        if not octets:
            self.ended = True
            raise Over
        self._count(len(octets))
        return octets

    def _decrypted(self, octets: bytes) -> bytes:
        if self._tls is None:
            return octets
        self._incoming.write(octets)
        plain = bytearray()
        try:
            while part := self._tls.read(65536):
                plain += part
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            raise Over from None
        return bytes(plain)

    def _count(self, octets: int) -> None:
        self._octets += octets
        if self._octets > MOST_OCTETS:
            raise Over


class HostileServer:
    """Listens on a free port of 127.0.0.1 and plays the script to every connection.

    ``window`` is the size of the receive buffer, to make a peer that stops reading felt early.
    """

    def __init__(self, script: Script, *, window: int | None = None) -> None:
        self.peers: list[Peer] = []
        self.crashes: list[BaseException] = []
        self._script = script
        self._tasks: list[asyncio.Task[None]] = []
        self._released = asyncio.Event()
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._sock.setblocking(False)
        if window is not None:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self._sock.bind(("127.0.0.1", 0))
        self._sock.listen(8)
        self.port: int = self._sock.getsockname()[1]

    async def __aenter__(self) -> HostileServer:
        self._tasks.append(asyncio.ensure_future(self._accept()))
        return self

    async def hung_up(self, within: float) -> bool:
        """Whether the client closed every connection, or does within so many seconds."""
        self._released.set()
        _, waiting = await asyncio.wait(self._tasks[1:], timeout=within) if self._tasks[1:] else (set(), set())
        return not waiting and all(peer.ended for peer in self.peers)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._sock.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(self._sock)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._tasks.append(asyncio.ensure_future(self._serve(sock)))

    async def _serve(self, sock: socket.socket) -> None:
        peer = Peer(sock, self._released)
        self.peers.append(peer)
        try:
            async with asyncio.timeout(LIFE_S):
                with contextlib.suppress(Over):
                    await self._script(peer)
                await peer.until_ended()
        except TimeoutError:
            pass
        except Exception as error:  # a scenario that is itself wrong must be seen
            self.crashes.append(error)
        finally:
            sock.close()


# Acts ---------------------------------------------------------------------------------------------------------------


async def perform(peer: Peer, act: Act) -> None:
    if isinstance(act, bytes):
        await peer.say(act)
    elif isinstance(act, tuple):
        for one in act:
            await perform(peer, one)
    else:
        await act(peer)


async def silence(peer: Peer) -> None:
    raise Over


async def fin(peer: Peer) -> None:
    peer.fin()
    raise Over


async def half_close(peer: Peer) -> None:
    """Say that nothing more will come, and go on."""
    peer.fin()


async def rst(peer: Peer) -> None:
    peer.reset()
    raise Over


async def deaf(peer: Peer) -> None:
    """Stop reading until the probe is done."""
    await peer.released.wait()
    raise Over


async def close_tls(peer: Peer) -> None:
    await peer.close_tls()
    raise Over


def in_turn(*acts: Act) -> Script:
    """The first act at the first time, the second at the second …, the last one from then on."""

    async def act(peer: Peer) -> None:
        number = peer.turns[act]
        peer.turns[act] += 1
        await perform(peer, acts[min(number, len(acts) - 1)])

    return act


def wait(seconds: float) -> Script:
    async def act(peer: Peer) -> None:
        await asyncio.sleep(seconds)

    return act


def nothing(seconds: float) -> Script:
    async def act(peer: Peer) -> None:
        await peer.nothing(seconds)

    return act


def some(octets: int) -> Script:
    async def act(peer: Peer) -> None:
        await peer.some(octets)

    return act


def plain(octets: bytes) -> Script:
    async def act(peer: Peer) -> None:
        await peer.say_plain(octets)

    return act


def segments(octets: bytes, size: int = 1, every: float = 0.0) -> Script:
    """The octets in segments of ``size``, ``every`` so many seconds; without a pause as fast as the loop turns."""

    async def act(peer: Peer) -> None:
        for start in range(0, len(octets), size):
            await peer.say(octets[start : start + size])
            await asyncio.sleep(every)
        peer.last = octets

    return act


def flood(octets: bytes, first: bytes = b"") -> Script:
    """``first``, then the same octets again and again until the client has had enough."""
    block = octets * max(1, 16384 // len(octets))

    async def act(peer: Peer) -> None:
        await peer.say(first)
        while True:
            await peer.say(block)
            await asyncio.sleep(0)

    return act


# The well-behaved server --------------------------------------------------------------------------------------------

OFFER = b"250-mx.test\r\n250-SIZE 1000000\r\n250 8BITMIME\r\n"
TLS_OFFER = b"250-mx.test\r\n250-SIZE 1000000\r\n250-STARTTLS\r\n250 8BITMIME\r\n"

_POLITE: dict[str, Act] = {
    "banner": b"220 mx.test ESMTP\r\n",
    "ehlo": OFFER,
    "tls_ehlo": OFFER,
    "helo": b"250 mx.test\r\n",
    "help": b"214 2.0.0 Commands: EHLO MAIL RCPT DATA RSET NOOP QUIT\r\n",
    "starttls": b"502 5.5.1 No TLS here\r\n",
    "auth": b"334 \r\n",
    "cancel": b"501 5.7.0 Cancelled\r\n",
    "mail": b"250 2.1.0 Ok\r\n",
    "rcpt": b"250 2.1.5 Ok\r\n",
    "data": b"354 Go on\r\n",
    "dot": b"250 2.0.0 Queued\r\n",
    "rset": b"250 2.0.0 Ok\r\n",
    "quit": (b"221 2.0.0 Bye\r\n", fin),
    "unknown": b"500 5.5.2 What?\r\n",
}
_VERBS = {
    "EHLO": "ehlo",
    "LHLO": "ehlo",
    "HELO": "helo",
    "HELP": "help",
    "STARTTLS": "starttls",
    "AUTH": "auth",
    "*": "cancel",
    "MAIL": "mail",
    "RCPT": "rcpt",
    "DATA": "data",
    "RSET": "rset",
    "QUIT": "quit",
}


def polite(**acts: Act) -> Script:
    """A server that obeys RFC 5321 but for the acts that are given: ``banner``, ``ehlo``, ``tls_ehlo`` (inside TLS),
    ``helo``, ``help``, ``starttls``, ``auth``, ``cancel``, ``mail``, ``rcpt``, ``data``, ``text`` (once 354 was said,
    before the message is read), ``dot``, ``rset``, ``quit``, ``unknown``; ``connected`` comes before the banner."""
    table = {**_POLITE, **acts}
    strange = set(table) - set(_POLITE) - {"connected", "text"}
    if strange:
        raise ValueError(f"no such point in the conversation: {strange}")

    async def script(peer: Peer) -> None:
        await perform(peer, table.get("connected", b""))
        await perform(peer, table["banner"])
        while True:
            verb = (await peer.line()).split(b" ")[0].decode("latin-1").upper()
            key = _VERBS.get(verb, "unknown")
            key = "tls_ehlo" if key == "ehlo" and peer.in_tls else key
            await perform(peer, table[key])
            if key == "data" and peer.last.startswith(b"354"):
                await perform(peer, table.get("text", b""))
                await peer.body()
                await perform(peer, table["dot"])

    return script
