"""Silence, drips, tarpits; the end of the stream and resets at every stage."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.smtp_certificates import handshake
from tests.hostile.smtp_scenario import ANY, POINTS, READY, Scenario, at
from tests.hostile.smtp_server import (
    TLS_OFFER,
    Act,
    close_tls,
    deaf,
    fin,
    half_close,
    nothing,
    polite,
    rst,
    segments,
    silence,
    some,
    wait,
)

# What comes in small pieces: the beginning of an honest reply at each point.
HALF = {
    "banner": b"220 mx.test ES",
    "ehlo": b"250-mx.test\r\n250-SI",
    "help": b"214-2.0.0 Comm",
    "starttls": b"220 2.0.0 Rea",
    "tls_ehlo": b"250-mx.test\r\n250-SI",
    "auth": b"334 PDEyMz",
    "mail": b"250 2.1.0 O",
    "rcpt": b"250 2.1.5 O",
    "data": b"354 Go o",
    "dot": b"250 2.0.0 Que",
}


def _outcome(point: str, fault: str) -> tuple[str, str]:
    """After the dot nobody knows; after RCPT was answered the goal is reached, and RSET and QUIT never decide."""
    if point in ("rset", "quit"):
        return "ok", ANY
    stage = POINTS[point][0]
    return ("delivery_unknown" if point == "dot" else fault), stage


def _everywhere() -> Iterator[Scenario]:
    faults: tuple[tuple[str, str, Act, str], ...] = (
        ("silence", "timeout", silence, "a stuck server must not hold the probe, and the report says where it stuck"),
        ("fin", "closed", fin, "an orderly end of the stream is told from a reset, with the stage"),
        ("reset", "reset", (wait(0.05), rst), "a reset is told from an orderly end, with the stage"),
    )
    for name, fault, act, why in faults:
        for point in POINTS:
            outcome, stage = _outcome(point, fault)
            finds = ("quit-unanswered",) if point == "quit" else ()
            yield at(
                point,
                act,
                id=f"{name}-{point}",
                why=why,
                outcome=outcome,
                stage=stage,
                finds=finds,
                silent=name == "silence",
                sent=point == "dot",
                never_finds=("tls_refused", "starttls-refused"),
            )


def _cut() -> Iterator[Scenario]:
    for point, half in HALF.items():
        kept = "ehlo" if point == "tls_ehlo" else point
        for name, fault, act in (
            ("drip", "timeout", segments(half + b"x" * 400, 1, 0.03)),
            ("cut-fin", "closed", (half, wait(0.05), fin)),
            ("cut-reset", "reset", (half, wait(0.05), rst)),
        ):
            outcome, stage = _outcome(point, fault)
            yield at(
                point,
                act,
                id=f"{name}-{point}",
                why="what had arrived of a reply is evidence, and no reply",
                outcome=outcome,
                stage=stage,
                keeps=((kept, half[:2] if name == "drip" else half),),
                silent=name == "drip",
                sent=point == "dot",
            )


def _others() -> Iterator[Scenario]:
    slow = wait(0.25)
    polite_replies: dict[str, Act] = {
        "banner": (slow, b"220 mx.test ESMTP\r\n"),
        "ehlo": (slow, b"250 mx.test\r\n"),
        "help": (slow, b"214 no\r\n"),
        "mail": (slow, b"250 Ok\r\n"),
        "rcpt": (slow, b"250 Ok\r\n"),
        "rset": (slow, b"250 Ok\r\n"),
    }
    yield Scenario(
        id="tarpit",
        why="each reply keeps its own deadline, and yet the session's must end it",
        server=polite(**polite_replies),
        options=("--deadline", "0.7"),
        outcome="timeout",
        stage=ANY,
    )
    yield at(
        "banner",
        (b"220-mx.test\r\n220-wait\r\n", nothing(0.2), b"220 mx.test ESMTP\r\n"),
        id="greeting-pauses",
        why="a client that speaks before the last line of the greeting is taken for a robot (postscreen)",
        outcome="ok",
        stage="quit",
        never_finds=("code-not-allowed",),
    )
    yield at(
        "ehlo",
        segments(b"250-mx.test\r\n" + b"".join(b"250-X-KEY%d\r\n" % n for n in range(150)) + b"250 SIZE\r\n"),
        id="one-octet-segments",
        alone=True,
        why="thousands of segments of one octet are read in linear time",
        outcome="ok",
        stage="quit",
        keeps=(("ehlo", b"250-X-KEY149\r\n250 SIZE\r\n"),),
    )
    yield Scenario(
        id="one-octet-segments-in-tls",
        alone=True,
        why="each octet in a TLS record of its own is no different",
        server=polite(
            ehlo=TLS_OFFER,
            starttls=(READY, handshake("mx")),
            tls_ehlo=segments(
                b"250-mx.test\r\n" + b"".join(b"250-X-KEY%d\r\n" % n for n in range(50)) + b"250 SIZE\r\n"
            ),
        ),
        outcome="ok",
        stage="quit",
        keeps=(("ehlo", b"250-X-KEY49\r\n250 SIZE\r\n"),),
    )
    for point in ("tls_ehlo", "mail", "dot"):
        outcome, stage = _outcome(point, "closed")
        yield at(
            point,
            close_tls,
            id=f"close-notify-{point}",
            why="the end of TLS is an end of the stream, even where the socket stays open",
            outcome=outcome,
            stage=stage,
            acts={"ehlo": TLS_OFFER, "starttls": (READY, handshake("mx"))},
            sent=point == "dot",
        )
    for point in ("mail", "dot"):
        outcome, stage = _outcome(point, "reset")
        yield at(
            point,
            (wait(0.05), rst),
            id=f"reset-{point}-in-tls",
            why="a reset inside TLS keeps its name",
            outcome=outcome,
            stage=stage,
            acts={"ehlo": TLS_OFFER, "starttls": (READY, handshake("mx"))},
            sent=point == "dot",
        )
    yield at(
        "banner",
        (b"220 mx.test ESMTP\r\n", fin),
        id="half-close-after-greeting",
        why="a greeting and then the end: the stage that could not begin is EHLO",
        outcome="closed",
        stage="ehlo",
        keeps=(("banner", b"220 mx.test"),),
    )
    yield at(
        "rcpt",
        (b"250 2.1.5 Ok\r\n", fin),
        id="half-close-after-rcpt",
        why="the recipient was accepted; that nobody hears RSET changes nothing",
        outcome="ok",
        stage=ANY,
        keeps=(("rcpt", b"250 2.1.5 Ok"),),
    )
    yield at(
        "data",
        b"354 Go on\r\n",
        id="deaf-in-data",
        alone=True,
        why="a peer that stops reading is noticed by the write deadline, and nothing was delivered",
        outcome="timeout",
        stage="body",
        acts={"text": (some(1000), deaf)},
        message=b"Subject: large\r\n\r\n" + (b"x" * 998 + b"\r\n") * 8_000,
        window=4096,
    )
    endings: tuple[tuple[str, Act, str], ...] = (("fin", (half_close, deaf), "closed"), ("reset", rst, "reset"))
    for name, last, outcome in endings:
        yield at(
            "data",
            b"354 Go on\r\n",
            id=f"{name}-in-body",
            alone=True,
            silent=True,
            why="the connection ends while the message is being sent: not delivered, for the dot never left",
            outcome=outcome,
            stage="body",
            acts={"text": (some(1000), last)},
            message=b"Subject: large\r\n\r\n" + (b"x" * 998 + b"\r\n") * 8_000,
            window=4096,
        )
    yield at(
        "data",
        b"354 Go on\r\n",
        id="refused-in-body",
        alone=True,
        silent=True,
        why="a server that has seen enough says so and closes; its words are the reason",
        outcome=ANY,
        stage=ANY,
        acts={"text": (some(1000), b"552 5.3.4 Too large\r\n", half_close, deaf)},
        message=b"Subject: large\r\n\r\n" + (b"x" * 998 + b"\r\n") * 8_000,
        window=4096,
        keeps=(("body", b"552 5.3.4 Too large"),),
    )
    yield at(
        "data",
        b"354 Go on\r\n",
        id="421-in-body",
        alone=True,
        silent=True,
        why="a 421 may come at any time, also while the message is being sent (RFC 5321 section 3.8)",
        outcome="tempfail",
        stage=ANY,
        acts={"text": (some(1000), b"421 4.3.2 Shutting down\r\n", half_close, deaf)},
        message=b"Subject: large\r\n\r\n" + (b"x" * 998 + b"\r\n") * 8_000,
        window=4096,
        keeps=(("body", b"421 4.3.2 Shutting down"),),
    )


SCENARIOS = (*_everywhere(), *_cut(), *_others())
