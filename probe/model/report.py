"""The whole of one run, as it is saved, shown and compared."""

from __future__ import annotations

from dataclasses import field

from probe.model.answer import Answer, CheckResult
from probe.model.diagnosis import Diagnosis, Finding
from probe.model.noun import noun
from probe.model.session import Session
from probe.model.target import Client, Endpoint, Target

SCHEMA = "smtp-probe/1"


@noun(frozen=True)
class Tool:
    """Which program made the report."""

    name: str
    version: str


@noun(frozen=True)
class Report:
    """One target, probed once. ``started`` is RFC 3339 in UTC; ``dns`` is every question asked to find the way, the
    questions of the checks stand with the checks. ``connections`` counts every connection that was made, those of
    ``--wait`` too."""

    schema: str
    tool: Tool
    target: Target
    started: str
    elapsed_ms: float
    client: Client = field(default_factory=Client)
    connections: int = 0
    route: tuple[Endpoint, ...] = ()
    dns: tuple[Answer, ...] = ()
    sessions: tuple[Session, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    findings: tuple[Finding, ...] = ()
