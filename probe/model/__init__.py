"""The nouns: frozen values in the standards' own words. Nothing here does anything; everything else passes these on."""

from probe.model.answer import Answer, AnswerState, CheckResult, Result
from probe.model.diagnosis import Diagnosis, Finding, Fix, Severity, Verdict
from probe.model.explanation import CauseReading, Comparison, Explanation
from probe.model.reply import Exchange, Reply
from probe.model.report import SCHEMA, Report, Tool
from probe.model.session import Certificate, Extensions, Outcome, Session, Stage, Tls
from probe.model.target import Client, Endpoint, Protocol, Target, TargetKind, TlsMode

__all__ = [
    "SCHEMA",
    "Answer",
    "AnswerState",
    "CauseReading",
    "Certificate",
    "CheckResult",
    "Client",
    "Comparison",
    "Diagnosis",
    "Endpoint",
    "Exchange",
    "Explanation",
    "Extensions",
    "Finding",
    "Fix",
    "Outcome",
    "Protocol",
    "Reply",
    "Report",
    "Result",
    "Session",
    "Severity",
    "Stage",
    "Target",
    "TargetKind",
    "Tls",
    "TlsMode",
    "Tool",
    "Verdict",
]
