"""rbldnsd with any zones, on loopback and a port of its own: for tests that need no network of their own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.peers.lab import program, wait_until

_LOADED = "zones reloaded"
_STOP_S = 10.0


class Lists:
    """``with Lists({"dnsbl.test": {"ip4set": "127.0.0.2"}}) as lists: …``

    ``zones`` maps a zone to its data sets, kind to entries as rbldnsd(8) describes them; a ``kind`` may have a number
    behind it where a zone has several of the kind. Names of other zones are refused. ``endpoint`` is what
    ``--resolver`` takes."""

    def __init__(self, zones: Mapping[str, Mapping[str, str]]) -> None:
        self._command = program("rbldnsd", "rbldnsd")
        self._zones = zones
        self.endpoint = ""

    def __enter__(self) -> Lists:
        self._folder = Path(tempfile.mkdtemp(prefix="smtp-probe-lists-"))
        self._folder.chmod(0o755)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.endpoint = f"127.0.0.1:{port}"
        served = []
        for number, (zone, sets) in enumerate(self._zones.items()):
            for kind, entries in sets.items():
                path = self._folder / f"{number}-{kind}"
                head = f"$SOA 60 ns.{zone}. hostmaster.{zone}. 1 600 300 86400 60\n"
                path.write_text(f"{head}{entries}\n", encoding="utf-8")
                served.append(f"{zone}:{kind.rstrip('0123456789')[:-1] if kind[-1].isdigit() else kind}:{path.name}")
        as_nobody = ("-u", "nobody") if os.geteuid() == 0 else ()
        with (self._folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                [self._command, "-n", "-b", f"127.0.0.1/{port}", "-w", self._folder, "-r", "/", *as_nobody, *served],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: _LOADED in self.log() or self._process.poll() is not None, "rbldnsd said nothing", self.log)
        assert self._process.poll() is None, self.log()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_STOP_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")
