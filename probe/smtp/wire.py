"""The wire: one connection, its octets, its deadlines.

Borrows ``execute_command`` with its lock and its guard against control characters from aiosmtplib, and owns the
reading: octets go through our own reply reader, so that surplus, partial and injected octets are seen and never
believed. STARTTLS runs over memory buffers for the same reason, and DATA is ours because its end decides everything.
A test names the private parts of aiosmtplib that this relies on.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable
from typing import cast

from aiosmtplib.errors import SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol

from probe.errors import Detail, WireError
from probe.limits import Limits
from probe.model import Reply
from probe.smtp.reader import ReplyReader
from probe.text import Redactor
from probe.tls.layer import TlsLayer

# What the kernel says most often, by its key in data/words.toml.
_KERNEL = {
    errno.ECONNREFUSED: "detail-refused-by-host",
    errno.ECONNRESET: "detail-reset-by-them",
    errno.EHOSTUNREACH: "detail-no-way-to-host",
    errno.ENETUNREACH: "detail-no-way-to-network",
    errno.ETIMEDOUT: "detail-kernel-gave-up",
    errno.EPIPE: "detail-broken-pipe",
    errno.ENOENT: "detail-no-such-socket",
    errno.EACCES: "detail-not-permitted",
}


def reason(error: OSError) -> Detail:
    """Why the kernel would not. asyncio wraps its words in others; its own are the ones that people know."""
    if error.errno in _KERNEL:
        return Detail(_KERNEL[error.errno])
    text = error.strerror or str(error)
    if "Multiple exceptions" in text or "Connect call failed" in text:
        text = os.strerror(error.errno) if error.errno else ""
    return Detail("detail-system", said=text[:1].lower() + text[1:]) if text else Detail("detail-failed")


class Wire(SMTPProtocol):
    """A connection to one endpoint. Every method that waits takes its deadline in seconds and raises ``WireError``."""

    def __init__(self, limits: Limits, clock: Callable[[], float], redact: Redactor | None = None) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.reader = ReplyReader(limits, redact)
        self.tls: TlsLayer | None = None
        self._limits = limits
        self._clock = clock
        self._received = 0
        self._broken: WireError | None = None
        self._news = asyncio.Event()

    # What asyncio tells us ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # Any octet that is still unsent pauses us, so that "drained" means handed to the kernel, and a peer that
        # stops reading is noticed by the write deadline.
        cast(asyncio.WriteTransport, transport).set_write_buffer_limits(high=0)
        self._acknowledge_quickly()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        try:
            if self._received > self._limits.transcript:
                raise WireError("limit", Detail("detail-large-session", octets=self._limits.transcript))
            if self.tls is None:
                self.reader.feed(data, self._clock())
            else:
                self.tls.receive(data)
                if self.tls.ready:
                    self._read_plain()
        except WireError as error:
            self._break(error)
        self._news.set()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._news.set()

    def eof_received(self) -> bool:
        if self.tls is not None:
            self.tls.end()
        self.reader.end(self._clock())
        self._break(WireError("closed", Detail("detail-closed-by-them")))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if exc is not None:
            why = reason(exc) if isinstance(exc, OSError) else Detail("detail-system", said=exc)
            self._break(WireError("reset", Detail("detail-broke", why=why)))
        else:
            self._break(WireError("closed", Detail("detail-closed")))

    # What the conversation asks for ---------------------------------------------------------------------------------

    @property
    def unread(self) -> bytes:
        """Octets that arrived and that nobody asked for."""
        return self.reader.unread

    @property
    def local_address(self) -> str | None:
        name = self.transport.get_extra_info("sockname") if self.transport else None
        return str(name[0]) if isinstance(name, tuple) else None

    async def look(self, seconds: float = 0.0) -> bytes:
        """Let what already arrived come in, or wait up to ``seconds`` for it; return the unread octets."""
        if seconds:
            self._news.clear()
            if not self.unread:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._news.wait()
        else:
            # One turn of the loop asks the kernel, the next delivers what it had.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return self.unread

    async def command(self, line: bytes, timeout: float) -> Reply:
        """Send one command line and read its reply. Raises ValueError for control characters in the line."""
        try:
            return cast(Reply, await self.execute_command(line, timeout=timeout))
        except SMTPServerDisconnected as error:
            raise self._failure(self._broken or WireError("closed", Detail("detail-closed"))) from error

    async def read_response(self, timeout: float | None = None) -> Reply:  # type: ignore[override]
        """The next whole reply. The deadline covers all of it, however slowly it drips."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    self._news.clear()
                    reply = self.reader.take()
                    if reply is not None:
                        return reply
                    fault = self.reader.fault
                    if fault is not None:
                        raise WireError(fault.outcome, fault.detail, fault.octets)
                    if self._broken is not None:
                        raise self._failure(self._broken)
                    await self._news.wait()
        except TimeoutError:
            raise WireError(
                "timeout", Detail("detail-no-reply", seconds=f"{timeout:.3g}"), self.reader.partial
            ) from None

    def write(self, data: bytes) -> None:
        if self._broken is not None and self._broken.outcome != "limit":
            raise self._failure(self._broken)
        if self.transport is None or self.transport.is_closing():
            raise WireError("closed", Detail("detail-closed"), self.reader.partial)
        if self.tls is not None and self.tls.ready:
            self.tls.encrypt(data)
            data = self.tls.pending()
        cast(asyncio.WriteTransport, self.transport).write(data)

    async def send(self, data: bytes, timeout: float) -> None:
        """Write octets and wait until the kernel took them all, or until the other side says something."""
        self.write(data)
        try:
            async with asyncio.timeout(timeout):
                while self._paused and not self.unread:
                    if self._broken is not None:
                        raise self._failure(self._broken)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            late = Detail("detail-not-read", seconds=f"{timeout:.3g}")
            raise WireError("timeout", late, self.reader.partial) from None

    async def secure(self, layer: TlsLayer, timeout: float) -> None:
        """The TLS handshake. Nothing may be unread when it begins."""
        self.tls = layer
        try:
            async with asyncio.timeout(timeout):
                while True:
                    self._news.clear()
                    if self._shake(layer):
                        break
                    if self._broken is not None:
                        raise self._failure(self._broken)
                    await self._news.wait()
        except TimeoutError:
            raise WireError("timeout", Detail("detail-slow-handshake", seconds=f"{timeout:.3g}")) from None
        self._over_ssl = True
        self._acknowledge_quickly()
        self._read_plain()

    async def until_closed(self, timeout: float) -> bytes:
        """Read to the end of the stream, at most ``timeout`` seconds; return what came unasked."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._broken is None:
                    self._news.clear()
                    await self._news.wait()
        return self.unread

    def abort(self) -> None:
        """Drop the connection now; nothing is left to close by itself."""
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()

    # Helpers --------------------------------------------------------------------------------------------------------

    def _shake(self, layer: TlsLayer) -> bool:
        try:
            return layer.handshake()
        except WireError as error:
            # A handshake that ends because the stream does is a closed connection, not a fault of TLS.
            if error.alert is None and error.outcome == "tls_error" and self._broken is not None:
                raise self._failure(self._broken) from error
            raise
        finally:
            octets = layer.pending()
            if octets and self.transport is not None and not self.transport.is_closing():
                cast(asyncio.WriteTransport, self.transport).write(octets)

    def _read_plain(self) -> None:
        assert self.tls is not None
        self.reader.feed(self.tls.decrypt(), self._clock())
        answer = self.tls.pending()
        if answer and self.transport is not None and not self.transport.is_closing():
            cast(asyncio.WriteTransport, self.transport).write(answer)
        if self.tls.closed:
            self.reader.end(self._clock())
            self._break(WireError("closed", Detail("detail-tls-ended")))

    def _break(self, error: WireError) -> None:
        """The first thing that broke the connection is the one that counts."""
        if self._broken is None or (self._broken.outcome == "closed" and error.outcome == "reset"):
            self._broken = error
        self._news.set()

    def _failure(self, error: WireError) -> WireError:
        return WireError(error.outcome, error.detail, error.partial or self.reader.partial, alert=error.alert)

    def _acknowledge_quickly(self) -> None:
        """Without this the first EHLO inside TLS can wait 40 ms for a delayed acknowledgement of session tickets."""
        sock = self.transport.get_extra_info("socket") if self.transport else None
        quickack = getattr(socket, "TCP_QUICKACK", None)
        if sock is not None and quickack is not None and sock.family != getattr(socket, "AF_UNIX", None):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, quickack, 1)
