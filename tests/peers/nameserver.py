"""A name server for ordinary zones in the lab: the one of ``probe.embedded``, in a process of its own.

Run as ``python -m tests.peers.nameserver ADDRESS ZONES``, where ZONES is a JSON object of zone to records.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping

from tests.peers.lab import Lab, wait_until

_LISTENS = "listening"


class NameServer:
    """Answers for these zones at port 53 of one address of the lab, and refuses every other name."""

    def __init__(self, lab: Lab, address: str, zones: Mapping[str, str]) -> None:
        self._log = lab.folder / f"nameserver-{address}.log"
        self._log.write_text("")
        command = (sys.executable, "-m", "tests.peers.nameserver", address, json.dumps(zones))
        self._process = lab.start(*command, log=self._log)
        wait_until(lambda: _LISTENS in self.log(), "the name server did not start", self.log)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(5)

    def log(self) -> str:
        return self._log.read_text()


async def _serve(address: str, zones: Mapping[str, str]) -> None:
    from probe.embedded.dns import DnsServer

    async with DnsServer(zones, address=address, port=53):
        print(_LISTENS, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], json.loads(sys.argv[2])))
