"""``python -m bench.logs [--mb N] [--share P]``: how fast ``diagnose`` reads a log, and in how much memory.

The log is Postfix's, made while it is read, so nothing but the reading takes memory; one delivery in ``--share`` fails.
It is read twice: as it is, and with every incident written as JSON, as the command line does.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import time
from collections.abc import Iterator

from probe.catalog import catalog
from probe.replies.intake import Intake
from probe.reports.incidents_json import Json

_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024
_HEAD = "Nov 27 07:16:38 mail postfix/"
_LINES = (
    "smtpd[11]: connect from pc.shop.test[10.0.0.5]",
    "smtpd[11]: {0}: client=pc.shop.test[10.0.0.5], sasl_method=PLAIN, sasl_username=orders",
    "cleanup[12]: {0}: message-id=<{1}@shop.test>",
    "qmgr[13]: {0}: from=<orders@shop.test>, size=4321, nrcpt=1 (queue active)",
    "smtpd[11]: disconnect from pc.shop.test[10.0.0.5] ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8",
    "smtp[14]: {0}: to=<user{1}@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=1.2, delays=0.1/0/1/0.1, {2}",
    "qmgr[13]: {0}: removed",
)
_FINE = "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9F0123)"
_REFUSALS = (
    "dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.1] said: 550 5.1.1 <user{1}@example.org>: Recipient address"
    " rejected: User unknown in virtual mailbox table (in reply to RCPT TO command))",
    "dsn=5.7.1, status=bounced (host mx.example.org[192.0.2.1] said: 554 5.7.1 Service unavailable; Client host"
    " [203.0.113.7] blocked using zen.spamhaus.org (in reply to RCPT TO command))",
    "dsn=4.7.1, status=deferred (host mx.example.org[192.0.2.1] said: 450 4.7.1 Greylisted, try again in 300 seconds"
    " (in reply to RCPT TO command))",
)


def log(octets: int, share: int) -> Iterator[bytes]:
    """Pieces of a log of about so many octets; of ``share`` deliveries one is refused."""
    given = number = 0
    while given < octets:
        lines = []
        for _ in range(200):
            number += 1
            id_ = f"{number:010X}"
            outcome = _FINE if number % share else _REFUSALS[number // share % len(_REFUSALS)].format(id_, number)
            lines += [f"{_HEAD}{line.format(id_, number, outcome)}\n" for line in _LINES]
        chunk = "".join(lines).encode()
        given += len(chunk)
        yield chunk


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.logs", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mb", type=int, default=100, metavar="N", help="size of the log (default: %(default)s)")
    parser.add_argument("--share", type=int, default=50, metavar="P", help="one delivery in P fails (%(default)s)")
    given = parser.parse_args()
    octets = given.mb * 1_000_000
    facts = catalog()
    for _ in Intake(facts).read(log(1_000_000, given.share)):
        pass  # what is loaded once
    before = _peak()
    began = time.process_time()
    for _ in log(octets, given.share):
        pass
    making = time.process_time() - began
    for name, out in (("read", None), ("read and written", io.StringIO())):
        intake = Intake(facts)
        printer = Json(out, lines=True, summary=False) if out is not None else None
        began = time.process_time()
        for incident in intake.read(log(octets, given.share)):
            if printer is not None and out is not None:
                printer.add(incident)
                out.seek(0)
                out.truncate()
        spent = time.process_time() - began - making
        print(
            f" {name:18}{intake.lines:>10} lines {intake.found:>8} incidents {spent:7.2f} s CPU"
            f" {intake.lines / spent:>10.0f} lines/s {given.mb / spent:6.1f} MB/s"
            f"  memory +{(_peak() - before) / 1e6:.1f} MB"
        )
    return 0


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT


if __name__ == "__main__":
    sys.exit(main())
