"""Every hostile scenario, held once with the whole line behind it."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from functools import cache

import pytest
from _pytest.mark import ParameterSet

from probe.limits import Limits
from probe.run import check
from tests.hostile.smtp_run import play_all
from tests.hostile.smtp_scenario import Scenario
from tests.hostile.smtp_scenarios import KNOWN_DEFECTS, SCENARIOS


@cache
def results() -> dict[str, list[str]]:
    return play_all(SCENARIOS)


def _marked(scenario: Scenario) -> ParameterSet:
    reason = KNOWN_DEFECTS.get(scenario.id)
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(scenario, id=scenario.id, marks=marks)


@pytest.mark.parametrize("scenario", [_marked(scenario) for scenario in SCENARIOS])
def test_scenario(scenario: Scenario) -> None:
    assert [] == results()[scenario.id], scenario.why


def test_nothing_is_left_behind() -> None:
    assert [] == results()[""]


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        session = asyncio.run(check(f"127.0.0.1:{closed.getsockname()[1]}", limits=Limits(connect=1.0))).sessions[-1]
    assert ("unreachable", "connect", ()) == (session.outcome, session.stage, session.exchanges[0].partial_raw or ())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops a SYN where the backlog is full")
def test_nobody_answers() -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        place = deaf.getsockname()
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(place)
        time.sleep(0.05)
        session = asyncio.run(check(f"127.0.0.1:{place[1]}", limits=Limits(connect=0.2))).sessions[-1]
    assert ("timeout", "connect") == (session.outcome, session.stage)


def test_the_scenarios_are_many_and_each_has_its_reason() -> None:
    ids = [scenario.id for scenario in SCENARIOS]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 120
    assert all(scenario.why for scenario in SCENARIOS)
    assert set(KNOWN_DEFECTS) <= set(ids)
