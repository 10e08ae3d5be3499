"""Refusals and check results → diagnoses: cause, verdict, evidence, fix."""

from __future__ import annotations

from collections.abc import Sequence

from probe.catalog import Catalog
from probe.diagnosis.inquiry import Inquiry, Sender
from probe.diagnosis.remedy import fixes
from probe.diagnosis.verdict import Case, judge
from probe.model import CheckResult, Diagnosis


def diagnoses(
    found: Sequence[Inquiry], checks: Sequence[CheckResult], sender: Sender, facts: Catalog
) -> tuple[Diagnosis, ...]:
    """One diagnosis a refusal, in the order of the conversation."""
    return tuple(_diagnosis(Case(inquiry, sender, checks, facts)) for inquiry in found)


def _diagnosis(case: Case) -> Diagnosis:
    inquiry = case.inquiry
    verdict = judge(case)
    known = case.facts.causes
    cause = known.get(case.proved_cause or inquiry.explanation.cause or "unknown", known["unknown"])
    return Diagnosis(
        cause=cause.cause,
        verdict=verdict,
        stage=inquiry.exchange.stage,
        session=inquiry.session,
        exchange=inquiry.index,
        summary=cause.meaning,
        evidence=tuple(case.evidence),
        against=tuple(case.against),
        ruled_out=tuple(case.ruled_out),
        not_asked=tuple(case.not_asked),
        fix=fixes(case, cause, verdict),
    )
