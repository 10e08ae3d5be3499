"""Which certificates does a mail host show? One conversation that goes as far as TLS and no further (RFC 3207).

For the checks that hold certificates against what is published: greeting, EHLO, STARTTLS, the handshake, QUIT. No
envelope is named and no message sent. The handshake verifies nothing, for that is the check's own affair.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.checks.protocols import Connector
from probe.errors import Detail, WireError

if TYPE_CHECKING:
    from probe.tls.layer import TlsLayer

_READ = 16 * 1024
# RFC 5321 section 4.5.3.1.5 gives a line 512 octets; nobody needs more lines than this to offer extensions.
_LINE, _LINES = 1024, 128


NO_TLS = ("no-starttls", "tls-error")
"""The failures after which there is no TLS with this server, for anybody."""


@dataclass(frozen=True)
class Seen:
    """What one MX host showed: its certificates, leaf first and in DER form. Where there are none, ``failure`` is why:
    one of ``NO_TLS``, or one that keeps it open what it would show to others: ``refused``, ``timeout``,
    ``unreachable``, ``closed``, ``reset``, ``not-smtp``, ``injection``."""

    host: str
    chain: tuple[bytes, ...] = ()
    failure: str | None = None
    detail: Detail | None = None


async def see(
    host: str,
    addresses: Sequence[str],
    *,
    connect: Connector,
    server_name: str | None = None,
    port: int = 25,
    seconds: float = 10.0,
) -> Seen:
    """Ask the first address that a connection can be made to, within ``seconds`` for each. ``server_name`` is the name
    to ask for in TLS, where that is another one. Never raises for anything that the other side may do."""
    seen = Seen(host, failure="unreachable")
    for address in addresses:
        try:
            async with asyncio.timeout(seconds):
                try:
                    reader, writer = await connect(address, port, deadline=seconds)
                except WireError as error:
                    seen = Seen(host, failure=error.outcome, detail=error.detail)
                    continue
                try:
                    return Seen(host, await _Talk(reader, writer, server_name or host).chain())
                finally:
                    writer.transport.abort()
        except TimeoutError:
            return Seen(host, failure="timeout")
        except OSError:
            return Seen(host, failure="reset")
        except WireError as error:
            return Seen(host, failure=error.outcome.replace("_", "-"), detail=error.detail)
        except _Refused as error:
            return Seen(host, failure=error.reason)
    return seen


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Talk:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader, self._writer, self._host = reader, writer, host
        self._heard = bytearray()

    async def chain(self) -> tuple[bytes, ...]:
        """The certificates, leaf first. Raises ``WireError``, ``OSError`` and ``_Refused``."""
        if (await self._reply())[0] != 220:
            raise _Refused("refused")
        code, lines = await self._command(f"EHLO {self._own_name()}")
        offered = [line.upper().split()[:1] for line in lines[1:]]
        if code != 250 or ["STARTTLS"] not in offered:
            raise _Refused("no-starttls")
        if (await self._command("STARTTLS"))[0] != 220:
            raise _Refused("no-starttls")
        if self._heard:  # RFC 3207 section 4.2: said in clear, and meant to be heard inside
            raise _Refused("injection")
        return await self._handshake()

    async def _handshake(self) -> tuple[bytes, ...]:
        from probe.tls.layer import TlsLayer, client_context

        layer = TlsLayer(client_context(), self._host)
        while not layer.handshake():
            await self._flush(layer)
            octets = await self._reader.read(_READ)
            if not octets:
                raise _Refused("tls-error")
            layer.receive(octets)
        with contextlib.suppress(OSError):  # what is wanted has been seen
            layer.encrypt(b"QUIT\r\n")
            await self._flush(layer)
        return tuple(layer.chain())

    async def _command(self, line: str) -> tuple[int, list[str]]:
        self._writer.write(f"{line}\r\n".encode("ascii"))
        await self._writer.drain()
        return await self._reply()

    async def _reply(self) -> tuple[int, list[str]]:
        """Code and texts of one reply (RFC 5321 section 4.2), whose lines all carry that code."""
        texts: list[str] = []
        code = None
        for _ in range(_LINES):
            line = await self._line()
            digits, mark = line[:3], line[3:4]
            if not digits.isdigit() or mark not in (b" ", b"-", b"") or code not in (None, int(digits)):
                raise _Refused("not-smtp")
            code = int(digits)
            texts.append(line[4:].decode("ascii", "replace"))
            if mark != b"-":
                return code, texts
        raise _Refused("not-smtp")

    async def _line(self) -> bytes:
        while (at := self._heard.find(b"\n")) < 0:
            octets = await self._reader.read(_READ) if len(self._heard) <= _LINE else b""
            if not octets:
                raise _Refused("not-smtp" if self._heard else "closed")
            self._heard += octets
        line = bytes(self._heard[:at]).removesuffix(b"\r")
        del self._heard[: at + 1]
        return line

    async def _flush(self, layer: TlsLayer) -> None:
        self._writer.write(layer.pending())
        await self._writer.drain()

    def _own_name(self) -> str:
        """Our address as a literal (RFC 5321 section 4.1.3): no look-up, and always true."""
        name = self._writer.get_extra_info("sockname")
        address = str(name[0]) if isinstance(name, tuple) and name else "127.0.0.1"
        return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"
