"""Enhanced codes are found where servers put them, and nowhere else."""

import pytest

from probe.replies import enhanced


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("5.7.1 Relaying denied", "5.7.1", "Relaying denied"),
        ("#5.1.0 Address rejected.", "5.1.0", "Address rejected."),
        ("5.1.1 - This is not a valid email address", "5.1.1", "This is not a valid email address"),
        ("5.7.1: no", "5.7.1", "no"),
        ("5.7.1", "5.7.1", ""),
        ("sorry, no mailbox here (#5.1.1)", "5.1.1", "sorry, no mailbox here (#5.1.1)"),
        ("sorry, no mailbox here (#5.1.1 - chkusr)", "5.1.1", "sorry, no mailbox here (#5.1.1 - chkusr)"),
        ("cuda_nsu 5.1.1 <joe@example.org>... no", "5.1.1", "cuda_nsu 5.1.1 <joe@example.org>... no"),
        ("4.16.55.1 deferred", None, "4.16.55.1 deferred"),
        ("see [#4.16.1].", "4.16.1", "see [#4.16.1]."),
        ("3.0.0 no such class", None, "3.0.0 no such class"),
        ("(#id-5.9.4) wait", None, "(#id-5.9.4) wait"),
        ("", None, ""),
    ],
)
def test_split(text: str, code: str | None, rest: str) -> None:
    assert (code, rest) == enhanced.split(text)


@pytest.mark.parametrize("word", ["5.7.1", "2.0.0", "4.999.999"])
def test_well_formed(word: str) -> None:
    assert enhanced.well_formed(word)


@pytest.mark.parametrize("word", ["7.1.1", "5.7", "5.7.1.1", "5.07.1", "3.1.1", "5.7.1000", "٥.٧.١", ""])
def test_not_well_formed(word: str) -> None:
    assert not enhanced.well_formed(word)


def test_classes_must_agree() -> None:
    assert enhanced.agrees(550, "5.1.1")
    assert not enhanced.agrees(450, "5.1.1")
