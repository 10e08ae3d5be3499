"""Looks at a mail host from inside the lab: ``python -m tests.peers.seeing HOST ADDRESS`` prints what was seen."""

from __future__ import annotations

import asyncio
import json
import sys

from probe.checks.starttls import see
from probe.smtp.connection import open_streams


async def _look(host: str, address: str) -> None:
    seen = await see(host, [address], connect=open_streams, seconds=10.0)
    print(json.dumps({"chain": [der.hex() for der in seen.chain], "failure": seen.failure}))


if __name__ == "__main__":
    asyncio.run(_look(sys.argv[1], sys.argv[2]))
