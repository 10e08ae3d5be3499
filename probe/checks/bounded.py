"""A check that must not take longer than it is given, nor take the others down with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

from probe.errors import where
from probe.model import CheckResult


async def bounded(run: Awaitable[CheckResult], unknown: CheckResult, within: float) -> CheckResult:
    """The result, or ``unknown`` where it does not come in ``within`` seconds or where a fault of ours gets in its
    way."""
    try:
        async with asyncio.timeout(within):
            return await run
    except TimeoutError:
        return unknown
    except Exception as error:
        return replace(unknown, facts={**unknown.facts, "reason": "internal-error", "error": where(error)})
