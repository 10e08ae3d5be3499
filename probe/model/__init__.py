"""The nouns: frozen values in the standards' own words. Nothing here does anything; everything else passes these on.

Each is loaded when first asked for: making a dataclass takes a millisecond, and most commands need few of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from probe.model.answer import Answer, AnswerState, CheckResult, Result
    from probe.model.assessment import ASSESSMENT_SCHEMA, Assessment, Conclusion, SubjectKind
    from probe.model.compliance import Compliance, Holds
    from probe.model.diagnosis import Diagnosis, Finding, Fix, Severity, Verdict
    from probe.model.explanation import CauseReading, Comparison, Explanation, Scope
    from probe.model.incident import Action, Incident, IncidentGroup, Role
    from probe.model.reply import Exchange, Reply
    from probe.model.report import SCHEMA, Report, Tool
    from probe.model.session import Certificate, Extensions, Outcome, Session, Stage, Tls
    from probe.model.target import Client, Endpoint, Protocol, Target, TargetKind, TlsMode

_HOMES = {
    "answer": ("Answer", "AnswerState", "CheckResult", "Result"),
    "compliance": ("Compliance", "Holds"),
    "assessment": ("ASSESSMENT_SCHEMA", "Assessment", "Conclusion", "SubjectKind"),
    "diagnosis": ("Diagnosis", "Finding", "Fix", "Severity", "Verdict"),
    "explanation": ("CauseReading", "Comparison", "Explanation", "Scope"),
    "incident": ("Action", "Incident", "IncidentGroup", "Role"),
    "reply": ("Exchange", "Reply"),
    "report": ("SCHEMA", "Report", "Tool"),
    "session": ("Certificate", "Extensions", "Outcome", "Session", "Stage", "Tls"),
    "target": ("Client", "Endpoint", "Protocol", "Target", "TargetKind", "TlsMode"),
}

__all__ = [
    "ASSESSMENT_SCHEMA",
    "SCHEMA",
    "Action",
    "Answer",
    "AnswerState",
    "Assessment",
    "CauseReading",
    "Certificate",
    "CheckResult",
    "Client",
    "Comparison",
    "Compliance",
    "Conclusion",
    "Diagnosis",
    "Endpoint",
    "Exchange",
    "Explanation",
    "Extensions",
    "Finding",
    "Fix",
    "Holds",
    "Incident",
    "IncidentGroup",
    "Outcome",
    "Protocol",
    "Reply",
    "Report",
    "Result",
    "Role",
    "Scope",
    "Session",
    "Severity",
    "Stage",
    "SubjectKind",
    "Target",
    "TargetKind",
    "Tls",
    "TlsMode",
    "Tool",
    "Verdict",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            value: object = getattr(import_module(f"probe.model.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'probe.model' has no attribute {name!r}")
