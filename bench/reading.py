"""``python -m bench.reading [--rounds N] [FILE]``: how fast replies are read, on one core.

The texts are the examples of all signatures, each with an address and a queue id of its own, or the lines of FILE. Each
text is read once a round, so nothing is remembered from the last. *classify* is from the text of a reply to its cause;
*explain* is the whole explanation with its fields and advice. CPU
time of this process counts, the median of the rounds is shown; no figure is a test.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from probe.catalog import catalog
from probe.replies import enhanced
from probe.replies.explanation import explain_text
from probe.replies.parsing import parse
from probe.replies.reading import weigh
from probe.replies.texts import prepare

AIM = 30_000


def main() -> int:
    given = _options()
    facts = catalog()
    texts = given.file.read_text(encoding="utf-8", errors="replace").splitlines() if given.file else _examples()
    print(f"{len(texts)} texts, {len(facts.patterns)} signatures, {given.rounds} rounds, CPU time of one core\n")

    def classify(text: str) -> object:
        reply = parse(text)
        said = " ".join(enhanced.split(line)[1] for line in reply.lines)
        return weigh(prepare(said), reply.code, reply.enhanced, reply.stage, facts)

    print(f"{'':12}{'median':>12}{'best':>12}  replies/s (aim for classify: {AIM})")
    for name, read in (("classify", classify), ("explain", lambda text: explain_text(text, facts=facts))):
        rates = _rates(read, texts, given.rounds)
        print(f"{name:12}{statistics.median(rates):12.0f}{max(rates):12.0f}")
    return 0


def _rates(read: Callable[[str], object], texts: Sequence[str], rounds: int) -> list[float]:
    """Texts a second, one figure a round; a first round warms up and does not count."""
    rates = []
    for number in range(rounds + 1):
        fresh = [text.replace("203.0.113.7", f"203.0.113.{number % 250 + 1}") for text in texts]
        began = time.process_time()
        for text in fresh:
            read(text)
        rates.append(len(fresh) / (time.process_time() - began))
    return rates[1:]


def _examples() -> list[str]:
    numbers = itertools.count(1)
    return [f"{row.example} (id {next(numbers):x})" for row in catalog().signatures]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reading", description="How fast replies are read.")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="rounds that count (default: %(default)s)")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="one reply a line")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
