"""Real replies: one answer each, counted right where a reader of the bounce would accept it."""

import json
from pathlib import Path

import pytest

from probe.catalog import catalog
from probe.replies.explanation import explain_text

DEV = Path(__file__).resolve().parents[2] / "../shared/corpus/replies_dev.jsonl"
pytestmark = pytest.mark.skipif(not DEV.exists(), reason="the corpus of replies is not beside this checkout")


@pytest.mark.parametrize("with_command", [True, False])
def test_accuracy(with_command: bool) -> None:
    rows = [json.loads(line) for line in DEV.read_text(encoding="utf-8").splitlines()]
    wrong = []
    for row in rows:
        command = row["command"] if with_command and row["command"] else None
        cause = explain_text(row["text"], facts=catalog(), command=command).cause
        wrong += [] if cause in row["causes"] else [(row["id"], row["causes"], cause)]
    assert len(wrong) <= 0.05 * len(rows), wrong
