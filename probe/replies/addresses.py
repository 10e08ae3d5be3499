"""Addresses in the text of a refusal: the client's, and those that were made unreadable.

The words around an address decide whose it is: one after "from" is the client's, one in brackets after the name of a
server or after the @ of a mailbox is not. An address is only ever taken whole: a part of a longer run of digits and
dots, such as a version, is none.
"""

from __future__ import annotations

import re

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# Neither a piece of a longer number or name, nor the tail of an IPv6 address (RFC 4291 section 2.2), nor a version.
_NOT_BEFORE_IP4 = r"(?<![\w.])(?<!::)(?<!:ffff:)" + "".join(
    rf"(?<!{word})" for word in ("version ", "version: ", "ver ", "release ", "build ", "revision ")
)
_IP4 = rf"{_NOT_BEFORE_IP4}{_OCTET}(?:\.{_OCTET}){{3}}(?!\w|\.+\w)"
# Two colons at least; one at the end alone is punctuation. What is no address after all, such as a time, is sorted out
# later.
_IP6 = (
    r"(?:(?<=ipv6:)|(?<![\w:.]))(?=[0-9a-f]{0,4}:[0-9a-f]{0,4}:)[0-9a-f:]{2,39}(?:(?:\.[0-9]{1,3}){3})?"
    r"(?<![^:]:)(?!\w|[.:]+\w)"
)
_ADDRESS = rf"(?:ipv6:)?({_IP4}|{_IP6})"

# Without one of these a text holds no address, and nothing else need be tried.
_ANY = re.compile(r"[\dx]{1,3}(?:\.[\dx]{1,3}){3}|:[0-9a-f]{0,4}:")
_NAMED_CLIENT = re.compile(rf"[<\s(]([\w.-]{{1,253}})\[{_ADDRESS}\]>?: ?(?:client|helo|sender)")
_CLIENT = (
    re.compile(rf"\b(?:client|ip|address|host|server)(?: is)?[ :=]{{1,2}}[\[(<]?{_ADDRESS}"),
    re.compile(rf"(?:from|dns for|required:|let you|lookup failed) [\[(<]?{_ADDRESS}"),
    re.compile(rf"[\[(<\s]{_ADDRESS}[\])>]? (?:is |has |was |have |comcast block|listed|blocked|not allowed)"),
    re.compile(rf"(?:[?&](?:ip|query|q|addr|address|client|s)=|/(?:ip|query/ip|bl|lookup)/){_ADDRESS}"),
    # At the start, also behind the server's name, a salutation or a word with a colon; "filter 4.96.2.1" is a version.
    re.compile(rf"^(?:\S{{0,80}}[.,:;@!]\S{{0,80}} |(?:sorry|hello|hi|dear) )?(?:comcast )?[\[(<]{{0,2}}{_ADDRESS}"),
    re.compile(rf"(?<!@)[\[(<:]{_ADDRESS}[\])>]"),
)
# A loopback address is nobody's, unless a server says in so many words that it is its client's: a laboratory.
_LABORATORY = re.compile(r"\bclient host \[(127(?:\.\d{1,3}){3}|::1)\]")
_MASKED = re.compile(r"(?<![\w.])((?=[\d.]{0,12}x)[x\d]{1,3}(?:\.[x\d]{1,3}){3}|0\.0\.0\.0)(?!\w|\.+\w)")


def client(lowered: str) -> dict[str, str]:
    """``blocked_ip``, ``client_host`` and ``masked_ip``, as far as ``lowered``, a text in lower case, gives them."""
    fields: dict[str, str] = {}
    if not _ANY.search(lowered):
        return fields
    if found := _LABORATORY.search(lowered):
        return {"blocked_ip": found[1]}
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
        fields["blocked_ip"] = fields["masked_ip"] = found[1]
    return fields


def _usable(word: str) -> str | None:
    """``word`` if it is an address that a client can have: no loopback, no placeholder. An IPv4 address that is written
    inside an IPv6 one comes out as itself."""
    if ":" not in word:
        return None if word.startswith(("0.", "127.")) else word
    from ipaddress import IPv6Address  # rarely needed, and it costs more than the rest of a first answer

    try:
        address = IPv6Address(word)
    except ValueError:
        return None
    if address.ipv4_mapped is not None:
        return _usable(str(address.ipv4_mapped))
    return None if address.is_loopback or address.is_unspecified else str(address)
