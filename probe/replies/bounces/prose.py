"""Bounces as people are told of them: the recipient, and below or beside it why it failed.

qmail's QSBMF, Exim, Sendmail's transcript, Courier, Exchange, Gmail, Yahoo, Domino, MDaemon, MailEnable and the rest
differ in their phrases and agree in this order. So one reader follows the text: a line that is an address, or names one
as the recipient, opens an account of it; a line that begins with a reply, or introduces one, gives the reason; ``>>>``
and ``<<<`` mark what was said and heard. The phrases only name the program that wrote the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from probe.replies.notice import Notice
from probe.replies.remote import remote

_MOST_LINES = 4000
_LONGEST_LINE = 2000
_MOST_REASON = 40  # lines of one reason

# Which program speaks: the first phrase that stands in the text, in lower case.
_FORMATS = (
    ("this is the mail system at host", "postfix"),
    ("this is the postfix program", "postfix"),
    ("this is the qmail-send program", "qmail"),
    ("diagnostic information for administrators", "exchange"),
    ("generating server:", "exchange"),
    ("this message was created automatically by mail delivery software", "exim"),
    ("transcript of session follows", "sendmail"),
    ("technical details of permanent failure", "gmail"),
    ("technical details of temporary failure", "gmail"),
    ("the response from the remote server was", "gmail"),
    ("the response was:", "gmail"),
    ("unable to deliver your message to the following address", "yahoo"),
    ("this is a delivery status notification from", "courier"),
    ("courier mail server", "courier"),
    ("reports of the user's delivery failure", "domino"),
    ("lotus domino", "domino"),
    ("domino directory", "domino"),
    ("mdaemon", "mdaemon"),
    ("mailenable", "mailenable"),
    ("message could not be delivered to some recipients", "mailenable"),
    ("the following recipient(s) could not be reached", "exchange"),
    ("your message did not reach some or all of the intended recipients", "exchange"),
)
# Where the report ends and the message that came back begins (each at the beginning of a line, in lower case).
_ENDS = (
    "--- below this line is",
    "--- the following addresses had delivery errors",
    "------ this is a copy of",
    "--- enclosed is a copy",
    "--- undelivered message follows",
    "----- original message -----",
    "----- message header follows",
    "----- unsent message follows",
    "----- message text follows",
    "--- original message",
    "--- returned message",
    "----- forwarded message",
    "original message headers:",
    "original message header:",
    "message headers follow",
    "the original message headers",
    "received: from",
    "return-path: <",
    "dkim-signature:",
)
_ADDRESS = r"[^\s<>\"'(),;:\[\]]{1,64}@(?:[^\s<>\"'(),;:\[\]]{1,255}|\[[\w.:]{1,60}\])"
_BEFORE_RECIPIENT = (
    r"(?:[-*·•]\s?)?(?:\W{0,3}(?:final-?|original )?recipients?(?: address)?(?:\(s\))?:\s{0,10}|to:\s{0,10}"
    r"|user:\s{0,10}|unknown user:\s?|the following message to |\d{1,3}[.)]\s?)?(?:\[?(?:smtp:|mailto:|rfc822;)\s?)?"
)
_BEHIND_RECIPIENT = (
    r"(?:<mailto:[^>\s]{1,320}>)?(?P<rest>\s?(?:\((?:expanded|generated|ultimately|reason|real)\b.{0,400}|on \d.{0,60}"
    r"|was undeliverable.{0,40}|:.{0,1900}|[,;] .{0,1900}|\.\.\. .{0,1900})?)$"
)
_RECIPIENT_LINE = re.compile(
    rf"{_BEFORE_RECIPIENT}<?(?P<address>{_ADDRESS})>?\]?{_BEHIND_RECIPIENT}", re.IGNORECASE | re.DOTALL
)
_RCPT = re.compile(rf"rcpt to:\s?<?(?P<address>{_ADDRESS})", re.IGNORECASE)
_SAID = re.compile(r"(?:>>>|-{1,2}>|C:|>>) ?(?P<command>[A-Za-z]{4,8})\b")
_HEARD = re.compile(r"(?:<<<|<-{1,2}|S:|<<) ?(?P<reply>[245]\d\d[ -].*)", re.DOTALL)
_REPLY = re.compile(r"[\W_]{0,4}(?P<reply>[45]\d\d(?:[- ]|$)(?!\d{3,}).*|[45]\.\d{1,3}\.\d{1,3}[ :-].*)", re.DOTALL)
_INTRODUCED = re.compile(
    r"(?:\bsaid|\breturned|\bresponded|\breplied(?: with)?|\bresponse(?: was)?|\bresponse from [^:]{1,80}"
    r"|\berror(?: code| was)?|\breason|\bserver was|\bsmtp;|\bto talk to me|\bdata|>|\bcommand|\bmessage|\bstatus"
    r"|\bgrund|\bmotivo|\braison)\s?(?:\([^)]{0,60}\))?\s?[:;=]?\s?['\"<#(]{0,3}"
    r"(?P<reply>[45]\d\d(?:[ -]{1,3}(?=\S)|$).*)",
    re.IGNORECASE | re.DOTALL,
)
_SHARP = re.compile(r"(?:^|\s|<)#?(?P<reply>(?:smtp;\s?)?#?[45]\d\d [45]\.\d{1,3}\.\d{1,3}\b.*)", re.DOTALL)
_STRICT = ("postfix", "qmail", "exim", "yahoo", "courier")
_HEADER_LINE = re.compile(rb"(?:return-path|received|dkim-signature|message-id|from|date):[ \t]", re.IGNORECASE)


@dataclass
class _Account:
    """What the text says about one recipient, as far as it was read."""

    recipient: str | None
    lead: list[str] = field(default_factory=list)
    reply: list[str] = field(default_factory=list)
    command: str | None = None
    open: bool = False
    indent: int = 0


def read(text: str, recipient: str | None = None) -> list[Notice]:
    """A notice for each recipient that the prose names with a reason, or one for the reason alone, whose recipient is
    then the one that other places know."""
    lines = _report(text)
    format = _format("\n".join(lines).lower())
    accounts = list(_accounts(lines))
    reasons = [one for one in accounts if one.reply or (format in _STRICT and one.recipient and one.lead)]
    notices = [_notice(one, format, recipient) for one in reasons]
    return list(_once(notices))


def plain(page: str) -> str:
    """The words of an HTML page, a line a block or cell."""
    page = re.sub(r"(?is)<(script|style|head)\b.{0,100000}?</\1>", " ", page)
    page = re.sub(r"(?i)<(?:br|/p|/div|/td|/th|/tr|/li|/h\d|/table|/pre)\b[^>]{0,500}>", "\n", page)
    page = re.sub(r"<[!/a-zA-Z][^>]{0,2000}>", "", page)
    return re.sub(r"\n\s*\n\s*", "\n\n", html.unescape(page).replace("\xa0", " "))


def returned_header(octets: bytes) -> bytes | None:
    """The header of the returned message where it stands in the text itself."""
    lowered = octets.lower()
    for end in _ENDS[:-3]:
        at = lowered.find(b"\n" + end.encode())
        if at < 0:
            continue
        rest = octets[at + 1 :].partition(b"\n")[2]
        found = _HEADER_LINE.search(rest[:4000])
        if found is not None:
            return rest[found.start() :]
    return None


def _report(text: str) -> list[str]:
    """The lines up to the returned message, quotation marks of a reply or forward taken off."""
    lines: list[str] = []
    for line in text.splitlines()[:_MOST_LINES]:
        bare = line[:_LONGEST_LINE]
        while bare.startswith(("> ", ">\t")) and not bare.startswith(">>>"):
            bare = bare[2:]
        if lines and bare.lower().startswith(_ENDS):
            break
        lines.append(bare)
    return lines


def _format(lowered: str) -> str:
    return next((name for phrase, name in _FORMATS if phrase in lowered), "bounce")


def _accounts(lines: list[str]) -> Iterator[_Account]:
    """Follow the text. An account ends where the next recipient begins."""
    account = _Account(None)
    command = None
    for raw in lines:
        line = raw.strip()
        if not line:
            account.open = False
            continue
        indent = len(raw) - len(raw.lstrip())
        # A reply that goes on may name an address at the beginning of a line; it then stands further in.
        opened = None if account.open and indent > account.indent else _RECIPIENT_LINE.match(line)
        if opened is not None:
            if account.recipient is not None or account.reply:
                yield account
            account = _Account(opened["address"], indent=indent)
            rest = opened["rest"].strip(" :;,.")
            if rest:
                _told(account, rest)
            continue
        if said := _SAID.match(line):
            command = said["command"].upper()
            if rcpt := _RCPT.search(line):
                if account.reply:
                    yield account
                    account = _Account(rcpt["address"])
                account.recipient = account.recipient or rcpt["address"]
            account.open = False
            continue
        if heard := _HEARD.match(line):
            if heard["reply"][0] != "2":
                if not account.open:
                    account.reply = []
                account.reply.append(heard["reply"])
                account.command = command
                account.open = True
            continue
        _told(account, line)
    if account.recipient is not None or account.reply:
        yield account


def _told(account: _Account, line: str) -> None:
    """One line about this recipient: the beginning of the reply, more of it, or words before it."""
    if account.open:
        if len(account.reply) < _MOST_REASON:
            account.reply.append(line)
        return
    if account.reply:
        return  # the first reason counts; what follows behind an empty line is advice
    found = _REPLY.match(line) or _INTRODUCED.search(line) or _SHARP.search(line)
    if found is None:
        if len(account.lead) < _MOST_REASON:
            account.lead.append(line)
        return
    lead = line[: found.start("reply")].strip()
    if lead:
        account.lead.append(lead)
    account.reply = [found["reply"]]
    account.open = True


def _notice(account: _Account, format: str, recipient: str | None) -> Notice:
    lead = " ".join(account.lead)
    text = "\n".join(account.reply)
    host, address = remote(f"{lead} {text}")
    if not text:
        text = "\n".join(account.lead)
    elif lead:
        # The sentence before the reply tells which command was answered.
        text = f"{lead[-1000:]} {text}"
    return Notice(
        format=format,
        text=text,
        recipient=account.recipient or recipient,
        command=account.command,
        host=host,
        address=address,
    )


def _once(notices: list[Notice]) -> Iterator[Notice]:
    """A reason without a recipient that another notice gives with one is told once."""
    seen: set[tuple[str | None, str]] = set()
    for notice in notices:
        key = (notice.recipient, notice.text)
        if key not in seen:
            seen.add(key)
            yield notice
