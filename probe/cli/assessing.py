"""What the commands that assess something share: the options of the report, and the exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from probe.cli.status import Status
from probe.text import show

if TYPE_CHECKING:
    from probe.cli.common import Parser
    from probe.model import Assessment

SEVERITIES = ("info", "notice", "warning", "error")
_NO_ANSWER = ("timeout", "unreachable", "bad-name")
_WORST_FIRST = (Status.USAGE, Status.FINDINGS, Status.UNREACHED)


def add_report_options(made: Parser) -> None:
    """What the report shows, and what the exit status says."""
    out = made.add_argument_group("the report")
    out.add_argument("--fail-on", choices=SEVERITIES, default="error", help="exit 1 from here (default: error)")
    out.add_argument("--exit-zero", action="store_true", help="exit 0 whatever was found")
    out.add_argument("-q", "--quiet", action="store_true", help="one line")
    out.add_argument("-v", "--verbose", action="store_true", help="every row, every step, every question")


def status_of(one: Assessment, fail_on: str) -> Status:
    """1 for a finding at or above ``fail_on``, and for mail that will be refused or that nothing stands for; 3 where
    DNS was asked and never answered, which is no finding about the subject. Name servers that answer with nothing but
    failure are one."""
    asked = [answer for row in one.checks for answer in row.queries]
    if asked and not any(answer.known for answer in asked):
        if not all(answer.reason in _NO_ANSWER for answer in asked):
            print(f"smtp-probe: {show(one.subject)}: the name servers say that they fail", file=sys.stderr)
            return Status.FINDINGS
        print(f"smtp-probe: {show(one.subject)}: no name server answered", file=sys.stderr)
        return Status.UNREACHED
    least = SEVERITIES.index(fail_on)
    bad = any(SEVERITIES.index(finding.severity) >= least for finding in one.findings)
    return Status.FINDINGS if bad or one.conclusion == "fail" else Status.OK


def worst(statuses: Sequence[Status]) -> Status:
    """Of several subjects: 2 where one could not be read, else the worst of 1, then 3, then 0."""
    return next((one for one in _WORST_FIRST if one in statuses), Status.OK)
