"""The JSON report keeps its published contract."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from probe.codec import from_json, schema, to_json
from probe.model import Assessment, Report
from probe.reports.json_report import render
from tests.scenes import reports

DOCS = Path(__file__).parents[2] / "docs"


def document(report: Report) -> Any:
    out = io.StringIO()
    render([report], out)
    return json.loads(out.getvalue())


@pytest.mark.parametrize("kind", [Report, Assessment])
def test_the_published_schema_is_that_of_the_model(kind: type) -> None:
    published = DOCS / f"{kind.__name__.lower()}.schema.json"
    assert json.loads(published.read_text()) == schema(kind)


@pytest.mark.parametrize("number", range(4))
def test_every_report_keeps_the_schema_and_comes_back_whole(number: int) -> None:
    written = document(reports()[number])
    jsonschema.Draft202012Validator(schema(Report)).validate(written)
    assert to_json(from_json(Report, written)) == written


def test_the_fields_that_others_rely_on() -> None:
    written = document(reports()[1])
    session = written["sessions"][0]
    first = session["exchanges"][0]
    assert written["schema"] == "smtp-probe/1"
    assert written["tool"]["name"] == "smtp-probe"
    assert written["client"] == {"address": "203.0.113.7", "learned_from": "reply"}
    assert (session["outcome"], session["stage"], session["paired"]) == ("rejected", "banner", True)
    assert (first["stage"], first["command"], first["in_tls"]) == ("banner", None, False)
    assert (first["reply"]["code"], first["reply"]["enhanced"], first["reply"]["codes"]) == (554, "5.7.1", [554])
    explanation = first["explanation"]
    assert (explanation["cause"], explanation["allowed_here"]) == ("ip-blocklisted", True)
    assert explanation["fields"]["blocked_ip"] == "203.0.113.7"
    assert explanation["fields"]["list_zone"] == "dnsbl.test"
    listed = next(row for row in written["checks"] if row["check"] == "dnsbl")
    assert (listed["subject"], listed["result"]) == ("203.0.113.7 @ dnsbl.test", "fail")
    assert listed["queries"][0]["name"] == "7.113.0.203.dnsbl.test"
    assert listed["queries"][0]["values"] == ["127.0.0.2"]
    diagnosis = written["diagnoses"][0]
    assert (diagnosis["cause"], diagnosis["verdict"], diagnosis["stage"]) == ("ip-blocklisted", "confirmed", "banner")
    assert any(fix["url"] == "https://dnsbl.test/q?ip=203.0.113.7" for fix in diagnosis["fix"])
    assert {"id": "client-listed", "severity": "error"}.items() <= written["findings"][0].items() or any(
        finding["id"] == "client-listed" for finding in written["findings"]
    )


def test_several_are_an_array_and_lines_are_one_each() -> None:
    out = io.StringIO()
    render(reports(), out)
    assert len(json.loads(out.getvalue())) == 4
    lines = io.StringIO()
    render(reports(), lines, lines=True)
    assert len([json.loads(line) for line in lines.getvalue().splitlines()]) == 4


def test_no_octet_of_a_document_is_a_control() -> None:
    out = io.StringIO()
    render(reports(), out, lines=True)
    assert all(character.isprintable() or character == "\n" for character in out.getvalue())
