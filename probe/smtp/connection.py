"""Opening a connection: by address, never by name, within its deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from probe.errors import WireError
from probe.limits import Limits
from probe.model import Endpoint
from probe.smtp.wire import Wire
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

    try:
        async with asyncio.timeout(limits.connect):
            if endpoint.address.startswith("/"):
                _, made = await loop.create_unix_connection(wire, endpoint.address)
            else:
                _, made = await loop.create_connection(
                    wire, endpoint.address, endpoint.port, local_addr=(source, 0) if source else None
                )
    except TimeoutError:
        raise WireError("timeout", f"no answer to the connection attempt within {limits.connect:g} s") from None
    except (ConnectionResetError, BrokenPipeError) as error:
        raise WireError("reset", "the connection was accepted and reset at once") from error
    except OSError as error:
        raise WireError("unreachable", _reason(error)) from error
    return made


def _reason(error: OSError) -> str:
    """asyncio wraps the kernel's words in its own; the kernel's are the ones that people know."""
    text = error.strerror or str(error)
    if "Multiple exceptions" in text or "Connect call failed" in text:
        import os

        return os.strerror(error.errno).lower() if error.errno else "the connection failed"
    return text[:1].lower() + text[1:]
