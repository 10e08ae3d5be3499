"""A name server for ordinary zones in the lab: the one of ``probe.embedded``, in a process of its own.

Run as ``python -m tests.peers.nameserver ADDRESS ZONES``, where ZONES is a JSON object of zone to records.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.peers.lab import Lab
from tests.peers.server import Server

_LISTENS = "listening"
_CHECKOUT = Path(__file__).resolve().parents[2]


class NameServer(Server):
    """Answers for these zones at port 53 of one address of the lab, and refuses every other name."""

    def __init__(self, lab: Lab, address: str, zones: Mapping[str, str]) -> None:
        super().__init__(lab, f"nameserver-{address}")
        module = (sys.executable, "-m", "tests.peers.nameserver")
        self.start("env", f"PYTHONPATH={_CHECKOUT}", *module, address, json.dumps(zones), ready=_LISTENS)


async def _serve(address: str, zones: Mapping[str, str]) -> None:
    from probe.embedded.dns import DnsServer

    async with DnsServer(zones, address=address, port=53):
        print(_LISTENS, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], json.loads(sys.argv[2])))
