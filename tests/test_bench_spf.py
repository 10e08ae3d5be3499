"""The bench of SPF measures what it says: both sides evaluate, and the table holds their figures. No time is judged."""

from __future__ import annotations

import pytest

from bench.spf import POLICIES, evaluation_table, timings


def test_every_policy_is_measured_and_told() -> None:
    pytest.importorskip("spf", reason="pyspf is not installed")
    found = timings(1, 0)
    assert [policy.name for policy in POLICIES] == [one.policy for one in found]
    assert all(one.ours.median > 0 and one.theirs.median > 0 for one in found)
    table = evaluation_table(found)
    assert all(policy.name in table for policy in POLICIES)
    assert max(map(len, table.splitlines())) <= 100


def test_without_pyspf_it_says_so() -> None:
    assert "not measured" in evaluation_table([])
