"""The short form of ``make soak``: no session may leave anything behind, whatever its server did."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bench.measure import Machine
from bench.soak.load import EXPECTED, HOSTILE, Latencies, Sample, Soak, soak
from bench.soak.server import serving
from bench.soak.table import faults, page

_SESSIONS = 1500
_MOST_DRIFT = 8_000_000


@pytest.fixture(scope="module")
def soaked() -> Soak:
    with serving() as ports:
        return asyncio.run(soak(ports, _SESSIONS, seconds=120))


def test_nothing_is_left_behind(soaked: Soak) -> None:
    assert (0, 0) == (soaked.drift(lambda one: one.descriptors), soaked.drift(lambda one: one.tasks))
    assert soaked.drift(lambda one: one.memory) < _MOST_DRIFT
    # Between two blocks nothing runs but the soak itself.
    assert {1} == {sample.tasks for sample in soaked.samples}


def test_every_session_ends_as_its_server_makes_it(soaked: Soak) -> None:
    assert Counter() == soaked.wrong
    assert {kind: {outcome} for kind, outcome in EXPECTED.items()} == {
        kind: set(outcomes) for kind, outcomes in soaked.outcomes.items()
    }


def test_a_tenth_is_hostile(soaked: Soak) -> None:
    hostile = sum(soaked.outcomes[kind].total() for kind in HOSTILE)
    assert 0.08 <= hostile / soaked.sessions <= 0.12
    assert soaked.sessions == soaked.alone.count + soaked.beside.count + hostile


def test_the_page_fits_a_terminal(soaked: Soak) -> None:
    lines = page(soaked, Machine("Linux x86_64", 2, "CPython 3.11.7", 0.5), 8).splitlines()
    assert [] == [line for line in lines if len(line) > 80]
    assert f" {soaked.sessions} sessions in" in lines[0]


def test_what_leaks_is_named() -> None:
    made = Soak(sessions=100, samples=[Sample(10, 1_000_000, 5, 1), Sample(100, 99_000_000, 8, 3)])
    made.wrong["good: timeout at mail"] = 2
    assert [
        "2 x good: timeout at mail",
        "memory grew by 98.0 MB, and 16 MB are allowed",
        "+3 descriptors",
        "+2 tasks",
    ] == faults(made)
    assert " FAILED +3 descriptors" in page(made, Machine("Linux", 1, "CPython", 0.0), 8)


def test_percentiles_are_within_two_per_cent() -> None:
    latencies = Latencies()
    for milliseconds in range(1, 1001):
        latencies.add(float(milliseconds))
    assert 500 <= latencies.percentile(0.5) <= 520
    assert 990 <= latencies.percentile(0.99) <= 1030
    assert (1000, 1000.0) == (latencies.count, latencies.most)
    assert 0.0 == Latencies().percentile(0.5)
