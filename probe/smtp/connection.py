"""Opening a connection: by address, never by name, within its deadline."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from probe.errors import Detail, WireError
from probe.limits import Limits
from probe.model import Endpoint
from probe.smtp.wire import Wire, reason
from probe.text import Redactor


async def connect(
    endpoint: Endpoint,
    limits: Limits,
    clock: Callable[[], float],
    source: str | None = None,
    redact: Redactor | None = None,
) -> Wire:
    """A wire to the endpoint; an address that begins with ``/`` is a unix socket. ``redact`` takes secrets
    out of what is kept of replies.

    Raises ``WireError``: ``timeout`` where nothing answered, ``unreachable`` where something said no.
    """
    loop = asyncio.get_running_loop()

    def wire() -> Wire:
        return Wire(limits, clock, redact)

    async with _within(limits.connect):
        if endpoint.address.startswith("/"):
            _, made = await loop.create_unix_connection(wire, endpoint.address)
        else:
            _, made = await loop.create_connection(
                wire, endpoint.address, endpoint.port, local_addr=(source, 0) if source else None
            )
    return made


async def open_streams(
    address: str, port: int, *, deadline: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of plain octets to an address, for the checks that look further than DNS: it is a ``Connector``.
    Raises ``WireError`` as ``connect`` does."""
    async with _within(deadline):
        return await asyncio.open_connection(address, port)


@contextlib.asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise WireError("timeout", Detail("detail-no-answer", seconds=f"{seconds:g}")) from None
    except (ConnectionResetError, BrokenPipeError) as error:
        raise WireError("reset", Detail("detail-reset-at-once")) from error
    except OSError as error:
        raise WireError("unreachable", reason(error)) from error
