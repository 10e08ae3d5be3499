"""Who brought the message, as a receiver would know it: given by the user, else read from the message's own trace."""

from __future__ import annotations

from dataclasses import dataclass

from probe.addresses import is_private
from probe.mail.message import Message
from probe.mail.received import Hop, hops, return_path
from probe.model import Client


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
    given = mail_from if mail_from is None else mail_from.strip().removeprefix("<").removesuffix(">")
    return Envelope(
        client=client,
        ehlo=ehlo or (hop.helo if hop is not None else None),
        mail_from=return_path(message) if given is None else given,
        hop=hop,
    )


def last_foreign(message: Message) -> Hop | None:
    """The hop that brought the message in: the topmost Received field that names a public address. Above it the
    receiver's own servers wrote, below it the client may have written anything."""
    return next((hop for hop in hops(message) if hop.client is not None and not is_private(hop.client)), None)
