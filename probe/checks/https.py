"""One GET over HTTPS, through the connector that a check was given (RFC 9110, RFC 9112, RFC 9525).

The certificate is judged apart from the handshake, so that a result names every reason why it does not hold, and no
request leaves before it holds. No redirect is followed, nothing is kept, no cookie or credential is sent.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.checks.http import HttpError, Response, ResponseReader
from probe.checks.protocols import Connector
from probe.errors import Detail, ProbeError, WireError
from probe.model import Tls
from probe.version import VERSION

if TYPE_CHECKING:
    from probe.tls.layer import TlsLayer

PORT = 443
_READ = 16 * 1024


class HttpsError(ProbeError):
    """Nothing was fetched. ``reason`` is the id of why: that of ``HttpError``, ``timeout``, ``unreachable``, ``reset``,
    ``tls-error``, ``certificate`` or ``no-trust-anchors``; ``tls`` is what was negotiated as far as it came, ``detail``
    what happened, where there is more to say. ``temporary`` says that it may be otherwise in a moment."""

    def __init__(
        self, reason: str, detail: Detail | None = None, tls: Tls | None = None, *, temporary: bool = False
    ) -> None:
        super().__init__(str(detail or reason))
        self.reason = reason
        self.detail = detail
        self.tls = tls
        self.temporary = temporary


@dataclass(frozen=True)
class Fetched:
    """The response and the TLS that carried it; ``address`` is where it came from."""

    response: Response
    tls: Tls
    address: str


@dataclass(frozen=True)
class Terms:
    """What a fetch is held to: ``seconds`` in all, ``limit`` octets of a body, the moment at which a certificate must
    hold, and the file of trust anchors instead of the system's."""

    now: datetime.datetime
    ca_file: str | None = None
    seconds: float = 30.0
    limit: int = 64 * 1024


async def get(host: str, path: str, addresses: Sequence[str], *, connect: Connector, terms: Terms) -> Fetched:
    """Fetch ``https://host/path`` from the first of the addresses that a connection can be made to.

    Raises ``HttpsError``, and ``OSError`` for a file of trust anchors that cannot be read.
    """
    from probe.tls.verification import trust_anchors

    if not trust_anchors(terms.ca_file):
        raise HttpsError("no-trust-anchors", temporary=True)
    loop = asyncio.get_running_loop()
    end = loop.time() + terms.seconds
    try:
        async with asyncio.timeout_at(end):
            failure = HttpsError("unreachable", temporary=True)
            for place, address in enumerate(addresses):
                share = (end - loop.time()) / (len(addresses) - place)
                try:
                    reader, writer = await connect(address, PORT, deadline=share)
                except WireError as error:
                    failure = HttpsError(error.outcome, error.detail, temporary=True)
                    continue
                try:
                    return await _Exchange(reader, writer, host, terms).get(path, address)
                finally:
                    writer.transport.abort()
            raise failure
    except TimeoutError:
        raise HttpsError("timeout", temporary=True) from None
    except HttpError as error:
        raise HttpsError(error.reason, temporary=error.reason in ("truncated", "closed")) from None


class _Exchange:
    """One connection, one request. TLS runs over memory, so that nothing that was said in clear can pass for more."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, terms: Terms) -> None:
        from probe.tls.layer import TlsLayer, verifying_context

        self._reader, self._writer = reader, writer
        self._host, self._terms = host, terms
        self._tls: TlsLayer = TlsLayer(verifying_context(), host, upgrade=False)

    async def get(self, path: str, address: str) -> Fetched:
        try:
            await self._handshake()
            tls = self._verified()
            # RFC 9112 section 9.6: one request, and then the connection is done with.
            request = (
                f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: smtp-probe/{VERSION}\r\n"
                "Accept: text/plain\r\nConnection: close\r\n\r\n"
            )
            self._tls.encrypt(request.encode("ascii"))
            await self._flush()
            return Fetched(await self._response(), tls, address)
        except WireError as error:
            raise HttpsError("tls-error", error.detail) from None
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise HttpsError("reset", temporary=True) from None

    async def _handshake(self) -> None:
        while not self._tls.handshake():
            await self._flush()
            octets = await self._reader.read(_READ)
            if not octets:
                raise HttpsError("closed", temporary=True)
            self._tls.receive(octets)
        await self._flush()

    def _verified(self) -> Tls:
        tls = self._tls.facts(self._host, self._terms.now, self._terms.ca_file)
        if not tls.verified:
            raise HttpsError("certificate", tls=tls)
        return tls

    async def _response(self) -> Response:
        reading = ResponseReader(self._terms.limit)
        while not reading.done:
            reading.feed(self._tls.decrypt())
            if reading.done or self._tls.closed:
                break
            octets = await self._reader.read(_READ)
            if not octets:
                break
            self._tls.receive(octets)
            await self._flush()  # what TLS itself has to say, such as the answer to a change of keys
        reading.end(whole=self._tls.closed)
        return reading.response

    async def _flush(self) -> None:
        self._writer.write(self._tls.pending())
        await self._writer.drain()
