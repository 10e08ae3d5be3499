"""smtp-probe message FILE: what a user sees, what a script gets, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from probe.codec import schema
from probe.model import Assessment
from tests.cli.conftest import Background, Cli
from tests.signing import PLAIN, Signer

VALIDATOR = jsonschema.Draft202012Validator(schema(Assessment))
SIGNER = Signer(algorithm="ed25519-sha256")
RECEIVED = (
    b"Return-Path: <ann@shop.test>\r\n"
    b"Received: from mail.shop.test (mail.shop.test [203.0.113.7])\r\n"
    b"\tby mx.mail.test with ESMTPS; Fri, 27 Nov 2026 09:00:03 +0000\r\n"
)


@pytest.fixture
def resolver(servers: Background) -> str:
    zone = (
        f'@ TXT "v=spf1 ip4:203.0.113.7 -all"\n_dmarc TXT "v=DMARC1; p=reject"\ns1._domainkey TXT "{SIGNER.record}"\n'
    )
    return servers.dns({"shop.test": zone}).endpoint


def saved(folder: Path, message: bytes) -> str:
    path = folder / "order.eml"
    path.write_bytes(message)
    return str(path)


def test_a_message_that_proves_itself_is_zero(cli: Cli, resolver: str, tmp_path: Path) -> None:
    said = cli(
        "message", saved(tmp_path, RECEIVED + SIGNER.sign()), "--resolver", resolver, "--authserv-id", "mx.mail.test"
    )
    assert (0, "") == (said.status, said.err)
    lines = said.out.splitlines()
    assert "AUTHENTIC" == lines[1].split()[-1]
    assert any("DKIM pass: shop.test (s1)" in line for line in lines)
    assert any("SPF pass: 203.0.113.7" in line for line in lines)
    assert " Authentication-Results: mx.mail.test;" in lines
    assert "     dmarc=pass header.from=shop.test" in lines


def test_a_changed_message_is_one_and_says_what_was_added(cli: Cli, resolver: str, tmp_path: Path) -> None:
    said = cli("message", saved(tmp_path, SIGNER.sign() + b"--\r\nthe list\r\n"), "--resolver", resolver)
    assert 1 == said.status
    text = " ".join(said.out.split())
    assert "NOT DECIDED" in text  # the address of the client is not known
    assert "agrees if the last 2 lines (14 octets) are taken away" in text
    nobody = saved(tmp_path, b"Subject: hello\n")
    assert 1 == cli("message", nobody, "--resolver", resolver).status
    assert 0 == cli("message", nobody, "--resolver", resolver, "--exit-zero").status


def test_a_message_that_nothing_stands_for_is_one(cli: Cli, servers: Background, tmp_path: Path) -> None:
    """Though nothing is published wrongly: nothing is published at all."""
    nothing = servers.dns({"test": "shop MX 0 mx.shop"}).endpoint
    envelope = ("--client-ip", "192.0.2.1", "--mail-from", "ann@shop.test")
    said = cli("message", saved(tmp_path, PLAIN), "--resolver", nothing, *envelope)
    assert 1 == said.status
    assert "NOT AUTHENTIC" in said.out
    assert " error " not in said.out
    assert 0 == cli("message", saved(tmp_path, PLAIN), "--resolver", nothing, *envelope, "--exit-zero").status


def test_the_envelope_can_be_given(cli: Cli, resolver: str, tmp_path: Path) -> None:
    file = saved(tmp_path, PLAIN)
    given = ("--resolver", resolver, "--format", "json", "--mail-from", "<ann@shop.test>", "--ehlo", "mail.shop.test")
    for address, result in (("203.0.113.7", "pass"), ("192.0.2.1", "fail")):
        document = document_of(cli("message", file, *given, "--client-ip", address).out)
        row = next(row for row in document["checks"] if row["check"] == "spf")
        assert ("mailfrom", result) == (row["subject"], row["result"])
        assert {"address": address, "learned_from": "option"} == document["client"]
        assert f"spf={result}" in document["authentication_results"]


def document_of(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    VALIDATOR.validate(document)
    return document


def test_the_json_keeps_its_schema(cli: Cli, resolver: str, tmp_path: Path) -> None:
    document = document_of(
        cli("message", saved(tmp_path, RECEIVED + SIGNER.sign()), "--resolver", resolver, "--format", "json").out
    )
    assert ("message", "pass") == (document["kind"], document["conclusion"])
    row = next(row for row in document["checks"] if row["check"] == "dkim")
    assert {"check", "subject", "result", "facts", "queries", "trace"} <= row.keys()
    assert ("pass", "s1._domainkey.shop.test") == (row["result"], row["subject"])
    assert "s1._domainkey.shop.test" == row["queries"][0]["name"]


def test_without_any_name_server_it_is_three(cli: Cli, tmp_path: Path) -> None:
    said = cli("message", saved(tmp_path, SIGNER.sign()), "--resolver", "127.0.0.1:1", "--timeout", "0.2")
    assert 3 == said.status
    assert 1 == said.err.count("\n")
    assert "no name server answered" in said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("no-such-file.eml",), "cannot read no-such-file.eml"),
        (("/",), "cannot read /"),
        ((), "FILE"),
        (("x.eml", "--client-ip", "300.1.1.1"), "300.1.1.1"),
        (("x.eml", "--mail-from", "not an address"), "neither: not an address"),
        (("x.eml", "--mail-from", "ann\x1b[2J@shop.test"), r"neither: ann\x1b[2J@shop.test"),
        (("empty.eml",), "empty.eml is empty"),
        (("junk.eml", "--exit-zero"), "junk.eml holds no header field"),
        (("x.eml", "--resolver", "not an address"), "not an address"),
    ],
)
def test_what_makes_no_sense_is_two(cli: Cli, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    for name, octets in (("x.eml", PLAIN), ("empty.eml", b""), ("junk.eml", bytes(range(255, -1, -1)) * 9)):
        (tmp_path / name).write_bytes(octets)
    said = cli(
        "message",
        *(str(tmp_path / word) if (tmp_path / word).exists() and word.endswith(".eml") else word for word in words),
    )
    assert (2, "", 1) == (said.status, said.out, said.err.count("\n"))
    assert says in said.err


def test_one_line_with_quiet(cli: Cli, resolver: str, tmp_path: Path) -> None:
    said = cli("message", saved(tmp_path, RECEIVED + SIGNER.sign()), "--resolver", resolver, "-q")
    assert said.out.endswith("order.eml AUTHENTIC; structure pass, spf pass, dkim pass, dmarc pass\n")


def test_it_speaks_japanese(cli: Cli, resolver: str, tmp_path: Path) -> None:
    said = cli("message", saved(tmp_path, RECEIVED + SIGNER.sign()), "--resolver", resolver, "--lang", "ja")
    assert "認証成功" in said.out
    assert "DKIMに合格" in said.out


def test_every_octet_may_stand_in_a_message(cli: Cli, resolver: str, tmp_path: Path) -> None:
    octets = bytes(range(256))
    message = b"From: " + octets + b"\r\nDKIM-Signature: " + octets + b"\r\n" + octets + b"\r\n\r\n" + octets
    for form in ("terminal", "json"):
        said = cli(
            "message",
            saved(tmp_path, message),
            "--resolver",
            resolver,
            "--format",
            form,
            "-v" if form == "terminal" else "--exit-zero",
        )
        assert all(line.isprintable() for line in said.out.splitlines())
