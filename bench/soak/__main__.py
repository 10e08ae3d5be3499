"""``python -m bench.soak [--sessions N] [--at-once N] [--seconds N]``: hold the sessions, print the page.

Exit status 0 where nothing leaked and every session ended as it must, 1 where not, 2 for a wrong option, 130
interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bench.measure import machine
from bench.soak.load import soak
from bench.soak.server import serving
from bench.soak.table import faults, page


def main() -> int:
    given = _options()
    here = machine()
    with serving() as ports:
        made = asyncio.run(soak(ports, given.sessions, at_once=given.at_once, seconds=given.seconds))
    print(page(made, here, given.at_once))
    if made.sessions < given.sessions:
        print(f"soak: stopped after {made.seconds:.0f} s, as --seconds says", file=sys.stderr)
    return int(bool(faults(made)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="Many sessions, and what they leave.")
    parser.add_argument(
        "--sessions", type=_count, default=100_000, metavar="N", help="about so many (default: %(default)s)"
    )
    parser.add_argument(
        "--at-once", type=_count, default=8, metavar="N", help="good ones at a time, and hostile (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=_count, default=3600, metavar="N", help="stop after these (default: %(default)s)"
    )
    return parser.parse_args()


def _count(word: str) -> int:
    if word.isascii() and word.isdigit() and 0 < int(word[:9]) <= 10_000_000:
        return int(word)
    raise argparse.ArgumentTypeError(f"{word} is no number from 1 to 10000000")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("soak: interrupted", file=sys.stderr)
        sys.exit(130)
