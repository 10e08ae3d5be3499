"""``check_host()`` and the lint against the conformance suite of RFC 7208."""

from __future__ import annotations

import asyncio
import json

from probe.checks.spf import check_host
from probe.checks.spf.lint import Remark, remarks
from probe.checks.spf.query import Query, read_name
from probe.checks.spf.questions import Questions
from probe.checks.spf.survey import explore
from probe.codec import to_json
from tests.checks.spf.suite import Case, Zone, cases


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


def test_the_lint_flags_every_permerror_of_the_suite_and_no_valid_policy() -> None:
    flagged, missed, wrong = 0, [], []
    for case in cases():
        domain = read_name(Query(case.ip, case.sender, case.helo)).domain
        told = asyncio.run(policy_remarks(domain, case))
        errors = [remark.id for remark in told if remark.level == "error"]
        flagged += bool(errors)
        if case.results == ("permerror",) and not errors:
            missed.append(case.name)
        if errors and "permerror" not in case.results:
            wrong.append((case.name, errors))
    assert (missed, wrong) == ([], [])
    assert flagged >= 74


async def policy_remarks(domain: str, case: Case) -> tuple[Remark, ...]:
    return remarks(await explore(domain, Questions(Zone(case.zone))))
