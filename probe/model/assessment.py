"""What was found about one subject – a message, a domain, an address – by a set of checks, as it is saved and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from probe.model.answer import CheckResult
from probe.model.compliance import Compliance
from probe.model.diagnosis import Finding, Fix
from probe.model.noun import noun
from probe.model.report import Tool
from probe.model.target import Client

ASSESSMENT_SCHEMA = "smtp-probe-assessment/1"

SubjectKind = Literal["message", "domain", "address", "mailbox"]
Conclusion = Literal["pass", "fail", "unknown"]


@noun(frozen=True)
class Assessment:
    """One subject, assessed once.

    ``subject`` is what was given, made printable; ``started`` is RFC 3339 in UTC. ``conclusion`` is the answer to the
    question of its kind (would it be believed, would it be accepted), ``summary`` says it in a sentence and ``proof``
    what speaks for it, one line each. ``checks`` is every row in the order in which to read it; ``fixes`` what to do,
    in the order in which to do it; ``compliance`` the receivers' published rules, each held against what was found.
    ``facts`` is what is known of the subject itself. ``authentication_results`` is, of a message, the field of RFC
    8601, folded, without a line end behind it.
    """

    schema: str
    tool: Tool
    kind: SubjectKind
    subject: str
    started: str
    elapsed_ms: float
    conclusion: Conclusion
    summary: str = ""
    proof: tuple[str, ...] = ()
    client: Client = field(default_factory=Client)
    facts: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    fixes: tuple[Fix, ...] = ()
    compliance: tuple[Compliance, ...] = ()
    authentication_results: str | None = None
