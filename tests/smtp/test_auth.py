"""Logging in: one mechanism, one try, no secret in clear and none in the report."""

from __future__ import annotations

import asyncio
import base64
import binascii
import html
import io
import json
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from probe.catalog import catalog
from probe.codec import dumps
from probe.embedded.behaviour import Behaviour
from probe.embedded.smtp import SmtpServer
from probe.model import Report
from probe.reports.terminal import render
from probe.resolver import Resolver
from probe.run import Options, check
from probe.smtp.auth import choose
from probe.smtp.plan import Plan
from probe.text import Redactor

PASSWORD = "pa55w<rd&/sec+ret?"
OFFER = ("AUTH PLAIN LOGIN CRAM-MD5", "8BITMIME")


def log_in(
    behaviour: Behaviour,
    tmp_path: Path,
    *,
    trusted: bool = True,
    mechanism: str | None = None,
    password: str = PASSWORD,
    clear: bool = False,
) -> Report:
    async def run() -> Report:
        async with SmtpServer(behaviour) as server:
            ca_file = None
            if trusted and server.certificate is not None:
                (tmp_path / "ca.pem").write_bytes(server.certificate.pem)
                ca_file = str(tmp_path / "ca.pem")
            plan = Plan(
                ("postmaster@mx.test",),
                ehlo="probe.test",
                ca_file=ca_file,
                auth_user="alice",
                password=password,
                auth_mechanism=mechanism,
                allow_clear_auth=clear,
            )
            return await check(
                server.endpoint,
                plan,
                options=Options(lists="named"),
                resolver=Resolver("127.0.0.1:9", timeout=0.1, tries=1),
            )

    return asyncio.run(run())


def server(**more: object) -> Behaviour:
    values = {"starttls": True, "extensions": OFFER, "users": {"alice": PASSWORD}, **more}
    return Behaviour(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("mechanism", [None, "PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_good_password_inside_verified_tls(mechanism: str | None, tmp_path: Path) -> None:
    session = log_in(server(), tmp_path, mechanism=mechanism).sessions[0]
    assert (session.outcome, session.stage) == ("ok", "quit")
    codes = [exchange.reply.code for exchange in session.exchanges if exchange.stage == "auth" and exchange.reply]
    assert codes[-1] == 235


def test_a_bad_password_is_refused_once(tmp_path: Path) -> None:
    report = log_in(server(), tmp_path, password="wrong password")
    session = report.sessions[0]
    assert (session.outcome, session.stage) == ("rejected", "auth")
    assert sum(1 for exchange in session.exchanges if (exchange.command or "").startswith("AUTH")) == 1
    assert report.diagnoses[0].cause == "auth-failed"


def test_no_password_leaves_where_the_certificate_does_not_verify(tmp_path: Path) -> None:
    session = log_in(server(), tmp_path, trusted=False).sessions[0]
    assert (session.outcome, session.stage) == ("cert_problem", "tls")
    assert not any(exchange.stage == "auth" for exchange in session.exchanges)


def test_no_password_leaves_in_clear_unless_that_is_allowed(tmp_path: Path) -> None:
    session = log_in(server(starttls=False), tmp_path).sessions[0]
    assert (session.outcome, session.stage) == ("unsafe_auth", "auth")
    assert not any((exchange.command or "").startswith("AUTH") for exchange in session.exchanges)
    allowed = log_in(server(starttls=False), tmp_path, clear=True).sessions[0]
    assert allowed.outcome == "ok"


def test_without_a_mechanism_of_ours_nothing_is_tried(tmp_path: Path) -> None:
    session = log_in(server(extensions=("AUTH GSSAPI NTLM",)), tmp_path).sessions[0]
    assert (session.outcome, session.stage) == ("unsafe_auth", "auth")
    assert "GSSAPI NTLM" in (session.detail or "")
    assert not any((exchange.command or "").startswith("AUTH") for exchange in session.exchanges)
    unknown = log_in(server(), tmp_path, mechanism="SCRAM-SHA-256").sessions[0]
    assert "SCRAM-SHA-256 is not known here" in (unknown.detail or "")


def test_in_clear_a_digest_comes_first() -> None:
    assert choose(["PLAIN", "LOGIN", "CRAM-MD5"], in_tls=True) == "PLAIN"
    assert choose(["plain", "cram-md5"], in_tls=False) == "CRAM-MD5"
    assert choose(["XOAUTH2"], in_tls=True) is None


@pytest.mark.parametrize(
    "challenge",
    ["334 not*base64", "334 " + "QUJD" * 1500, "334 ", "334-PDE+\n334 PDI+"],
    ids=["bad base64", "large", "empty", "two lines"],
)
def test_a_challenge_that_cannot_be_answered_is_cancelled(challenge: str, tmp_path: Path) -> None:
    replies = {"AUTH": lambda argument: challenge}
    session = log_in(server(replies=replies), tmp_path, mechanism="CRAM-MD5").sessions[0]
    assert session.outcome in ("protocol_error", "rejected", "limit")
    assert session.outcome != "ok"


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "base64": base64.b64encode,
    "base64 of PLAIN": lambda secret: base64.b64encode(b"\0alice\0" + secret),
    "urlsafe base64": base64.urlsafe_b64encode,
    "hex": binascii.hexlify,
    "HEX": lambda secret: binascii.hexlify(secret).upper(),
    "percent": lambda secret: urllib.parse.quote(secret, safe="").encode(),
    "all percent": lambda secret: b"".join(b"%%%02X" % octet for octet in secret),
    "html": lambda secret: html.escape(secret.decode()).encode(),
    "quoted-printable": lambda secret: b"".join(b"=%02X" % octet for octet in secret),
    "backslash": lambda secret: b"".join(b"\\x%02x" % octet for octet in secret),
    "base32": base64.b32encode,
    "reversed": lambda secret: secret[::-1],
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_an_echoed_password_appears_in_no_output(name: str, tmp_path: Path) -> None:
    echo = ENCODINGS[name](PASSWORD.encode()).decode()
    refusal = f"535 5.7.8 Bad credentials for alice: {echo} (was {echo})"
    report = log_in(server(replies={"AUTH": lambda argument: refusal}), tmp_path)
    out = io.StringIO()
    render(report, out, catalog(), color=False, verbose=True, width=400)
    document = dumps(report)
    raws = b"".join(
        base64.b64decode(exchange["reply"]["raw"])
        for exchange in json.loads(document)["sessions"][0]["exchanges"]
        if exchange["reply"]
    )
    assert b"***" in raws
    for encode in ENCODINGS.values():
        secret = encode(PASSWORD.encode())
        assert secret not in raws
        assert secret.decode() not in out.getvalue()
        assert secret.decode() not in document


def test_neither_plan_nor_report_shows_the_password(tmp_path: Path) -> None:
    plan = Plan(("a@b.test",), auth_user="alice", password=PASSWORD)
    assert PASSWORD not in repr(plan)
    report = log_in(server(), tmp_path, mechanism="LOGIN")
    commands = [exchange.command for exchange in report.sessions[0].exchanges if exchange.stage == "auth"]
    assert commands == ["AUTH LOGIN", "***", "***"]
    assert PASSWORD not in repr(report)


def test_a_redactor_without_secrets_changes_nothing() -> None:
    everything = bytes(range(256))
    assert Redactor()(everything) == everything


def test_only_235_is_a_login(tmp_path: Path) -> None:
    session = log_in(server(replies={"AUTH": lambda argument: "250 ok"}), tmp_path, mechanism="CRAM-MD5").sessions[0]
    assert (session.outcome, session.stage) == ("protocol_error", "auth")


def test_a_password_in_clear_is_said_to_be_one(tmp_path: Path) -> None:
    report = log_in(server(starttls=False), tmp_path, clear=True)
    assert "password-in-clear" in {finding.id for finding in report.findings}
    assert "password-in-clear" not in {finding.id for finding in log_in(server(), tmp_path).findings}


def test_the_beginning_of_a_secret_at_a_cut_is_taken_out_too() -> None:
    redact = Redactor()
    redact.add(b"hunter2hunter2")
    assert redact.cut(b"535 bad hunter2hunte") == b"535 bad ***"
    assert redact.cut(b"535 bad hu") == b"535 bad hu"
    assert redact(b"535 bad hunter2hunte") == b"535 bad hunter2hunte"
