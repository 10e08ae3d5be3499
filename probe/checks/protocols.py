"""What a check is given to reach the network with, and what it hands back to be put into words.

``probe.resolver.Resolver`` is an ``Asker``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import asyncio

    from probe.model import Answer


class Asker(Protocol):
    """Asks DNS. Never raises for what a server says or fails to say: that is in the answer."""

    async def ask(self, name: str, rdtype: str) -> Answer:
        """One question, such as ``("example.org", "TXT")``, and its four-valued answer."""
        ...


@runtime_checkable
class UncheckedAsker(Protocol):
    """An ``Asker`` that can also ask past the validation of its resolver."""

    def unchecked(self) -> Asker:
        """One that asks the same servers with checking disabled (RFC 4035 section 3.2.2). What it says proves nothing
        but that there is an answer which was not believed."""
        ...


class Connector(Protocol):
    """Opens one connection, for checks that must look further than DNS.

    It is told an address, which the check has from its ``Asker``, never a name. The streams carry plain octets; TLS is
    the check's own affair, and so is closing them.
    """

    async def __call__(
        self, address: str, port: int, *, deadline: float
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to ``address`` within ``deadline`` seconds. Raises ``WireError``: ``timeout`` where nothing
        answered, ``unreachable`` or ``reset`` where something said no."""
        ...


class Emitted(NamedTuple):
    """A finding without its words: the id in ``data/findings.toml``, whom it is about, and the facts that fill it."""

    id: str
    subject: str
    details: Mapping[str, Any]


def emit(id_: str, subject: str, **details: Any) -> Emitted:
    """One finding of a check."""
    return Emitted(id_, subject, details)
