"""Reports made by hand, for conversations that no demo server holds."""

from __future__ import annotations

import io
from typing import Any

from probe.catalog import catalog
from probe.model import SCHEMA, Certificate, Endpoint, Exchange, Extensions, Reply, Report, Session, Target, Tls, Tool
from probe.replies.explanation import explain
from probe.reports.terminal import render

MX = Endpoint("mx.example.org", "198.51.100.25", 25)
TLS = Tls(version="TLS 1.3", cipher="TLS_AES_256_GCM_SHA384", verified=True)
REFUSED = "550 5.1.1 no such user"


def said(stage: str, command: str | None, text: str, *, in_tls: bool = False, lang: str = "en") -> Exchange:
    """One exchange, its reply written as on the wire: ``250-first\\n250 last``."""
    lines = text.split("\n")
    code, rest = int(lines[0][:3]), tuple(line[4:] for line in lines)
    first = rest[0].split(" ")[0]
    enhanced = first if first.count(".") == 2 and first.replace(".", "").isdigit() else None
    reply = Reply(code, enhanced, rest, (code,) * len(lines), text.encode())
    explanation = explain(code, enhanced, rest, command=command, stage=stage, facts=catalog(lang))
    return Exchange(stage, command, in_tls, 1.0, 1.0, reply, explanation=explanation)


def session(*exchanges: Exchange, outcome: str = "ok", stage: str = "quit", **more: Any) -> Session:
    """One session with the given exchanges."""
    values: dict[str, Any] = {"endpoint": MX, "extensions": Extensions({}), **more}
    return Session(outcome=outcome, stage=stage, elapsed_ms=9.0, exchanges=exchanges, **values)  # type: ignore[arg-type]


def report(*sessions: Session, typed: str = "mx.example.org", kind: str = "host", **more: Any) -> Report:
    """One report with the given sessions."""
    host = typed.partition(":")[0]
    values: dict[str, Any] = {"target": Target(typed, kind, host, 25), **more}  # type: ignore[arg-type]
    return Report(
        SCHEMA, Tool("smtp-probe", "0"), started="2026-11-22T09:30:00Z", elapsed_ms=9.0, sessions=sessions, **values
    )


def delivery(*replies: tuple[str, str], dots: tuple[str, ...], hello: str = "EHLO", **more: Any) -> Session:
    """A message for the recipients in ``replies``, each with its reply, and the replies after the dot."""
    return session(
        said("banner", None, "220 mx.example.org ESMTP"),
        said("ehlo", f"{hello} probe.example", "250 mx.example.org"),
        said("mail", "MAIL FROM:<>", "250 2.1.0 Ok"),
        *(said("rcpt", f"RCPT TO:<{recipient}>", reply) for recipient, reply in replies),
        said("data", "DATA", "354 Go on"),
        *(said("dot", None if number else ".", text) for number, text in enumerate(dots)),
        said("quit", "QUIT", "221 2.0.0 Bye"),
        **{"message_sent": True, **more},
    )


def certificate(not_after: str = "2027-01-01T00:00:00Z", **more: Any) -> Certificate:
    """A certificate of a public issuer."""
    values: dict[str, Any] = {
        "subject": "CN=mx.example.org",
        "issuer": "CN=R11,O=Let's Encrypt,C=US",
        "names": ("mx.example.org", "*.example.org"),
        **more,
    }
    return Certificate(not_before="2026-10-01T00:00:00Z", not_after=not_after, sha256="00", key="EC 256", **values)


def text_of(one: Report, *, lang: str = "en", width: int = 80, verbose: bool = False) -> str:
    """The terminal report without colour."""
    out = io.StringIO()
    render(one, out, catalog(lang), color=False, width=width, verbose=verbose)
    return out.getvalue()


def lines_of(one: Report, **how: Any) -> list[str]:
    """Its lines, without the spaces around them."""
    return [line.strip() for line in text_of(one, **how).splitlines()]
