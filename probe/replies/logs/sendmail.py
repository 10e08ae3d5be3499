"""Sendmail: ``to=<…>, …, relay=mx.example.org. [192.0.2.1], dsn=5.1.1, stat=User unknown`` is a refusal that we got,
``ruleset=check_rcpt, arg1=<…>, relay=… [192.0.2.2], reject=550 …`` one that we gave.

Newer versions add ``reply=``, the remote reply itself, before ``stat=``, which is only our summary of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from probe.replies.logs.fields import between, peer
from probe.replies.logs.memory import Memory
from probe.replies.logs.syslog import Entry
from probe.replies.notice import Notice

FORMAT = "sendmail"
CUES = ("stat=", "reject")
_ID = re.compile(r"(?:^|\s)([0-9A-Za-z]{8,20}|NOQUEUE): (?=\S)")
_FINE = ("Sent", "queued", "Message accepted", "Data format")
_MOST_RECIPIENTS = 100
_RULESETS = {
    "check_relay": (None, "banner"),
    "check_mail": ("MAIL", "mail"),
    "check_rcpt": ("RCPT", "rcpt"),
    "check_data": ("DATA", "data"),
    "check_eom": ("DATA", "dot"),
    "check_compat": ("RCPT", "rcpt"),
    "trust_auth": ("AUTH", "auth"),
}
_MILTER = {"from": ("MAIL", "mail"), "to": ("RCPT", "rcpt"), "data": ("DATA", "dot"), "connect": (None, "banner")}


def read(entry: Entry, memory: Memory) -> Iterator[Notice] | None:
    """The incidents of one line; None where it is no line of Sendmail."""
    found = _ID.search(entry.message)
    if found is None:
        return None
    queue_id, rest = found[1], entry.message[found.end() :]
    if rest.startswith("to=") and ", stat=" in rest:
        return _delivery(entry, queue_id, rest, memory)
    if rest.startswith(("ruleset=", "Milter: ", "milter=")) and "reject=" in rest:
        return _rejection(entry, queue_id, rest, memory)
    return None


def _delivery(entry: Entry, queue_id: str, rest: str, memory: Memory) -> Iterator[Notice]:
    head, _, stat = rest.partition(", stat=")
    if stat.startswith(_FINE):
        return
    head, _, reply = head.partition(", reply=")
    status = between(head, ", dsn=", ",")
    host, address, port = peer(between(head, ", relay=", ", "))
    text = reply.strip("()") if reply[:1].isdigit() or reply[:1] == "(" else stat
    notice = Notice(
        FORMAT,
        text,
        action="delayed" if stat.startswith("Deferred") else "failed" if (status or "5")[0] == "5" else "delayed",
        line=entry.number,
        time=entry.time,
        queue_id=queue_id,
        message_id=memory.message_id(queue_id),
        sender=memory.recall("sender", queue_id),
        status=status,
        host=host,
        address=address,
        port=port,
        reporting_mta=entry.host,
    )
    for recipient in head[len("to=") :].partition(", ")[0].split(",")[:_MOST_RECIPIENTS]:
        yield notice._replace(recipient=recipient.strip("<> ") or None)


def _rejection(entry: Entry, queue_id: str, rest: str, memory: Memory) -> Iterator[Notice]:
    """Our own server refused a client."""
    head, _, text = rest.partition("reject=")
    command, stage = _RULESETS.get(between(head, "ruleset=", ",") or "", (None, None))
    if head.startswith("Milter: "):
        command, stage = _MILTER.get(re.split("[=,]", head[len("Milter: ") :], maxsplit=1)[0], (None, None))
    what = between(head, "arg1=", ", ") or between(head, "to=", ", ")
    host, address, _ = peer(between(head, "relay=", ", "))
    yield Notice(
        FORMAT,
        text,
        role="server",
        line=entry.number,
        time=entry.time,
        queue_id=None if queue_id == "NOQUEUE" else queue_id,
        sender=what.strip("<>") if what and command == "MAIL" else memory.recall("sender", queue_id),
        recipient=what.strip("<>") if what and command == "RCPT" else None,
        command=command,
        stage=stage,
        client_host=host,
        client_address=address or (between(head, "arg2=", ", ") if stage == "banner" else None),
        reporting_mta=entry.host,
    )
