"""``python -m bench [--runs N] [--json FILE]``: measure, print the tables; those of ``bench.resolver`` come last.

Exit status 0 whenever it could measure, however slow; 2 for a wrong option, or where there is nothing to measure; 130
interrupted; 141 closed pipe.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench import resolver
from bench.comparisons import dialogues, start_up
from bench.measure import Result, Stopped, machine, measured
from bench.peer import peer
from bench.spf import evaluation_table, timings
from bench.table import as_json, footer, header, section


def main() -> int:
    given = _options()
    # The interpreter is a link inside its virtual environment; resolving it would lead out of there.
    command = Path(sys.executable).with_name("smtp-probe")
    if not command.exists():
        print(f"bench: {command} is missing; `make bench` installs it", file=sys.stderr)
        return 2
    here = machine()
    results: list[Result] = []
    try:
        with tempfile.TemporaryDirectory(prefix="smtp-probe-bench-") as folder, peer() as server:
            print(header(here, server.description, given.runs, given.warmups), flush=True)
            for comparison in (*start_up(command), *dialogues(command, server.port)):
                result = measured(comparison, runs=given.runs, warmups=given.warmups, bytecode=Path(folder))
                results.append(result)
                print(section(result), flush=True)
            print(evaluation_table(timings(given.runs, given.warmups)), flush=True)
    except Stopped as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return 2
    print(footer())
    resolver.print_all(min(given.runs, 5), 5000)
    if given.json:
        given.json.write_text(as_json(here, server.description, results), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What smtp-probe costs beside other tools.")
    parser.add_argument("--runs", type=_count, default=15, metavar="N", help="rounds that count (default: %(default)s)")
    parser.add_argument(
        "--warmups", type=_count, default=2, metavar="N", help="rounds before them (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every single run here")
    return parser.parse_args()


def _count(word: str) -> int:
    if word.isascii() and word.isdigit() and 0 < int(word[:6]) <= 10_000:
        return int(word)
    raise argparse.ArgumentTypeError(f"{word} is no number from 1 to 10000")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone; so that Python's own flush at exit does not complain, stdout leads nowhere from here.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(141)
