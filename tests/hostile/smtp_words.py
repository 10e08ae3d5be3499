"""Answers that are well formed and yet unexpected: to HELP, RSET, AUTH, EHLO, to many recipients, and in LMTP."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.smtp_scenario import Scenario, at
from tests.hostile.smtp_server import OFFER, Act, flood, in_turn, polite, silence, wait


def _help_and_rset() -> Iterator[Scenario]:
    for reply, finds in (
        (b"211 System fine\r\n", ()),
        (b"214\r\n", ()),
        (b"250 Ok\r\n", ()),
        (b"451 4.3.0 Later\r\n", ("help-refused",)),
        (b"500 5.5.2 What?\r\n", ("help-refused",)),
        (b"502 5.5.1 No\r\n", ("help-refused",)),
        (b"504 5.5.4 No\r\n", ("help-refused",)),
        (b"554 5.7.1 No\r\n", ("help-refused",)),
    ):
        yield at(
            "help",
            reply,
            id=f"help-{reply[:3].decode()}",
            why="whatever HELP gets says nothing about mail",
            outcome="ok",
            stage="quit",
            finds=finds,
            never_finds=("rejected", "tempfail"),
        )
    for reply in (b"500 5.5.2 What?\r\n", b"503 5.5.1 No\r\n", b"451 4.3.0 Later\r\n"):
        yield at(
            "rset",
            reply,
            id=f"rset-{reply[:3].decode()}",
            why="a refused RSET is odd; QUIT's 221 proves that it was RSET's own answer",
            outcome="ok",
            stage="quit",
            never_finds=("rejected", "tempfail"),
        )


def _hello() -> Iterator[Scenario]:
    for code in (500, 502):
        refusal = b"%d 5.5.1 What?\r\n" % code
        yield at(
            "ehlo",
            refusal,
            id=f"ehlo-{code}-helo",
            why="a server that does not know EHLO is greeted with HELO (RFC 5321 section 3.2)",
            outcome="ok",
            stage="quit",
            finds=("helo-only",),
        )
        yield at(
            "ehlo",
            refusal,
            id=f"ehlo-{code}-helo-550",
            why="and what it says to HELO counts",
            acts={"helo": b"550 5.7.1 No\r\n"},
            outcome="rejected",
        )
    for code in (501, 504, 550, 554):
        yield at(
            "ehlo",
            b"%d 5.5.4 No\r\n" % code,
            id=f"ehlo-{code}",
            why="any other refusal of EHLO is one, and HELO is no way around it",
            outcome="rejected",
            codes=f"220 {code} 221",
        )
    yield at(
        "ehlo",
        b"250-mx.test\r\n250-\r\n250-SIZE\r\n250-size 5\r\n250-A_B\r\n250-AUTH=LOGIN\r\n250-AUTH PLAIN\r\n250 X \r\n",
        id="ehlo-strange-lines",
        why="lines that are no keywords are told, and the others still read",
        outcome="ok",
        stage="quit",
        finds=("ehlo-strange-line", "auth-in-clear"),
    )


def _auth() -> Iterator[Scenario]:
    for name, act, more, outcome, stage in (
        ("334-then-silence", b"334 \r\n", {"cancel": silence}, "timeout", "auth"),
        ("cancelled", b"334 PDEyMzQ1QG14LnRlc3Q+\r\n", {}, "ok", "quit"),
        ("334-bad-base64", b"334 !!!not base64!!!\r\n", {}, "ok", "quit"),
        ("334-bomb", flood(b"QUFB" * 100, first=b"334 "), {}, "limit", "auth"),
        ("334-without-end", b"334 \r\n", {"cancel": b"334 again\r\n"}, "protocol_error", "auth"),
        ("235-without-secrets", b"235 2.7.0 Welcome, whoever you are\r\n", {}, "ok", "quit"),
        ("235-to-cancel", b"334 \r\n", {"cancel": b"235 2.7.0 Welcome\r\n"}, "ok", "quit"),
        ("504", b"504 5.5.4 Mechanism\r\n", {}, "rejected", "auth"),
        ("530", b"530 5.7.0 Must issue STARTTLS\r\n", {}, "rejected", "auth"),
        ("454", b"454 4.7.0 Temporary\r\n", {}, "tempfail", "auth"),
    ):
        acts: dict[str, Act] = {"ehlo": b"250-mx.test\r\n250 AUTH PLAIN\r\n"}
        acts.update(more)
        yield at(
            "auth",
            act,
            id=f"auth-{name}",
            why="a mechanism is asked for without secrets, cancelled at once, and never looped over (RFC 4954)",
            acts=acts,
            outcome=outcome,
            stage=stage,
        )


def _recipients() -> Iterator[Scenario]:
    answers = (250, 550, 450, 251, 252, 552, 250, 553, 451, 250)
    names = tuple(word for number in range(10) for word in ("--to", f"user{number}@mx.test"))
    replies: tuple[Act, ...] = tuple(b"%d user %d\r\n" % (code, number) for number, code in enumerate(answers))
    codes = " ".join(map(str, answers))
    yield Scenario(
        id="ten-recipients",
        why="each recipient has its own answer, and the first refusal decides",
        server=polite(rcpt=in_turn(*replies)),
        options=names,
        outcome="rejected",
        stage="rcpt",
        codes=f"220 250 214 250 {codes} 250 221",
    )
    yield Scenario(
        id="ten-recipients-deferred-first",
        why="the first recipient that was not accepted decides, also where it was only deferred",
        server=polite(rcpt=in_turn(b"250 Ok\r\n", b"450 4.2.0 Greylisted\r\n", b"550 No\r\n")),
        options=names,
        outcome="tempfail",
        stage="rcpt",
    )
    yield Scenario(
        id="one-of-two-recipients-and-send",
        why="a message goes to the recipients that were accepted, and the refused one still decides",
        server=polite(rcpt=in_turn(b"550 5.1.1 No\r\n", b"250 Ok\r\n")),
        options=(*names[:4], "--send"),
        outcome="rejected",
        stage="rcpt",
        sent=True,
        codes="220 250 214 250 550 250 354 250 221",
    )
    yield Scenario(
        id="no-recipient-and-send",
        why="without an accepted recipient there is no DATA",
        server=polite(rcpt=b"550 5.1.1 No\r\n"),
        options=(*names[:4], "--send"),
        outcome="rejected",
        stage="rcpt",
        sent=False,
        codes="220 250 214 250 550 550 250 221",
    )
    yield at(
        "rcpt",
        b"550 4.7.1 Which is it?\r\n",
        id="enhanced-class-differs",
        why="a basic and an enhanced code that contradict each other: the basic one decides",
        outcome="rejected",
        finds=("enhanced-class-differs",),
    )


def _data() -> Iterator[Scenario]:
    for point, reply, outcome in (
        ("data", b"451 4.3.0 Later\r\n", "tempfail"),
        ("data", b"503 5.5.1 No recipients\r\n", "rejected"),
        ("data", b"554 5.5.1 No\r\n", "rejected"),
        ("dot", b"451 4.3.0 Later\r\n", "tempfail"),
        ("dot", b"550 5.7.1 Spam\r\n", "rejected"),
        ("dot", b"552 5.3.4 Too large\r\n", "rejected"),
    ):
        yield at(
            point,
            reply,
            id=f"{point}-{reply[:3].decode()}",
            why="a refusal at the end of a conversation is told with its stage, and nothing is sent again",
            outcome=outcome,
            sent=point == "dot",
        )


def _lmtp() -> Iterator[Scenario]:
    two = ("--to", "a@mx.test", "--to", "b@mx.test", "--send")
    for name, dot, outcome, codes in (
        ("mixed", b"250 Ok\r\n550 5.2.2 Full\r\n", "rejected", "250 550"),
        ("both", (b"250 Ok\r\n", wait(0.05), b"250 Ok\r\n"), "ok", "250 250"),
        ("one-missing", b"250 Ok\r\n", "delivery_unknown", "250 delivery_unknown"),
        ("one-too-many", b"250 Ok\r\n250 Ok\r\n250 Ok\r\n", "unsolicited", None),
    ):
        act: Act = dot
        tail = "" if outcome == "delivery_unknown" else " 221"
        yield Scenario(
            id=f"lmtp-{name}",
            why="LMTP answers the dot once for each accepted recipient (RFC 2033 section 4.2)",
            server=polite(dot=act, ehlo=OFFER),
            scheme="lmtp://",
            options=two,
            outcome=outcome,
            stage={"ok": "quit", "unsolicited": "quit"}.get(outcome, "dot"),
            sent=True,
            silent=name == "one-missing",
            codes=None if codes is None else f"220 250 214 250 250 250 354 {codes}{tail}",
        )


SCENARIOS = (*_help_and_rset(), *_hello(), *_auth(), *_recipients(), *_data(), *_lmtp())
