"""Tables: a line of names, then a row a line, parted by commas.

Exchange writes its names behind ``#Fields:``; message traces and PowerMTA's accounting files have them in the first
line.
Exchange's SMTP protocol logs are conversations: ``>`` is what that side sent, ``<`` what it heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from probe.replies.logs.memory import Memory
from probe.replies.logs.record import is_telling, notice, simple
from probe.replies.notice import Notice

_FIELDS = "#Fields:"
_MOST_COLUMNS = 200
_REPLY = re.compile(r"[45]\d\d[ -]")
_VERB = re.compile(r"[A-Za-z]{4,8}")
_PATH = re.compile(r"(MAIL FROM|RCPT TO):\s?<([^>]{0,320})>", re.IGNORECASE)
_CONVERSATION = {"sessionid", "event", "data"}
_EACH = re.compile(r"(?<=\])\s?;\s?(?=\[\{)")


class Table:
    """The columns of one table, and what its sessions said so far."""

    def __init__(self, columns: list[str], memory: Memory) -> None:
        self._columns = columns
        self._memory = memory

    @classmethod
    def of(cls, line: str, memory: Memory) -> Table | None:
        """The table that ``line`` is the head of."""
        exchange = line.startswith(_FIELDS)
        if not exchange and line.count(",") < 2:
            return None
        columns = [simple(name) for name in _row(line.removeprefix(_FIELDS))]
        if exchange or is_telling(columns):
            return cls(columns, memory)
        return None

    def read(self, line: str, number: int) -> Iterator[Notice] | None:
        """The refusals of one row; None where it is no row of this table."""
        row = _row(line)
        if not len(self._columns) - 3 <= len(row) <= len(self._columns) + 3 or len(row) < 2:
            return None
        values = {name: value for name, value in zip(self._columns, row, strict=False) if value}
        if values.keys() >= _CONVERSATION:
            return self._conversation(values, number)
        return _record(values, number)

    def _conversation(self, values: dict[str, str], number: int) -> Iterator[Notice]:
        """One line of an SMTP protocol log."""
        session, event, data = values["sessionid"], values["event"], values["data"]
        if event not in ("<", ">"):
            return
        if _REPLY.match(data):
            verb = self._memory.recall("verb", session)
            here, there = (
                values.get(name, "").rpartition(":")[0].strip("[]") for name in ("localendpoint", "remoteendpoint")
            )
            heard = event == "<"  # by a client; a server sends its replies
            yield Notice(
                "exchange",
                data,
                role="client" if heard else "server",
                line=number,
                time=values.get("datetime"),
                queue_id=session,
                sender=self._memory.recall("mail from", session),
                recipient=self._memory.recall("rcpt to", session) if verb == "RCPT" else None,
                command=None if verb == "." else verb,
                stage="dot" if verb == "." else "banner" if verb is None else None,
                address=(there if heard else None) or None,
                client_address=(here if heard else there) or None,
            )
        elif found := _PATH.match(data):
            self._memory.note(found[1].lower(), session, found[2])
            self._memory.note("verb", session, found[1][:4].upper())
        elif found := _VERB.match(data):
            self._memory.note("verb", session, found[0].upper())


def _record(values: dict[str, str], number: int) -> Iterator[Notice]:
    """One row, which may be about several recipients with a status each."""
    format = "exchange" if "eventid" in values else "csv"
    recipients = values.get("recipientaddress", "").split(";")
    statuses = _EACH.split(values.get("recipientstatus", ""))
    for index, recipient in enumerate(recipients):
        one = values
        if len(recipients) > 1:
            status = statuses[index] if len(statuses) == len(recipients) else values.get("recipientstatus", "")
            one = {**values, "recipientaddress": recipient, "recipientstatus": status}
        made = notice(one, format, number)
        if made is not None:
            yield made


def _row(line: str) -> list[str]:
    """The cells of one line (RFC 4180 section 2); one that is broken gives what there is."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(",", _MOST_COLUMNS)]
    import csv

    try:
        return [cell.strip() for cell in next(csv.reader([line]), [])][:_MOST_COLUMNS]
    except csv.Error:
        return []
