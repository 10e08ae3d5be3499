"""What a reply names: addresses, lists, links, codes of the provider's own, times and limits.

Only what stands in the reply is returned, and only as fields with a value:

``blocked_ip`` the client's address as the reply has it; ``masked_ip`` the same where it was made unreadable, such as
``x.xx.xx.xx``, or the placeholder ``0.0.0.0``, which nobody can ask about · ``blocked_network`` in the form of RFC 4632
· ``client_host``, ``helo``, ``sender``, ``sender_domain``, ``recipient`` · ``domain`` · ``list_name`` · ``list_zone``,
where to ask (RFC 5782) · ``list_kind`` public or private · ``listed_object``: ip, network, domain, client-host,
helo-domain, sender-domain, from-domain or domain-in-message · ``listed_name``, the domain that is on the list ·
``tripped_identity``, whose rate or reputation it is: ip, network, domain, spf-domain, dkim-domain, url, sender or
recipient · ``auth_mechanism`` and ``auth_domain``, which failed · ``urls``, ``delist_url``, ``contact`` ·
``vendor_code`` · ``retry_after_s`` in seconds · ``limit`` a number · ``param`` the parameter or option that was refused
· ``server_time`` as written (RFC 3339).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from probe.replies import addresses, blocklist, listed
from probe.replies.blocklist import HOST
from probe.replies.texts import lower
from probe.rows import Signature

LISTED = frozenset({"ip-blocklisted", "domain-blocklisted", "poor-reputation"})
_LIMITED = frozenset(
    {"message-too-large", "rate-limited", "too-many-recipients", "too-many-connections", "mailbox-full"}
)
_ABOUT_LISTS = frozenset({"ip-blocklisted", "domain-blocklisted"})
_MECHANISMS = {"spf-fail": "spf", "dkim-fail": "dkim", "dmarc-fail": "dmarc"}
_ABOUT_DOMAINS = frozenset({"spf-fail", "dkim-fail", "dmarc-fail", "sender-unauthenticated", "domain-blocklisted"})

# A URL ends at white space, quotes and, as nobody may hide one text in another, control and direction characters.
_URL_END = r"\s<>\"'\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_URL = re.compile(rf"https?://[^{_URL_END}]{{2,500}}|\bwww\.[^{_URL_END}]{{2,500}}", re.IGNORECASE)
_MAILBOX = re.compile(r"[^\s<>\"'(),;:@\[\]]{1,64}@((?:[\w-]{1,63}\.){1,8}[\w-]{2,63}|\[[\w.:]{3,50}\])")
_CONTACT = re.compile(r"(?:contact|write to|mail to|e-?mail|report|to|details to|mailto:|see|at)\s?:?\s?[<(]?$")
_DOMAIN = (
    re.compile(rf"(?:sending domain|domain(?: of)?|policy (?:for|of)|email from|mail from|for|from) [\[(<\"']?{HOST}"),
    re.compile(rf"{HOST}(?:'s|’s|[>\])]? per it)"),
    re.compile(rf"\[{HOST}:"),
)
_RELAYED = re.compile(rf"let you \[[^\],]{{1,50}}, ?{HOST}")
_DIGIT = re.compile(r"[0-9]")
_HELO = re.compile(r"<([^>\s]{1,255})>: (?:helo|ehlo) command")
_VENDOR_CODE = re.compile(
    r"\b(?:aup#[\w-]{1,16}|(?:ofr|lpn)_?\d{0,3}_\d{3}|s\d{4,12}(?=\))|as\(\d{3,12}\)|as\d{3,12}|tss\d\d|sc-\d{3}|ib\d{3}"
    r"|rcp-p\d|etp\d{3}|(?:bl|dm|es|rl|ae)\d{6}|(?:mi|dt|hl|rp|wm):[a-z]{3}|ers-[a-z]{2,20}|gu_eib_\d\d|c=[a-z]{2,5}\b)"
    r"|(?<=\[)(?:bl|cs|hm|ph|lw|hme|gl|sp)\d{1,2}(?=\])"
)
_UNITS = {
    1: "s|secs?|seconds?|sek|sekunden?|segundos?|secondes?|secondi|秒|сек|секунд",
    60: "m|mins?|minutes?|minuten?|minutos?|minuti|分|分钟|分鐘|мин|минут",
    3600: "h|hrs?|hours?|std|stunden?|heures?|horas?|ore|時間|小时|小時|час|часов|часа",
    86400: "d|days?|tagen?|tage?|jours?|d[ií]as?|giorni|日|天|дня|дней",
}
_WAIT = re.compile(
    r"\b(?:in|for|after|within|wait|every|nach|dans|apr[eè]s|en|dopo|через|tra)"
    r"(?: about| at least|:| etwa| approximately)? ?[\[(]?(\d{1,6})[\])]? ?(?:"
    + "|".join(f"(?P<u{seconds}>{words})" for seconds, words in _UNITS.items())
    + r")(?![a-z])"
    r"|\b(?:retry[- ]after|retry in|wait)[:=]? ?(?P<bare>\d{1,6})\b(?!:| ?[a-z])"
    r"|(?P<cjk>\d{1,6}) ?(?:(?P<c1>秒)|(?P<c60>分)|(?P<c3600>時間|小时|小時))(?:钟|鐘)?[後后]"
)
_NUMBER_AND_UNIT = re.compile(r"\d[\])]? ?[a-zсмчд秒分時小天日]|(?:after|in|wait)[:=]? ?\d")
_WAIT_CLOCK = re.compile(r"\b(?:in|for|after|within|wait) (\d\d):(\d\d):(\d\d)\b")
_SERVER_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)")
_NETWORK = re.compile(
    r"(?<![\w.:/])((?:\d{1,3}\.){3}\d{1,3}/\d{1,2}|[0-9a-f]{1,4}:[0-9a-f:]{1,38}/\d{1,3})(?![\w/]|\.\d)"
)
_TELEPHONE = re.compile(r"(?:call|phone|tel(?:ephone)?|hotline)[.:]? {0,2}(\+?\d[\d ()/-]{6,18}\d)")
_LIMIT = re.compile(r"(?:limit|maximum|max|size|allowed|up to|exceeds?)[a-z :=(]{0,30}?(\d{1,12})(?![\w.])")
_PARAMETER = re.compile(r"(?:option|parameter|argument|mechanism|type):? [\"'<]?([a-z0-9][\w-]{1,30})")


def extract(text: str, cause: str | None = None, signature: Signature | None = None) -> dict[str, Any]:
    """The fields of ``text``, the words of one reply without its codes. ``cause`` narrows what a word can mean, and
    ``signature`` is what this provider is known to mean."""
    fields: dict[str, Any] = {}
    lowered = lower(text)
    has_digit = _DIGIT.search(lowered) is not None
    if "." in lowered or ":" in lowered:
        fields.update(addresses.client(lowered))
    if urls := _urls(text):
        fields["urls"] = urls
    if cause in LISTED:
        fields.update(blocklist.named_list(lowered, urls))
    if "@" in text:
        fields.update(_mailboxes(text, lowered))
    if ("ehlo" in lowered or "helo" in lowered) and (found := _HELO.search(lowered)):
        fields["helo"] = found[1]
    if cause in _ABOUT_LISTS:
        if cause == "domain-blocklisted":
            fields.update(_listed_name(text, lowered, fields.get("list_zone")))
        fields.update(listed.about(lowered, cause, fields, signature))
    elif cause in listed.RATED and (identity := listed.tripped(lowered)):
        fields["tripped_identity"] = identity
    if cause in _ABOUT_DOMAINS or cause == "relay-denied":
        fields.update(_authentication(lowered, cause, fields))
    if found := _VENDOR_CODE.search(lowered):
        fields["vendor_code"] = text[found.start() : found.end()]
    if has_digit:
        fields.update(_numbers(text, lowered, cause))
    if cause == "unsupported-parameter" and (found := _PARAMETER.search(lowered)):
        fields["param"] = text[found.start(1) : found.end(1)]
    return fields


def _numbers(text: str, lowered: str, cause: str | None) -> dict[str, Any]:
    """Networks, waits, limits, times and telephone numbers."""
    fields: dict[str, Any] = {}
    if "/" in lowered and (found := _NETWORK.search(lowered)):
        fields["blocked_network"] = found[1]
    if (seconds := _retry_after(lowered)) is not None:
        fields["retry_after_s"] = seconds
    if cause in _LIMITED and (found := _LIMIT.search(lowered)):
        fields["limit"] = int(found[1])
    if "T" in text and ":" in text and (found := _SERVER_TIME.search(text)):
        fields["server_time"] = found[0]
    if found := _TELEPHONE.search(lowered):
        fields.setdefault("contact", found[1])
    return fields


def _authentication(lowered: str, cause: str | None, fields: Mapping[str, Any]) -> dict[str, str]:
    """What failed, and of which domain."""
    found: dict[str, str] = {}
    if mechanism := _MECHANISMS.get(cause or ""):
        found["auth_mechanism"] = mechanism
    elif cause == "sender-unauthenticated":
        named = [word for word in ("spf", "dkim", "dmarc", "arc") if re.search(rf"\b{word}\b", lowered)]
        if len(named) == 1:
            found["auth_mechanism"] = named[0]
    domain = _first((_RELAYED,) if cause == "relay-denied" else _DOMAIN, lowered)
    if domain and cause != "domain-blocklisted":
        found["auth_domain"] = domain
    if domain and "domain" not in fields:
        found["domain"] = domain
    return found


def _urls(text: str) -> list[str]:
    if "://" not in text and "www." not in text.lower():
        return []
    return list(dict.fromkeys(found.rstrip(".,;:!)]}") for found in _URL.findall(text)))


def _mailboxes(text: str, lowered: str) -> dict[str, str]:
    """The first address that is no contact: the sender's where the reply speaks of senders, else the recipient's."""
    fields: dict[str, str] = {}
    for found in _MAILBOX.finditer(text):
        if _CONTACT.search(lowered, max(0, found.start() - 40), found.start()):
            fields.setdefault("contact", found[0])
            continue
        around = lowered[max(0, found.start() - 40) : found.end() + 60]
        if "sender" in around or "mail from" in around or "mailfrom" in around:
            domain = found[1].lower()
            return {**fields, "sender": found[0], "sender_domain": domain, "domain": domain}
        return {**fields, "recipient": found[0]}
    return fields


def _listed_name(text: str, lowered: str, zone: str | None) -> dict[str, str]:
    fields = blocklist.accused(text, lowered)
    if not fields and (name := blocklist.listed_name(lowered, zone)):
        fields["listed_name"] = name
    return fields


def _retry_after(lowered: str) -> int | None:
    if _NUMBER_AND_UNIT.search(lowered) and (found := _WAIT.search(lowered)):
        if found["bare"]:
            return int(found["bare"])
        unit = next(name for name, value in found.groupdict().items() if value and name[0] in "uc" and name != "cjk")
        return int(found[1] or found["cjk"]) * int(unit[1:])
    if ":" in lowered and (found := _WAIT_CLOCK.search(lowered)):
        return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
    return None


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str | None:
    return next((found[1] for pattern in patterns if (found := pattern.search(text))), None)
