"""Postfix: smtp(8), lmtp(8), error(8), smtpd(8), postscreen(8), cleanup(8) and their kin.

``status=bounced (host mx.example.org[192.0.2.1] said: 550 … (in reply to RCPT TO command))`` is a refusal that we got,
``NOQUEUE: reject: RCPT from unknown[192.0.2.2]: 554 …; from=<…> to=<…> proto=ESMTP helo=<…>`` one that we gave. A lone
``host … said: …`` line, which precedes an attempt at the next MX, counts only where no ``status=`` line of the same
message follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from probe.model import Action
from probe.replies.logs.fields import angle, between, peer
from probe.replies.logs.memory import Memory
from probe.replies.logs.syslog import Entry
from probe.replies.notice import Notice

FORMAT = "postfix"
CUES = ("status=", "reject", " said: ", " to talk to me: ")
# Long ids (enable_long_queue_ids) leave out the vowels.
_ID = re.compile(r"(?:^|\s)([0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}|NOQUEUE): (?=\S)")
# An id may also be shorter, or have other letters: what stands behind it is plain enough.
_ANY_ID = re.compile(r"(?:^|\s)([^\s:;,=<>]{1,64}): (?=to=<|from=<[^>]{0,320}>, status=|host \S|(?:milter-)?reject: )")
_ACTIONS: dict[str, Action] = {
    "bounced": "failed",
    "undeliverable": "failed",
    "expired": "failed",
    "deferred": "delayed",
    "SOFTBOUNCE": "delayed",
}
_REJECT = re.compile(
    r"(?:milter-)?reject: (?P<at>[A-Z][A-Z -]{2,40}?|header|body|mime-header|nested-header) "
    r"(?:.{0,2000}? )?from (?P<client>[^\s;]{1,400}?(?:\[[^\]\s]{0,80}\](?::\d{1,5})?)?)[:;] "
)
_OF_MESSAGE = ("DATA", "dot")
_COMMANDS = {
    "CONNECT": (None, "banner"),
    "EHLO": ("EHLO", "ehlo"),
    "HELO": ("HELO", "ehlo"),
    "MAIL": ("MAIL", "mail"),
    "RCPT": ("RCPT", "rcpt"),
    "DATA": ("DATA", "data"),
    "BDAT": ("BDAT", "dot"),
    "AUTH": ("AUTH", "auth"),
    "STARTTLS": ("STARTTLS", "starttls"),
    "VRFY": ("VRFY", None),
    "ETRN": ("ETRN", None),
    "END-OF-MESSAGE": _OF_MESSAGE,
    "header": _OF_MESSAGE,
    "body": _OF_MESSAGE,
    "mime-header": _OF_MESSAGE,
    "nested-header": _OF_MESSAGE,
}


def read(entry: Entry, memory: Memory) -> Iterator[Notice] | None:
    """The incidents of one line; None where it is no line of Postfix."""
    found = _ID.search(entry.message) or _ANY_ID.search(entry.message)
    if found is None:
        return None
    queue_id, rest = found[1], entry.message[found.end() :]
    if rest.startswith("to=<") and ", status=" in rest:
        return _delivery(entry, queue_id, rest, memory)
    if rest.startswith(("reject: ", "milter-reject: ")):
        return _rejection(entry, queue_id, rest, memory)
    if rest.startswith("from=<") and "status=expired" in rest:
        sender = angle(rest, "from")
        # RFC 3463 section 3.5: X.4.7, the time to deliver is over. The reason stands in earlier lines.
        return iter([_notice(entry, queue_id, memory, text="", action="failed", status="4.4.7", sender=sender)])
    if rest.startswith("host ") and (" said: " in rest or " refused to talk to me: " in rest):
        memory.attempt(queue_id, _notice(entry, queue_id, memory, text=rest))
        return iter(())
    return None


def _delivery(entry: Entry, queue_id: str, rest: str, memory: Memory) -> Iterator[Notice]:
    """A line of a delivery agent: what came of one recipient."""
    memory.settle(queue_id)
    at = rest.find(", status=")
    status, _, told = rest[at + len(", status=") :].partition(" ")
    action = _ACTIONS.get(status)
    if action is None:
        return
    told = told[1:] if told.startswith("(") else told
    told = told[:-1] if told.endswith(")") else told
    host, address, port = peer(between(rest[:at], ", relay=", ", "))
    yield _notice(
        entry,
        queue_id,
        memory,
        text=told,
        action=action,
        recipient=angle(rest, "to"),
        status=between(rest[:at], ", dsn=", ","),
        host=host,
        address=address,
        port=port,
    )


def _rejection(entry: Entry, queue_id: str, rest: str, memory: Memory) -> Iterator[Notice]:
    """Our own server refused a client."""
    found = _REJECT.match(rest)
    if found is None:
        return
    command, stage = _COMMANDS.get(found["at"].split()[0], (None, None))
    told = rest[found.end() :]
    if told.startswith("from=<"):
        envelope, _, text = told.partition(": ")  # cleanup(8) writes the envelope first and the text last
    else:
        at = told.rfind("; from=<")
        text, envelope = (told, "") if at < 0 else (told[:at], told[at:])
    host, address, _ = peer(found["client"])
    yield _notice(
        entry,
        queue_id,
        memory,
        text=text,
        role="server",
        command=command,
        stage=stage,
        sender=angle(envelope, "from"),
        recipient=angle(envelope, "to"),
        helo=angle(envelope, "helo"),
        client_host=host,
        client_address=address,
    )


def _notice(entry: Entry, queue_id: str, memory: Memory, **told: Any) -> Notice:
    if told.get("sender") is None:
        told["sender"] = memory.recall("sender", queue_id)
    return Notice(
        format=FORMAT,
        line=entry.number,
        time=entry.time,
        queue_id=None if queue_id == "NOQUEUE" else queue_id,
        message_id=memory.message_id(queue_id),
        reporting_mta=entry.host,
        **told,
    )
