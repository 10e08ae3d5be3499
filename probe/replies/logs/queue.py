"""Queue listings for people: ``postqueue -p`` and Sendmail's ``mailq``.

An entry begins with id, size, time and sender; the reason of the last delay stands in brackets before the recipients
that it is about. ``postqueue -j`` tells the same as JSON and is read as that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from probe.replies.notice import Notice

FORMAT = "mailq"
_HEAD = re.compile(r"\s{0,8}-{1,6} ?Q(?:ueue ID|-ID)-")
_ENTRY = re.compile(
    r"(?P<id>[0-9A-Za-z]{5,24})[*!#+-]{0,2}\s{1,12}\d{1,15} (?P<time>\w{3} \w{3} [ \d]\d \d\d:\d\d(?::\d\d)?)"
    r"\s{1,8}<?(?P<sender>[^>\s]{0,320})>?"
)
_NULL_SENDERS = ("MAILER-DAEMON", "")


class Listing:
    """One listing, from its head to its end. The lines come one by one."""

    def __init__(self) -> None:
        self._entry: re.Match[str] | None = None
        self._reason = ""
        self._in_reason = False

    @staticmethod
    def begins(line: str) -> bool:
        return _HEAD.match(line) is not None

    def read(self, line: str, number: int) -> Iterator[Notice]:
        """The delay of one recipient, if this line names one."""
        bare = line.strip()
        entry = _ENTRY.match(line)
        if entry is not None:
            self._entry, self._reason, self._in_reason = entry, "", False
        elif self._in_reason or bare.startswith("("):
            self._reason = (f"{self._reason} {bare}" if self._in_reason else bare)[:4000]
            # A reason that was folded goes on until its last bracket.
            self._in_reason = not bare.endswith(")") and bool(bare)
        elif self._entry is not None and self._reason and "@" in bare and " " not in bare:
            sender = self._entry["sender"]
            yield Notice(
                FORMAT,
                self._reason.removeprefix("(").removesuffix(")").removeprefix("Deferred: "),
                action="delayed",
                line=number,
                time=self._entry["time"],
                queue_id=self._entry["id"],
                sender="" if sender in _NULL_SENDERS else sender,
                recipient=bare.strip("<>"),
            )
