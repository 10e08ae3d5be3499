"""rbldnsd, a name server for blocklists, with the lists of one test."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from tests.peers.lab import Lab, program
from tests.peers.server import Server

ZONE = "dnsbl.test"
# A list whose operator has gone and left a wildcard behind: it lists the world, its clean test point too.
SICK_ZONE = "world.test"
_EVERYBODY = ("0.0.0.0/1", "128.0.0.0/1")
_LOADED = "zones reloaded"


class Rbldnsd(Server):
    """Serves ``dnsbl.test`` with the given entries, and ``world.test``, at port 53 of one address of the lab."""

    def __init__(
        self, lab: Lab, address: str, entries: Sequence[str], *, zones: Sequence[str] = (ZONE, SICK_ZONE)
    ) -> None:
        command = program("rbldnsd", "rbldnsd")
        super().__init__(lab, f"rbldnsd-{address}")
        self._newest = int(time.time())
        self._write(ZONE, entries)
        self._write(SICK_ZONE, _EVERYBODY)
        served = [f"{zone}:ip4set:{zone}" for zone in zones]
        place = ("-n", "-b", f"{address}/53", "-w", self.folder, "-r", "/", "-u", "nobody")
        self.start(command, *place, *served, ready=_LOADED)

    def list_only(self, entries: Sequence[str], *, test_point: bool = True) -> None:
        """Replace the entries of ``dnsbl.test``; the next question is answered from the new ones."""
        loads = self.log().count(_LOADED)
        self._write(ZONE, entries, test_point=test_point)
        self.signal("HUP")
        self.wait_for_log(_LOADED, loads + 1)

    def _write(self, zone: str, entries: Sequence[str], *, test_point: bool = True) -> None:
        """RFC 5782 section 5: a list that works always lists 127.0.0.2, and never 127.0.0.1."""
        head = (
            f"$SOA 60 ns.{zone}. hostmaster.{zone}. 1 600 300 86400 60",
            f"$NS 60 ns.{zone}",
            f":127.0.0.2:Listed, see https://{zone}/q?ip=$",
            *(["127.0.0.2"] if test_point else []),
        )
        path = self.folder / zone
        path.write_text("\n".join((*head, *entries, "")))
        # It reloads a file whose time has changed, in whole seconds.
        self._newest += 1
        os.utime(path, (self._newest, self._newest))
