"""qmail-send: ``delivery 123: failure: 192.0.2.1_does_not_like_recipient./Remote_host_said:_550_…/``.

The text has its spaces as underscores and its line ends as slashes. Who it is for stands in ``starting delivery 123:
msg 45 to remote …``, who sent it in ``info msg 45: bytes … from <…> qp …``. Times may be TAI64N.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from probe.replies.logs.memory import Memory
from probe.replies.logs.syslog import Entry
from probe.replies.notice import Notice

FORMAT = "qmail"
CUES = ("delivery ", "info msg ")
_RESULT = re.compile(r"\bdelivery (\d{1,20}): (failure|deferral): (.*)", re.DOTALL)
_START = re.compile(r"\bstarting delivery (\d{1,20}): msg (\d{1,20}) to (?:remote|local) (\S{1,320})")
_INFO = re.compile(r"\binfo msg (\d{1,20}): bytes \d{1,20} from <([^>]{0,320})>")
_TAI = re.compile(r"@([0-9a-f]{16})[0-9a-f]{8} ")
_TAI_EPOCH = 2**62 + 10  # seconds; TAI was ten ahead of UTC in 1970


def read(entry: Entry, memory: Memory) -> Iterator[Notice] | None:
    """The incidents of one line; None where it is no line of qmail."""
    message = entry.message
    if found := _START.search(message):
        memory.note("delivery", found[1], f"{found[2]} {found[3]}")
        return iter(())
    if found := _INFO.search(message):
        memory.note("sender of", found[1], found[2])
        return iter(())
    if found := _RESULT.search(message):
        return _result(entry, found, memory)
    return None


def _result(entry: Entry, found: re.Match[str], memory: Memory) -> Iterator[Notice]:
    started = memory.recall("delivery", found[1])
    number, _, recipient = (started or "").partition(" ")
    memory.forget("delivery", found[1])
    yield Notice(
        FORMAT,
        found[3].replace("_", " ").replace("/", "\n").strip(),
        action="failed" if found[2] == "failure" else "delayed",
        line=entry.number,
        time=entry.time or _tai(entry.message),
        queue_id=number or None,
        sender=memory.recall("sender of", number) if number else None,
        recipient=recipient or None,
        reporting_mta=entry.host,
    )


def _tai(message: str) -> str | None:
    """The second of a TAI64N label, as UTC. Leap seconds since 1972 are left in: they shift it by less than a
    minute."""
    found = _TAI.match(message)
    if found is None:
        return None
    seconds = int(found[1], 16) - _TAI_EPOCH
    if not 0 <= seconds < 2**33:
        return None
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
