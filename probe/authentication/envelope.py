"""Who brought the message, as a receiver would know it: given by the user, else read from the message's own trace."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probe.addresses import is_private
from probe.errors import UsageError
from probe.mail.message import Message
from probe.mail.received import Hop, hops, return_path
from probe.model import Client
from probe.names import BadName, is_address, is_hostname, to_ascii
from probe.text import show

# RFC 5321 section 4.1.2: a local part is words with dots between, or a quoted string; RFC 6531 adds what is not ASCII.
_LOCAL = re.compile(r"""[^\s"(),.:;<>@\[\\\]]+(?:\.[^\s"(),.:;<>@\[\\\]]+)*|"(?:[^"\\]|\\.)*\"""")
_LITERAL = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]", re.IGNORECASE)


@dataclass(frozen=True)
class Envelope:
    """``client`` connected, said EHLO ``ehlo`` and MAIL FROM ``mail_from`` (empty for the null reverse-path); None is
    not known. ``hop`` is the Received field that was believed, if one was."""

    client: Client
    ehlo: str | None
    mail_from: str | None
    hop: Hop | None = None


def envelope(message: Message, client_ip: str | None, ehlo: str | None, mail_from: str | None) -> Envelope:
    """What was given comes first. The Received field is believed only for what it was written with: its EHLO name
    belongs to its own client."""
    hop = last_foreign(message) if client_ip is None else None
    if client_ip is not None:
        client = Client(client_ip, "option")
    else:
        client = Client(hop.client, "received") if hop is not None else Client()
    return Envelope(
        client=client,
        ehlo=ehlo or (hop.helo if hop is not None else None),
        mail_from=return_path(message) if mail_from is None else mail_from,
        hop=hop,
    )


def parse_reverse_path(typed: str) -> str:
    """What was given as MAIL FROM, without its angle brackets; empty is the null reverse-path. Raises ``UsageError``
    for what is no address (RFC 5321 section 4.1.2)."""
    path = typed.strip(" ")
    path = path[1:-1] if path.startswith("<") and path.endswith(">") else path
    local, _, domain = path.rpartition("@")
    if path and not (path.isprintable() and _LOCAL.fullmatch(local) and _is_domain(domain)):
        raise UsageError(
            f"MAIL FROM is an address, or empty for the null reverse-path, and this is neither: {show(typed)[:80]}"
        )
    return path


def _is_domain(text: str) -> bool:
    literal = _LITERAL.fullmatch(text)
    if literal is not None:
        return is_address(literal[1])
    try:
        return is_hostname(to_ascii(text))
    except (BadName, UnicodeError):
        return False


def last_foreign(message: Message) -> Hop | None:
    """The hop that brought the message in: the topmost Received field that names a public address. Above it the
    receiver's own servers wrote, below it the client may have written anything."""
    return next((hop for hop in hops(message) if hop.client is not None and not is_private(hop.client)), None)
