"""A refusal as a record with named values: a row of a table, or an object of JSON.

Exchange's message tracking and Microsoft 365 traces, PowerMTA's accounting files; the events of Amazon SES, SendGrid,
Mailgun, Postmark, SparkPost, KumoMTA and others; ``postqueue -j``. They agree on what they tell and differ in what they
call it, so the names are all that is known of them here. A name counts without its case and signs, alone or behind that
of the object that it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from probe.model import Action
from probe.replies.logs.fields import peer
from probe.replies.notice import Notice

# For each value the names that it goes by, the most telling first.
TEXT = (
    "diagnosticcode dsndiag smtpresponse rawreason delayreason recipientstatus responsecontent deliverystatusmessage"
    " deliverystatusdescription smtpreply bouncereason errorresponse response reason smtpmsg sourcecontext details"
    " detail description errormessage error content message text reply"
).split()
_CODE = "deliverystatuscode responsecode smtpcode errorcode code smtpstatus".split()
STATUS = "dsnstatus enhancedstatuscode enhancedcode deliverystatusenhancedcode statuscode enhanced status".split()
RECIPIENT = (
    "recipientaddress emailaddress recipient rcptto rcpt recipientemail email finalrecipient destination address to"
).split()
_SENDER = "senderaddress envelopesender sender mailfrom msgfrom envelopefrom orig returnpath source from".split()
_HEADER_FROM = "commonheadersfrom headersfrom headerfrom friendlyfrom".split()
_HOST = "mxhost deliverystatusmxhost dsnmta remotemta peeraddressname mx relayhost host".split()
_ADDRESS = "remotemtaip peeraddressaddr dlvdestinationip destinationip ipaddress remoteip".split()
_CLIENT = "sendingip envelopesendingip dlvsourceip sourceaddressaddress sourceip mailsourceip egressip".split()
_TIME = (
    "datetime datetimeutc timelogged bouncetimestamp deliverydelaytimestamp timestamp bouncedat eventtime"
    " origintimestamputc createdat created date time arrivaltime timequeued"
).split()
_MESSAGE_ID = "messageid smtpid headersmessageid".split()
_QUEUE_ID = "queueid internalmessageid id sgmessageid".split()
_ACTION = "event eventid type dsnaction action recordtype notificationtype eventtype severity".split()
_COMMAND = "responsecommand command".split()
_REPORTER = "reportingmta".split()

_FAILED = frozenset(
    "bounce bounced fail failed failure hardbounce hard_bounce dropped rejected reject permanent undeliverable expired"
    " adminbounce b outofband invalid_email".split()
)
_DELAYED = frozenset(
    "defer deferred deferral delayed deliverydelay delay softbounce soft_bounce temporary tempfail transient"
    " transientfailure t".split()
)
_FINE = frozenset(
    "delivered delivery deliver receive received submit open opened click clicked processed accepted send sent relayed"
    " reception expanded d".split()
)
_SIGNS = re.compile(r"[^a-z0-9]+")
_REPLY = re.compile(
    r"\W{0,3}(?:smtp;\s?|x-\w{1,20};\s?)?#?(?:[245]\d\d(?:[ -]|$)|[245]\.\d{1,3}\.\d{1,3}\b)"
    r"|.{0,400}\b(?:said|returned|after)\b.{0,200}\b[45]\d\d[ -]",
    re.DOTALL,
)
_STATUS_CODE = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_MAILBOX = re.compile(r"<?([^\s<>\"',;]{1,64}@[^\s<>\"',;]{1,255})>?")
# Exchange 2013 and later: [{LED=550 5.1.1 …};{MSG=…};{FQDN=mx.example.org};{IP=192.0.2.1};{LRT=…}]
_LAST_ERROR = re.compile(r"\{LED=(?P<text>.{0,4000}?)\}(?:;\s?\{|\]|$)", re.DOTALL)
_FQDN = re.compile(r"\{FQDN=(?P<host>[\w.-]{1,253})\}")
_IP = re.compile(r"\{IP=(?P<address>[0-9A-Fa-f.:]{3,45})\}")


def simple(name: str) -> str:
    """A name without its case and signs."""
    return _SIGNS.sub("", name.lower())


def is_telling(names: list[str]) -> bool:
    """Whether columns of these names, made simple, hold refusals: a recipient, and a reason."""
    return any(name in names for name in RECIPIENT[:6]) and any(name in names for name in TEXT[:16])


def notice(values: Mapping[str, str], format: str, line: int) -> Notice | None:
    """The refusal that a record tells of; None where it tells of none. ``values`` are by their simple names."""
    action, fine = _outcome(values)
    if fine:
        return None
    text = _text(values)
    status = _STATUS_CODE.search(_first(values, STATUS) or "")
    code = _first(values, _CODE) or ""
    if text is None and status is None:
        return None
    text = text or ""
    if re.fullmatch(r"[245]\d\d", code) and not re.match(r"\W{0,3}[245]\d\d\b", text):
        text = f"{code} {text}"
    if re.match(r"(?:smtp;\s?)?2\d\d[ -]", text) or (status and status[0][0] == "2"):
        return None
    recipient = _mailbox(values, RECIPIENT)
    # Words alone, or a failure that names nobody, may be about anything.
    if not _REPLY.match(text) and (recipient is None or (action is None and status is None)):
        return None
    host, address, port = _remote(values, text)
    led = _LAST_ERROR.search(text)
    return Notice(
        format=format,
        text=led["text"] if led else text,
        action=action,
        line=line,
        time=_first(values, _TIME),
        queue_id=_first(values, _QUEUE_ID),
        message_id=_first(values, _MESSAGE_ID),
        sender=_mailbox(values, _SENDER),
        header_from=_mailbox(values, _HEADER_FROM),
        recipient=recipient,
        status=status[0] if status else None,
        command=(_first(values, _COMMAND) or "").partition(" ")[0].upper() or None,
        host=host,
        address=address,
        port=port,
        client_address=_first(values, _CLIENT),
        reporting_mta=(_first(values, _REPORTER) or "").rpartition(";")[2].strip() or None,
    )


def _outcome(values: Mapping[str, str]) -> tuple[Action | None, bool]:
    """What the record says came of it, and whether that is nothing to speak of."""
    words = [values[name].strip().lower().replace(" ", "") for name in _ACTION if name in values]
    if "delayreason" in values:
        return "delayed", False
    for word in words:
        if word in _DELAYED:
            return "delayed", False
    for word in words:
        if word in _FAILED:
            return "failed", False
    return None, any(word in _FINE for word in words)


def _text(values: Mapping[str, str]) -> str | None:
    """The value that is a reply, else the first one of several words."""
    told = [values[name] for name in TEXT if values.get(name)]
    return next((text for text in told if _REPLY.match(text)), None) or next(
        (t for t in told if " " in t.strip()), None
    )


def _remote(values: Mapping[str, str], text: str) -> tuple[str | None, str | None, int | None]:
    fqdn, ip = _FQDN.search(text), _IP.search(text)
    if fqdn or ip:
        return fqdn["host"] if fqdn else None, ip["address"] if ip else None, None
    host, address, port = peer((_first(values, _HOST) or "").rpartition(";")[2].strip())
    # PowerMTA writes mx.example.org (192.0.2.1).
    inside = re.search(r"([\w.-]{1,253}) \(([0-9A-Fa-f.:]{3,45})\)", _first(values, _HOST) or "")
    if inside:
        host, address = inside[1], inside[2]
    return host, address or _first(values, _ADDRESS), port


def _first(values: Mapping[str, str], names: list[str]) -> str | None:
    return next((values[name] for name in names if values.get(name)), None)


def _mailbox(values: Mapping[str, str], names: list[str]) -> str | None:
    for name in names:
        if found := _MAILBOX.search(values.get(name, "")[:1000]):
            return found[1]
    return None
