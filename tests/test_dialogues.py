"""Every conversation in tests/dialogues/, held over loopback with the whole line behind it."""

from __future__ import annotations

import asyncio

import pytest

from probe.codec import from_json, to_json
from probe.model import Report
from tests.dialogue import FOLDER, complaints, play, read

FILES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_dialogue(path) -> None:  # type: ignore[no-untyped-def]
    dialogue = read(path)
    report = asyncio.run(play(dialogue))
    assert [] == list(complaints(dialogue, report))
    assert report == from_json(Report, to_json(report)) or to_json(report) == to_json(
        from_json(Report, to_json(report))
    )


def test_there_are_conversations() -> None:
    assert len(FILES) >= 30
    assert all(any(key == "outcome" for key, _ in read(path).wanted) for path in FILES)
