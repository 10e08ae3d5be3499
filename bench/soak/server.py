"""The servers of the soak, each a way to behave at a port of its own: ``python -m bench.soak.server``.

Prints the ports as a JSON object of name to number, and serves until standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_DRIP_S = 0.02
_FLOOD = b"250-and another line, as there are many more of them\r\n" * 100
_REPLIES = {b"EHLO": b"250-soak.test\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n", b"QUIT": b"221 2.0.0 Bye\r\n"}


class _Good(asyncio.Protocol):
    """Greets, consents to everything, says goodbye."""

    greeting = b"220 soak.test ESMTP\r\n"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self._rest = transport, b""
        transport.write(self.greeting)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            self.command(line[:4].upper())

    def command(self, verb: bytes) -> None:
        self.transport.write(_REPLIES.get(verb, b"250 2.0.0 Ok\r\n"))
        if verb == b"QUIT":
            self.transport.close()


class _Stall(_Good):
    """Hears MAIL and says nothing any more."""

    def command(self, verb: bytes) -> None:
        if verb != b"MAIL":
            super().command(verb)


class _Drip(_Good):
    """A greeting without end, octet by octet."""

    greeting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._timer = asyncio.get_running_loop().call_later(0, self._drip, b"220-")

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()

    def _drip(self, octets: bytes) -> None:
        self.transport.write(octets)
        self._timer = asyncio.get_running_loop().call_later(_DRIP_S, self._drip, b"x")


class _Garbage(_Good):
    """Answers EHLO with what is no reply."""

    def command(self, verb: bytes) -> None:
        self.transport.write(bytes(range(256)) * 8)


class _Reset(_Good):
    """Breaks the connection at RCPT."""

    def command(self, verb: bytes) -> None:
        if verb != b"RCPT":
            super().command(verb)
            return
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class _Flood(_Good):
    """A reply to EHLO that has no end."""

    def command(self, verb: bytes) -> None:
        for _ in range(20):
            self.transport.write(_FLOOD)


BEHAVIOURS: dict[str, type[_Good]] = {
    "good": _Good,
    "stall": _Stall,
    "drip": _Drip,
    "garbage": _Garbage,
    "reset": _Reset,
    "flood": _Flood,
}


async def _serve() -> None:
    loop, ports, servers = asyncio.get_running_loop(), {}, []
    for name, behaviour in BEHAVIOURS.items():
        server = await loop.create_server(behaviour, "127.0.0.1", 0, backlog=1024)
        servers.append(server)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.close()


@contextlib.contextmanager
def serving() -> Iterator[dict[str, int]]:
    """The servers in a process of their own, for the time of the block; name to port."""
    with subprocess.Popen(
        (sys.executable, "-m", "bench.soak.server"),
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            said = process.stdout.readline()
            if not said:
                raise SystemExit("soak: the servers did not start")
            yield json.loads(said)
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    asyncio.run(_serve())
