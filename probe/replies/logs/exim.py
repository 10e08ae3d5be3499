"""Exim's main and reject log.

``** joe@example.org R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.1]: SMTP error from remote mail server after
RCPT TO:<joe@example.org>: 550 …`` is a refusal for good, ``==`` a delay. ``H=(helo) [192.0.2.2] F=<…> rejected RCPT
<…>: …`` is one that we gave; the log leaves out its code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from probe.replies.logs.fields import angle
from probe.replies.logs.memory import Memory
from probe.replies.logs.syslog import Entry
from probe.replies.notice import Notice

FORMAT = "exim"
CUES = (" ** ", " == ", "SMTP error from", "reject")
ID = r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
_LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [+-]\d{4})?)?\s?(?:\[\d{1,10}\] )?"
    rf"(?:(?P<id>{ID}) )?(?P<flag>\*\*|==|SMTP error from|(?=H=)|(?=F=<)|(?=rejected )|(?=host ))\s?"
)
_ADDRESS = re.compile(r"(?P<first>[^\s<>]{1,320})(?: (?P<more>\([^)]{0,320}\) )?<(?P<given>[^>\s]{1,320})>)?")
_HOST = re.compile(
    r"\bH=(?P<name>[\w.-]{1,253})? ?(?:\((?P<helo>[^)\s]{0,255})\) )?"
    r"\[(?P<address>[0-9A-Fa-f:.]{3,45})\](?::(?P<port>\d{1,5}))?"
)
_REJECTED = re.compile(
    r"(?P<soon>temporarily )?rejected (?:(?P<at>RCPT|MAIL|EHLO or HELO|EHLO|HELO|AUTH|VRFY|EXPN|ETRN|STARTTLS)"
    r"|(?P<data>after DATA|by local_scan\(\)|during MIME|in DKIM)|(?P<connection>connection|SMTP))"
    r"(?: <?(?P<what>[^\s>]{0,320})>?)?"
)


def read(entry: Entry, memory: Memory) -> Iterator[Notice] | None:
    """The incidents of one line; None where it is no line of Exim."""
    found = _LINE.match(entry.message)
    if found is None or not (found["time"] or found["id"] or (entry.program or "").startswith("exim")):
        return None
    rest = entry.message[found.end() :]
    time = found["time"] or entry.time
    if found["flag"] in ("**", "=="):
        return _delivery(entry, time, found["id"], found["flag"], rest, memory)
    if found["flag"] == "SMTP error from" or "SMTP error from" in rest or rest.startswith("host "):
        return _attempt(entry, time, found["id"], entry.message[found.start("flag") :], memory)
    return _rejection(entry, time, found["id"], rest)


def _delivery(
    entry: Entry, time: str | None, id_: str | None, flag: str, rest: str, memory: Memory
) -> Iterator[Notice]:
    if id_ is not None:
        memory.settle(id_)
    told, _, text = rest.partition(": ")
    address = _ADDRESS.match(told)
    # What was not even tried is no refusal: it repeats at each run of the queue.
    if address is None or "retry time not reached" in rest:
        return
    host = _HOST.search(told)
    recipient = address["given"] if address["given"] and "@" in address["given"] else address["first"]
    yield Notice(
        FORMAT,
        text or told[address.end() :],
        action="failed" if flag == "**" else "delayed",
        line=entry.number,
        time=time,
        queue_id=id_,
        message_id=memory.message_id(id_) if id_ else None,
        sender=angle(told, "F") if " F=<" in told else memory.recall("sender", id_) if id_ else None,
        recipient=recipient.rstrip(":"),
        host=host["name"] if host else None,
        address=host["address"] if host else None,
        port=int(host["port"]) if host and host["port"] else None,
        reporting_mta=entry.host,
    )


def _attempt(entry: Entry, time: str | None, id_: str | None, text: str, memory: Memory) -> Iterator[Notice]:
    notice = Notice(FORMAT, text, line=entry.number, time=time, queue_id=id_, reporting_mta=entry.host)
    if id_ is None:
        yield notice
    else:
        memory.attempt(id_, notice._replace(sender=memory.recall("sender", id_)))


def _rejection(entry: Entry, time: str | None, id_: str | None, rest: str) -> Iterator[Notice]:
    """Our own server refused a client."""
    found = _REJECTED.search(rest)
    if found is None:
        return
    client = _HOST.search(rest, 0, found.start())
    verb = (found["at"] or "").split(" ")[0] or ("DATA" if found["data"] else None)
    stage = "dot" if found["data"] else "banner" if found["connection"] else None
    _, _, text = rest[found.end() :].partition(": ")
    yield Notice(
        FORMAT,
        text or rest[found.start() :],
        action="delayed" if found["soon"] else "failed",
        role="server",
        line=entry.number,
        time=time,
        queue_id=id_,
        sender=angle(rest, "F") if "F=<" in rest else found["what"] if verb == "MAIL" else None,
        recipient=found["what"] if verb == "RCPT" else None,
        command=verb,
        stage=stage,
        client_host=client["name"] if client else None,
        client_address=client["address"] if client else None,
        helo=client["helo"] if client else None,
        reporting_mta=entry.host,
    )
