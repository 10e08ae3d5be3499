"""One conversation with one endpoint, from the first octet to the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from probe.model.noun import noun
from probe.model.reply import Exchange
from probe.model.target import Endpoint

Outcome = Literal[
    "ok",
    "rejected",
    "tempfail",
    "timeout",
    "closed",
    "reset",
    "unreachable",
    "not_smtp",
    "malformed",
    "inconsistent_codes",
    "unsolicited",
    "injection",
    "limit",
    "protocol_error",
    "no_tls",
    "tls_refused",
    "tls_error",
    "cert_problem",
    "unsafe_auth",
    "delivery_unknown",
]

Stage = Literal[
    "connect",
    "banner",
    "ehlo",
    "help",
    "starttls",
    "tls",
    "auth",
    "mail",
    "rcpt",
    "data",
    "body",
    "dot",
    "rset",
    "quit",
]


@noun(frozen=True)
class Extensions:
    """What EHLO offered: keyword in capitals → its parameters as one text, in the server's order. Before and after TLS
    are kept apart (RFC 3207 section 4.2); None where no such EHLO was answered."""

    before_tls: Mapping[str, str] | None = None
    after_tls: Mapping[str, str] | None = None

    @property
    def current(self) -> Mapping[str, str]:
        """The offer that counts: the last one heard."""
        return self.after_tls if self.after_tls is not None else self.before_tls or {}


@noun(frozen=True)
class Certificate:
    """The leaf certificate as the server showed it; times are RFC 3339 in UTC, ``sha256`` is of its DER form."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: str
    not_after: str
    sha256: str
    key: str
    signature: str = ""


@noun(frozen=True)
class Tls:
    """What was negotiated. ``chain`` is the certificates behind the leaf as the server sent them, None where this
    Python does not show them. ``problems`` are the reasons why the certificate does not verify, as
    ``probe.tls.verification`` names them, and ``verified`` says whether there is none; None where no certificate was
    seen. ``alert`` is the TLS alert that ended the handshake, by name."""

    version: str | None = None
    cipher: str | None = None
    certificate: Certificate | None = None
    chain: tuple[Certificate, ...] | None = None
    verified: bool | None = None
    problems: tuple[str, ...] = ()
    alert: str | None = None


@noun(frozen=True)
class Session:
    """One connection. ``outcome`` is the first thing that stopped the session from its goal and ``stage`` where;
    ``detail`` says it in words. ``paired`` is false where replies and commands did not balance: then no acceptance in
    it may be believed. ``local_address`` is our end of the socket. ``timeline`` is the milliseconds spent in each
    stage, in the order in which they were reached. ``interrupted`` says that the user ended it."""

    endpoint: Endpoint
    outcome: Outcome
    stage: Stage
    elapsed_ms: float
    detail: str | None = None
    paired: bool = True
    exchanges: tuple[Exchange, ...] = ()
    extensions: Extensions = field(default_factory=Extensions)
    help_verbs: tuple[str, ...] | None = None
    tls: Tls | None = None
    local_address: str | None = None
    timeline: Mapping[str, float] = field(default_factory=dict)
    message_sent: bool = False
    interrupted: bool = False
