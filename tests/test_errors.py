"""The tree in the docstring of probe.errors is the tree."""

from __future__ import annotations

import inspect

import probe.errors
from probe.catalog import catalog
from probe.errors import Detail, ProbeError, WireError


def drawn() -> dict[str, str]:
    """Class → parent, as the docstring draws them: the column of a name tells its depth."""
    found: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for line in (probe.errors.__doc__ or "").splitlines():
        word = line.lstrip(" │├└─").split(" ")[0]
        if not word.endswith(("Error", "Interrupted")):
            continue
        column = line.index(word)
        while path and path[-1][0] >= column:
            path.pop()
        found[word] = path[-1][1] if path else "Exception"
        path.append((column, word))
    return found


def real() -> dict[str, str]:
    return {
        name: kind.__base__.__name__
        for name, kind in vars(probe.errors).items()
        if inspect.isclass(kind) and issubclass(kind, Exception) and kind.__base__ is not None
    }


def test_the_drawn_tree_is_the_real_one() -> None:
    assert drawn() == real()
    assert drawn()["TargetError"] == "UsageError"


def test_each_class_says_what_it_means() -> None:
    assert [name for name in real() if not vars(probe.errors)[name].__doc__] == []


def test_a_wire_error_carries_what_had_arrived() -> None:
    detail = Detail("detail-no-reply", seconds=5)
    error = WireError("timeout", detail, b"250-par", alert="close_notify")
    assert isinstance(error, ProbeError)
    assert str(error) == "detail-no-reply, seconds 5"
    assert (error.outcome, error.detail, error.partial, error.alert) == (
        "timeout",
        detail,
        b"250-par",
        "close_notify",
    )


def test_a_detail_is_told_in_the_language_of_the_reader() -> None:
    detail = Detail("detail-fate-unknown", why=Detail("detail-no-reply", seconds=5))
    said = "the message was sent and its fate is unknown: no complete reply within 5 s"
    assert (said, "メッセージは送信されましたが、結果は不明です(5秒以内に応答が完了しませんでした)") == (
        catalog().tell(detail),
        catalog("ja").tell(detail),
    )
    assert detail != Detail("detail-fate-unknown", why=Detail("detail-closed"))
