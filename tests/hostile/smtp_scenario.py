"""One scenario: what a server does, and what a report of it must and must not say.

``at()`` puts an act at one point of an otherwise well-behaved conversation and knows which options lead the probe there
and which stage the report must name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.smtp_certificates import handshake
from tests.hostile.smtp_server import TLS_OFFER, Act, Script, polite

# Not asserted: the specification leaves it open.
ANY = "any"

# Where an act can stand → the stage that a report names for it, and the options that lead there. Until the first whole
# reply inside TLS the stage is tls.
POINTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "banner": ("banner", ()),
    "ehlo": ("ehlo", ()),
    "help": ("help", ()),
    "starttls": ("starttls", ()),
    "tls": ("tls", ()),
    "tls_ehlo": ("tls", ()),
    "auth": ("auth", ("--auth-mechanism", "PLAIN")),
    "mail": ("mail", ()),
    "rcpt": ("rcpt", ()),
    "data": ("data", ("--send",)),
    "dot": ("dot", ("--send",)),
    "rset": ("rset", ()),
    "quit": ("quit", ()),
}
READY = b"220 2.0.0 Ready to start TLS\r\n"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """``id`` names it, ``why`` says what would be lost without it.

    ``keeps`` is evidence: (stage, octets) that a reply or a partial reply of that stage must hold. ``codes`` is the
    code or the failure of every exchange in turn. ``limits`` are fields of ``Limits`` to set. ``window`` is the
    server's receive buffer. ``names`` are words that the session's detail must hold, ``shows`` words that the terminal
    must show. ``alert`` is the TLS alert, empty for none that has a name. What costs much time to play is played
    ``alone``, so that no other clock is held up. ``silent`` marks a server that falls silent where the outcome is
    another than ``timeout``.
    """

    id: str
    why: str
    server: Script
    outcome: str
    stage: str
    options: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()
    never_finds: tuple[str, ...] = ()
    keeps: tuple[tuple[str, bytes], ...] = ()
    codes: str | None = None
    paired: bool | None = None
    sent: bool = False
    message: bytes | None = None
    window: int | None = None
    scheme: str = ""
    names: tuple[str, ...] = ()
    alert: str | None = None
    tls: Mapping[str, Any] = field(default_factory=dict)
    certificate: Mapping[str, Any] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    alone: bool = False
    silent: bool = False

    @property
    def waits(self) -> bool:
        """Whether a deadline ends it."""
        return self.silent or self.outcome == "timeout"


def at(point: str, act: Act, *, id: str, why: str, outcome: str, stage: str | None = None, **more: Any) -> Scenario:
    """A scenario whose server misbehaves at one point only."""
    named, options = POINTS[point]
    acts: dict[str, Act] = {point: act}
    if point in ("starttls", "tls", "tls_ehlo"):
        acts["ehlo"] = TLS_OFFER
    if point == "tls":
        acts = {"ehlo": TLS_OFFER, "starttls": (READY, act)}
    if point == "tls_ehlo":
        acts["starttls"] = (READY, handshake("mx"))
    extra = more.pop("acts", {})
    return Scenario(
        id=id,
        why=why,
        server=polite(**{**acts, **extra}),
        outcome=outcome,
        stage=named if stage is None else stage,
        options=(*options, *more.pop("options", ())),
        **more,
    )
