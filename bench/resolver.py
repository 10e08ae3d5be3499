"""``python -m bench.resolver [--runs N] [--queries N]``: our resolver beside others, and all blocklists at once.

Names that do not exist, 200 questions in flight, each client in a process of its own on one CPU, in turns. aiodns is
put into a temporary virtual environment, where pip can; else it is not measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.measure import machine, spread
from bench.nameserver import ADDRESS, SLOWEST_S, blocklist, slow_lists

AT_ONCE = 200
_AIM_QPS, _AIM_MS = 10_000, 50
_ASKING = str(Path(__file__).with_name("asking.py"))
_ROOT = str(Path(__file__).resolve().parents[1])
_LONGEST_S = 300.0


@dataclass(frozen=True)
class Share:
    """One run of one client: questions a second, CPU microseconds a question, questions without an answer."""

    qps: float
    cpu_us: float
    lost: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.resolver", description="Our resolver beside others.")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="rounds (default: %(default)s)")
    parser.add_argument("--queries", type=int, default=5000, metavar="N", help="questions a run (default: %(default)s)")
    given = parser.parse_args()
    here = machine()
    print(f" Machine      {here.system}, {here.cpus} CPUs, {here.python}, load {here.load:.2f} before")
    print_all(given.runs, given.queries)
    return 0


def print_all(runs: int, queries: int) -> None:
    """Both tables."""
    with tempfile.TemporaryDirectory(prefix="smtp-probe-bench-") as folder, blocklist() as server:
        clients = {"ours": (sys.executable, _ASKING, "ours"), "dnspython": (sys.executable, _ASKING, "dnspython")}
        fault = _with_aiodns(Path(folder))
        if fault is None:
            clients["aiodns"] = (str(Path(folder) / "bin/python"), _ASKING, "aiodns")
        print(f"\n NXDOMAIN: {queries} names that do not exist, {AT_ONCE} in flight, one CPU")
        print(f"  medians of {runs} runs; name server: {server.description}\n")
        print(f" {'':38}{'q/s':>9}{'min':>8}{'max':>8}{'CPU us':>8}{'lost':>6}", flush=True)
        measured: dict[str, list[Share]] = {name: [] for name in clients}
        for _ in range(runs):
            for name, command in clients.items():
                measured[name].append(_share(command, server.port, queries))
        for name, shares in measured.items():
            _print_shares(name, shares)
        if fault is not None:
            print(f" aiodns: not measured, {fault}")
    with slow_lists() as port:
        times = [asyncio.run(_all_lists(port)) for _ in range(runs)]
    found = spread([(seconds - SLOWEST_S) * 1000 for seconds, _ in times])
    print(f"\n All lists at once: {times[0][1]} questions to lists that take 20 to {SLOWEST_S * 1000:.0f} ms")
    print(f" {'over the slowest list, ms':38}{found.median:9.1f}{found.least:8.1f}{found.most:8.1f}", end="")
    print(f"   aim {_AIM_MS} ms: {'met' if found.median <= _AIM_MS else 'missed'}")


def _print_shares(name: str, shares: Sequence[Share]) -> None:
    speed = spread([one.qps for one in shares])
    lost = sum(one.lost for one in shares)
    met = speed.median >= _AIM_QPS and not lost
    title = f"{name}  aim {_AIM_QPS} q/s: {'met' if met else 'missed'}" if name == "ours" else name
    figures = (
        f"{speed.median:9.0f}{speed.least:8.0f}{speed.most:8.0f}{spread([one.cpu_us for one in shares]).median:8.0f}"
    )
    print(f" {title:38}{figures}{lost:6}")


def _share(command: Sequence[str], port: int, queries: int) -> Share:
    done = subprocess.run(
        (*command, ADDRESS, str(port), str(queries), str(AT_ONCE)),
        env={**os.environ, "PYTHONPATH": _ROOT},
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"bench: {command[-1]} failed: {done.stderr.strip().rpartition(chr(10))[2]}")
    told = json.loads(done.stdout)
    return Share(queries / told["wall_s"], told["cpu_s"] / queries * 1e6, told["lost"])


def _with_aiodns(folder: Path) -> str | None:
    """Put it into an environment of its own. Returns why that cannot be."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        venv.create(folder, with_pip=True)
        pip = (str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "aiodns")
        done = subprocess.run(pip, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
        if done.returncode == 0:
            return None
        return done.stderr.strip().rpartition("\n")[2] or "pip failed"
    return "no virtual environment could be made"


async def _all_lists(port: int) -> tuple[float, int]:
    """Seconds and questions for every list about one address."""
    from probe.catalog import catalog
    from probe.checks import dnsbl
    from probe.checks.dnsbl.asking import listings
    from probe.resolver import Resolver

    facts = catalog()
    asked = listings("203.0.113.7", ["shop.example"], facts)
    async with Resolver(f"{ADDRESS}:{port}") as resolver:
        began = time.perf_counter()
        results = await asyncio.gather(*(dnsbl.run(one, ask=resolver, facts=facts) for one in asked))
        seconds = time.perf_counter() - began
        if any(one.result == "temperror" for one in results if one.facts["reason"] == "timeout"):
            raise SystemExit("bench: a list did not answer in time")
        return seconds, len(resolver.asked)


if __name__ == "__main__":
    sys.exit(main())
