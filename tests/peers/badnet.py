"""A network that fails on purpose, in the lab: packets are lost, late, doubled, out of order, or swallowed for good.

What ``tc netem`` does, in a process of our own, for few kernels have it: whatever is sent to ``FAR`` comes out of a TUN
device, suffers here, and goes back in, to a mail server and a name server behind it. On the way both addresses are
exchanged for their neighbours, which makes the kernel route what would otherwise never leave it. ``NEAR`` and
``FAR_SIDE`` go up by one as the others go down by one, so every checksum stays right.

Run as ``python -m tests.peers.badnet FAULTS``, where FAULTS is a JSON object of the fields of ``Faults``.
"""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import json
import os
import random
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.lab import Lab
from tests.peers.server import Server

# The probe's own address, and the one under which it reaches the server; as the server sees the probe, and its own.
NEAR, FAR = "203.0.113.70", "198.51.100.71"
NEAR_SEEN, FAR_SIDE = "203.0.113.71", "198.51.100.70"
DOMAIN = "faults.test"

_DEVICE, _TUN = "bad0", Path("/dev/net/tun")
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_CHECKOUT = Path(__file__).resolve().parents[2]
_READY = "listening"


@dataclass(frozen=True)
class Faults:
    """Seconds, parts of 1, octets. ``swallow`` are words: the first packet that holds them is lost, and from then on
    all of them, both ways. ``lose_words`` loses only the packets that hold them, again and again. ``bigger`` loses
    every packet of more than so many octets, as a path does whose MTU nobody is told."""

    delay: float = 0.0
    loss: float = 0.0
    double: float = 0.0
    late: float = 0.0
    late_by: float = 0.0
    swallow: str | None = None
    lose_words: str | None = None
    bigger: int = 0xFFFF
    seed: int = 1


class BadNetwork(Server):
    """The network and the two servers behind it. ``count`` says how often a fault struck."""

    def __init__(self, lab: Lab, faults: Faults) -> None:
        if not _TUN.exists():
            pytest.skip(f"this machine has no {_TUN}, which the faults of the network need")
        trial = lab.run("ip", "tuntap", "add", "dev", _DEVICE, "mode", "tun")
        if trial.returncode:
            pytest.skip(f"no TUN device can be made here: {trial.stderr.strip()}")
        lab.run("ip", "tuntap", "del", "dev", _DEVICE, "mode", "tun")
        super().__init__(lab, "badnet")
        given = json.dumps(dataclasses.asdict(faults))
        module = (sys.executable, "-m", "tests.peers.badnet")
        self.start("env", f"PYTHONPATH={_CHECKOUT}", *module, given, ready=_READY)

    def count(self, fault: str) -> int:
        return self.log().splitlines().count(fault)

    @property
    def heard(self) -> list[str]:
        """The command lines that came to the mail server."""
        return [line.removeprefix("C: ") for line in self.log().splitlines() if line.startswith("C: ")]


class _Line:
    """The packets on their way."""

    def __init__(self, faults: Faults, device: int) -> None:
        self._faults = faults
        self._device = device
        self._chance = random.Random(faults.seed)
        self._swallowing = faults.swallow == ""
        self._swaps = {
            socket.inet_aton(one): socket.inet_aton(other)
            for one, other in ((NEAR, NEAR_SEEN), (FAR, FAR_SIDE), (NEAR_SEEN, NEAR), (FAR_SIDE, FAR))
        }

    def carry(self) -> None:
        """One packet has come out of the device."""
        packet, faults, chance = os.read(self._device, 0xFFFF), self._faults, self._chance.random
        source, destination = self._swaps.get(packet[12:16]), self._swaps.get(packet[16:20])
        if packet[0] >> 4 != 4 or source is None or destination is None:
            return
        packet = packet[:12] + source + destination + packet[20:]
        self._swallowing = self._swallowing or (faults.swallow is not None and faults.swallow.encode() in packet)
        if self._swallowing:
            print("swallowed", flush=True)
        elif len(packet) > faults.bigger or (faults.lose_words is not None and faults.lose_words.encode() in packet):
            print("refused", flush=True)
        elif chance() < faults.loss:
            print("lost", flush=True)
        else:
            seconds = faults.delay
            if chance() < faults.late:
                print("late", flush=True)
                seconds += faults.late_by
            self._deliver(packet, seconds)
            if chance() < faults.double:
                print("doubled", flush=True)
                self._deliver(packet, seconds)

    def _deliver(self, packet: bytes, seconds: float) -> None:
        if seconds:
            asyncio.get_running_loop().call_later(seconds, os.write, self._device, packet)
        else:
            os.write(self._device, packet)


async def _mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts everybody but ``nobody``, and gives that refusal in two segments."""
    replies = {
        "EHLO": "250-mx.faults.test\r\n"
        + "".join(f"250-XLONG{number} {'x' * 60}\r\n" for number in range(12))
        + "250 HELP",
        "HELP": "214 No help",
        "DATA": "354 Go on",
        "QUIT": "221 Bye",
    }
    writer.write(b"220 mx.faults.test ESMTP\r\n")
    try:
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            print(f"C: {line}", flush=True)
            verb = line[:4].upper()
            if verb == "RCPT" and "nobody" in line:
                writer.write(b"550 5.1.1 ")
                await asyncio.sleep(0.05)
                writer.write(b"User unknown\r\n")
                continue
            writer.write(replies.get(verb, "250 Ok").encode() + b"\r\n")
            if verb == "DATA":
                await reader.readuntil(b"\r\n.\r\n")
                print("C: .", flush=True)
                writer.write(b"250 Queued\r\n")
            if verb == "QUIT":
                break
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def _device() -> int:
    device = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", _DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    for words in (
        f"address add {NEAR}/32 dev {_DEVICE}",
        f"link set {_DEVICE} up",
        f"address replace {FAR_SIDE}/32 dev lo",
        f"route add {FAR}/32 dev {_DEVICE} src {NEAR}",
        f"route add {NEAR_SEEN}/32 dev {_DEVICE}",
    ):
        subprocess.run(("ip", *words.split()), check=True)
    return device


async def _serve(faults: Faults) -> None:
    from probe.embedded.dns import DnsServer

    line = _Line(faults, device := _device())
    asyncio.get_running_loop().add_reader(device, line.carry)
    server = await asyncio.start_server(_mail, FAR_SIDE, 25)
    async with server, DnsServer({DOMAIN: f"@ MX 10 mx\nmx A {FAR}"}, address=FAR_SIDE, port=53):
        print(_READY, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Faults(**json.loads(sys.argv[1]))))
