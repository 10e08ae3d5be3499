"""Postfix: smtp(8), lmtp(8), error(8), smtpd(8), postscreen(8), cleanup(8) and their kin.

``status=bounced (host mx.example.org[192.0.2.1] said: 550 … (in reply to RCPT TO command))`` is a refusal that we got,
``NOQUEUE: reject: RCPT from unknown[192.0.2.2]: 554 …; from=<…> to=<…> proto=ESMTP helo=<…>`` one that we gave. Lines
of qmgr(8) and cleanup(8) tell sender and message id beforehand. A lone ``host … said: …`` line, which precedes an
attempt at the next MX, counts only where no ``status=`` line of the same message follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from probe.replies.logs.fields import angle, between, peer
from probe.replies.logs.memory import Memory
from probe.replies.logs.syslog import Entry
from probe.replies.notice import Notice

FORMAT = "postfix"
_ID = re.compile(r"(?:^|\s)([0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}|NOQUEUE): (?=\S)")
_ACTIONS = {"bounced": "failed", "undeliverable": "failed", "expired": "failed", "deferred": "delayed"}
_REJECT = re.compile(
    r"(?P<verb>(?:milter-)?(?:reject|hold|discard)): (?P<at>[A-Z][A-Z -]{2,40}?|header|body) "
    r"(?:(?P<line>.{0,2000}?) )?from (?P<client>[^\s;]{1,400}?(?:\[[^\]\s]{0,80}\](?::\d{1,5})?)?)[:;] "
)
_COMMANDS = {
    "CONNECT": (None, "banner"),
    "EHLO": ("EHLO", "ehlo"),
    "HELO": ("HELO", "ehlo"),
    "MAIL": ("MAIL", "mail"),
    "RCPT": ("RCPT", "rcpt"),
    "DATA": ("DATA", "data"),
    "END-OF-MESSAGE": ("DATA", "dot"),
    "header": ("DATA", "dot"),
    "body": ("DATA", "dot"),
    "VRFY": ("VRFY", None),
    "ETRN": ("ETRN", None),
    "AUTH": ("AUTH", "auth"),
    "STARTTLS": ("STARTTLS", "starttls"),
}
_MOST_ATTEMPTS = 1000


class Postfix:
    """Reads the lines of one log, in their order."""

    CUES = (
        b"status=",
        b"reject: ",
        b" said: ",
        b"to talk to me",
        b": from=<",
        b": client=",
        b"message-id=",
        b": removed",
    )

    def __init__(self) -> None:
        self._memory = Memory()
        self._attempts: dict[str, list[Notice]] = {}

    def read(self, entry: Entry) -> Iterator[Notice]:
        found = _ID.search(entry.message)
        if found is None:
            return
        queue_id, rest = found[1], entry.message[found.end() :]
        if rest.startswith("to=<") and "status=" in rest:
            yield from self._delivery(entry, queue_id, rest)
        elif rest.startswith(("reject: ", "milter-reject: ")):
            yield from self._rejection(entry, queue_id, rest)
        elif rest.startswith("from=<"):
            if "status=expired" in rest:
                yield self._notice(
                    entry, queue_id, text="", action="failed", status="4.4.7", sender=angle(rest, "from")
                )
            else:
                self._memory.note(queue_id, sender=angle(rest, "from") or "")
        elif rest.startswith("message-id="):
            self._memory.note(queue_id, message_id=rest[len("message-id=") :].strip())
        elif rest.startswith("removed"):
            self._memory.forget(queue_id)
        elif rest.startswith("host ") and (" said: " in rest or " refused to talk to me: " in rest):
            if len(self._attempts) >= _MOST_ATTEMPTS:
                self._attempts.pop(next(iter(self._attempts)))
            self._attempts.setdefault(queue_id, []).append(self._notice(entry, queue_id, text=rest))

    def rest(self) -> Iterator[Notice]:
        """The attempts that no other line told of."""
        for attempts in self._attempts.values():
            yield from attempts
        self._attempts.clear()

    def _delivery(self, entry: Entry, queue_id: str, rest: str) -> Iterator[Notice]:
        """A line of a delivery agent: what came of one recipient."""
        self._attempts.pop(queue_id, None)
        at = rest.find(", status=")
        status, _, told = rest[at + len(", status=") :].partition(" ")
        action = _ACTIONS.get(status)
        if at < 0 or action is None:
            return
        told = told[1:] if told.startswith("(") else told
        told = told[:-1] if told.endswith(")") else told
        host, address, port = peer(between(rest[:at], ", relay=", ", "))
        yield self._notice(
            entry,
            queue_id,
            text=told,
            action="failed" if action == "failed" else "delayed",
            recipient=angle(rest, "to"),
            status=between(rest[:at], ", dsn=", ","),
            host=host,
            address=address,
            port=port,
        )

    def _rejection(self, entry: Entry, queue_id: str, rest: str) -> Iterator[Notice]:
        """Our own server refused a client."""
        found = _REJECT.match(rest)
        if found is None:
            return
        command, stage = _COMMANDS.get(found["at"].split()[0], (None, None))
        told = rest[found.end() :]
        at = told.rfind("; from=<")
        text, envelope = (told, "") if at < 0 else (told[:at], told[at:])
        if found["at"] in ("header", "body") or told.startswith("from=<"):
            # cleanup(8) writes the envelope first and the text last.
            envelope, _, text = told.partition(": ")
        host, address, _ = peer(found["client"])
        known = {key: angle(envelope, key) for key in ("from", "to", "helo")}
        yield self._notice(
            entry,
            queue_id,
            text=text,
            role="server",
            command=command,
            stage=stage,
            sender=known["from"],
            recipient=known["to"],
            helo=known["helo"],
            client_host=host,
            client_address=address,
        )

    def _notice(self, entry: Entry, queue_id: str, **told: Any) -> Notice:
        known = self._memory.recall(queue_id)
        if told.get("sender") is None:
            told["sender"] = known.get("sender")
        return Notice(
            format=FORMAT,
            line=entry.number,
            time=entry.time,
            queue_id=None if queue_id == "NOQUEUE" else queue_id,
            message_id=known.get("message_id"),
            reporting_mta=entry.host,
            **told,
        )
