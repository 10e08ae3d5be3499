"""All keys of a domain that can be named without a message, as one result.

Keys cannot be listed; they are looked for under the selectors that are given, else under well-known ones, and then what
is found is said to be a guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from probe.catalog import Catalog
from probe.checks.dkim import ID, Key, run
from probe.checks.protocols import Asker
from probe.model import CheckResult


async def survey(domain: str, selectors: Sequence[str] = (), *, ask: Asker, facts: Catalog) -> CheckResult:
    """The keys under ``selectors``, or under the well-known ones. The result is ``none`` (none found), the worst of
    those found, or None: usable keys, none of them verified anything. Facts: ``domain``, ``guessed``, ``selectors``,
    ``keys`` (each with ``subject``, ``result`` and the facts of ``dkim.run``), ``evaluated`` (False)."""
    guessed = not selectors
    names = tuple(selectors) or tuple(facts.selectors)
    results = await asyncio.gather(*(run(Key(domain, name, guessed), ask=ask, facts=facts) for name in names))
    # A guess that hits a key which its owner took back says nothing about the mail of today.
    told = [one for one in results if one.result != "none" and not (guessed and one.facts.get("reason") == "revoked")]
    worst = next((one.result for one in told if one.result in ("permerror", "temperror")), None)
    return CheckResult(
        ID,
        domain,
        "none" if not told else worst,
        {
            "domain": domain,
            "guessed": guessed,
            "selectors": names,
            "keys": tuple({"subject": one.subject, "result": one.result, **one.facts} for one in told),
            "evaluated": False,
        },
        tuple(dict.fromkeys(answer for one in results for answer in one.queries)),
        tuple(line for one in told for line in one.trace),
    )
