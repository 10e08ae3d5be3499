"""rbldnsd, a name server for blocklists, with the lists of one test."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.peers.lab import Lab, program, wait_until

ZONE = "dnsbl.test"
# A list whose operator has gone and left a wildcard behind: it lists the world, its clean test point too.
SICK_ZONE = "world.test"
_EVERYBODY = ("0.0.0.0/1", "128.0.0.0/1")


class Rbldnsd:
    """Serves ``dnsbl.test`` with the given entries, and ``world.test``, at port 53 of one address of the lab."""

    def __init__(
        self, lab: Lab, address: str, entries: Sequence[str], *, zones: Sequence[str] = (ZONE, SICK_ZONE)
    ) -> None:
        command = program("rbldnsd", "rbldnsd")
        self._lab = lab
        self._folder = lab.folder / f"rbldnsd-{address}"
        self._folder.mkdir(exist_ok=True)
        self._folder.chmod(0o755)
        self._log, self._pid_file = self._folder / "log", self._folder / "pid"
        self._log.write_text("")
        self._began, self._written = int(time.time()), 0
        self._write(ZONE, entries)
        self._write(SICK_ZONE, _EVERYBODY)
        served = [f"{zone}:ip4set:{zone}" for zone in zones]
        place = ("-b", f"{address}/53", "-w", self._folder, "-r", "/", "-u", "nobody", "-p", self._pid_file)
        self._process = lab.start(command, "-n", *place, *served, log=self._log)
        self._wait_for_load(1)

    def list_only(self, entries: Sequence[str]) -> None:
        """Replace the entries of ``dnsbl.test``; the next question is answered from the new ones."""
        loads = self._loads()
        self._write(ZONE, entries)
        self._lab.signal("HUP", self._pid_file)
        self._wait_for_load(loads + 1)

    def stop(self) -> None:
        self._lab.signal("TERM", self._pid_file)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    def log(self) -> str:
        return self._log.read_text()

    def _write(self, zone: str, entries: Sequence[str]) -> None:
        """RFC 5782 section 5: 127.0.0.2 is always listed, 127.0.0.1 never."""
        path: Path = self._folder / zone
        head = (
            f"$SOA 60 ns.{zone}. hostmaster.{zone}. 1 600 300 86400 60",
            f"$NS 60 ns.{zone}",
            f":127.0.0.2:Listed, see https://{zone}/q?ip=$",
            "127.0.0.2",
        )
        path.write_text("\n".join((*head, *entries, "")))
        # It reloads a file whose time has changed, in whole seconds.
        self._written += 1
        os.utime(path, (self._began + self._written,) * 2)

    def _loads(self) -> int:
        return self.log().count("zones reloaded")

    def _wait_for_load(self, loads: int) -> None:
        wait_until(lambda: self._loads() >= loads, "rbldnsd did not load its zones", self.log)
