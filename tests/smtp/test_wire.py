"""What the wire borrows from aiosmtplib, and what it makes of the octets."""

from __future__ import annotations

import asyncio
import inspect

import pytest
from aiosmtplib.protocol import FlowControlMixin, SMTPProtocol

from probe.errors import WireError
from probe.limits import Limits
from probe.model import Endpoint
from probe.smtp.connection import connect
from probe.smtp.message import stuffed
from probe.smtp.wire import Wire

# The private parts of aiosmtplib that Wire overrides or uses; it is held to one minor version for them.
OVERRIDDEN = ("connection_made", "data_received", "eof_received", "connection_lost", "write", "read_response")
METHODS = ("execute_command", "_drain_helper")
ATTRIBUTES = ("transport", "_over_ssl", "_command_lock")


def test_the_parts_that_are_borrowed_are_there() -> None:
    for name in (*OVERRIDDEN, *METHODS):
        assert callable(getattr(SMTPProtocol, name))
    for name in OVERRIDDEN:
        assert name in vars(Wire)
    source = inspect.getsource(SMTPProtocol) + inspect.getsource(FlowControlMixin)
    for attribute in ATTRIBUTES:
        assert f"self.{attribute}" in source
    assert "self.write(" in inspect.getsource(SMTPProtocol.execute_command)
    assert "self.read_response(" in inspect.getsource(SMTPProtocol.execute_command)


async def serve(script) -> tuple[asyncio.Server, Endpoint]:  # type: ignore[no-untyped-def]
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    return server, Endpoint("127.0.0.1", "127.0.0.1", server.sockets[0].getsockname()[1])


def with_wire(script, talk, limits: Limits | None = None):  # type: ignore[no-untyped-def]
    async def run():  # type: ignore[no-untyped-def]
        server, endpoint = await serve(script)
        wire = await connect(endpoint, limits or Limits(), asyncio.get_running_loop().time)
        try:
            return await talk(wire)
        finally:
            wire.abort()
            server.close()
            await server.wait_closed()
            await asyncio.sleep(0.01)

    return asyncio.run(run())


def test_a_command_with_a_control_character_never_leaves() -> None:
    heard = []

    async def script(reader, writer):  # type: ignore[no-untyped-def]
        heard.append(await reader.read(100))

    async def talk(wire: Wire) -> None:
        with pytest.raises(ValueError, match="control"):
            await wire.command(b"MAIL FROM:<a>\r\nRCPT TO:<b>", 1.0)

    with_wire(script, talk)
    assert heard in ([], [b""])


def test_the_write_deadline_holds_where_the_other_side_does_not_read() -> None:
    async def script(reader, writer):  # type: ignore[no-untyped-def]
        await asyncio.sleep(3)

    async def talk(wire: Wire) -> str:
        with pytest.raises(WireError) as caught:
            await wire.send(b"x" * 64_000_000, 0.2)
        return caught.value.outcome

    assert with_wire(script, talk) == "timeout"


def test_the_octets_of_a_session_are_bounded() -> None:
    async def script(reader, writer):  # type: ignore[no-untyped-def]
        line = b"220-" + b"x" * 200 + b"\r\n"
        while True:
            writer.write(line * 50)
            await writer.drain()

    async def talk(wire: Wire) -> tuple[str, int]:
        with pytest.raises(WireError) as caught:
            await wire.read_response(5.0)
        return caught.value.outcome, len(caught.value.partial)

    outcome, kept = with_wire(script, talk)
    assert outcome == "limit"
    assert 0 < kept <= Limits().reply + Limits().line


def test_dots_are_doubled_and_lines_end_with_crlf() -> None:
    assert stuffed(b"a\n.b\r\n..c\rd") == b"a\r\n..b\r\n...c\r\nd\r\n"
    assert stuffed(b"") == b"\r\n"
