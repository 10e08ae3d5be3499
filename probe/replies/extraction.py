"""What a reply names: addresses, lists, links, codes of the provider's own, times and limits.

Only what stands in the reply is returned, and only as fields with a value:

``blocked_ip`` the client's address, always one that can be asked about · ``masked_ip`` an address that was made
unreadable, such as ``x.xx.xx.xx``, or the placeholder ``0.0.0.0`` · ``client_host`` · ``list_name`` · ``list_zone``,
where to ask (RFC 5782) · ``urls``, ``delist_url`` · ``recipient``, ``sender``, ``domain`` · ``vendor_code`` ·
``retry_after`` in seconds · ``limit`` a number · ``param`` the parameter or option that was refused.

The words around a thing decide what it is: an address after "from" is the client's, one in brackets after the server's
name is not.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

LISTED = frozenset({"ip-blocklisted", "domain-blocklisted", "poor-reputation"})
_LIMITED = frozenset(
    {"message-too-large", "rate-limited", "too-many-recipients", "too-many-connections", "mailbox-full"}
)
_ABOUT_DOMAINS = frozenset({"spf-fail", "dkim-fail", "dmarc-fail", "sender-unauthenticated", "domain-blocklisted"})

# Names by which replies call a list, and the zone that such a server asks. The first that fits is taken.
_LISTS = (
    (
        re.compile(r"dbl\.spamhaus|spamhaus(?:'s)?[ -]dbl|spamhaus\.org/(?:query/)?(?:dbl|domain)"),
        "Spamhaus DBL",
        "dbl.spamhaus.org",
    ),
    (
        re.compile(r"pbl\.spamhaus|spamhaus(?:'s)?[ -]pbl|spamhaus\.org/(?:query/)?pbl"),
        "Spamhaus PBL",
        "zen.spamhaus.org",
    ),
    (
        re.compile(r"xbl\.spamhaus|spamhaus(?:'s)?[ -]xbl|spamhaus\.org/(?:query/)?xbl"),
        "Spamhaus XBL",
        "zen.spamhaus.org",
    ),
    (
        re.compile(r"sbl\.spamhaus|spamhaus(?:'s)?[ -]sbl|spamhaus\.org/(?:query/)?(?:sbl|css)"),
        "Spamhaus SBL",
        "zen.spamhaus.org",
    ),
    (
        re.compile(r"zen\.spamhaus|spamhaus(?:'s)?[ -]zen|spamhaus\.org/query/(?:ip|bl)"),
        "Spamhaus ZEN",
        "zen.spamhaus.org",
    ),
    (
        re.compile(r"(?:helo|mailfrom|from|sender|reply-to) domain is listed in spamhaus"),
        "Spamhaus",
        "dbl.spamhaus.org",
    ),
    (r"spamhaus", "Spamhaus", "zen.spamhaus.org"),
    (r"spamcop", "SpamCop", "bl.spamcop.net"),
    (r"barracudacentral|barracuda reputation|\bbrbl\b", "Barracuda", "b.barracudacentral.org"),
    (r"dnsbl-2\.uceprotect|uceprotect[- ]?(?:level ?)?2", "UCEPROTECT level 2", "dnsbl-2.uceprotect.net"),
    (r"dnsbl-3\.uceprotect|uceprotect[- ]?(?:level ?)?3", "UCEPROTECT level 3", "dnsbl-3.uceprotect.net"),
    (r"uceprotect", "UCEPROTECT level 1", "dnsbl-1.uceprotect.net"),
    (r"\bsorbs\b", "SORBS", "dnsbl.sorbs.net"),
    (r"cbl\.abuseat|abuseat", "CBL", "cbl.abuseat.org"),
    (r"psbl", "PSBL", "psbl.surriel.com"),
    (r"spamrats", "SpamRATS", "all.spamrats.com"),
    (r"mailspike", "Mailspike", "bl.mailspike.net"),
    (r"\bsurbl\b", "SURBL", "multi.surbl.org"),
    (r"\buribl\b", "URIBL", "multi.uribl.com"),
    (r"cloudmark", "Cloudmark Sender Intelligence", None),
    (r"proofpoint\.com", "Proofpoint Dynamic Reputation", None),
    (r"invaluement|ivmsip", "Invaluement", None),
    (r"senderscore|returnpath|validity", "Validity", None),
    (r"senderbase|talosintelligence", "Cisco Talos", None),
)

_IP4 = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}"
_IP6 = r"[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}"
_ADDRESS = rf"(?:ipv6:)?({_IP4}|{_IP6})(?![\w.]\w|\w)"
_NAMED_CLIENT = re.compile(rf"[<\s(]([\w.-]{{1,253}})\[{_ADDRESS}\]>?: ?(?:client|helo|sender)")
_CLIENT = (
    re.compile(rf"(?:client|ip|address|host|server) (?:is )?[\[(<]?{_ADDRESS}"),
    re.compile(rf"(?:from|dns for|required:|let you|lookup failed) [\[(<]?{_ADDRESS}"),
    re.compile(rf"[\[(<\s]{_ADDRESS}[\])>]? (?:is |has |was |have |comcast block|listed|blocked|not allowed)"),
    re.compile(rf"(?:[?&](?:ip|query|q|addr|address|client|s)=|/(?:ip|query/ip|bl|lookup)/){_ADDRESS}"),
    re.compile(rf"^\S{{0,80}}\s?(?:comcast )?\[?{_ADDRESS}"),
    re.compile(rf"[\[(:]{_ADDRESS}[\])]"),
)
_MASKED = re.compile(r"(?<![\w.])((?=[\d.]{0,12}x)[x\d]{1,3}(?:\.[x\d]{1,3}){3}|0\.0\.0\.0)(?![\w.]\w|\w)")
_URL = re.compile(r"https?://[^\s<>\"']{2,500}|\bwww\.[^\s<>\"']{2,500}", re.IGNORECASE)
_DELIST = re.compile(
    r"delist|remov|reset-request|lookup|unblock|query|dnsbl|rbl|sender\.office|ipcheck|barracudacentral|spamcop|check\.|[?&]ip=",
    re.IGNORECASE,
)
_HOST = r"((?:[a-z0-9_][a-z0-9_-]{0,62}\.){1,8}[a-z][a-z0-9-]{1,23})(?![\w@-])"
_ZONE = re.compile(
    r"(?:blocked using|(?:list(?:ed|s|ing)?|found|blocked|rejected|denied|refused) (?:in|on|at|by|via|using)) "
    rf"(?:the |rbl |dnsbl |list )?{_HOST}"
)
_MAILBOX = re.compile(r"[^\s<>\"'(),;:@\[\]]{1,64}@((?:[\w-]{1,63}\.){1,8}[\w-]{2,63}|\[[\w.:]{3,50}\])")
_CONTACT = re.compile(r"(?:contact|write to|mail to|e-?mail|report|to|details to|mailto:|see|at)\s?:?\s?[<(]?$")
_DOMAIN = (
    re.compile(rf"(?:sending domain|domain|policy for|email from|mail from|for|from) [\[(<]?{_HOST}"),
    re.compile(rf"{_HOST}(?:'s|’s|[>\])]? per it)"),
    re.compile(rf"\[{_HOST}:"),
)
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


_compiled = cache(re.compile)  # most replies name no list, so these expressions wait until one does


def extract(text: str, cause: str | None = None) -> dict[str, Any]:
    """The fields of ``text``, the words of one reply without its codes. ``cause`` narrows what a word can mean."""
    fields: dict[str, Any] = {}
    lowered = text.lower() if text.isascii() else text
    if "." in lowered or ":" in lowered:
        fields.update(_client(lowered))
    if urls := _urls(text):
        fields["urls"] = urls
    if cause in LISTED:
        fields.update(_list(lowered, urls))
    if "@" in text:
        fields.update(_mailboxes(text, lowered))
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


def _client(lowered: str) -> dict[str, str]:
    fields = {}
    if found := _NAMED_CLIENT.search(f" {lowered}"):
        if found[1] != "unknown":  # Postfix writes so where the address has no name
            fields["client_host"] = found[1]
        if address := _usable(found[2]):
            return {**fields, "blocked_ip": address}
    for pattern in _CLIENT:
        for found in pattern.finditer(lowered):
            if address := _usable(found[1]):
                return {**fields, "blocked_ip": address}
    if found := _MASKED.search(lowered):
        fields["masked_ip"] = found[1]
    return fields


def _usable(word: str) -> str | None:
    """``word`` if it is an address that a client can have: no loopback, no placeholder."""
    if ":" not in word:
        return None if word.startswith(("0.", "127.")) else word
    from ipaddress import ip_address  # rarely needed, and it costs more than the rest of a first answer

    try:
        address = ip_address(word)
    except ValueError:
        return None
    return None if address.is_loopback or address.is_unspecified else str(address)


def _urls(text: str) -> list[str]:
    if "://" not in text and "www." not in text.lower():
        return []
    return list(dict.fromkeys(found.rstrip(".,;:!)]}") for found in _URL.findall(text)))


def _list(lowered: str, urls: list[str]) -> dict[str, str]:
    fields = {}
    for pattern, name, zone in _LISTS:
        if _compiled(pattern).search(lowered):
            fields["list_name"] = name
            if zone:
                fields["list_zone"] = zone
            break
    # A zone that the reply spells out beats the one that its name stands for.
    if (found := _ZONE.search(lowered)) and not lowered.startswith(("://", "@"), found.end()):
        fields["list_zone"] = found[1]
    if delist := next((url for url in urls if _DELIST.search(url)), None):
        fields["delist_url"] = delist
    return fields


def _mailboxes(text: str, lowered: str) -> dict[str, str]:
    """The first address that is no contact: the sender's where the reply speaks of senders, else the recipient's."""
    for found in _MAILBOX.finditer(text):
        if _CONTACT.search(lowered, 0, found.start()):
            continue
        around = lowered[max(0, found.start() - 40) : found.end() + 60]
        if "sender" in around or "mail from" in around or "mailfrom" in around:
            return {"sender": found[0], "domain": found[1].lower()}
        return {"recipient": found[0]}
    return {}


def _retry_after(lowered: str) -> int | None:
    if found := _WAIT.search(lowered):
        return int(found[1]) * _SECONDS[found[2]]
    if found := _WAIT_CLOCK.search(lowered):
        return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
    return None


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str | None:
    return next((found[1] for pattern in patterns if (found := pattern.search(text))), None)
