"""Proving: one file a check. Each answers one question about a sender, and says no more than it was told.

A check is a module with ``ID``, ``PROVES`` (the causes in ``data/causes.toml`` that it can prove or refute) and

    async def run(subject, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult

    def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]

``run`` reaches the network only through ``ask`` and ``connect``, keeps no state, and never raises for what an outsider
said: DNS that cannot be asked is ``temperror``, what is published wrongly ``permerror``, what is not published
``none``. Facts are ids and values; the words for people come from ``data/``. Trace lines are short sentences of what
was asked and found.

``findings`` is pure: it says which findings of ``data/findings.toml`` a result of this check is worth, with ``emit()``.
"""

from __future__ import annotations

from probe.checks.protocols import Asker, Connector, Emitted, emit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

IDS = (
    "dnsbl",
    "spf",
    "dkim",
    "dmarc",
    "ptr",
    "helo",
    "mx",
    "ipv6",
    "mta_sts",
    "dane",
    "dnssec",
    "tls_rpt",
    "caa",
    "bimi",
    "arc",
    "dkim2",
    "structure",
)
"""Every check, by the name of its module."""

__all__ = ["IDS", "Asker", "Connector", "Emitted", "check", "emit"]


def check(id_: str) -> ModuleType:
    """The module of one check, loaded when first asked for."""
    from importlib import import_module

    return import_module(f"probe.checks.{id_}")
