"""``python -m bench.fuzz [--seconds N] [--conversations N] [--seed S] [--jobs N]``: fuzz, print what was done.

``--replay TARGET:NUMBERS`` runs one tape, as a failure prints it, and tells what happens. Exit status 0 where every
property held, 1 for a failure, 2 for a wrong option, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from bench.fuzz.campaign import TARGETS, Failure, Tally, campaign, replay
from bench.fuzz.growth import FACTOR, GROWTHS, MOST, check
from bench.fuzz.tape import Violation

# What part of the time each target gets.
_SHARES = {"reader": 0.15, "parsers": 0.1, "dns": 0.15, "conversations": 0.6}
_FOR_EVER = 1 << 60


def main() -> int:
    given = _options()
    if given.replay:
        return _replay(given.replay)
    began = time.monotonic()
    print(f"seed {given.seed}, {given.jobs} processes, about {given.seconds:g} s", flush=True)
    bad = _growth()
    left = max(1.0, given.seconds - (time.monotonic() - began))
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as processes:
        print(f"\n{'target':<16}{'runs':>10}{'a second':>10}{'features':>10}  what they came to", flush=True)
        for name, share in _SHARES.items():
            counted = name == "conversations" and given.conversations
            runs = -(-given.conversations // given.jobs) if counted else _FOR_EVER
            seconds = given.most if counted else left * share
            parts = [
                processes.submit(campaign, name, f"{given.seed}/{job}", runs=runs, seconds=seconds)
                for job in range(given.jobs)
            ]
            bad |= _show(name, [part.result() for part in parts])
    print("\nFAILED" if bad else "\nevery property held", flush=True)
    return int(bad)


def _growth() -> bool:
    bad = False
    print(
        f"\nCPU time of {FACTOR} times the input, median of five; at most {MOST:g} times{'size':>14}{'ms':>8}{'x':>7}"
    )
    for growth in GROWTHS:
        try:
            found = check(growth)
        except Violation as error:
            print(f"  FAILED {error}", flush=True)
            bad = True
        else:
            print(f"  {found.name:<50}{found.size:>10}{found.small_ms:>9.2f}{found.ratio:>8.1f}", flush=True)
    return bad


def _show(name: str, tallies: Iterable[Tally]) -> bool:
    kinds: Counter[str] = Counter()
    runs, features, seconds, failures = 0, 0, 0.0, []
    for tally in tallies:
        kinds += tally.kinds
        runs, features, seconds = runs + tally.runs, max(features, tally.features), max(seconds, tally.seconds)
        failures += [tally.failure] if tally.failure else []
    words = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common(12)) if len(kinds) < 40 else ""
    head = f"{name:<16}{runs:>10}{runs / max(seconds, 1e-3):>10.0f}{features:>10}  "
    print("\n".join(textwrap.wrap(head + words, 80, subsequent_indent=" " * 48, drop_whitespace=True)), flush=True)
    for failure in failures:
        _tell(failure)
    return bool(failures)


def _tell(failure: Failure) -> None:
    numbers = ",".join(map(str, failure.tape))
    print(f"\nFAILED {failure.target}, seed {failure.seed}\n  {failure.what}")
    print(textwrap.indent("\n".join(failure.story), "    "))
    print(f"  again: python -m bench.fuzz --replay {failure.target}:{numbers}\n", flush=True)


def _replay(words: str) -> int:
    name, _, numbers = words.partition(":")
    what, story = replay(name, [int(number) for number in numbers.split(",") if number])
    print("\n".join(story))
    print(f"FAILED {what}" if what else "every property held")
    return int(what is not None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description="Random octets and conversations.")
    parser.add_argument("--seconds", type=_seconds, default=60.0, metavar="N", help="how long (default: 60)")
    parser.add_argument("--conversations", type=int, default=0, metavar="N", help="exactly so many whole sessions")
    parser.add_argument("--seed", default="smtp-probe", metavar="WORD", help="another word, other runs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: CPUs)")
    parser.add_argument("--replay", type=_tape, metavar="TARGET:NUMBERS", help="one run, as a failure names it")
    parser.add_argument(
        "--most", type=_seconds, default=3600.0, metavar="N", help="end --conversations after this (default: 3600 s)"
    )
    return parser.parse_args()


def _seconds(word: str) -> float:
    seconds = float(word)
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError("between 0 and 86400 seconds")
    return seconds


def _tape(word: str) -> str:
    name, colon, numbers = word.partition(":")
    if name not in TARGETS or not colon or not numbers.replace(",", "").isdecimal():
        raise argparse.ArgumentTypeError(f"wanted is one of {', '.join(TARGETS)}, a colon, and numbers with commas")
    return word


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("fuzz: interrupted", file=sys.stderr)
        sys.exit(130)
