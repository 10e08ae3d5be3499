"""What a check is given to reach the network with, and what it hands back to be put into words.

``probe.resolver.Resolver`` is an ``Asker``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import asyncio

    from probe.model import Answer


class Asker(Protocol):
    """Asks DNS. Never raises for what a server says or fails to say: that is in the answer."""

    async def ask(self, name: str, rdtype: str) -> Answer:
        """One question, such as ``("example.org", "TXT")``, and its four-valued answer."""
        ...


class Connector(Protocol):
    """Opens one connection, for checks that must look further than DNS."""

    async def __call__(
        self, host: str, port: int, *, deadline: float
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to ``host`` within ``deadline`` seconds. Raises ``WireError``."""
        ...


class Emitted(NamedTuple):
    """A finding without its words: the id in ``data/findings.toml``, whom it is about, and the facts that fill it."""

    id: str
    subject: str
    details: Mapping[str, Any]


def emit(id_: str, subject: str, **details: Any) -> Emitted:
    """One finding of a check."""
    return Emitted(id_, subject, details)
