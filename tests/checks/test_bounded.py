"""A check that hangs or breaks costs itself and nothing else."""

from __future__ import annotations

import asyncio

from probe.checks.bounded import bounded
from probe.model import CheckResult

UNKNOWN = CheckResult("spf", "shop.test", "temperror", {"reason": "timeout", "zone": "x"})
DONE = CheckResult("spf", "shop.test", "pass")


def run(work: object, within: float = 5.0) -> CheckResult:
    async def bound() -> CheckResult:
        return await bounded(work, UNKNOWN, within)  # type: ignore[arg-type]

    return asyncio.run(bound())


async def done() -> CheckResult:
    return DONE


async def hanging() -> CheckResult:
    await asyncio.Event().wait()
    return DONE


async def broken() -> CheckResult:
    raise ValueError("no such thing")


def test_a_result_in_time_is_the_result() -> None:
    assert DONE == run(done())


def test_one_that_hangs_is_not_known() -> None:
    assert UNKNOWN == run(hanging(), 0.01)


def test_one_that_breaks_is_not_known_and_says_where() -> None:
    result = run(broken())
    assert ("temperror", "internal-error", "x") == (result.result, result.facts["reason"], result.facts["zone"])
    assert "ValueError at tests.checks.test_bounded" in result.facts["error"]
