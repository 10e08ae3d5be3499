"""OpenSMTPD.

``mta delivery evpid=… from=<…> to=<…> … relay="192.0.2.1 (mx.example.org)" … result="PermFail" stat="550 …"`` is a
refusal that we got, ``smtp failed-command command="RCPT TO:<…>" result="550 …"`` one that we gave.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from probe.replies.logs.fields import angle, between
from probe.replies.logs.memory import Memory
from probe.replies.logs.syslog import Entry
from probe.replies.notice import Notice

FORMAT = "opensmtpd"
CUES = ('result="', " smtp connected ", "stat=")
_RELAY = re.compile(r"(?P<address>[0-9A-Fa-f:.]{3,45})?(?:[^\s(]{0,255})? ?(?:\((?P<name>[\w.-]{1,253})\))?")
_OLD = re.compile(r"(?P<result>PermFail|TempFail) for [0-9a-f]{16}: session=")
_VERB = re.compile(r"[A-Za-z]{4,8}")


def read(entry: Entry, memory: Memory) -> Iterator[Notice] | None:
    """The incidents of one line; None where it is no line of OpenSMTPD."""
    message = entry.message
    session = message.partition(" ")[0]
    if " smtp connected " in message:
        memory.note(
            "client", session, f"{between(message, 'address=', ' ') or ''} {between(message, 'host=', ' ') or ''}"
        )
        return iter(())
    if "failed-command" in message and 'result="' in message:
        return _rejection(entry, session, memory)
    result = between(message, 'result="', '"')
    if result is None and (old := _OLD.search(message)) is not None:
        result = old["result"]
    if result in ("PermFail", "TempFail"):
        return _delivery(entry, result)
    return iter(()) if result == "Ok" and "delivery" in message else None


def _delivery(entry: Entry, result: str) -> Iterator[Notice]:
    message = entry.message
    relay = _RELAY.match(between(message, 'relay="', '"') or (between(message, "relay=", ", ") or ""))
    text = between(message, 'stat="', '"')
    if text is None:
        text = message.partition("stat=")[2]
    yield Notice(
        FORMAT,
        text,
        action="failed" if result == "PermFail" else "delayed",
        line=entry.number,
        time=entry.time,
        queue_id=between(message, "evpid=", " "),
        sender=angle(message, "from"),
        recipient=angle(message, "to"),
        host=relay["name"] if relay else None,
        address=relay["address"] if relay else None,
        client_address=(between(message, 'source="', '"') or "").partition(" ")[0] or None,
        reporting_mta=entry.host,
    )


def _rejection(entry: Entry, session: str, memory: Memory) -> Iterator[Notice]:
    """Our own server refused a client."""
    command = between(entry.message, 'command="', '"') or ""
    verb = _VERB.match(command)
    address, _, host = (memory.recall("client", session) or "").partition(" ")
    what = between(command, "<", ">")
    yield Notice(
        FORMAT,
        between(entry.message, 'result="', '"') or "",
        role="server",
        line=entry.number,
        time=entry.time,
        sender=what if verb and verb[0].upper() == "MAIL" else None,
        recipient=what if verb and verb[0].upper() == "RCPT" else None,
        command=verb[0].upper() if verb else None,
        client_address=address or None,
        client_host=host if "." in host else None,
        reporting_mta=entry.host,
    )
