"""Real servers on loopback, HTTPS among them, that say what a test tells them to, octet for octet."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from probe.checks.protocols import Connector
from probe.embedded.certificate import Certificate
from probe.errors import Detail, WireError
from probe.smtp.connection import open_streams

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def answer(body: bytes, *, status: str = "200 OK", fields: str = "Content-Type: text/plain\r\n") -> bytes:
    """A whole response with its length."""
    return f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body


def says(octets: bytes) -> Script:
    """Say this, and listen until the other side goes."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        await reader.read()

    return script


def smtp_with(certificate: Certificate | None, heard: list[bytes] | None = None) -> Script:
    """A mail server that offers STARTTLS where it has a certificate. ``heard`` gets every command."""
    lines = [] if heard is None else heard

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220-mx.example greets\r\n220 in two lines\r\n")
        while line := await reader.readline():
            lines.append(line)
            verb = line.split()[0].upper()
            if verb == b"EHLO":
                writer.write(b"250-mx.example\r\n" + (b"250-starttls\r\n" if certificate else b"") + b"250 SIZE\r\n")
            elif verb == b"STARTTLS" and certificate:
                writer.write(b"220 go on\r\n")
                await writer.drain()
                await writer.start_tls(certificate.server_context())
            else:
                writer.write(b"221 bye\r\n")

    return script


class _Deaf:
    """A writer that leads nowhere."""

    transport = property(lambda self: self)

    def write(self, octets: bytes) -> None: ...

    def abort(self) -> None: ...

    async def drain(self) -> None: ...

    def get_extra_info(self, name: str) -> object:
        return ("2001:db8::1%eth0", 1, 0, 2)


def already_said(octets: bytes) -> Connector:
    """Every connection has heard these octets and then its end, whatever is asked; there is no network in it."""

    async def connect(address: str, port: int, *, deadline: float) -> tuple[asyncio.StreamReader, Any]:
        reader = asyncio.StreamReader()
        reader.feed_data(octets)
        reader.feed_eof()
        return reader, _Deaf()

    return connect


class Listener:
    """``async with Listener(script) as listener``: a server that does this with each connection. ``connect`` is a
    ``Connector`` for which every address leads here; 192.0.2.99 and 2001:db8::99 refuse. ``connections`` are the
    addresses and ports that were asked for."""

    def __init__(self, script: Script, context: ssl.SSLContext | None = None) -> None:
        self._script, self._context = script, context
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: list[tuple[str, int]] = []

    async def connect(
        self, address: str, port: int, *, deadline: float
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.connections.append((address, port))
        if address in ("192.0.2.99", "2001:db8::99"):
            raise WireError("unreachable", Detail("detail-refused-by-host"))
        return await open_streams("127.0.0.1", self._port, deadline=deadline)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._script(reader, writer)
        except (OSError, EOFError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()


class Web(Listener):
    """``says`` is the response, or what to do with the streams once the request is there. ``requests`` are the heads
    that came in. Without a context it speaks in clear."""

    def __init__(self, context: ssl.SSLContext | None, says: bytes | Script) -> None:
        super().__init__(self._answer, context)
        self._says = says
        self.requests: list[bytes] = []

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        if isinstance(self._says, bytes):
            writer.write(self._says)
            await writer.drain()
            writer.close()  # with close_notify
            await writer.wait_closed()
        else:
            await self._says(reader, writer)
