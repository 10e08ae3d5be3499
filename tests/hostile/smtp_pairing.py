"""Replies that belong to no command, and the end of the conversation: what must balance, and 421, which need not."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.smtp_certificates import handshake
from tests.hostile.smtp_scenario import ANY, READY, Scenario, at
from tests.hostile.smtp_server import OFFER, TLS_OFFER, Act, fin, plain, polite, rst, silence, some, wait

_STRAY = b"250 2.0.0 Stray\r\n"
# Point → the honest reply there, and the stage that is about to begin behind it.
_AND_THEN = {
    "banner": (b"220 mx.test ESMTP\r\n", "ehlo"),
    "ehlo": (OFFER, "help"),
    "help": (b"214 no help\r\n", "mail"),
    "tls_ehlo": (OFFER, "mail"),
    "auth": (b"334 \r\n", "auth"),
    "mail": (b"250 2.1.0 Ok\r\n", "rcpt"),
    "rcpt": (b"250 2.1.5 Ok\r\n", "rset"),
    "data": (b"354 Go on\r\n", "body"),
    "dot": (b"250 2.0.0 Queued\r\n", "quit"),
    "rset": (b"250 2.0.0 Ok\r\n", "quit"),
}


def _surplus() -> Iterator[Scenario]:
    for point, (honest, stage) in _AND_THEN.items():
        for name, more in (("whole", _STRAY), ("part", b"250 2.0"), ("garbage", b"\x00\xff\r\n")):
            yield at(
                point,
                honest + more,
                id=f"surplus-{name}-{point}",
                why="two replies in one segment: the second belongs to no command, and is believed for none",
                outcome="unsolicited",
                stage=stage,
                keeps=((stage, more[:2]),),
                paired=False,
                sent=point == "dot",
            )
    yield at(
        "rcpt",
        b"250 2.1.5 Ok\r\n" + _STRAY,
        id="surplus-before-data",
        why="a surplus 250 before DATA would make the 354 the answer to nothing",
        options=("--send",),
        outcome="unsolicited",
        stage="data",
    )
    yield Scenario(
        id="surplus-before-starttls",
        why="a reply that waits before STARTTLS could answer it",
        server=polite(ehlo=TLS_OFFER, help=b"214 no\r\n220 Go ahead\r\n", starttls=(READY, handshake("mx"))),
        outcome="unsolicited",
        stage="starttls",
    )
    yield Scenario(
        id="stray-inside-tls",
        why="the same a moment later, as TLS 1.3 has it: EHLO may go out before, and the books find it",
        server=polite(ehlo=TLS_OFFER, starttls=(READY, handshake("mx"), b"250-mx.evil\r\n250 AUTH PLAIN\r\n")),
        outcome="unsolicited",
        stage=ANY,
        paired=False,
    )
    yield Scenario(
        id="surplus-inside-tls",
        why="a reply inside TLS before EHLO was sent is nobody's; until a whole reply was asked for the stage is tls",
        server=polite(
            ehlo=TLS_OFFER,
            starttls=(READY, handshake("tls1.2", then=b"250-mx.evil\r\n250 AUTH PLAIN\r\n")),
        ),
        outcome="unsolicited",
        stage="tls",
        paired=False,
    )


def _injections() -> Iterator[Scenario]:
    forged = b"250-mx.evil\r\n250 AUTH PLAIN\r\n"
    for name, act in (
        ("same-segment", (READY + forged, handshake("mx"))),
        ("part-of-a-reply", (READY + b"25", handshake("mx"))),
        ("one-octet", (READY + b"\n", handshake("mx"))),
        ("421", (READY + b"421 Bye\r\n", silence)),
        ("huge", (READY + forged * 20_000, handshake("mx"))),
        ("later-segment", (READY, wait(0.05), forged, silence)),
        ("later-segment-short", (READY, wait(0.05), b"2", silence)),
    ):
        yield at(
            "starttls",
            act,
            id=f"injection-{name}",
            why="octets between the 220 and the handshake are named and shown (RFC 3207 section 4.2)",
            outcome="injection",
            stage="tls",
            never_finds=("starttls-refused", "tempfail"),
        )


def _strays() -> Iterator[Scenario]:
    """The real reply comes behind a stray one, too late for any look at the input."""
    for point, stray, real in (
        ("ehlo", b"250 mx.test\r\n", b"550 5.7.1 No\r\n"),
        ("help", b"214 no\r\n", b"502 5.5.1 No\r\n"),
        ("mail", b"250 2.1.0 Ok\r\n", b"550 5.7.1 No\r\n"),
        ("rcpt", b"250 2.1.5 Ok\r\n", b"550 5.1.1 No such user\r\n"),
        ("data", b"354 Go on\r\n", b"554 5.5.1 No\r\n"),
        ("dot", b"250 2.0.0 Queued\r\n", b"550 5.7.1 No\r\n"),
        ("rset", b"250 2.0.0 Ok\r\n", b"250 2.0.0 Ok\r\n"),
    ):
        yield at(
            point,
            (stray, some(1), real),
            id=f"stray-{point}",
            why="a stray reply with the real one behind it shifts everything: the books do not balance",
            outcome="unsolicited",
            # The shift may show before QUIT, where the server is fast enough.
            stage=ANY,
            paired=False,
            sent=point in ("data", "dot"),
        )
    refused: Act = (b"250 2.1.5 Ok\r\n", some(1), b"550 5.1.1 No such user\r\n")
    yield Scenario(
        id="stray-rcpt-then-421",
        why="behind a stray 250 the refusal answers RSET, and a 421 in place of the 221 must not make it an acceptance",
        server=polite(rcpt=refused, rset=(some(1), b"421 4.3.2 Shutting down\r\n", fin)),
        outcome="tempfail",
        stage=ANY,
    )
    yield Scenario(
        id="stray-rcpt-then-250-and-421",
        why="QUIT answered with RSET's 250: a 421 behind it excuses nothing",
        server=polite(rcpt=refused, quit=(b"421 4.3.2 Shutting down\r\n", fin)),
        outcome="unsolicited",
        stage="quit",
        paired=False,
    )
    yield Scenario(
        id="stray-rcpt-then-fin",
        why="the server hangs up at RSET: that RSET was answered with the 550 of RCPT is the last trace of the stray",
        server=polite(rcpt=refused, rset=fin),
        outcome="unsolicited",
        stage=ANY,
        paired=False,
    )
    yield Scenario(
        id="stray-dot-real-reply-cut",
        why="a refusal of the message that is cut in its line answers QUIT: what came is no 221",
        server=polite(dot=(b"250 2.0.0 Queued\r\n", some(1), b"550-5.7.1 No, thank you"), quit=silence),
        options=("--send",),
        outcome="unsolicited",
        stage="quit",
        paired=False,
        sent=True,
    )
    yield Scenario(
        id="stray-dot-in-tls",
        why="inside TLS a stray is the server's own, and no better",
        server=polite(
            ehlo=TLS_OFFER,
            starttls=(READY, handshake("mx")),
            dot=(b"250 2.0.0 Queued\r\n", some(1), b"550 5.7.1 No\r\n"),
        ),
        options=("--send",),
        outcome="unsolicited",
        stage="quit",
        paired=False,
        sent=True,
    )


def _quits() -> Iterator[Scenario]:
    for name, act, outcome, finds in (
        ("closed", fin, "ok", ("quit-unanswered",)),
        ("221-stays-open", b"221 2.0.0 Bye\r\n", "ok", ()),
        ("221-lines", (b"221-2.0.0 Bye\r\n221 2.0.0 and thanks\r\n", fin), "ok", ()),
        ("221-then-reset", (b"221 2.0.0 Bye\r\n", wait(0.05), rst), "ok", ()),
        ("221-cut", (b"221 2.0", fin), "ok", ("quit-unanswered",)),
        ("250", (b"250 2.0.0 Ok\r\n", fin), "unsolicited", ()),
        ("500", (b"500 5.5.2 What?\r\n", fin), "unsolicited", ()),
        ("554", (b"554 5.5.1 No\r\n", fin), "unsolicited", ()),
        ("354", (b"354 Go on\r\n", fin), "unsolicited", ()),
        ("421", (b"421 4.3.2 Bye\r\n", fin), "tempfail", ()),
        ("garbage", (b"banana\r\n", fin), "unsolicited", ()),
        ("550-without-line-end", (b"550 5.7.1 No", fin), "unsolicited", ()),
        ("550-cut-and-silent", (b"550 5.7.1 No", silence), "unsolicited", ()),
        ("two-codes", (b"550-5.7.1 No\r\n221 2.0.0 Bye\r\n", fin), "unsolicited", ()),
        ("221-and-stray", (b"221 2.0.0 Bye\r\n" + _STRAY, fin), "unsolicited", ()),
        ("221-and-late-stray", (b"221 2.0.0 Bye\r\n", wait(0.1), _STRAY), "unsolicited", ()),
        ("221-and-part", (b"221 2.0.0 Bye\r\n25", fin), "unsolicited", ()),
        ("221-and-garbage", (b"221 2.0.0 Bye\r\n\0\0\0\0", fin), "unsolicited", ()),
        ("221-twice", (b"221 2.0.0 Bye\r\n221 2.0.0 Bye\r\n", fin), "unsolicited", ()),
    ):
        yield at(
            "quit",
            act,
            id=f"quit-{name}",
            why="QUIT never decides, but what stands in the place of its 221 tells whether the books balance",
            outcome=outcome,
            stage="quit" if outcome in ("unsolicited", "tempfail") else ANY,
            finds=finds,
            paired=outcome != "unsolicited",
        )


def _421() -> Iterator[Scenario]:
    bye = b"421 4.3.2 Shutting down\r\n"
    for point in ("banner", "ehlo", "help", "starttls", "tls_ehlo", "auth", "mail", "rcpt", "data", "dot", "rset"):
        stage = "ehlo" if point == "tls_ehlo" else point
        for name, act in (("closes", (bye, fin)), ("waits", bye)):
            yield at(
                point,
                act,
                id=f"421-{name}-{point}",
                why="a 421 is what it says at every stage, never a missing feature",
                outcome="tempfail",
                stage=stage,
                keeps=((stage, bye),),
                never_finds=("starttls-refused", "tls_refused", "no_tls", "help-refused", "unsolicited", "closed"),
                sent=point == "dot",
            )
    for point, (honest, stage) in _AND_THEN.items():
        if point in ("dot", "rset"):
            continue
        yield at(
            point,
            (honest + bye, fin),
            id=f"421-unasked-{point}",
            why="an unsolicited 421 is the one exception to the ledger (RFC 5321 section 3.8)",
            outcome="tempfail",
            stage=stage,
            keeps=((stage, bye),),
            never_finds=("unsolicited",),
        )


def _greetings() -> Iterator[Scenario]:
    no = b"554 5.7.1 Service unavailable; Client host blocked\r\n"
    cases: tuple[tuple[str, dict[str, Act], str | None], ...] = (
        ("quit-221", {"banner": no}, "554 221"),
        ("quit-503", {"banner": no, "quit": b"503 5.5.1 Bad sequence\r\n"}, "554 503"),
        ("quit-500", {"banner": no, "quit": (b"500 What?\r\n", fin)}, "554 500"),
        ("quit-silent", {"banner": no, "quit": silence}, "554 timeout"),
        ("closes", {"banner": (no, fin)}, "554 closed"),
        ("resets", {"banner": (no, wait(0.05), rst)}, "554 reset"),
        ("and-more", {"banner": (no + b"221 Bye\r\n", fin)}, None),
    )
    for name, acts, codes in cases:
        yield Scenario(
            id=f"greeting-554-{name}",
            why="a refused greeting is the most valuable line of the day, whatever comes behind it",
            server=polite(**acts),
            outcome="rejected",
            stage="banner",
            codes=None if name == "resets" else codes,
            keeps=(("banner", no),),
            never_finds=("unsolicited", "closed", "protocol_error"),
            paired=True,
        )
    yield at(
        "banner",
        b"450 4.3.2 Try later\r\n",
        id="greeting-450",
        why="a temporary refusal of the client is one",
        outcome="tempfail",
    )
    yield at(
        "rcpt",
        (b"554 5.7.1 Relay access denied\r\n", fin),
        id="rcpt-554-closes",
        why="the end of the stream right behind a refusal changes nothing about it",
        outcome="rejected",
        keeps=(("rcpt", b"554 5.7.1 Relay access denied"),),
    )
    yield Scenario(
        id="plain-stray-inside-tls",
        why="somebody on the way speaks into a TLS connection: it breaks, and nothing of it is heard",
        server=polite(ehlo=TLS_OFFER, starttls=(READY, handshake("mx")), mail=(plain(_STRAY), silence)),
        outcome="tls_error",
        stage="mail",
    )


SCENARIOS = (*_surplus(), *_injections(), *_strays(), *_quits(), *_421(), *_greetings())
