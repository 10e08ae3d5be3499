"""What Postfix refuses without any list, and what it accepts: relaying, unknown users, parameters, names, a message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.peers.conftest import Probe, Run
from tests.peers.lab import CLIENT, RELAY, RESOLVER, STRICT, STRICT_EARLY, Lab, wait_until
from tests.peers.postfix import DOMAIN, HOST, Postfix

pytestmark = pytest.mark.peer

OURS = ("--source", CLIENT, "--resolver", RESOLVER)


def findings(run: Run) -> dict[str, str]:
    """Id and severity."""
    return {finding["id"]: finding["severity"] for finding in run.report["findings"]}


def test_a_healthy_postmaster(postfix: Postfix, probe: Probe) -> None:
    run = probe(RELAY, *OURS)

    assert run.status == 0, run.err
    assert (run.session["outcome"], run.session["stage"]) == ("ok", "quit")
    assert run.codes() == [
        ("banner", 220),
        ("ehlo", 250),
        ("help", 500),
        ("starttls", 220),
        ("ehlo", 250),
        ("mail", 250),
        ("rcpt", 250),
        ("rset", 250),
        ("quit", 221),
    ]
    assert run.exchange("rcpt")["command"] == f"RCPT TO:<postmaster@[{RELAY}]>"
    assert run.session["message_sent"] is False
    assert (run.report["diagnoses"], run.report["checks"]) == ([], [])


def test_starttls_with_a_self_signed_certificate_is_used_as_a_sender_would(postfix: Postfix, probe: Probe) -> None:
    run = probe(RELAY, *OURS)

    tls, offers = run.session["tls"], run.session["extensions"]
    assert tls["version"] in ("TLS 1.2", "TLS 1.3")
    assert tls["certificate"]["names"] == [HOST]
    assert [one["in_tls"] for one in run.session["exchanges"] if one["stage"] in ("mail", "rcpt", "quit")] == [True] * 3
    assert "STARTTLS" in offers["before_tls"]
    assert "STARTTLS" not in offers["after_tls"]
    assert offers["after_tls"]["SIZE"] == "20000"
    found = findings(run)
    assert (found["certificate-self-signed"], found["certificate-other-name"]) == ("notice", "notice")
    assert "certificate-expired" not in found


def test_a_certificate_that_must_verify_ends_the_session(postfix: Postfix, probe: Probe) -> None:
    run = probe(RELAY, *OURS, "--tls-verify")

    assert run.status == 1, run.err
    assert (run.session["outcome"], run.session["stage"]) == ("cert_problem", "tls")
    assert run.codes("mail", "rcpt") == []


def test_help_of_this_postfix_says_nothing_about_mail(postfix: Postfix, probe: Probe) -> None:
    """500 before Postfix 3.9, 214 since; neither may decide."""
    run = probe(RELAY, *OURS)

    reply, explanation = run.exchange("help")["reply"], run.exchange("help")["explanation"]
    assert (reply["code"], reply["enhanced"]) in ((500, "5.5.2"), (214, "2.0.0"))
    assert explanation["allowed_here"] is True
    assert (run.status, run.session["outcome"]) == (0, "ok")
    assert findings(run).get("help-refused", "info") == "info"


def test_without_send_no_message_goes_out(postfix: Postfix, probe: Probe) -> None:
    run = probe(f"orders@{DOMAIN}", "--server", RELAY, *OURS, "--format", "terminal")

    assert run.status == 0, run.err
    flat = " ".join(run.out.split())
    assert f"{RELAY}:25 ACCEPTS" in flat
    assert f"RCPT TO:<orders@{DOMAIN}>" in flat
    assert " DATA " not in flat
    assert "No message was sent." in flat


def test_send_delivers_one_message(postfix: Postfix, probe: Probe) -> None:
    run = probe(RELAY, *OURS, "--to", f"orders@{DOMAIN}", "--send")

    assert run.status == 0, run.err
    assert run.session["message_sent"] is True
    assert run.codes("data", "dot") == [("data", 354), ("dot", 250)]
    (line,) = run.exchange("dot")["reply"]["lines"]
    queued = re.fullmatch(r"2\.0\.0 Ok: queued as ([0-9A-F]+)", line)
    assert queued, line
    delivered = re.compile(rf"{queued[1]}: to=<orders@{re.escape(DOMAIN)}>.* dsn=2\.0\.0, status=sent")
    wait_until(lambda: bool(delivered.search(postfix.log())), f"Postfix did not deliver {queued[1]}", postfix.log)


def test_a_message_of_ones_own_arrives_whole(lab: Lab, postfix: Postfix, probe: Probe) -> None:
    """Lines that begin with a dot need stuffing (RFC 5321 section 4.5.2), and a bare dot must not end it early."""
    message = lab.folder / "own.eml"
    message.write_bytes(b"From: a@shop.test\r\nMessage-ID: <own@shop.test>\r\n\r\n.\r\n..two\r\nlast\r\n")

    run = probe(RELAY, *OURS, "--to", f"orders@{DOMAIN}", "--send", "--message", str(message))

    assert run.status == 0, run.err
    assert run.codes("dot", "quit") == [("dot", 250), ("quit", 221)]
    assert run.session["paired"] is True
    assert "message-id=<own@shop.test>" in postfix.log()


def test_one_unknown_recipient_does_not_lose_the_other_ones_message(postfix: Postfix, probe: Probe) -> None:
    run = probe(RELAY, *OURS, "--to", f"orders@{DOMAIN}", "--to", f"nobody-here@{DOMAIN}", "--send")

    assert run.status == 1, run.err
    assert run.codes("rcpt", "dot") == [("rcpt", 250), ("rcpt", 550), ("dot", 250)]
    assert (run.session["outcome"], run.session["stage"]) == ("rejected", "rcpt")
    assert run.diagnosis["cause"] == "user-unknown"


def test_relaying_is_denied(postfix: Postfix, probe: Probe) -> None:
    run = probe(RELAY, *OURS, "--to", "someone@elsewhere.test")

    assert run.status == 1, run.err
    assert (run.session["outcome"], run.session["stage"]) == ("rejected", "rcpt")
    refusal = run.exchange("rcpt")
    assert (refusal["reply"]["code"], refusal["reply"]["enhanced"]) == (554, "5.7.1")
    assert refusal["reply"]["lines"] == ["5.7.1 <someone@elsewhere.test>: Relay access denied"]
    assert refusal["explanation"]["matched"] == "Relay access denied"
    assert refusal["explanation"]["fields"]["recipient"] == "someone@elsewhere.test"
    assert run.diagnosis["cause"] == "relay-denied"
    # A 554 is no blocklist where its text says otherwise.
    assert "client-listed" not in findings(run)


def test_an_unknown_user(postfix: Postfix, probe: Probe) -> None:
    run = probe(f"nobody-here@{DOMAIN}", "--server", RELAY, *OURS)

    assert run.status == 1, run.err
    refusal = run.exchange("rcpt")
    assert (refusal["reply"]["code"], refusal["reply"]["enhanced"]) == (550, "5.1.1")
    assert refusal["explanation"]["cause"] == "user-unknown"
    assert run.diagnosis["cause"] == "user-unknown"
    assert not any(check["check"] == "dnsbl" for check in run.report["checks"])


@pytest.mark.parametrize(("server", "stage"), [(STRICT, "rcpt"), (STRICT_EARLY, "ehlo")])
def test_a_name_without_a_dot_is_refused(postfix: Postfix, probe: Probe, server: str, stage: str) -> None:
    run = probe(server, *OURS, "--ehlo", "localhost")

    assert run.status == 1, run.err
    assert (run.session["outcome"], run.session["stage"]) == ("rejected", stage)
    refusal = run.exchange(stage)
    assert (refusal["reply"]["code"], refusal["reply"]["enhanced"]) == (504, "5.5.2")
    assert refusal["reply"]["lines"] == ["5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"]
    assert refusal["explanation"]["cause"] == "helo-rejected"
    assert run.diagnosis["cause"] == "helo-rejected"


@pytest.mark.parametrize("name", ["mail.shop.test", None], ids=["own name", "address literal"])
def test_a_full_name_or_our_address_passes_where_localhost_did_not(
    postfix: Postfix, probe: Probe, name: str | None
) -> None:
    run = probe(STRICT_EARLY, *OURS, *(("--ehlo", name) if name else ()))

    assert (run.status, run.session["outcome"]) == (0, "ok")


@pytest.mark.parametrize(
    ("option", "stage", "offered"),
    [
        ("--mail-param", "mail", ["BODY", "ENVID", "RET", "SIZE=20000", "SMTPUTF8"]),
        ("--rcpt-param", "rcpt", ["NOTIFY", "ORCPT"]),
    ],
)
def test_an_unknown_parameter_is_held_against_the_offer(
    postfix: Postfix, probe: Probe, option: str, stage: str, offered: list[str]
) -> None:
    run = probe(RELAY, *OURS, option, "FOO=bar")

    assert run.status == 1, run.err
    assert (run.session["outcome"], run.session["stage"]) == ("rejected", stage)
    refusal = run.exchange(stage)
    assert refusal["reply"]["code"] in (501, 555)
    assert refusal["reply"]["enhanced"] == "5.5.4"
    assert (run.diagnosis["cause"], run.diagnosis["verdict"]) == ("unsupported-parameter", "confirmed")
    (check,) = run.report["checks"]
    assert (check["check"], check["result"]) == ("extensions", "fail")
    assert check["facts"]["not_offered"] == ["FOO=bar"]
    assert check["facts"]["offered"] == offered
    assert any(" ".join(offered) in line for line in run.diagnosis["evidence"])


def test_a_declared_size_beyond_the_limit(postfix: Postfix, probe: Probe) -> None:
    """RFC 1870 section 6.1: the server may refuse at MAIL, before a single octet was sent."""
    run = probe(RELAY, *OURS, "--mail-param", "SIZE=99999")

    assert run.status == 1, run.err
    assert run.codes("mail") == [("mail", 552)]
    assert run.exchange("mail")["reply"]["enhanced"] == "5.3.4"
    assert run.diagnosis["cause"] == "message-too-large"


def test_auth_where_none_is_offered(postfix: Postfix, probe: Probe) -> None:
    run = probe(RELAY, *OURS, "--auth-mechanism", "PLAIN")

    assert run.status == 1, run.err
    assert (run.session["outcome"], run.session["stage"]) == ("rejected", "auth")
    assert run.exchange("auth")["command"] == "AUTH PLAIN"
    assert run.exchange("auth")["reply"]["code"] in (500, 502, 503)
    assert run.diagnosis["verdict"] == "confirmed"
    assert any("PLAIN" in line and "no AUTH" in line for line in run.diagnosis["evidence"])
    (check,) = run.report["checks"]
    assert (check["subject"], check["facts"]["offered"]) == ("AUTH PLAIN", [])


def test_nobody_listens(postfix: Postfix, probe: Probe) -> None:
    run = probe(f"{RELAY}:2525", *OURS)

    assert run.status == 3
    assert (run.session["outcome"], run.session["stage"]) == ("unreachable", "connect")


def test_a_report_file_beside_the_terminal_holds_the_same_verdict(
    postfix: Postfix, probe: Probe, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"

    run = probe(RELAY, *OURS, "--to", "someone@elsewhere.test", "--format", "terminal", "-o", str(file))

    assert "REFUSED" in run.out
    assert Run(0, file.read_text(), "").session["outcome"] == "rejected"
