"""Does a message carry DKIM2 fields? (draft-ietf-dkim-dkim2-spec: a draft, so they are recognised and not judged.)

The subject is the message. ``none``: no such field. None: they are there; ``facts`` names them.
"""

from __future__ import annotations

from collections.abc import Iterator

from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.taglist import parse_field
from probe.mail.message import WHOLE, Message
from probe.model import CheckResult
from probe.text import show

ID = "dkim2"
PROVES = ()

_FIELDS = ("dkim2-signature", "message-instance")
_MOST, _SHOWN = 20, 120


async def run(subject: Message, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Facts: ``reason``, ``fields`` (how many of each name) and ``signers`` (the ``d=`` of the signatures, topmost
    first)."""
    found = {name: len(subject.all(name)) for name in _FIELDS if subject.all(name)}
    if not found:
        return CheckResult(ID, WHOLE, "none", {"reason": "no-dkim2", "fields": {}, "signers": ()})
    signatures = subject.all(_FIELDS[0])[:_MOST]
    signers = tuple(show(parse_field(field.value).tags.get("d", "?")[:_SHOWN]) for field in signatures)
    return CheckResult(ID, ", ".join(signers), None, {"reason": "draft", "fields": found, "signers": signers})


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    if one.facts.get("fields"):
        yield emit("dkim2-seen", one.subject, fields=", ".join(one.facts["fields"]))
