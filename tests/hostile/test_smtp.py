"""Every hostile scenario, held once with the whole line behind it."""

from __future__ import annotations

from functools import cache

import pytest

from tests.hostile.smtp_run import play_all
from tests.hostile.smtp_scenario import Scenario
from tests.hostile.smtp_scenarios import KNOWN_DEFECTS, SCENARIOS


@cache
def results() -> dict[str, list[str]]:
    return play_all(SCENARIOS)


def _marked(scenario: Scenario) -> object:
    reason = KNOWN_DEFECTS.get(scenario.id)
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(scenario, id=scenario.id, marks=marks)


@pytest.mark.parametrize("scenario", map(_marked, SCENARIOS))
def test_scenario(scenario: Scenario) -> None:
    assert [] == results()[scenario.id], scenario.why


def test_nothing_is_left_behind() -> None:
    assert [] == results()[""]


def test_the_scenarios_are_many_and_each_has_its_reason() -> None:
    ids = [scenario.id for scenario in SCENARIOS]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 120
    assert all(scenario.why for scenario in SCENARIOS)
    assert set(KNOWN_DEFECTS) <= set(ids)
