"""One form of times, and none that is invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.replies.moments import rfc3339


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2026-11-27T07:16:38Z", "2026-11-27T07:16:38Z"),
        ("2026-11-27 07:16:38", "2026-11-27T07:16:38"),
        ("2026-11-27 07:16:41 +0100", "2026-11-27T07:16:41+01:00"),
        ("2026-11-27 07:16:38+0000", "2026-11-27T07:16:38+00:00"),
        ("2026-11-27T07:16:38,123456+00:00", "2026-11-27T07:16:38.123456+00:00"),
        ("2026/11/27 07:16:38", "2026-11-27T07:16:38"),
        ("Fri, 27 Nov 2026 07:16:38 +0000", "2026-11-27T07:16:38+00:00"),
        ("Fri,  7 Nov 2026 07:16:38 -0000 (UTC)", "2026-11-07T07:16:38-00:00"),
        ("27 Nov 2026 07:16 EST", "2026-11-27T07:16:00-05:00"),
        ("Nov  7 2026 07:16:38.5", "2026-11-07T07:16:38.5"),
        ("Fri Nov 27 07:16:38 2026", "2026-11-27T07:16:38"),
        ("1764227798", "2025-11-27T07:16:38Z"),
        ("1764227798.123456", "2025-11-27T07:16:38.123456Z"),
    ],
)
def test_a_time_with_its_year(written: str, told: str) -> None:
    assert told == rfc3339(written)
    assert told == rfc3339(told)


@pytest.mark.parametrize(
    "written",
    ["Nov 27 07:16:38", "Fri Nov 27 07:16:38", "", "yesterday", "2026-13-27 07:16:38", "27 Foo 2026 07:16:38 +0000",
     "2026-11-27 25:16:38", "27 Nov 2026 07:16:38 XYZ"],
)  # fmt: skip
def test_what_cannot_be_told_stays_as_it_was_written(written: str) -> None:
    assert written == rfc3339(written)


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(written: str) -> None:
    assert rfc3339(written) == rfc3339(rfc3339(written))
