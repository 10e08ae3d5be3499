"""The end of the line: the cause with its proof and its fix, and the findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from probe.model.noun import noun

Verdict = Literal["confirmed", "likely", "possible", "refuted", "unknown"]
Severity = Literal["info", "notice", "warning", "error"]


@noun(frozen=True)
class Fix:
    """One step: who acts, what they do, the exact text to publish if there is one, and the page to go to."""

    who: str
    do: str
    publish: str | None = None
    url: str | None = None


@noun(frozen=True)
class Diagnosis:
    """Why a reply said no: the cause, how well it is proved, what speaks for it, what against, what could not be
    asked, and the way out. ``exchange`` is the index of the refused exchange in its session."""

    cause: str
    verdict: Verdict
    stage: str
    session: int
    exchange: int
    summary: str = ""
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()
    fix: tuple[Fix, ...] = ()


@noun(frozen=True)
class Finding:
    """Something worth knowing. Code emits ``id``, ``subject`` and ``facts``; severity and words come from
    ``data/findings.toml``."""

    id: str
    severity: Severity
    subject: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    explanation: str = ""
    remedy: str = ""
    references: tuple[str, ...] = ()
