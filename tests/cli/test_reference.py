"""explain, compare and list: the reference at the command line."""

from __future__ import annotations

import json
import unicodedata

import jsonschema  # type: ignore[import-untyped]
import pytest

from probe.catalog import catalog
from probe.codec import schema
from probe.model import Comparison, Explanation
from tests.cli.conftest import Cli, spawn

KINDS = "codes enhanced pairs causes replies dnsbl findings extensions references checks".split()


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


# explain -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["214", "554", "421", "5.7.1", "4.7.0", "570", "571", *sorted(catalog().codes)])
def test_every_code_of_the_reference_is_explained(code: str, cli: Cli) -> None:
    said = cli("explain", code)
    assert (said.status, said.err) == (0, "")
    facts = catalog().codes.get(code)
    assert (facts.name if facts else code) in said.out


@pytest.mark.parametrize("code", ["599", "299", "260", "5.9.9", "2.999.999"])
def test_a_code_that_nobody_assigned_is_explained_by_its_digits(code: str, cli: Cli) -> None:
    said = cli("explain", code, "--format", "json")
    assert (said.status, said.err) == (0, "")
    document = json.loads(said.out)
    assert code in (str(document["code"]), document["enhanced"])
    assert document["category"]


def test_a_whole_reply_is_explained_with_its_cause(cli: Cli) -> None:
    text = "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using dnsbl.test"
    said = cli("explain", text, "--format", "json")
    document = json.loads(said.out)
    jsonschema.Draft202012Validator(schema(Explanation)).validate(document)
    assert said.status == 0
    assert (document["code"], document["enhanced"], document["cause"]) == (554, "5.7.1", "ip-blocklisted")
    assert document["fields"]["blocked_ip"] == "203.0.113.7"


def test_a_reply_may_be_typed_without_quotes(cli: Cli) -> None:
    typed = cli("explain", "550", "5.1.1", "User", "unknown", "--format", "json")
    assert json.loads(typed.out) == json.loads(cli("explain", "550 5.1.1 User unknown", "--format", "json").out)


def test_standard_input_holds_one_reply_a_line() -> None:
    text = b"554 5.7.1 no\r\n\n421 busy\n214\n"
    done = spawn("explain", "-", "--format", "jsonl", stdin=text)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line)["code"] for line in done.stdout.splitlines()] == [554, None, 421, 214]
    assert spawn("explain", "--format", "jsonl", stdin=text).stdout == done.stdout


def test_standard_input_may_be_hostile_or_empty() -> None:
    done = spawn("explain", "-", stdin=b"554 \x1b]0;owned\x07 \xff\xfe\0 \xe2\x80\xae\n")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().replace("\n", "").isprintable()
    for nothing in (b"", b"\n \n"):
        done = spawn("explain", "-", stdin=nothing)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.startswith(b"smtp-probe: nothing to explain")


# compare -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", ["214 554", "554 214", "214 504", "421 554", "250 5.7.1", "554 554"])
def test_two_codes_side_by_side(pair: str, cli: Cli) -> None:
    a, b = pair.split()
    said = cli("compare", a, b, "--format", "json")
    document = json.loads(said.out)
    jsonschema.Draft202012Validator(schema(Comparison)).validate(document)
    assert said.status == 0
    assert document["difference"] and document["which"]
    assert a in (str(document["a"]["code"]), document["a"]["enhanced"])
    assert b in (str(document["b"]["code"]), document["b"]["enhanced"])
    out = cli("compare", a, b).out
    assert a in out and b in out
    assert [line for line in out.splitlines() if width(line) > 80] == []


# Japanese ------------------------------------------------------------------------------------------------------------


def test_japanese_headings_of_an_explanation(cli: Cli) -> None:
    out = cli("explain", "554", "--lang", "ja").out
    for heading in ("説明", "このコードが表示される場合", "解決方法"):
        assert heading in out
    assert catalog("ja").codes["554"].name in out
    assert [line for line in out.splitlines() if width(line) > 80] == []


def test_japanese_headings_of_a_comparison(cli: Cli) -> None:
    out = cli("compare", "214", "554", "--lang", "ja").out
    for heading in ("説明", "このコードが表示される場合", "解決方法", "主な違い", "どちらをいつ使うか"):
        assert heading in out.replace("\n", "").replace(" ", "")
    assert [line for line in out.splitlines() if width(line) > 80] == []


def test_japanese_json_holds_japanese_words(cli: Cli) -> None:
    document = json.loads(cli("explain", "554", "--lang", "ja", "--format", "json").out)
    assert document["title"] == catalog("ja").codes["554"].name
    assert document["meaning"] == catalog("ja").codes["554"].meaning


# list ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_listed(kind: str, cli: Cli) -> None:
    said = cli("list", kind)
    assert (said.status, said.err) == (0, "")
    rows = json.loads(cli("list", kind, "--format", "json").out)
    assert len(rows) > 3
    for row in rows[:5]:
        key = row[next(iter(row))]
        assert str(key) in said.out
    assert [line for line in said.out.splitlines() if width(line) > 80] == []


def test_every_check_is_listed_with_what_it_proves(cli: Cli) -> None:
    rows = json.loads(cli("list", "checks", "--format", "json").out)
    assert {"dnsbl", "spf", "dkim", "dmarc", "ptr"} <= {row["check"] for row in rows}
    causes = catalog().causes
    assert [cause for row in rows for cause in row["proves"] if cause not in causes] == []
    named = {check for cause in causes.values() for check in cause.checks}
    assert named - {row["check"] for row in rows} == set()


def test_the_schema_is_a_schema(cli: Cli) -> None:
    document = json.loads(cli("list", "schema").out)
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["$ref"] == "#/$defs/Report"
