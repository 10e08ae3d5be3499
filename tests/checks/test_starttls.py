"""What mail hosts show when they are asked for TLS, and what they do instead: real servers on loopback."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.checks.starttls import Seen, see
from probe.embedded.behaviour import Behaviour
from probe.embedded.smtp import SmtpServer
from tests.checks.web import Listener, Script, already_said, says, smtp_with
from tests.tls.authority import Authority, ders

HOST = "mx.shop.example"
CERTIFICATE = Authority().issue(HOST)
EHLO = b"250-mx.example\r\n250 STARTTLS\r\n"


def ask(script: Script, *addresses: str, seconds: float = 5.0) -> tuple[Seen, Listener]:
    async def asked() -> tuple[Seen, Listener]:
        async with Listener(script) as listener:
            return await see(HOST, addresses or ("192.0.2.1",), connect=listener.connect, seconds=seconds), listener

    return asyncio.run(asked())


def in_turn(*replies: bytes) -> Script:
    """Greet with the first, then answer each command with the next."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            writer.write(reply)
            if not await reader.readline():
                return
        await reader.read()

    return script


def test_the_whole_chain_is_seen() -> None:
    heard: list[bytes] = []
    seen, listener = ask(smtp_with(CERTIFICATE, heard))
    assert Seen(HOST, ders(CERTIFICATE)) == seen
    assert [("192.0.2.1", 25)] == listener.connections
    assert [b"EHLO [127.0.0.1]\r\n", b"STARTTLS\r\n"] == heard[:2]
    assert {b"QUIT\r\n"} >= set(heard[2:])


def test_a_server_of_another_making_shows_its_certificate() -> None:
    async def asked() -> Seen:
        async with SmtpServer(Behaviour(starttls=True), certificate=CERTIFICATE) as server:

            async def connect(
                address: str, port: int, *, deadline: float
            ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
                return await asyncio.open_connection(server.address, server.port)

            return await see(HOST, ["192.0.2.1"], connect=connect)

    assert ders(CERTIFICATE) == asyncio.run(asked()).chain


def test_the_first_address_that_can_be_reached_counts() -> None:
    seen, listener = ask(smtp_with(CERTIFICATE), "192.0.2.99", "192.0.2.2", "192.0.2.3")
    assert (None, 2) == (seen.failure, len(listener.connections))
    dead, _ = ask(smtp_with(CERTIFICATE), "192.0.2.99")
    assert ("unreachable", "detail-refused-by-host") == (dead.failure, dead.detail and dead.detail.key)
    assert "unreachable" == asyncio.run(see(HOST, [], connect=Listener(says(b"")).connect)).failure


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        (says(b"554 not you\r\n"), "refused"),
        (says(b"421 later\r\n"), "refused"),
        (says(b"SSH-2.0-OpenSSH\r\n"), "not-smtp"),
        (says(b"220-a\r\n250 b\r\n"), "not-smtp"),
        (says(b"220-a\r\n" * 200), "not-smtp"),
        (says(b"2" * 5000), "not-smtp"),
        (in_turn(b"220 x\r\n", b"502 no\r\n"), "no-starttls"),
        (in_turn(b"220 x\r\n", b"250-x\r\n250 STARTTLSX\r\n"), "no-starttls"),
        (in_turn(b"220 x\r\n", b"250 STARTTLS\r\n"), "no-starttls"),
        (in_turn(b"220 x\r\n", EHLO, b"454 not now\r\n"), "no-starttls"),
        (in_turn(b"220 x\r\n", EHLO, b"220 go\r\n250 injected\r\n"), "injection"),
        (smtp_with(None), "no-starttls"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_why_nothing_was_seen(script: Script, failure: str) -> None:
    seen, _ = ask(script, seconds=1.0)
    assert ((), failure) == (seen.chain, seen.failure)


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _hello_in_clear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for reply in (b"220 x\r\n", EHLO, b"220 go\r\n"):
        writer.write(reply)
        await reader.read(1000)
    writer.write(b"500 what was that\r\n")
    await reader.read()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("script", "failures"),
    [
        (_close, ("closed", "reset")),
        (_hello_in_clear, ("injection", "tls-error")),
        (_drip, ("timeout",)),
        (says(b""), ("timeout",)),
    ],
    ids=["close", "clear", "drip", "silent"],
)
def test_rude_servers(script: Script, failures: tuple[str, ...]) -> None:
    seen, _ = ask(script, seconds=0.5)
    assert seen.failure in failures


PIECES = [
    b"220 x\r\n",
    EHLO,
    b"220 go\r\n",
    b"250-",
    b"\n",
    b"554",
    b"\x16\x03\x01\x00\x05hello",
    b"\x15\x03\x03\x00\x02\x02\x28",
]


@given(st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(PIECES))))
def test_whatever_is_said_nothing_is_raised(pieces: list[bytes]) -> None:
    async def asked() -> Seen:
        return await see(HOST, ["192.0.2.1"], connect=already_said(b"".join(pieces)))

    seen = asyncio.run(asked())
    assert ((), True) == (seen.chain, bool(seen.failure))
