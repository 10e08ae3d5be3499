"""One message, or one pasted text, as a bounce: its report where it has one, else its prose.

A report (RFC 3464) says who was not reached and why; the prose beside it fills what the report leaves out. The returned
header tells whose message it was. A bounce inside a forwarded message counts like one alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from probe.replies.bounces import prose, returned, status
from probe.replies.bounces.mime import Fields, Part, first, media_type, parts, split
from probe.replies.bounces.returned import Returned, mailbox
from probe.replies.notice import Notice
from probe.replies.parsing import answered

_DEEPEST = 3
_SENDERS = (
    "mailer-daemon",
    "mailerdaemon",
    "postmaster",
    "mdaemon",
    "microsoftexchange",
    "mail-daemon",
    "bounce",
    "mail delivery",
)
_SUBJECTS = (
    "undeliver",
    "delivery",
    "returned mail",
    "failure",
    "failed",
    "unzustellbar",
    "non remis",
    "warning",
    "bounce",
)


class _Pieces(NamedTuple):
    """The parts of a message by what they are for."""

    reports: list[Part]
    texts: list[Part]
    pages: list[Part]
    returned: list[Part]


def read(octets: bytes, line: int, *, strict: bool = False) -> list[Notice]:
    """Every recipient that was not reached. ``strict`` takes the prose of a message for a bounce only where its header
    says so, as in a mailbox that holds other mail, too."""
    fields, body = split(octets)
    if first(fields, "reporting-mta") or status.looks_like(octets[: len(octets) - len(body)]):
        return [notice._replace(line=line) for notice in status.read(octets)]  # the report alone
    notices = _message(fields, body, strict=strict, depth=0)
    return [notice._replace(line=line) for notice in notices]


def is_mail(octets: bytes) -> bool:
    """Whether this is a whole message and not some lines that look like a header: RFC 5322 section 3.6 demands From
    and Date."""
    names = {name for name, _ in split(octets)[0]}
    return "from" in names and not names.isdisjoint(("date", "message-id", "received", "mime-version"))


def is_report(octets: bytes) -> bool:
    """Whether the message is a bounce or a report, be it one of success."""
    return is_bounce(split(octets)[0])


def _message(fields: Fields, body: bytes, *, strict: bool, depth: int) -> list[Notice]:
    pieces = _sorted(parts(fields, body))
    back = _returned(pieces)
    notices = [notice for part in pieces.reports for notice in status.read(part.octets)]
    if not pieces.reports:
        notices = [n for part in pieces.texts if status.looks_like(part.octets) for n in status.read(part.octets)]
    if notices:
        notices = _filled(notices, list(_prose(fields, pieces, back)))
    elif not pieces.reports and (not strict or is_bounce(fields)):
        notices = list(_prose(fields, pieces, back))
    if not notices and depth < _DEEPEST:
        for part in pieces.returned:
            inner_fields, inner_body = split(part.octets)
            if is_bounce(inner_fields) and (found := _message(inner_fields, inner_body, strict=True, depth=depth + 1)):
                return found
    return [_completed(notice, fields, back) for notice in notices]


def is_bounce(fields: Fields) -> bool:
    """Whether the header is that of a bounce: a report, a null reverse-path, or the names that mail systems use."""
    if first(fields, "x-failed-recipients") is not None:
        return True
    kind, parameters = media_type(fields)
    if kind == "multipart/report" and parameters.get("report-type", "delivery-status").lower().endswith("status"):
        return True
    sender = (first(fields, "from") or "").lower()
    subject = (first(fields, "subject") or "").lower()
    if any(word in sender for word in _SENDERS):
        return True
    path = first(fields, "return-path")
    return path is not None and path.strip() == "<>" and any(word in subject for word in _SUBJECTS)


def _sorted(found: Iterator[Part]) -> _Pieces:
    pieces = _Pieces([], [], [], [])
    for part in found:
        if part.type in status.TYPES:
            pieces.reports.append(part)
        elif part.type in returned.TYPES:
            pieces.returned.append(part)
        elif part.type == "text/html":
            pieces.pages.append(part)
        elif part.type.startswith("text/") or part.depth == 0:
            pieces.texts.append(part)
    return pieces


def _returned(pieces: _Pieces) -> Returned:
    for part in pieces.returned:
        back = returned.read(split(part.octets)[0])
        if back != Returned():
            return back
    for part in pieces.texts:
        if (octets := prose.returned_header(part.octets)) is not None:
            return returned.read(split(octets)[0])
    return Returned()


def _prose(fields: Fields, pieces: _Pieces, back: Returned) -> Iterator[Notice]:
    """What people are told, as notices: the plain text, and where that says nothing the page."""
    known = mailbox(first(fields, "x-failed-recipients")) or back.recipient
    notices: list[Notice] = []
    sure = is_bounce(fields)
    for part in pieces.texts:
        notices += prose.read(part.text, known, sure=sure)
    if not notices:
        for part in pieces.pages:
            notices += prose.read(prose.plain(part.text), known, sure=sure)
    yield from notices


def _filled(notices: list[Notice], told: list[Notice]) -> list[Notice]:
    """With the prose's words for the same recipient, or for the only one: which command was answered, who spoke, and
    where the report has no diagnostic, the reply."""
    by_recipient = {(one.recipient or "").lower(): one for one in reversed(told)}
    filled = []
    for notice in notices:
        words = by_recipient.get((notice.recipient or "").lower())
        if words is None and len(told) == 1 and len(notices) == 1:
            words = told[0]
        if words is not None:
            command, stage = answered(" ".join(words.text.split()))
            notice = notice._replace(
                text=notice.text or words.text,
                command=notice.command or words.command or command,
                stage=notice.stage or words.stage or stage,
                host=notice.host or words.host,
                address=notice.address or words.address,
            )
        filled.append(notice)
    return filled


def _completed(notice: Notice, fields: Fields, back: Returned) -> Notice:
    """With what the returned header and the bounce's own header tell: a bounce goes to the reverse-path of what it
    returns (RFC 5321 section 4.5.5)."""
    sender = notice.sender
    if sender is None:
        sender = back.sender if back.sender is not None else mailbox(first(fields, "to"))
    return notice._replace(
        sender=sender,
        recipient=notice.recipient or back.recipient,
        message_id=notice.message_id or back.message_id,
        header_from=back.header_from,
        dkim=back.dkim,
        time=notice.time or first(fields, "date"),
    )
