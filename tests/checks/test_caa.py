"""Who may issue certificates (RFC 8659)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.checks import caa
from probe.findings import finding
from tests.checks.fake import FakeAsker, Said, absent, check, failed, run

HOST = "mx.shop.example"
AT = f"CAA {HOST}"
SCENES = {
    "caa-missing": check(caa, HOST, {}),
    "caa-forbids": check(caa, HOST, {AT: '0 issue ";"'}),
    "caa-critical": check(caa, HOST, {AT: '128 isue "ca.example"'}),
    "caa-strange": check(caa, HOST, {AT: ['0 issue "ca.example"', '0 isue "ca.example"']}),
}
"""For each finding of this check a result that is worth it."""


def test_the_nearest_records_count() -> None:
    said: dict[str, Said] = {"CAA shop.example": '0 issue "ca.example"', "CAA example": '0 issue ";"'}
    asker = FakeAsker(said)
    one = run(caa, "MX.Shop.Example.", asker)
    assert (one.result, one.subject, one.facts["found_at"]) == ("pass", HOST, "shop.example")
    assert one.facts["issuers"] == ("ca.example",)
    assert asker.asked == [AT, "CAA shop.example"]


def test_the_climb_ends_at_the_top_level() -> None:
    asker = FakeAsker({})
    assert run(caa, HOST, asker).result == "none"
    assert asker.asked == [AT, "CAA shop.example", "CAA example"]


@pytest.mark.parametrize(
    ("records", "result", "issuers", "wild"),
    [
        (['0 issue "ca.example"'], "pass", ("ca.example",), ("ca.example",)),
        (['0 issue "CA.example; validationmethods=dns-01"'], "pass", ("ca.example",), ("ca.example",)),
        (
            ['0 issue "a.example"', '0 issue "b.example"'],
            "pass",
            ("a.example", "b.example"),
            ("a.example", "b.example"),
        ),
        (['128 issue "a.example"'], "pass", ("a.example",), ("a.example",)),
        (['0 ISSUE "a.example"'], "pass", ("a.example",), ("a.example",)),
        (['0 issue "a.example"', '0 issuewild ";"'], "pass", ("a.example",), ()),
        (['0 issue ";"', '0 issuewild "w.example"'], "fail", (), ("w.example",)),
        (['0 issue ""'], "fail", (), ()),
        (['0 issue "%%%"'], "fail", (), ()),
        (['0 issuewild "w.example"'], "pass", None, ("w.example",)),
        (['0 iodef "mailto:security@shop.example"'], "pass", None, None),
        (['0 issuevmc "mark.example"'], "pass", None, None),
        (['0 issue "a.example"', '128 tbs "x"'], "permerror", ("a.example",), ("a.example",)),
    ],
)
def test_who_may_issue(
    records: list[str], result: str, issuers: tuple[str, ...] | None, wild: tuple[str, ...] | None
) -> None:
    one = check(caa, HOST, {AT: records})
    assert (one.result, one.facts["issuers"], one.facts["wildcard_issuers"]) == (result, issuers, wild)


@pytest.mark.parametrize(
    ("record", "warning"),
    [
        ('0 iodef "security@shop.example"', "bad-iodef"),
        ('0 iodef "https://shop.example/caa"', None),
        ('0 isue "ca.example"', "unknown-property"),
        ('0 issue "letsencrypt org"', "bad-record"),
        ("\\\\# 3 000102", "bad-record"),
        ('0 issuemail "ca.example"', None),
    ],
)
def test_what_does_not_do_what_it_looks_like(record: str, warning: str | None) -> None:
    one = check(caa, HOST, {AT: record})
    assert one.facts["warnings"] == ((warning,) if warning else ())
    assert one.facts["strange"] == ((record,) if warning else ())


def test_an_issuer_asks_until_it_knows() -> None:
    assert check(caa, HOST, {AT: failed("servfail")}).result == "temperror"
    above = check(caa, HOST, {AT: absent("nodata"), "CAA shop.example": failed()})
    assert (above.result, above.facts["reason"]) == ("temperror", "timeout")


def test_a_tower_of_labels_is_not_climbed() -> None:
    asker = FakeAsker({})
    one = run(caa, ".".join("a" * 100), asker)
    assert (one.result, one.facts["reason"], asker.asked) == ("temperror", "too-deep", [])


def test_what_a_user_reads_of_a_host_that_can_get_no_certificate() -> None:
    facts = catalog()
    (one,) = caa.findings(SCENES["caa-forbids"], facts)
    told = finding(one.id, one.subject, facts, **one.details)
    assert told.title == "Nobody may make a certificate for mx.shop.example"
    assert "cannot be renewed" in told.explanation


@given(st.lists(st.text() | st.text().map('0 issue "{}"'.format), max_size=3), st.text())
def test_any_record_and_any_name_are_survived(records: list[str], name: str) -> None:
    said: Said = list(records)
    assert check(caa, HOST, {AT: said}).result in ("none", "pass", "fail")
    assert check(caa, name, {}).subject.isprintable()
