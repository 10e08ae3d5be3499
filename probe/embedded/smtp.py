"""An SMTP server for demo and tests: aiosmtpd's, with every word of it open to ``Behaviour``.

It listens on loopback, in the running event loop, and leaves no task and no socket behind.
"""

from __future__ import annotations

import asyncio
import ssl
from types import TracebackType

from probe.embedded.behaviour import Behaviour, Received
from probe.embedded.certificate import Certificate, self_signed
from probe.embedded.conversation import Conversation

_MOST_MESSAGES = 100
_MOST_OCTETS = 64 * 1024 * 1024
_MOST_COMMANDS = 10_000


class SmtpServer:
    """``async with SmtpServer(Behaviour(starttls=True)) as server: connect(server.address, server.port)``

    A certificate for the behaviour's host name is made where TLS needs one and none is given. ``received`` holds the
    latest messages, 100 and 64 MiB at most; ``commands`` every command line as it came. An error in a scripted reply is
    answered 451 and raised again when the server is left.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        certificate: Certificate | None = None,
        implicit_tls: bool = False,
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.address = address
        self.port = port
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.errors: list[Exception] = []
        self.certificate = certificate
        self.context: ssl.SSLContext | None = None
        if self.behaviour.starttls or implicit_tls:
            self.certificate = certificate or self_signed(self.behaviour.hostname, "localhost", address)
            self.context = self.certificate.server_context()
        self._implicit_tls = implicit_tls
        self._conversations: set[Conversation] = set()
        self._server: asyncio.Server | None = None

    @property
    def endpoint(self) -> str:
        """Address and port in one text."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    async def __aenter__(self) -> SmtpServer:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Conversation(self), self.address, self.port, ssl=self.context if self._implicit_tls else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*(one.abort() for one in tuple(self._conversations)))
        if self._server is not None:
            await self._server.wait_closed()
        # A transport closes its socket one turn of the loop after it was told to.
        await asyncio.sleep(0)
        if self.errors and error is None:
            raise self.errors[0]

    def opened(self, conversation: Conversation) -> None:
        """Called by a conversation when it begins."""
        self._conversations.add(conversation)

    def closed(self, conversation: Conversation) -> None:
        """Called by a conversation when its connection is gone."""
        self._conversations.discard(conversation)

    def heard(self, command: str) -> None:
        """Called by a conversation for each command line."""
        self.commands.append(command)
        del self.commands[:-_MOST_COMMANDS]

    def take(self, message: Received) -> None:
        """Keep a message, and let go of the oldest where they become too many."""
        self.received.append(message)
        while len(self.received) > _MOST_MESSAGES or sum(len(one.octets) for one in self.received) > _MOST_OCTETS:
            del self.received[0]
