"""The name servers of the resolver comparison, each a process of its own on 127.0.0.1.

``blocklist()`` is a rbldnsd with one list, else the embedded server, and says which. ``slow_lists()`` answers for every
zone that there is, each in its own time.

    python -m bench.nameserver embedded|slow       prints its port, ends when standard input does
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ADDRESS = "127.0.0.1"
SLOWEST_S, _QUICKEST_S = 0.3, 0.02
_START_S = 10.0
_ZONE = "$SOA 60 ns.bench.test. hostmaster.bench.test. 1 600 300 86400 60\n127.0.0.2\n"


class Server(NamedTuple):
    """One that answers. ``description`` is for the page."""

    description: str
    port: int


@contextlib.contextmanager
def blocklist() -> Iterator[Server]:
    """A list with one entry, ``bench.test``."""
    command = shutil.which("rbldnsd", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
    if command is None:
        with _python("embedded") as port:
            yield Server("the embedded server; rbldnsd is not installed", port)
        return
    with tempfile.TemporaryDirectory(prefix="smtp-probe-bench-") as name:
        folder, port = Path(name), _free_port()
        folder.chmod(0o755)
        (folder / "list").write_text(_ZONE, encoding="utf-8")
        as_nobody = ("-u", "nobody") if os.geteuid() == 0 else ()
        place = ("-n", "-b", f"{ADDRESS}/{port}", "-w", name, "-r", "/", *as_nobody)
        with subprocess.Popen(
            (command, *place, "bench.test:ip4set:list"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                _wait_for(port)
                yield Server("rbldnsd", port)
            finally:
                process.terminate()


@contextlib.contextmanager
def slow_lists() -> Iterator[int]:
    """The port of a server that keeps each question between 20 and 300 ms, by its zone."""
    with _python("slow") as port:
        yield port


@contextlib.contextmanager
def _python(what: str) -> Iterator[int]:
    command = (sys.executable, "-m", "bench.nameserver", what)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((ADDRESS, 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    query = b"\0\1\0\0\0\1\0\0\0\0\0\0\5bench\4test\0\0\6\0\1"
    end = time.monotonic() + _START_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.1)
        asking.connect((ADDRESS, port))
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                asking.send(query)
                asking.recv(512)
                return
            time.sleep(0.05)
    raise SystemExit("bench: rbldnsd did not start")


class _Slow(asyncio.DatagramProtocol):
    """Lists the test point 127.0.0.2 and nobody else."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        end = data.index(b"\0", 12) + 5
        question = data[12:end]
        zone = question.lower().lstrip(b"\x01\x02\x030123456789abcdef")  # the reversed address in front of it
        seconds = _QUICKEST_S + (SLOWEST_S - _QUICKEST_S) * (zlib.crc32(zone) % 11) / 10
        listed = question.startswith(b"\x012\x010\x010\x03127")
        head = data[:2] + (b"\x85\x80" if listed else b"\x85\x83") + b"\0\1" + (b"\0\1" if listed else b"\0\0")
        entry = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\2" if listed else b""
        answer = head + b"\0\0\0\0" + question + entry
        asyncio.get_running_loop().call_later(seconds, self._transport.sendto, answer, addr)


async def _serve(what: str) -> None:
    loop = asyncio.get_running_loop()
    if what == "slow":
        transport, _ = await loop.create_datagram_endpoint(_Slow, local_addr=(ADDRESS, 0))
        print(transport.get_extra_info("sockname")[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
        return
    from probe.embedded.dns import DnsServer

    async with DnsServer({"bench.test": "2.0.0.127 A 127.0.0.2"}) as server:
        print(server.port, flush=True)
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
