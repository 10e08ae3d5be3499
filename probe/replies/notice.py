"""What one place in a bounce or a log says, before the reply in it is explained; and the step to an incident.

Readers of bounces and logs make notices and explain nothing. The reply may still stand in the sentence that passed it
on: ``probe.replies.parsing`` takes it out, so that the words of the sentence are no evidence.
"""

from __future__ import annotations

from typing import NamedTuple

from probe.catalog import Catalog
from probe.model import Action, Explanation, Incident, Role
from probe.replies.conformance import STAGE_OF_VERB
from probe.replies.enhanced import well_formed
from probe.replies.explanation import explain, explain_text
from probe.replies.moments import rfc3339
from probe.replies.parsing import ParsedReply, parse
from probe.replies.remote import remote
from probe.text import show

_REMEMBERED = 4096  # a log says the same thing again and again
WORDS = "words"  # the format of a text that nothing but its words makes a refusal
LONGEST_FIELD = 500  # characters of an address, a name or an id; RFC 5321 section 4.5.3.1 allows fewer


class Notice(NamedTuple):
    """``text`` is the reply, alone or in its sentence; the other fields are those of ``Incident``. Without ``action``
    the reply's own class decides."""

    format: str
    text: str
    action: Action | None = None
    role: Role = "client"
    line: int | None = None
    time: str | None = None
    queue_id: str | None = None
    message_id: str | None = None
    sender: str | None = None
    header_from: str | None = None
    recipient: str | None = None
    status: str | None = None
    command: str | None = None
    stage: str | None = None
    host: str | None = None
    address: str | None = None
    port: int | None = None
    client_host: str | None = None
    client_address: str | None = None
    helo: str | None = None
    reporting_mta: str | None = None
    dkim: tuple[str, ...] = ()


class Explainer:
    """Makes incidents of notices; what it has explained lately it knows."""

    def __init__(self, facts: Catalog) -> None:
        self._facts = facts
        self._known: dict[tuple[object, ...], tuple[ParsedReply, Explanation]] = {}

    def incident(self, notice: Notice, source: str | None = None) -> Incident:
        """The notice with its reply taken out and explained; every text made printable."""
        if notice.status is not None and not well_formed(notice.status):
            notice = notice._replace(status=None)
        reply, explanation = self._explained(notice)
        host, address = notice.host, notice.address
        if host is None and address is None:
            host, address = remote(notice.text)
        return Incident(
            format=notice.format,
            action=notice.action or _action(reply, notice.status),
            role=notice.role,
            code=reply.code,
            enhanced=reply.enhanced,
            lines=tuple(show(line) for line in reply.lines if line),
            explanation=explanation,
            source=_shown(source),
            line=notice.line,
            time=_shown(rfc3339(notice.time)) if notice.time else None,
            queue_id=_shown(notice.queue_id),
            message_id=_shown(notice.message_id),
            # RFC 5321 section 4.5.5: the null reverse-path is a sender, too, and an empty string here.
            sender=None if notice.sender is None else show(notice.sender[:LONGEST_FIELD]),
            header_from=_shown(notice.header_from),
            recipient=_shown(notice.recipient),
            status=notice.status,
            command=notice.command or reply.command,
            stage=_stage(notice, reply),
            host=_shown(host),
            address=_shown(address),
            port=notice.port,
            client_host=_shown(notice.client_host),
            client_address=_shown(notice.client_address),
            helo=_shown(notice.helo),
            reporting_mta=_shown(notice.reporting_mta),
            dkim=tuple(map(show, notice.dkim)),
        )

    def _explained(self, notice: Notice) -> tuple[ParsedReply, Explanation]:
        key = (notice.format == WORDS, notice.text, notice.status, notice.command, notice.stage)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = self._explain(notice)
        return known

    def _explain(self, notice: Notice) -> tuple[ParsedReply, Explanation]:
        reply = parse(notice.text, strict=notice.format == WORDS)
        command, stage = notice.command or reply.command, _stage(notice, reply)
        # What the reporter adds is believed where the reply has no enhanced code and X.0.0 is not all it says.
        enhanced = reply.enhanced or _telling(notice.status, reply.code)
        if reply.code is None:
            text = " ".join(reply.lines)
            if reply.enhanced is None and enhanced is not None:
                text = f"{enhanced} {text}"
            return reply, explain_text(text, command=command, facts=self._facts)
        explanation = explain(reply.code, enhanced, reply.evidence, command=command, stage=stage, facts=self._facts)
        return reply, explanation


def _stage(notice: Notice, reply: ParsedReply) -> str | None:
    return notice.stage or reply.stage or STAGE_OF_VERB.get(notice.command or "")


def _action(reply: ParsedReply, status: str | None) -> Action:
    first = str(reply.code)[0] if reply.code is not None else (reply.enhanced or status or "5")[0]
    return "delayed" if first == "4" else "failed"


def _telling(status: str | None, code: int | None) -> str | None:
    """RFC 3463 section 3.1: X.0.0 tells nothing but the class. A code of another class is not about this reply."""
    if status is None or status.endswith(".0.0") or status[0] == "2":
        return None
    return status if code is None or str(code)[0] == status[0] else None


def _shown(outside: str | None) -> str | None:
    return show(outside[:LONGEST_FIELD]) or None if outside is not None else None
