"""``python -m bench.accuracy [FILE…]``: how often the cause of real replies is read right.

A FILE is one JSON object a line, with ``text``, ``causes`` (every acceptable one) and, where it is known, ``command``;
by default the corpus beside the checkout. *accuracy* counts an answer among the acceptable ones; *family* counts one of
the same family, too; *coverage* is how many get an answer other than unknown, *precision* how many of those are right.
Then every cause with its own precision and recall, and what was taken for what. No figure is a test.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from probe.catalog import Catalog, catalog
from probe.replies.explanation import explain_text

CORPUS = Path(__file__).resolve().parents[2] / "shared/corpus/replies_dev.jsonl"
UNKNOWN = "unknown"


class Answered(NamedTuple):
    """What was acceptable, and what was said."""

    wanted: tuple[str, ...]
    cause: str

    @property
    def right(self) -> bool:
        return self.cause in self.wanted


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m bench.accuracy", description="How often causes are read right.")
    given.add_argument("file", nargs="*", type=Path, default=[CORPUS], metavar="FILE")
    facts = catalog()
    every: list[Answered] = []
    for path in given.parse_args().file:
        if not path.exists():
            print(f"bench: {path.name} is not there", file=sys.stderr)
            return 2
        answers = [_answer(row, facts) for row in _rows(path)]
        print(_line(path.stem, answers, facts))
        every += answers
    print(_line("all of them", every, facts))
    _causes(every)
    _confusion(every)
    return 0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _answer(row: dict[str, Any], facts: Catalog) -> Answered:
    said = explain_text(row["text"], facts=facts, command=row.get("command") or None)
    return Answered(tuple(row["causes"]), said.cause or "none")


def _line(name: str, answers: Sequence[Answered], facts: Catalog) -> str:
    told = [one for one in answers if one.cause != UNKNOWN]
    family = {cause: row.family for cause, row in facts.causes.items()}
    near = [one for one in answers if family.get(one.cause) in {family.get(cause) for cause in one.wanted}]
    figures = (
        ("accuracy", sum(one.right for one in answers), len(answers)),
        ("family", len(near), len(answers)),
        ("coverage", len(told), len(answers)),
        ("precision", sum(one.right for one in told), len(told)),
    )
    return f"{name:20}{len(answers):6}  " + "  ".join(f"{word} {100 * n / max(m, 1):5.1f} %" for word, n, m in figures)


def _causes(answers: Sequence[Answered]) -> None:
    """A reply with several acceptable causes counts for the one that was said, or else for its first."""
    print(f"\n{'cause':26}{'replies':>8}{'precision':>11}{'recall':>9}")
    wanted = Counter(one.cause if one.right else one.wanted[0] for one in answers)
    said = Counter(one.cause for one in answers)
    right = Counter(one.cause for one in answers if one.right)
    for cause in sorted(wanted | said, key=lambda cause: (-wanted[cause], cause)):
        precision = f"{100 * right[cause] / said[cause]:9.0f} %" if said[cause] else f"{'–':>11}"
        recall = f"{100 * right[cause] / wanted[cause]:7.0f} %" if wanted[cause] else f"{'–':>9}"
        print(f"{cause:26}{wanted[cause]:8}{precision}{recall}")


def _confusion(answers: Sequence[Answered]) -> None:
    taken = Counter((one.wanted[0], one.cause) for one in answers if not one.right)
    if taken:
        print(f"\n{'wanted':26}{'said':26}{'times':>6}")
    for (wanted, said), count in taken.most_common():
        print(f"{wanted:26}{said:26}{count:6}")


if __name__ == "__main__":
    raise SystemExit(main())
