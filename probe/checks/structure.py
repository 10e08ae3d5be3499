"""Is it a message at all, as RFC 5322 and RFC 5321 want it: fields, lines, characters, dates, and the unsubscribing of
RFC 8058? What breaks these rules is refused by some servers and changed on its way by others, which breaks signatures.

The subject is a message that has ``Arrived``. ``fail``: a rule is broken; ``neutral``: none is, but something is
unwise; ``pass``: neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.mail.addresses import mailboxes
from probe.mail.message import WHOLE, Field, Message
from probe.model import CheckResult
from probe.text import show

ID = "structure"
PROVES = ()

PROBLEMS = (
    *("no-from", "from-twice", "from-unreadable", "from-several", "no-date", "date-unreadable", "date-future"),
    *("date-far", "no-message-id", "message-id-unreadable", "duplicate-field", "no-recipient", "no-subject"),
    *(
        "malformed-field",
        "header-controls",
        "header-8bit",
        "eight-bit-unannounced",
        "long-line",
        "bare-lf",
        "bare-cr",
        "nul",
    ),
    *("no-final-line-end", "no-boundary", "not-one-click", "one-click-broken"),
)
"""Everything that can be wrong: each is a finding, with ``structure-`` in front of it."""

# Those that break no rule: a message may do so, and is the worse for it.
_UNWISE = frozenset(
    "from-several date-future date-far no-message-id no-recipient no-subject header-8bit no-final-line-end "
    "not-one-click".split()
)

# RFC 5322 section 3.6, and the fields of RFC 2045: no message has two of them.
_ONCE = (
    *("date", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject"),
    *("mime-version", "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post"),
)
# RFC 5321 section 4.5.3.1.6: 1000 octets with the line end.
_LONGEST_LINE = 998
_DAY_S = 86400.0
# RFC 5322 section 3.5: no field holds a control character but the tab and the line ends of its folds. RFC 6532 section
# 3.2 adds nothing but what is beyond ASCII, of which U+0080 to U+009F are controls, too.
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f\x80-\x9f]")
_MESSAGE_ID = re.compile(r"<[^<>\s@]{1,400}@[^<>\s@]{1,400}>")
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,100})"|([^\s;"]{1,100}))', re.IGNORECASE)
_HTTPS = re.compile(r"<\s*https://[^<>\s]{1,2000}\s*>", re.IGNORECASE)
_MOST, _SHOWN = 20, 120


@dataclass(frozen=True)
class Problem:
    """One thing wrong: its id in ``PROBLEMS`` and what it is about."""

    id: str
    term: str = ""


@dataclass(frozen=True)
class Arrived:
    """A message and the moment, Unix time, against which its date is held where no Received field gives a better
    one."""

    message: Message
    now: float


async def run(subject: Arrived, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Facts: ``problems`` (each ``problem`` and ``term``), ``size``, ``line_ends``, ``fields`` (how many),
    ``longest_line`` (octets), ``from`` (addresses), ``date``, ``message_id``, ``one_click`` (RFC 8058)."""
    message = subject.message
    problems = tuple(_problems(subject))
    authors = message.all("from")[:2]
    told: dict[str, Any] = {
        "problems": tuple({"problem": one.id, "term": one.term} for one in problems),
        "size": len(message.octets),
        "line_ends": message.line_ends,
        "mailbox_file": bool(message.envelope),
        "fields": len(message.fields),
        "longest_line": _longest_line(message),
        "from": tuple(show(box.address[:_SHOWN]) for field in authors for box in mailboxes(field.text)[:_MOST]),
        "date": _text(message, "date"),
        "message_id": _text(message, "message-id"),
        "one_click": _one_click(message),
    }
    broken = any(one.id not in _UNWISE for one in problems)
    return CheckResult(ID, WHOLE, "fail" if broken else "neutral" if problems else "pass", told)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    for row in one.facts.get("problems", ()):
        problem = row["problem"]
        yield emit(f"structure-{problem}", one.subject, term=row["term"])


def _problems(subject: Arrived) -> Iterator[Problem]:
    message = subject.message
    yield from _of_author(message)
    yield from _of_date(subject)
    yield from _of_fields(message)
    yield from _of_octets(message)
    yield from _of_mime(message)
    yield from _of_unsubscribing(message)


def _of_author(message: Message) -> Iterator[Problem]:
    authors = message.all("from")
    if not authors:
        yield Problem("no-from")
        return
    if len(authors) > 1:
        yield Problem("from-twice", "; ".join(_clip(field.text) for field in authors[:3]))
    boxes = mailboxes(authors[0].text)
    if not boxes or any(box.domain is None or not box.local for box in boxes):
        yield Problem("from-unreadable", _clip(authors[0].text))
    if len(boxes) > 1:
        yield Problem("from-several", _clip(", ".join(box.address for box in boxes[:_MOST])))


def _of_date(subject: Arrived) -> Iterator[Problem]:
    field = subject.message.first("date")
    if field is None:
        yield Problem("no-date")
        return
    written, arrived = moment(field.text), _arrival(subject)
    if written is None:
        yield Problem("date-unreadable", _clip(field.text))
    elif written > arrived + _DAY_S:
        yield Problem("date-future", _clip(field.text))
    elif written < arrived - 30 * _DAY_S and subject.message.all("received"):
        yield Problem("date-far", _clip(field.text))


def _of_fields(message: Message) -> Iterator[Problem]:
    strays = message.all("")
    if strays:
        yield Problem("malformed-field", _clip(strays[0].raw.decode("utf-8", "surrogateescape").strip()))
    ids = message.all("message-id")
    if not ids:
        yield Problem("no-message-id")
    elif not _MESSAGE_ID.fullmatch(ids[0].text):
        yield Problem("message-id-unreadable", _clip(ids[0].text))
    repeated = [name for name in _ONCE if len(message.all(name)) > 1]
    if repeated:
        yield Problem("duplicate-field", ", ".join(repeated))
    if not any(message.all(name) for name in ("to", "cc", "bcc")):
        yield Problem("no-recipient")
    if not message.all("subject"):
        yield Problem("no-subject")


def _of_octets(message: Message) -> Iterator[Problem]:
    octets = message.octets
    controls = [field for field in message.fields if field.name and _CONTROLS.search(field.text)]
    if controls:
        yield Problem("header-controls", "; ".join(f"{_written(field)}: {_clip(field.text)}" for field in controls[:3]))
    wide = next((field.name for field in message.fields if not field.raw.isascii()), None)
    if wide is not None:
        yield Problem("header-8bit", wide)
    longest = _longest_line(message)
    if longest > _LONGEST_LINE:
        yield Problem("long-line", str(longest))
    if message.line_ends == "mixed":
        yield Problem("bare-lf")
    if message.line_ends != "cr" and octets.count(b"\r") > octets.count(b"\r\n"):
        yield Problem("bare-cr")
    if b"\0" in octets:
        yield Problem("nul")
    if octets and not octets.endswith((b"\n", b"\r")):
        yield Problem("no-final-line-end")


def _written(field: Field) -> str:
    """The name of a field as the message has it, not in lower case."""
    return _clip(field.raw[: field.colon].decode("ascii", "replace").rstrip())


def _of_mime(message: Message) -> Iterator[Problem]:
    encoding = message.first("content-transfer-encoding")
    kind = message.first("content-type")
    multipart = kind is not None and kind.text.lower().startswith("multipart/")
    announced = encoding is not None and encoding.text.lower() in ("8bit", "binary")
    if not message.body.isascii() and not announced and not (multipart and encoding is None):
        yield Problem("eight-bit-unannounced", _clip(encoding.text) if encoding is not None else "")
    if kind is not None and multipart:
        found = _BOUNDARY.search(kind.text[:4000])
        boundary = (found[1] or found[2]).encode("utf-8", "surrogateescape") if found else b""
        if not boundary or b"--" + boundary not in message.body:
            yield Problem("no-boundary", _clip(kind.text))


def _of_unsubscribing(message: Message) -> Iterator[Problem]:
    if not message.all("list-unsubscribe"):
        return
    one_click = _one_click(message)
    if one_click is None:
        yield Problem("not-one-click")
    elif not one_click:
        yield Problem("one-click-broken", _text(message, "list-unsubscribe-post") or "")


def _one_click(message: Message) -> bool | None:
    """Whether one click unsubscribes (RFC 8058 section 3.1); None where nothing claims so."""
    where, post = message.first("list-unsubscribe"), message.first("list-unsubscribe-post")
    if where is None or post is None:
        return None
    said = post.text.replace(" ", "").lower() == "list-unsubscribe=one-click"
    return said and _HTTPS.search(where.text[:10_000]) is not None


def moment(text: str) -> float | None:
    """A date of RFC 5322 section 3.3 as Unix time, None where it is none."""
    from email.utils import mktime_tz, parsedate_tz

    try:
        parsed = parsedate_tz(text[:200])
        return None if parsed is None else float(mktime_tz(parsed))
    except Exception:  # a parser of hostile text, with years and zones that no calendar knows
        return None


def _arrival(subject: Arrived) -> float:
    """When the message arrived: the topmost Received field says so behind its semicolon, else it is now."""
    field = subject.message.first("received")
    arrived = None if field is None else moment(field.text.rpartition(";")[2].strip())
    return subject.now if arrived is None else arrived


def _longest_line(message: Message) -> int:
    """The longest line in octets, without its line end."""
    head = max((len(line) for field in message.fields for line in field.raw.split(b"\r\n")), default=0)
    return max(head, max(map(len, message.body.split(b"\r\n"))))


def _text(message: Message, name: str) -> str | None:
    field = message.first(name)
    return None if field is None else _clip(field.text)


def _clip(text: str) -> str:
    return show(text[:_SHOWN]) + ("…" if len(text) > _SHOWN else "")
