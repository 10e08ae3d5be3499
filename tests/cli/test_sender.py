"""smtp-probe sender: what a user sees, what a script gets, and the exit status."""

from __future__ import annotations

import io
import json

import jsonschema
import pytest

from probe.codec import schema
from probe.model import Assessment
from tests.cli.conftest import Background, Cli

VALIDATOR = jsonschema.Draft202012Validator(schema(Assessment))
ZONE = """
@ MX 10 mx
@ TXT "v=spf1 ip4:203.0.113.7 exp=why.shop.test -all"
why TXT "%{i} is not one of ours"
mx A 203.0.113.25
mail A 203.0.113.7
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@shop.test"
"""


@pytest.fixture
def resolver(servers: Background) -> str:
    return servers.dns({"shop.test": ZONE, "113.0.203.in-addr.arpa": "7 PTR mail.shop.test."}).endpoint


def test_json_keeps_the_schema_and_tells_spf_as_a_tree(cli: Cli, resolver: str) -> None:
    said = cli(
        "sender", "shop.test", "--client-ip", "198.51.100.9", "--check", "spf", "--resolver", resolver,
        "--format", "json",
    )  # fmt: skip
    assert 1 == said.status
    one = json.loads(said.out)
    VALIDATOR.validate(one)
    (row,) = one["checks"]
    assert ("spf", "mailfrom", "fail") == (row["check"], row["subject"], row["result"])
    assert "198.51.100.9 is not one of ours" == row["facts"]["explanation"]
    assert row["facts"]["trace"]["domain"] == "shop.test"
    assert ["shop.test", "why.shop.test"] == list(dict.fromkeys(query["name"] for query in row["queries"]))


def test_the_terminal_begins_with_the_verdict(cli: Cli, resolver: str) -> None:
    arguments = ("--client-ip", "203.0.113.7", "--check", "spf", "--check", "dmarc", "--resolver", resolver)
    said = cli("sender", "shop.test", *arguments)
    assert (0, "") == (said.status, said.err)
    lines = said.out.splitlines()
    assert ["shop.test", "LOOKS", "GOOD"] == lines[1].split()
    assert any("SPF pass: 203.0.113.7 may send for shop.test" in line for line in lines)
    assert max(map(len, lines)) <= 80
    assert "shop.test LOOKS GOOD" in cli("sender", "shop.test", "-q", *arguments).out
    assert "問題なし" in cli("sender", "shop.test", "--lang", "ja", *arguments).out


def test_many_come_in_their_order_and_a_bad_one_costs_itself(
    cli: Cli, resolver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subjects = "shop.test # ours\n\nno domain\n203.0.113.7\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(subjects))
    said = cli("sender", "-", "--check", "ptr", "--check", "mx", "--resolver", resolver, "--format", "jsonl")
    assert ["shop.test", "203.0.113.7"] == [json.loads(line)["subject"] for line in said.out.splitlines()]
    assert 2 == said.status
    assert "'no domain' is no domain, address or mailbox" in said.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["bad domain"], "is no domain, address or mailbox"),
        (["shop.test", "--check", "nope"], "no check is called 'nope'"),
        (["shop.test", "--client-ip", "x"], "--client-ip"),
        ([], "required"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_status_two(cli: Cli, arguments: list[str], complaint: str) -> None:
    said = cli("sender", *arguments)
    assert 2 == said.status
    assert complaint in said.err
    assert 1 == len(said.err.splitlines())


def test_name_servers_that_never_answer_are_status_three(cli: Cli) -> None:
    said = cli("sender", "shop.test", "--check", "spf", "--resolver", "127.0.0.1:9", "--timeout", "0.3")
    assert 3 == said.status
    assert "no name server answered" in said.err
