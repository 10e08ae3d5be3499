"""One lab and one Postfix for all peer tests; the logs of every server that a failed test had are printed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.peers.lab import CLIENT, DOWN, OTHER_CLIENT, RELAY, RESOLVER, SERVERS_RESOLVER, STRANGER, ZONES_SERVER, Lab
from tests.peers.loopback import Daemon
from tests.peers.nameserver import NameServer
from tests.peers.postfix import Postfix
from tests.peers.rbldnsd import SICK_ZONE, Rbldnsd
from tests.peers.server import Server

_PROBE = Path(sys.executable).parent / "smtp-probe"


@dataclass(frozen=True)
class Run:
    """What a user gets: the exit status, and the report as a document or as text."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def session(self) -> dict[str, Any]:
        """The only one."""
        (session,) = self.report["sessions"]
        return dict(session)

    @property
    def diagnosis(self) -> dict[str, Any]:
        """The only one."""
        (diagnosis,) = self.report["diagnoses"]
        return dict(diagnosis)

    def codes(self, *stages: str) -> list[tuple[str, int | None]]:
        """Stage and code of each exchange, of these stages if any are named."""
        return [
            (exchange["stage"], exchange["reply"] and exchange["reply"]["code"])
            for exchange in self.session["exchanges"]
            if not stages or exchange["stage"] in stages
        ]

    def exchange(self, stage: str) -> dict[str, Any]:
        """The last exchange of that stage."""
        return next(one for one in reversed(self.session["exchanges"]) if one["stage"] == stage)


Probe = Callable[..., Run]


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    made = Lab()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def server_side_list(lab: Lab) -> Iterator[Rbldnsd]:
    """What the servers ask: for them, the client stays listed."""
    made = Rbldnsd(lab, SERVERS_RESOLVER, [CLIENT])
    yield made
    made.stop()


@pytest.fixture(scope="session")
def postfix(lab: Lab, server_side_list: Rbldnsd) -> Iterator[Postfix]:
    made = Postfix(lab)
    yield made
    made.stop()


@pytest.fixture
def blocklist(lab: Lab) -> Iterator[Rbldnsd]:
    """What the probe asks: the client is listed, until the test says otherwise."""
    made = Rbldnsd(lab, RESOLVER, [CLIENT])
    yield made
    made.stop()


@pytest.fixture
def stranger(lab: Lab) -> Iterator[Rbldnsd]:
    """A name server that answers REFUSED to every question about ``dnsbl.test``."""
    made = Rbldnsd(lab, STRANGER, [], zones=[SICK_ZONE])
    yield made
    made.stop()


@pytest.fixture(scope="session")
def zones(lab: Lab) -> Iterator[NameServer]:
    """Ordinary zones: a domain whose best MX is down, one without mail, and who leads back to its address."""
    made = NameServer(
        lab,
        ZONES_SERVER,
        {
            "lab.test": f"@ MX 20 mx\n@ MX 10 down\nmx A {RELAY}\ndown A {DOWN}",
            "null.test": "@ MX 0 .",
            "113.0.203.in-addr.arpa": "8 PTR mail.shop.test.",
            "shop.test": f"mail A {OTHER_CLIENT}",
        },
    )
    yield made
    made.stop()


@pytest.fixture(scope="session")
def probe(lab: Lab) -> Probe:
    """Run ``smtp-probe`` in the lab as a user would, as JSON unless the arguments name a format."""

    def run(*arguments: str) -> Run:
        chosen = () if "--format" in arguments else ("--format", "json")
        done: subprocess.CompletedProcess[str] = lab.run(_PROBE, *arguments, *chosen)
        assert "Traceback" not in done.stderr, done.stderr
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for name, server in getattr(item, "funcargs", {}).items():
            if isinstance(server, Server | Daemon):
                report.sections.append((f"log of {name}", server.log()))
    return report
