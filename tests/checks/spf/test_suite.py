"""``check_host()`` against the conformance suite of RFC 7208: results and explanations."""

from __future__ import annotations

import asyncio
import json

from probe.checks.spf import check_host
from probe.codec import to_json
from tests.checks.spf.suite import Zone, cases


def test_the_whole_suite_passes_with_its_explanations() -> None:
    wrong = []
    for case in cases():
        result = asyncio.run(check_host(case.ip, case.sender, case.helo, Zone(case.zone)))
        explanation = result.facts["explanation"]
        # "DEFAULT" stands for whatever a receiver says where the domain says nothing.
        said = explanation is None if case.explanation in (None, "DEFAULT") else explanation == case.explanation
        if result.result not in case.results or not (said or case.explanation is None):
            wrong.append(
                (case.name, case.results, result.result, case.explanation, explanation, result.facts["reason"])
            )
    assert wrong == []


def test_every_trace_of_the_suite_is_json_that_a_terminal_can_hold() -> None:
    for case in cases():
        result = asyncio.run(check_host(case.ip, case.sender, case.helo, Zone(case.zone)))
        written = json.dumps(to_json(result), ensure_ascii=False)
        assert written.isprintable(), case.name
        assert result.facts["trace"].get("result", "none") == result.result, case.name
