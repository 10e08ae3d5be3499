"""Bounces as people are told of them: the recipient, and below or beside it why it failed.

qmail's QSBMF, Exim, Sendmail's transcript, Courier, Exchange, Gmail, Yahoo, Domino, MDaemon, MailEnable and the rest
differ in their phrases and agree in this order. So one reader follows the text: a line that is an address, or names one
as the recipient, opens an account of it; a line that begins with a reply, or introduces one, gives the reason; what was
said and heard in a conversation is marked as such. A conversation alone, pasted from swaks or telnet, is read the same
way.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import takewhile

from probe.replies.bounces import phrases
from probe.replies.notice import Notice
from probe.replies.parsing import answered
from probe.replies.remote import remote

_MOST_LINES = 20_000
_LONGEST_LINE = 2000
_MOST_KEPT = 60  # lines of one account
_CLOSED = {"<": ">", "(": ")", "'": "'", '"': '"', "[": "]"}


@dataclass
class _Account:
    """What the text says about one recipient, as far as it was read. ``open`` is whether the next line may belong to
    the reply, ``before`` what stands right above the recipient, ``told`` everything, for the names in it."""

    recipient: str | None
    indent: int = 0
    before: str = ""
    lead: list[str] = field(default_factory=list)
    reply: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    command: str | None = None
    stage: str | None = None
    open: bool = False


def read(text: str, recipient: str | None = None, *, sure: bool = False) -> list[Notice]:
    """A notice for each recipient that the prose names with a reason, or one for the reason alone, whose recipient is
    then the one that other places know. With ``sure`` the text is known to be a bounce: a recipient then counts with
    whatever words stand around it."""
    lines = _report(text)
    whole = "\n".join(lines)
    format = _format(whole.lower())
    accounts = list(_Reader(known=sure or format != "bounce").accounts(lines))
    reasons = list(_reasons(accounts, strict=format in phrases.STRICT))
    if not reasons and sure:
        reasons = [one for one in accounts if one.recipient and (one.lead or one.before)]
    if not reasons:
        return []
    named = phrases.RECIPIENT_NAMED.search(whole)
    recipient = recipient or (named["address"].rstrip(".") if named else None)
    reporter = phrases.REPORTER.search(whole)
    notices = [_notice(one, format, recipient, reporter[1] if reporter else None) for one in reasons]
    return _merged(notices)


def _reasons(accounts: list[_Account], *, strict: bool) -> Iterator[_Account]:
    """The accounts that have a reason. One without a recipient belongs to the recipients that are named behind it."""
    for number, one in enumerate(accounts):
        if one.reply and one.recipient is None:
            behind = list(takewhile(lambda other: not other.reply, accounts[number + 1 :]))
            for other in behind:
                yield replace(one, recipient=other.recipient)
            if behind:
                continue
        if one.reply or (strict and one.recipient and one.lead):
            yield one


def plain(page: str) -> str:
    """The words of an HTML page, a line a block or cell."""
    for name in ("script", "style"):
        page = _without(page, f"<{name}", f"</{name}>")
    page = re.sub(r"(?i)<(?:br|/p|/div|/td|/th|/tr|/li|/h\d|/table|/pre)\b[^>]{0,500}>", "\n", page)
    page = re.sub(r"<[!/a-zA-Z][^>]{0,2000}>", "", page)
    return re.sub(r"\n\s*\n\s*", "\n\n", html.unescape(page).replace("\xa0", " "))


def _without(page: str, begin: str, end: str) -> str:
    """The page without what stands between these, in linear time."""
    lowered = page.lower()
    if len(lowered) != len(page):
        return page
    kept = []
    at = 0
    while (start := lowered.find(begin, at)) >= 0 and (stop := lowered.find(end, start)) >= 0:
        kept.append(page[at:start])
        at = stop + len(end)
    return "".join((*kept, page[at:]))


def returned_header(octets: bytes) -> bytes | None:
    """The header of the returned message where it stands in the text itself."""
    at = 0
    for line in octets.split(b"\n")[:_MOST_LINES]:
        if phrases.END.match(line[:200].decode("ascii", "replace").strip()):
            found = phrases.HEADER_LINE.search(octets, at, at + 4000)
            return octets[found.start() :] if found is not None else None
        at += len(line) + 1
    return None


def _report(text: str) -> list[str]:
    """The lines up to the returned message, quotation marks of a reply or forward taken off."""
    lines: list[str] = []
    for line in text.splitlines()[:_MOST_LINES]:
        bare = line[:_LONGEST_LINE]
        while bare.startswith(("> ", ">\t")) or bare == ">":
            bare = bare[2:]
        if lines and phrases.END.match(bare.strip()):
            break
        lines.append(bare)
    return lines


def _format(lowered: str) -> str:
    return next((name for phrase, name in phrases.FORMATS if phrase in lowered), "bounce")


class _Reader:
    """Follows the text. ``command`` and ``stage`` are where its conversation, if it has one, stands. In a text that is
    not ``known`` to be a bounce a number in a sentence is just a number."""

    def __init__(self, *, known: bool) -> None:
        self._known = known
        self._command: str | None = None
        self._stage: str | None = None
        self._hearing = False

    def accounts(self, lines: list[str]) -> Iterator[_Account]:
        """An account ends where the next recipient begins."""
        account = _Account(None)
        line, apart = "", True
        for raw in lines:
            before, line = line, raw.strip()
            above, apart = "" if apart else before, not line
            if not line:
                account.open = self._hearing = False
                line = before
                continue
            indent = len(raw) - len(raw.lstrip())
            if said := phrases.SAID.match(line):
                self._says(said)
                rcpt = phrases.RCPT.search(line)
                if rcpt is not None and account.reply:
                    yield account
                    account = _Account(rcpt["address"])
                elif rcpt is not None and account.recipient is None:
                    account.recipient = rcpt["address"]
                account.open = False
                continue
            if heard := phrases.HEARD.match(line):
                self._hears(account, heard["reply"])
                continue
            self._hearing = False
            opened = phrases.RECIPIENT_LINE.match(line)
            if opened is None or (account.open and (indent > account.indent or _goes_on(opened["rest"]))):
                self._tells(account, line, above)
                continue
            if account.recipient is not None or account.reply:
                yield account
            account = _Account(opened["address"], indent, f"{before} {line}".strip())
            rest = opened["rest"].strip(" :;,.")
            if rest and not rest.startswith("on "):
                self._tells(account, rest, "")
        if account.recipient is not None or account.reply:
            yield account

    def _says(self, said: re.Match[str]) -> None:
        self._command = (said["marked"] or said["bare"]).strip().split(" ")[0].split(":")[0].upper()
        self._stage = None
        self._hearing = False

    def _hears(self, account: _Account, reply: str) -> None:
        """A marked line of the server. Only refusals are kept; 354 means that what comes next answers the text."""
        if phrases.GOES_AHEAD.match(reply):
            self._stage = "dot"
        if reply[0] in "45":
            if self._hearing or not account.reply:
                account.reply.append(reply)
                account.command, account.stage = self._command, self._stage
                self._hearing = True
            elif account.command is None and account.reply[0][:3] == reply[:3]:
                # A summary stood before; the conversation tells which command it was about. Later refusals, such as
                # that of DATA without recipients, only follow from the first.
                account.command, account.stage = self._command, self._stage
        account.open = False

    def _tells(self, account: _Account, line: str, before: str) -> None:
        """A line about this recipient: the beginning of the reply, more of it, or words around it."""
        if len(account.told) < _MOST_KEPT:
            account.told.append(line)
        if phrases.GOES_AHEAD.match(line):
            self._stage = "dot"
        if phrases.LABEL.match(line):
            account.open = False
        if account.open:
            if len(account.reply) < _MOST_KEPT:
                account.reply.append(line)
            return
        if account.reply:
            return  # the first reason counts; what follows behind an empty line is advice
        found = phrases.REPLY.match(line) or phrases.INTRODUCED.search(line) or phrases.SHARP.search(line)
        if found is None or not (self._known or _begins(line, found, before)):
            if len(account.lead) < _MOST_KEPT:
                account.lead.append(line)
            return
        reply = found["reply"]
        before = line[: found.start("reply")].rstrip("#")[-1:]
        if any(mark in _CLOSED and reply.endswith(_CLOSED[mark]) for mark in (line[0], before)):
            reply = reply[:-1]
        account.reply = [reply]
        account.command, account.stage = self._command, self._stage
        account.open = True


def _begins(line: str, found: re.Match[str], before: str) -> bool:
    """Whether a reply begins here, and not just a number in a sentence: behind a mark, before an enhanced code of its
    class, or at the beginning of a line that goes on with no sentence of the line ``before``."""
    reply = found["reply"].lstrip("#")
    if (both := phrases.BOTH.match(reply)) is not None:
        return both[1] == both[2]
    if found.re is phrases.REPLY:
        return not phrases.UNFINISHED.search(before)
    return phrases.MARKED.search(line[: found.start("reply")]) is not None


def _goes_on(rest: str) -> bool:
    """Whether a line of a reply only happens to begin with an address: then words follow it, and no other reply."""
    words = rest.strip(" :;,.")
    return bool(words) and not (phrases.REPLY.match(words) or phrases.INTRODUCED.search(words))


def _notice(account: _Account, format: str, recipient: str | None, reporter: str | None) -> Notice:
    """The reply alone; the words around it tell who spoke, and which command was answered."""
    around = " ".join((*account.told, *account.reply))
    host, address = remote(around)
    command, stage = account.command, account.stage
    if command is None:
        command, stage = answered(around)
    return Notice(
        format=format,
        text="\n".join(account.reply or account.lead) or account.before,
        recipient=account.recipient or recipient,
        command=command,
        stage=stage,
        host=host,
        address=address,
        reporting_mta=reporter,
    )


def _merged(notices: list[Notice]) -> list[Notice]:
    """What a summary and a transcript say of the same recipient with the same code is one notice, with all that either
    tells; so is a reason that stands once with a recipient and once without."""
    kept: dict[tuple[str | None, str], Notice] = {}
    for notice in notices:
        key = (notice.recipient, re.sub(r"\W+", "", notice.text)[:6])
        known = kept.get(key)
        if known is None:
            kept[key] = notice
            continue
        kept[key] = known._replace(
            command=known.command or notice.command,
            stage=known.stage or notice.stage,
            host=known.host or notice.host,
            address=known.address or notice.address,
        )
    return list(kept.values())
