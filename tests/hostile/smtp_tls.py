"""STARTTLS refused, broken and cut; alerts; old versions; certificates; and what is said inside TLS."""

from __future__ import annotations

from collections.abc import Iterator

from probe.catalog import catalog
from tests.hostile.smtp_certificates import handshake
from tests.hostile.smtp_scenario import READY, Scenario, at
from tests.hostile.smtp_server import OFFER, TLS_OFFER, Act, close_tls, fin, plain, polite, rst, silence, some, wait

# RFC 8446 section 6.2, and the two of RFC 5246 and RFC 6066 that old servers send.
_ALERTS = (
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (40, "handshake_failure"),
    (42, "bad_certificate"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (112, "unrecognized_name"),
    (120, "no_application_protocol"),
)


def _refusals() -> Iterator[Scenario]:
    for reply in (
        b"454 4.7.0 TLS not available\r\n",
        b"501 5.5.4 Syntax\r\n",
        b"502 5.5.1 No\r\n",
        b"554 5.7.3 No\r\n",
    ):
        code = reply[:3].decode()
        yield at(
            "starttls",
            reply,
            id=f"starttls-{code}-auto",
            why="a refused STARTTLS goes on in clear, as a sending server would, and says so",
            outcome="ok",
            stage="quit",
            finds=("starttls-refused",),
            never_finds=("starttls-not-offered", "tls_refused"),
        )
        yield at(
            "starttls",
            reply,
            id=f"starttls-{code}-wanted",
            why="where TLS was asked for, a refused STARTTLS ends the session before anything is said in clear",
            options=("--tls", "starttls"),
            outcome="tls_refused",
            never_finds=("no_tls",),
            codes=f"220 250 214 {code} 221",
        )
    yield at(
        "starttls",
        b"250 2.0.0 Ok\r\n",
        id="starttls-250",
        why="only 220 begins a handshake (RFC 3207 section 4); to go on could meet a server that waits for TLS",
        outcome="protocol_error",
        stage="starttls",
        finds=("code-not-allowed",),
    )
    yield Scenario(
        id="starttls-stripped",
        why="an offer without STARTTLS where TLS is wanted is its own outcome",
        server=polite(),
        options=("--tls", "starttls"),
        outcome="no_tls",
        stage="starttls",
        never_finds=("tls_refused", "starttls-not-offered"),
    )
    yield at(
        "starttls",
        b"421 4.7.0 Too busy\r\n",
        id="starttls-421-wanted",
        why="a 421 is never concluded to be a refusal of TLS",
        options=("--tls", "starttls"),
        outcome="tempfail",
        never_finds=("tls_refused", "no_tls"),
    )


def _handshakes() -> Iterator[Scenario]:
    for number, name in _ALERTS:
        yield at(
            "tls",
            (some(100), bytes((0x15, 3, 3, 0, 2, 2, number)), fin),
            id=f"alert-{name}",
            why="the alert that ends a handshake is told by its name",
            outcome="tls_error",
            alert=name,
            names=(name,),
        )
    yield at(
        "tls",
        (some(100), bytes((0x15, 3, 3, 0, 2, 2, 200)), fin),
        id="alert-unassigned",
        why="an alert without a name gets none",
        outcome="tls_error",
        alert="",
    )
    cases: tuple[tuple[str, Act, str], ...] = (
        ("garbage", (some(100), b"banana split\r\n"), "tls_error"),
        ("zeros", (some(100), b"\0" * 100), "tls_error"),
        ("record-of-nonsense", (some(100), b"\x16\x03\x03\x00\x10" + b"\xff" * 16), "tls_error"),
        ("cut-fin", (handshake("mx", cut_after=40), wait(0.05), fin), "closed"),
        ("cut-reset", (handshake("mx", cut_after=40), wait(0.05), rst), "reset"),
        ("cut-silent", (handshake("mx", cut_after=40), silence), "timeout"),
        ("heard-then-fin", (some(100), fin), "closed"),
        ("heard-then-reset", (some(100), wait(0.05), rst), "reset"),
        ("plain-afterwards", (handshake("mx"), plain(b"250 mx.test in clear\r\n"), silence), "tls_error"),
        ("alert-afterwards", (handshake("mx"), plain(bytes((0x15, 3, 3, 0, 2, 2, 40))), silence), "tls_error"),
        ("close-notify-afterwards", (handshake("mx"), close_tls), "closed"),
        ("too-many-names", handshake("too-many-names"), "tls_error"),
    )
    for name, act, outcome in cases:
        yield at(
            "tls",
            act,
            id=f"handshake-{name}",
            why="each way to break a handshake has its own outcome, at the stage tls",
            outcome=outcome,
            never_finds=("injection",),
        )
    for version, name in (("tls1.0", "TLS 1.0"), ("tls1.1", "TLS 1.1")):
        yield at(
            "tls",
            handshake(version),
            id=f"{version}-only",
            why="an obsolete server is talked to, and said to be one",
            outcome="ok",
            stage="quit",
            finds=("tls-old-version",),
            tls={"version": name},
        )
    yield at(
        "tls",
        handshake("tls1.2"),
        id="tls1.2-only",
        why="TLS 1.2 is no finding",
        outcome="ok",
        stage="quit",
        never_finds=("tls-old-version",),
        tls={"version": "TLS 1.2"},
    )
    yield at(
        "tls",
        handshake("tls1.0"),
        id="tls1.0-verified",
        why="an obsolete version does not hide what is wrong with the certificate",
        options=("--tls-verify",),
        outcome="cert_problem",
        finds=("tls-old-version", "certificate-self-signed"),
    )


def _certificates() -> Iterator[Scenario]:
    for kind, found, named, key in (
        ("expired", ("certificate-expired",), "expired", "EC secp256r1"),
        ("future", ("certificate-not-yet-valid",), "not-yet-valid", "EC secp256r1"),
        ("other-name", ("certificate-other-name",), "other-name", "EC secp256r1"),
        ("mx", (), "self-signed", "EC secp256r1"),
        ("weak-key", ("certificate-weak-key",), "weak-key", "RSA 1024"),
        ("many-names", (), "self-signed", "EC secp256r1"),
    ):
        yield at(
            "tls",
            handshake(kind),
            id=f"certificate-{kind}",
            why="a certificate that does not hold is a finding, as it is for a sending server, and ends nothing",
            outcome="ok",
            stage="quit",
            finds=("certificate-self-signed", *found),
            never_finds=("cert_problem",),
            certificate={"key": key},
            tls={"verified": False},
        )
        yield at(
            "tls",
            handshake(kind),
            id=f"certificate-{kind}-verified",
            why="where verified TLS was asked for the session ends; the report has the certificate and every reason",
            options=("--tls-verify",),
            outcome="cert_problem",
            finds=("certificate-self-signed", *found),
            certificate={"key": key},
            tls={"verified": False},
            names=(catalog().words[f"problem-{named}"],),
        )


def _inside() -> Iterator[Scenario]:
    yield at(
        "tls_ehlo",
        TLS_OFFER,
        id="starttls-inside-tls",
        why="STARTTLS inside TLS is against RFC 3207 section 4.2, and is not tried",
        outcome="ok",
        stage="quit",
        finds=("starttls-inside-tls",),
        codes="220 250 214 220 250 250 250 250 221",
    )
    for reply, outcome in ((b"503 5.5.1 No\r\n", "rejected"), (b"451 4.3.0 Later\r\n", "tempfail")):
        yield at(
            "tls_ehlo",
            reply,
            id=f"ehlo-{reply[:3].decode()}-inside-tls",
            why="EHLO refused inside TLS: what was offered before counts for nothing",
            outcome=outcome,
            stage="ehlo",
        )
    yield Scenario(
        id="helo-inside-tls",
        why="a server that knows EHLO only in clear is odd, not broken",
        server=polite(ehlo=TLS_OFFER, starttls=(READY, handshake("mx")), tls_ehlo=b"502 5.5.1 No\r\n"),
        outcome="ok",
        stage="quit",
        finds=("helo-only",),
    )
    yield Scenario(
        id="mechanisms-change-after-tls",
        why="what AUTH offers in clear and inside TLS is kept apart, and AUTH in clear is a finding",
        server=polite(
            ehlo=b"250-mx.test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n",
            starttls=(READY, handshake("mx")),
            tls_ehlo=b"250-mx.test\r\n250 AUTH PLAIN\r\n",
        ),
        outcome="ok",
        stage="quit",
        finds=("auth-in-clear",),
        shows=("AUTH PLAIN LOGIN CRAM-MD5",),
    )
    yield Scenario(
        id="implicit-tls",
        why="TLS from the first octet, and then as ever",
        server=polite(connected=handshake("mx"), tls_ehlo=OFFER),
        options=("--tls", "implicit"),
        outcome="ok",
        stage="quit",
        never_finds=("starttls-not-offered",),
        tls={"version": "TLS 1.3"},
    )
    for name, act, outcome in (
        ("silent", silence, "timeout"),
        ("closed", fin, "closed"),
        ("reset", (wait(0.05), rst), "reset"),
        ("554", b"554 5.7.1 No\r\n", "rejected"),
        ("421", (b"421 4.3.2 Later\r\n", fin), "tempfail"),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n", "not_smtp"),
    ):
        greeted: Act = act
        yield Scenario(
            id=f"implicit-tls-greeting-{name}",
            why="until the first whole reply inside TLS the stage is tls; from then on the greeting's",
            server=polite(connected=handshake("mx"), banner=greeted),
            options=("--tls", "implicit"),
            outcome=outcome,
            stage="banner" if outcome in ("rejected", "tempfail") else "tls",
            certificate={"key": "EC secp256r1"},
        )


SCENARIOS = (*_refusals(), *_handshakes(), *_certificates(), *_inside())
