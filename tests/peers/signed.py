"""A signed DNS of one's own: a root, a top level and zones below, signed by ldns, served by NSD, validated by unbound.

What unbound says of it is what it would say of the real one: it begins at a trust anchor for the root, and follows DS
records down.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from tests.peers.lab import program
from tests.peers.loopback import ADDRESS, Daemon, free_port, tool

_PLAIN = ("unsigned", "moved")
_ALGORITHM = "ECDSAP256SHA256"
_HEAD = "$TTL 60\n@ IN SOA ns.test. hostmaster.test. 1 3600 600 86400 60\n@ IN NS ns.test.\n"
_SIGNER = "ldns-signzone", "ldnsutils"


@dataclass(frozen=True)
class Zone:
    """``records`` without SOA and NS. ``state`` is ``signed``, ``unsigned``, ``island`` (signed, and its parent does
    not know), ``other-key`` (the parent's DS is of another key), ``moved`` (the parent has a DS, the zone no keys) or
    ``expired`` (signatures of last month)."""

    name: str
    records: str
    state: str = "signed"

    @property
    def stem(self) -> str:
        return self.name.strip(".") or "root"


class SignedZones:
    """The zones below ``test.`` as files in a folder, with the root above them. ``anchor`` is the root's own key."""

    def __init__(self, folder: Path, zones: tuple[Zone, ...]) -> None:
        self.folder = folder
        self._signer, self._keygen = program(*_SIGNER), program("ldns-keygen", "ldnsutils")
        delegations = "".join(f"{zone.name} IN NS ns.test.\n{self._ds(zone)}" for zone in zones)
        top = Zone("test.", f"ns.test. IN A {ADDRESS}\n{delegations}")
        root = Zone(".", f"test. IN NS ns.test.\nns.test. IN A {ADDRESS}\n{self._ds(top)}")
        self.zones = (root, top, *zones)
        for zone in self.zones:
            self._write(zone)
        self.anchor = self.folder / f"{self._key(root)}.key"

    def file(self, zone: Zone) -> Path:
        return self.folder / f"{zone.stem}.{'zone' if zone.state in _PLAIN else 'signed'}"

    def _ds(self, zone: Zone) -> str:
        if zone.state in ("unsigned", "island"):
            return ""
        key = self._key(zone, other=zone.state == "other-key")
        return (self.folder / f"{key}.ds").read_text()

    def _key(self, zone: Zone, *, other: bool = False) -> str:
        note = self.folder / f"{zone.stem}.{'other' if other else 'key'}"
        if not note.exists():
            note.write_text(tool(self._keygen, "-a", _ALGORITHM, "-k", zone.name, folder=self.folder))
        return note.read_text().strip()

    def _write(self, zone: Zone) -> None:
        plain = self.folder / f"{zone.stem}.zone"
        plain.write_text(f"$ORIGIN {zone.name}\n{_HEAD}{zone.records}\n")
        if zone.state in _PLAIN:
            return
        times: list[str] = []
        if zone.state == "expired":
            today = datetime.datetime.now(datetime.UTC)
            begin, end = (today - datetime.timedelta(days=days) for days in (40, 10))
            times = ["-i", begin.strftime("%Y%m%d"), "-e", end.strftime("%Y%m%d")]
        tool(self._signer, *times, "-f", self.file(zone), plain, self._key(zone), folder=self.folder)


_NSD = """\
server:
  ip-address: {address}@{port}
  port: {port}
  username: ""
  chroot: ""
  zonesdir: {folder}
  database: ""
  pidfile: {folder}/nsd.pid
  xfrdfile: {folder}/xfrd.state
  xfrdir: {folder}
  zonelistfile: {folder}/zone.list
  cookie-secret-file: {folder}/cookie
  server-count: 1
  verbosity: 2
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""


class Nsd(Daemon):
    """Serves all of them at a port of its own."""

    def __init__(self, folder: Path, zones: SignedZones) -> None:
        super().__init__(folder)
        self.port = free_port()
        config = folder / "nsd.conf"
        config.write_text(
            _NSD.format(address=ADDRESS, port=self.port, folder=folder)
            + "".join(f"zone:\n  name: {zone.name}\n  zonefile: {zones.file(zone)}\n" for zone in zones.zones)
        )
        self.start(program("nsd", "nsd"), "-d", "-c", config, ready="nsd started")


_UNBOUND = """\
server:
  interface: {address}
  port: {port}
  do-ip6: no
  do-daemonize: no
  num-threads: 1
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  logfile: ""
  verbosity: 1
  do-not-query-localhost: no
  qname-minimisation: no
  ede: yes
  module-config: "{modules}"
  trust-anchor-file: "{anchor}"
  trust-anchor-signaling: no
  root-key-sentinel: no
  local-zone: "test." nodefault
remote-control:
  control-enable: no
"""


class Unbound(Daemon):
    """A resolver that asks this NSD about everything; ``validating`` or not. ``endpoint`` is for ``--resolver``."""

    def __init__(self, folder: Path, zones: SignedZones, nsd: Nsd, *, validating: bool = True) -> None:
        super().__init__(folder)
        port = free_port()
        self.endpoint = f"{ADDRESS}:{port}"
        modules = "validator iterator" if validating else "iterator"
        config = folder / "unbound.conf"
        config.write_text(
            _UNBOUND.format(address=ADDRESS, port=port, folder=folder, modules=modules, anchor=zones.anchor)
            # Each by itself: a referral would lead to the port that all name servers have.
            + "".join(f"stub-zone:\n  name: {zone.name}\n  stub-addr: {ADDRESS}@{nsd.port}\n" for zone in zones.zones)
        )
        self.start(program("unbound", "unbound"), "-d", "-p", "-c", config, ready="start of service")
