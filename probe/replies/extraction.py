"""What a reply names: addresses, lists, links, codes of the provider's own, times and limits.

Only what stands in the reply is returned, and only as fields with a value:

``blocked_ip`` the client's address, always one that can be asked about · ``masked_ip`` an address that was made
unreadable, such as ``x.xx.xx.xx``, or the placeholder ``0.0.0.0`` · ``client_host``, ``helo``, ``sender``,
``sender_domain``, ``recipient`` · ``domain`` · ``list_name`` · ``list_zone``, where to ask (RFC 5782) ·
``listed_name``, the domain that is on it · ``urls``, ``delist_url`` · ``vendor_code`` · ``retry_after`` in seconds ·
``limit`` a number · ``param`` the parameter or option that was refused.
"""

from __future__ import annotations

import re
from typing import Any

from probe.replies import addresses, blocklist
from probe.replies.blocklist import HOST
from probe.replies.signatures import lower

LISTED = frozenset({"ip-blocklisted", "domain-blocklisted", "poor-reputation"})
_LIMITED = frozenset(
    {"message-too-large", "rate-limited", "too-many-recipients", "too-many-connections", "mailbox-full"}
)
_ABOUT_DOMAINS = frozenset({"spf-fail", "dkim-fail", "dmarc-fail", "sender-unauthenticated", "domain-blocklisted"})

_URL = re.compile(r"https?://[^\s<>\"']{2,500}|\bwww\.[^\s<>\"']{2,500}", re.IGNORECASE)
_MAILBOX = re.compile(r"[^\s<>\"'(),;:@\[\]]{1,64}@((?:[\w-]{1,63}\.){1,8}[\w-]{2,63}|\[[\w.:]{3,50}\])")
_CONTACT = re.compile(r"(?:contact|write to|mail to|e-?mail|report|to|details to|mailto:|see|at)\s?:?\s?[<(]?$")
_DOMAIN = (
    re.compile(rf"(?:sending domain|domain|policy for|email from|mail from|for|from) [\[(<]?{HOST}"),
    re.compile(rf"{HOST}(?:'s|’s|[>\])]? per it)"),
    re.compile(rf"\[{HOST}:"),
)
_HELO = re.compile(r"<([^>\s]{1,255})>: (?:helo|ehlo) command")
_VENDOR_CODE = re.compile(
    r"\b(?:AUP#[\w-]{1,16}|(?:OFR|LPN)_?\d{0,3}_\d{3}|S\d{4,12}(?=\))|AS\(\d{3,12}\)|AS\d{3,12}|TSS\d\d|SC-\d{3}|IB\d{3}|RCP-P\d|ETP\d{3}"
    r"|(?:BL|DM|ES|RL|AE)\d{6}|(?:MI|DT|HL|RP|WM):[A-Z]{3}|ERS-[A-Z]{2,20}|gu_eib_\d\d|c=[a-z]{2,5}\b)"
    r"|(?<=\[)(?:BL|CS|HM|PH|LW|HME|GL|SP)\d{1,2}(?=\])",
    re.IGNORECASE,
)
_WAIT = re.compile(
    r"\b(?:in|for|after|within|wait|every)(?: about| at least)? (\d{1,6}) ?(s|m|h|d)(?:ec|in|our|ay|r)?[a-z]{0,6}\b"
)
_WAIT_CLOCK = re.compile(r"\b(?:in|for|after|within|wait) (\d\d):(\d\d):(\d\d)\b")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LIMIT = re.compile(r"(?:limit|maximum|max|size|allowed|up to|exceeds?)[a-z :=(]{0,30}?(\d{1,12})(?![\w.])")
_PARAMETER = re.compile(r"(?:option|parameter|argument|mechanism|type):? [\"'<]?([a-z0-9][\w-]{1,30})")


def extract(text: str, cause: str | None = None) -> dict[str, Any]:
    """The fields of ``text``, the words of one reply without its codes. ``cause`` narrows what a word can mean."""
    fields: dict[str, Any] = {}
    lowered = lower(text)
    if "." in lowered or ":" in lowered:
        fields.update(addresses.client(lowered))
    if urls := _urls(text):
        fields["urls"] = urls
    if cause in LISTED:
        fields.update(blocklist.named_list(lowered, urls))
    if "@" in text:
        fields.update(_mailboxes(text, lowered))
    if found := _HELO.search(lowered):
        fields["helo"] = found[1]
    if cause == "domain-blocklisted":
        fields.update(_listed_name(text, lowered, fields.get("list_zone")))
    if cause in _ABOUT_DOMAINS and (domain := _first(_DOMAIN, lowered)):
        fields.setdefault("domain", domain)
    if found := _VENDOR_CODE.search(text):
        fields["vendor_code"] = found[0]
    if (seconds := _retry_after(lowered)) is not None:
        fields["retry_after"] = seconds
    if cause in _LIMITED and (found := _LIMIT.search(lowered)):
        fields["limit"] = int(found[1])
    if cause == "unsupported-parameter" and (found := _PARAMETER.search(lowered)):
        fields["param"] = text[found.start(1) : found.end(1)]
    return fields


def _urls(text: str) -> list[str]:
    if "://" not in text and "www." not in text.lower():
        return []
    return list(dict.fromkeys(found.rstrip(".,;:!)]}") for found in _URL.findall(text)))


def _mailboxes(text: str, lowered: str) -> dict[str, str]:
    """The first address that is no contact: the sender's where the reply speaks of senders, else the recipient's."""
    for found in _MAILBOX.finditer(text):
        if _CONTACT.search(lowered, 0, found.start()):
            continue
        around = lowered[max(0, found.start() - 40) : found.end() + 60]
        if "sender" in around or "mail from" in around or "mailfrom" in around:
            domain = found[1].lower()
            return {"sender": found[0], "sender_domain": domain, "domain": domain}
        return {"recipient": found[0]}
    return {}


def _listed_name(text: str, lowered: str, zone: str | None) -> dict[str, str]:
    fields = blocklist.accused(text, lowered)
    if not fields and (name := blocklist.listed_name(lowered, zone)):
        fields["listed_name"] = name
    return fields


def _retry_after(lowered: str) -> int | None:
    if found := _WAIT.search(lowered):
        return int(found[1]) * _SECONDS[found[2]]
    if found := _WAIT_CLOCK.search(lowered):
        return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
    return None


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str | None:
    return next((found[1] for pattern in patterns if (found := pattern.search(text))), None)
