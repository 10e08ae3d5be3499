"""One client's share of the resolver comparison, in a process of its own so that its CPU time is its own.

    python bench/asking.py ours|dnspython|aiodns ADDRESS PORT QUERIES AT_ONCE

Asks for that many names that do not exist, so many at once, on one CPU. Prints wall and CPU seconds and how many
questions went without an answer, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable

Ask = Callable[[str], Awaitable[bool]]
"""One question about a name; whether the answer came, and was that there is none."""


def ours(address: str, port: int) -> Ask:
    from probe.resolver import Resolver

    resolver = Resolver(f"{address}:{port}", timeout=5.0, tries=2)

    async def ask(name: str) -> bool:
        return (await resolver.ask(name, "A")).reason == "nxdomain"

    return ask


def dnspython(address: str, port: int) -> Ask:
    import dns.asyncresolver
    import dns.resolver

    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = [address], port, 10.0

    async def ask(name: str) -> bool:
        try:
            await resolver.resolve(name, "A", search=False)
        except dns.resolver.NXDOMAIN:
            return True
        except dns.resolver.LifetimeTimeout:
            return False
        return False

    return ask


def aiodns(address: str, port: int) -> Ask:
    import aiodns  # type: ignore[import-not-found]

    resolver = aiodns.DNSResolver(nameservers=[address], udp_port=port, tcp_port=port, timeout=5.0, tries=2)
    not_found = 4  # ARES_ENOTFOUND

    async def ask(name: str) -> bool:
        try:
            await resolver.query_dns(name, "A")
        except aiodns.error.DNSError as error:
            return bool(error.args[0] == not_found)
        return False

    return ask


async def main(client: str, address: str, port: int, queries: int, at_once: int) -> None:
    ask = {"ours": ours, "dnspython": dnspython, "aiodns": aiodns}[client](address, port)
    names = (f"{n & 255}.{n >> 8 & 255}.{n >> 16 & 255}.10.bench.test" for n in range(queries))
    answered = 0

    async def worker() -> None:
        nonlocal answered
        for name in names:
            came = await ask(name)
            answered += came

    await ask("warm-up.bench.test")
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "lost": queries - answered}))


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    asyncio.run(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])))
