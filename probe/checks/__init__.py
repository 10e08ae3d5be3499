"""Proving: one file a check. Each answers one question about a sender, and says no more than it was told.

A check is a module with ``ID``, ``PROVES`` (the causes in ``data/causes.toml`` that it can prove or refute) and

    async def run(subject, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult

It reaches the network only through ``ask`` and ``connect``, keeps no state, and never raises for what an outsider said:
DNS that cannot be asked is ``temperror``, what is published wrongly ``permerror``, what is not published ``none``.
Facts are ids and values; the words for people come from ``data/``. Trace lines are short sentences of what was asked
and found.
"""

from probe.checks.protocols import Asker, Connector

__all__ = ["Asker", "Connector"]
