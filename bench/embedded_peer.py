"""The embedded server as a process of its own, so that its work is not counted as the client's.

python -m bench.embedded_peer --serve NAME         print the port, serve until standard input ends
python -m bench.embedded_peer --certificate NAME   print a self-signed certificate and its key (PEM)
"""

from __future__ import annotations

import asyncio
import sys

from probe.embedded.behaviour import Behaviour
from probe.embedded.certificate import self_signed
from probe.embedded.smtp import SmtpServer


async def serve(name: str) -> None:
    async with SmtpServer(Behaviour(hostname=name, starttls=True)) as server:
        print(server.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main(what: str, name: str) -> None:
    if what == "--certificate":
        made = self_signed(name, "127.0.0.1")
        sys.stdout.buffer.write(made.key_pem + made.pem)
    else:
        asyncio.run(serve(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
