"""What a program may hand over: numbers, odd texts, open files; and a sentence for what cannot be read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import probe
from probe.errors import UsageError

REPLY = "550 5.1.1 <joe@example.org>: User unknown\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [("\ud800", None), ("550\0", 550), ("x" * 10**6, None), ("foo", None), ("999", None), (554, 554), (" 554\n", 554)],
    ids=["half", "nul", "long", "word", "no-code", "number", "space"],
)
def test_any_text_is_a_reply_or_a_code(words: str | int, code: int | None) -> None:
    read = probe.explain(words)
    assert code == read.code
    assert (None if code else "unknown") == read.cause


@pytest.mark.parametrize("words", ["", " ", "\0", None, 5.5, True, b"554", ["554"]])
def test_nothing_and_no_text_are_told(words: object) -> None:
    with pytest.raises(UsageError):
        probe.explain(words)  # type: ignore[arg-type]


def test_codes_may_be_numbers() -> None:
    assert probe.compare("214", "554") == probe.compare(214, 554)
    with pytest.raises(UsageError, match="not NoneType"):
        probe.compare(214, None)  # type: ignore[arg-type]


def test_what_is_diagnosed_may_be_text_octets_or_an_open_file(tmp_path: Path) -> None:
    path = tmp_path / "replies"
    path.write_text(REPLY * 20_000)
    with path.open() as text, path.open("rb") as octets:
        found = [probe.diagnose(one) for one in (text, octets, REPLY, bytearray(REPLY.encode()), io.BytesIO(b""))]
    assert [20_000, 20_000, 1, 1, 0] == list(map(len, found))
    assert "user-unknown" == found[0][-1].explanation.cause


def test_what_cannot_be_diagnosed_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="open it first"):
        probe.diagnose(tmp_path)  # type: ignore[arg-type]
    path = tmp_path / "octets"
    path.write_bytes(b"\xff")
    with path.open(encoding="utf-8") as file, pytest.raises(UsageError, match="cannot read the file"):
        probe.diagnose(file)
    with pytest.raises(UsageError, match="closed file"):
        probe.diagnose(file)
