"""The blocklist that a refusal names, and whom that list names.

A list is known by its zone, which is where to ask (RFC 5782 section 2.1), or by the name or page of its operator.
Servers that refuse by a list of domains (Postfix's ``reject_rhsbl_*``) say which of the names of a session stands on
it: that of EHLO, of the client, the domain of the sender or of the recipient, or one in the message.
"""

from __future__ import annotations

import re
from functools import cache

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

HOST = r"((?:[a-z0-9_][a-z0-9_-]{0,62}\.){1,8}[a-z][a-z0-9-]{1,23})(?![\w@-]|\.\w)"
_ZONE = re.compile(
    r"(?:blocked using|(?:list(?:ed|s|ing)?|found|blocked|rejected|denied|refused) (?:in|on|at|by|via|using)) "
    rf"(?:the |rbl |dnsbl |list )?{HOST}"
)
_KEYED = (
    r"[a-z0-9]{8,63}\."
    r"(?:(sbl|xbl|sbl-xbl|pbl|zen|dbl)\.dq\.spamhaus\.net|([a-z]+\.(?:dq\.spamhaus\.net|mail\.abusix\.zone)))"
)
_DELIST = re.compile(
    r"delist|remov|reset-request|lookup|unblock|query|dnsbl|rbl|sender\.office|ipcheck|barracudacentral|spamcop|check\.|[?&]ip=",
    re.IGNORECASE,
)
# Postfix: class of the thing, and the thing itself. smtpd_check.c, rbl_reject_reply().
_ACCUSED = re.compile(
    r"\b(helo command|sender address|recipient address|(?:unverified |reverse )?client host) \[([^\]\s]{1,320})\]"
    r"(?= blocked using)"
)
_MAILBOX_OR_HOST = rf"(?:https?://|[^\s<>@]{{1,64}}@)?(?:www\.)?{HOST}"
_NAMED = (
    re.compile(
        r"\b(?:domain|ur[li]|link|helo|ehlo|sender|host ?name|web ?site)s?(?: name| domain| address)?(?: is)?:? "
        rf"[\[(<\"']?{_MAILBOX_OR_HOST}"
    ),
    re.compile(
        rf"(?<![\w.@/-]){HOST}[\])>\"']? (?:is |was |are )?(?:currently )?(?:(?:black|block|deny)[- ]?)?listed\b"
    ),
)

_compiled = cache(re.compile)  # most replies name no list, so these expressions wait until one does


def named_list(lowered: str, urls: list[str]) -> dict[str, str]:
    """``list_name``, ``list_zone`` and ``delist_url``, as far as the text gives them."""
    fields = {}
    for pattern, name, zone in _LISTS:
        if _compiled(pattern).search(lowered):
            fields["list_name"] = name
            if zone:
                fields["list_zone"] = zone
            break
    # A zone that the reply spells out beats the one that its name stands for; "uribl.com" is a name, not a zone.
    found = _ZONE.search(lowered)
    if (
        found
        and not lowered.startswith(("://", "@"), found.end())
        and not (fields.get("list_zone") or "").endswith(f".{found[1]}")
    ):
        fields["list_zone"] = _without_key(found[1])
    if delist := next((url for url in urls if _DELIST.search(url)), None):
        fields["delist_url"] = delist
    return fields


def _without_key(zone: str) -> str:
    """The zone of holders of a key, without the key that its owner let out; for Spamhaus's the one that all may ask."""
    keyed = _compiled(_KEYED).fullmatch(zone)
    if keyed is None:
        return zone
    return f"{keyed[1]}.spamhaus.org" if keyed[1] else f"<key>.{keyed[2]}"


def accused(text: str, lowered: str) -> dict[str, str]:
    """Who was looked up, where the reply says so: ``helo``, ``client_host``, ``recipient``, or ``sender`` with
    ``sender_domain``; and as ``listed_name`` the domain in it. A client's address is no name and not given here."""
    found = _ACCUSED.search(lowered)
    if found is None:
        return {}
    what, domain = text[found.start(2) : found.end(2)], found[2].rpartition("@")[2]
    if not _is_domain(domain):
        return {}
    if found[1] == "sender address":
        fields = {"sender_domain": domain, "domain": domain}
        if "@" in what:
            fields["sender"] = what
    elif found[1] == "recipient address":
        fields = {"recipient": what}
    else:
        fields = {"helo" if found[1] == "helo command" else "client_host": domain}
    return {**fields, "listed_name": domain}


def listed_name(lowered: str, zone: str | None) -> str | None:
    """The domain that a refusal in free words calls listed. The list itself is never taken for it."""
    for pattern in _NAMED:
        for found in pattern.finditer(lowered):
            if not _same_family(found[1], zone):
                return found[1]
    return None


def _same_family(name: str, zone: str | None) -> bool:
    return zone is not None and (name == zone or name.endswith(f".{zone}") or zone.endswith(f".{name}"))


def _is_domain(word: str) -> bool:
    """A name with a dot whose last label is no number, and no hidden address such as ``x.xx.xx.xx``."""
    _, dot, last = word.rpartition(".")
    return bool(dot) and ":" not in word and any(letter.isalpha() and letter != "x" for letter in last)
