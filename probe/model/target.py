"""Where to: the target as it was typed, and the endpoints that it leads to (RFC 5321 section 5)."""

from __future__ import annotations

from typing import Literal

from probe.model.noun import noun

TargetKind = Literal["domain", "host", "address", "mailbox", "unix"]
TlsMode = Literal["auto", "none", "starttls", "implicit"]
Protocol = Literal["smtp", "lmtp"]


@noun(frozen=True)
class Target:
    """What was asked for.

    ``input`` is what was typed, made printable. ``host`` is a domain or host in A-labels, an address literal without
    brackets, or the path of a unix socket. A ``domain`` or ``mailbox`` is routed by MX; a ``host`` is used as it is.
    """

    input: str
    kind: TargetKind
    host: str
    port: int
    tls: TlsMode = "auto"
    protocol: Protocol = "smtp"
    mailbox: str | None = None


@noun(frozen=True)
class Endpoint:
    """One host, one address, one port to talk to. ``preference`` is that of the MX record that led here, if one did."""

    host: str
    address: str
    port: int
    preference: int | None = None


@noun(frozen=True)
class Client:
    """The address under which the other side sees us, and how we know: from a reply, from its EHLO answer, from
    ``--client-ip``, from our own socket, or, of a message, from its Received field."""

    address: str | None = None
    learned_from: Literal["reply", "ehlo", "option", "socket", "received"] | None = None
