"""``python -m bench.sender [--rounds N]``: what ``smtp-probe sender`` takes beyond waiting for DNS.

Whole processes, against a name server on loopback that answers at once, so that all the time is the probe's own: start,
imports, some 170 questions with their evaluation, and the report. The domain publishes SPF with includes, DMARC, a
DKIM key, TLS-RPT, CAA, TLSA, BIMI and addresses of both families; the name server refuses the public blocklists, and
there is no MTA-STS policy, whose fetch would be another's time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from probe.embedded.dns import DnsServer

AIM_MS = 300
_KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"
_ZONES = {
    "shop.test": f"""
        @ TXT "v=spf1 mx include:_spf.shop.test include:_more.shop.test -all"
        @ MX 10 mail
        @ MX 20 spare
        @ CAA 0 issue "ca.test"
        mail A 203.0.113.7
        mail AAAA 2001:db8::7
        spare A 203.0.113.8
        mail TXT "v=spf1 a -all"
        _spf TXT "v=spf1 ip4:203.0.113.32/28 -all"
        _more TXT "v=spf1 ip4:203.0.113.64/28 ip6:2001:db8::/64 -all"
        _dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@shop.test"
        s1._domainkey TXT "v=DKIM1; k=rsa; p={_KEY}"
        _smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@shop.test"
        default._bimi TXT "v=BIMI1; l="
        _25._tcp.mail TLSA 3 1 1 {"ab" * 32}
        _25._tcp.spare TLSA 3 1 1 {"cd" * 32}
    """,
    "113.0.203.in-addr.arpa": "7 PTR mail.shop.test.\n8 PTR spare.shop.test.",
}
_CHECKOUT = Path(__file__).resolve().parents[1]
_PROGRAM = "import sys; from probe.cli import main; sys.exit(main())"


async def measure(rounds: int) -> list[float]:
    """Seconds of each round; a first one warms the disk and does not count."""
    times = []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory() as bytecode:
        environment |= {"PYTHONPYCACHEPREFIX": bytecode, "PYTHONPATH": str(_CHECKOUT)}
        async with DnsServer(_ZONES) as dns:
            words = ("shop.test", "--client-ip", "203.0.113.7", "--selector", "s1", "--resolver", dns.endpoint)
            for _ in range(rounds + 1):
                began = time.perf_counter()
                child = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-c", _PROGRAM, "sender", *words), stdout=asyncio.subprocess.PIPE, env=environment
                )
                said, _errors = await child.communicate()
                times.append(time.perf_counter() - began)
                if b"DMARC" not in said:
                    raise SystemExit("the report is not what it should be")
    return times[1:]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.sender", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="processes (default: %(default)s)")
    times = sorted(1000 * one for one in asyncio.run(measure(parser.parse_args().rounds)))
    print(f"sender, whole process: median {statistics.median(times):.0f} ms, least {times[0]:.0f} ms")
    print(f"(aim: at most {AIM_MS} ms beyond the slowest chain of answers, which is none here)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
