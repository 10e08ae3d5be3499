"""One SPF evaluation from a warm cache, beside pyspf's: CPU time, without a network.

Both evaluate the same policies for the same clients, from the same answers. Ours asks a ``Resolver`` that has asked the
embedded name server for all of them before, and writes its trace; pyspf asks a dict. Rounds take turns, so that a
machine that grows busy slows both; what is compared is process time, round by round.
"""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from bench.measure import Spread, spread
from probe.checks.spf import check_host
from probe.embedded.dns import DnsServer
from probe.resolver import Resolver

AIM = 2.0
_EACH = 40


@dataclass(frozen=True)
class Policy:
    """A policy and a client of it. ``DOMAIN`` in the zone stands for its name; ``result`` is what both must say before
    they are timed."""

    name: str
    zone: str
    ip: str
    sender: str
    result: str


_NETWORKS = " ".join(f"ip4:198.51.{number}.0/24" for number in range(24))
POLICIES = (
    Policy("own addresses", '@ TXT "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 -all"', "203.0.113.7", "a", "pass"),
    Policy(
        "two providers and mx",
        f"""
        @     TXT "v=spf1 mx a:web.DOMAIN include:_one.DOMAIN include:_two.DOMAIN ~all"
        @     MX  10 mx1
        @     MX  20 mx2
        mx1   A   192.0.2.1
        mx2   A   192.0.2.2
        web   A   192.0.2.3
        _one  TXT "v=spf1 include:_a.DOMAIN include:_b.DOMAIN -all"
        _a    TXT "v=spf1 " "{_NETWORKS[:240]}" "{_NETWORKS[240:]}" " -all"
        _b    TXT "v=spf1 ip4:100.64.0.0/10 ip6:2001:db8:1::/48 -all"
        _two  TXT "v=spf1 ip4:203.0.113.0/24 -all"
        """,
        "203.0.113.7",
        "orders",
        "pass",
    ),
    Policy(
        "macros and an explanation",
        """
        @     TXT "v=spf1 exists:%{ir}.%{v}._ok.%{d} -include:%{l1r-}._block.%{d} exp=_why.%{d} -all"
        orders._block TXT "v=spf1 ip4:192.0.2.0/24 -all"
        _why  TXT "%{i} may not send for %{s}, see http://www.%{d}/why?id=%{S}"
        """,
        "203.0.113.7",
        "orders-eu",
        "fail",
    ),
)


@dataclass(frozen=True)
class Timing:
    """Microseconds of CPU for one evaluation: ours, pyspf's, and the ratio, each over the rounds."""

    policy: str
    ours: Spread
    theirs: Spread
    ratio: Spread


def timings(runs: int, warmups: int) -> list[Timing]:
    """Measure each policy; nothing where pyspf is missing."""
    if find_spec("spf") is None:
        return []
    return [asyncio.run(_timed(policy, runs, warmups)) for policy in POLICIES]


def evaluation_table(found: Sequence[Timing]) -> str:
    """The table, or one line why there is none."""
    if not found:
        return "\n One SPF evaluation: not measured, pyspf is not installed"
    lines = [
        "",
        " One SPF evaluation from a warm cache, CPU in µs",
        f"  {_EACH} evaluations a round, the same answers for both; ours with its trace.",
        "",
        f" {'median':38}{'ours':>9}{'pyspf':>8}{'ratio':>8}{'min':>7}{'max':>7}",
    ]
    for one in found:
        figures = f"{one.ours.median:9.0f}{one.theirs.median:8.0f}{one.ratio.median:8.2f}"
        aim = f" aim {AIM:.2f}: {'met' if one.ratio.median <= AIM else 'missed'}"
        lines.append(f" {one.policy:38}{figures}{one.ratio.least:7.2f}{one.ratio.most:7.2f}{aim}")
    return "\n".join(lines)


async def _timed(policy: Policy, runs: int, warmups: int) -> Timing:
    domain = f"d{POLICIES.index(policy)}.bench.test"
    sender, helo = f"{policy.sender}@{domain}", f"mail.{domain}"
    async with (
        DnsServer({domain: policy.zone.replace("DOMAIN", domain)}) as dns,
        Resolver(dns.endpoint, timeout=2.0, tries=1) as resolver,
    ):
        first = await check_host(policy.ip, sender, helo, resolver)
        theirs = _pyspf({(one.name, one.type): one for one in first.queries}, policy.ip, sender, helo)
        assert first.result == theirs() == policy.result, (first.result, theirs(), policy.result)
        pairs = []
        for number in range(warmups + runs):
            began = time.process_time()
            for _ in range(_EACH):
                await check_host(policy.ip, sender, helo, resolver)
            between = time.process_time()
            for _ in range(_EACH):
                theirs()
            ended = time.process_time()
            if number >= warmups:
                pairs.append(((between - began) * 1e6 / _EACH, (ended - between) * 1e6 / _EACH))
    return Timing(
        policy.name,
        spread([ours for ours, _ in pairs]),
        spread([other for _, other in pairs]),
        spread([ours / other for ours, other in pairs]),
    )


def _pyspf(answers: Mapping[tuple[str, str], Any], ip: str, sender: str, helo: str) -> Callable[[], str]:
    """An evaluation by pyspf over these answers; a name that ours did not ask for would fail it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import spf  # type: ignore[import-untyped]
    ready = {}
    for (name, rdtype), answer in answers.items():
        if rdtype == "TXT":
            values: list[Any] = list(answer.strings)
        elif rdtype == "MX":
            values = [(int(pair.partition(" ")[0]), pair.partition(" ")[2]) for pair in answer.values]
        else:
            values = list(answer.values)
        ready[name, rdtype] = [((name, rdtype), value) for value in values]

    def look_up(name: str, rdtype: str, *_: object) -> list[Any]:
        return ready[name, rdtype]

    spf.DNSLookup = look_up

    def evaluate() -> str:
        result, _, _ = spf.query(i=ip, s=sender, h=helo).check()
        return str(result)

    return evaluate


if __name__ == "__main__":
    print(evaluation_table(timings(15, 2)))
