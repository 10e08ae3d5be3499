"""The record to publish: right by its own reader, with everything kept that was right before."""

from __future__ import annotations

import pytest
from hypothesis import example, given

from probe.checks.destination import without_limit
from probe.checks.dmarc.publication import consent_record, first_record, mended_record, next_records
from probe.checks.dmarc.record import is_record, parse
from probe.checks.dmarc.reports import destinations
from tests.checks.dmarc.test_record import RECORDS

RUA = "rua=mailto:d@shop.example"
# What a mended record may still be told: it is the owner's to decide.
ALLOWED = {"testing", "sp-weaker", "sp-stricter", "np-weaker", "long-record", "ruf-seldom-sent"}


@given(RECORDS)
@example("v=DMARC1;A='")
def test_every_record_can_be_mended(text: str) -> None:
    record = parse(text)
    mended = mended_record("shop.example", record)
    again = parse(mended.text)
    assert is_record(mended.text)
    assert mended.text.isascii() and '"' not in mended.text and "\\" not in mended.text
    assert again.standing() == "sound"
    assert set(again.warnings) <= ALLOWED
    assert mended_record("shop.example", again) == mended
    if record.p:
        assert again.p == record.p
    assert {without_limit(one.uri) for one in destinations(record) if one.tag == "rua" and not one.problem} <= set(
        again.rua
    )
    for later in next_records("shop.example", record):
        assert parse(later.text).standing() == "sound"
        assert not parse(later.text).t


@pytest.mark.parametrize(
    ("given_text", "mended"),
    [
        (f"v=DMARC1; p=reject; {RUA}", f"v=DMARC1; p=reject; {RUA}"),
        ("v=DMARC1; p=reject", "v=DMARC1; p=reject; rua=mailto:dmarc-reports@shop.example"),
        (f"v=DMARC1; {RUA}; p=reject", f"v=DMARC1; p=reject; {RUA}"),
        (f"v=DMARC1; p=rejected; {RUA}", f"v=DMARC1; p=reject; {RUA}"),
        (f"v=DMARC1; policy=quarantine; {RUA}", f"v=DMARC1; p=quarantine; {RUA}"),
        (f"v=DMARC1; p=none, {RUA}", f"v=DMARC1; p=none; {RUA}"),
        (f"v=DMARC1; p=reject {RUA} adkim=s", f"v=DMARC1; p=reject; adkim=s; {RUA}"),
        (f"v=DMARC1; p=none; aspf=s pct=100; {RUA}", f"v=DMARC1; p=none; aspf=s; {RUA}"),
        (f"v=DMARC1; p=block; {RUA}", f"v=DMARC1; p=none; {RUA}"),
        ("v=DMARC1; p=reject; rua=d@shop.example", f"v=DMARC1; p=reject; {RUA}"),
        ("v=DMARC1; p=reject; rua=<d@shop.example>", f"v=DMARC1; p=reject; {RUA}"),
        ("v=DMARC1; p=reject; rua=mailto:d@shop.example!10m", f"v=DMARC1; p=reject; {RUA}"),
        (
            "v=DMARC1; p=reject; rua=mailto:d@shop.example,https://x/y,mailto:e@red.example",
            f"v=DMARC1; p=reject; {RUA},mailto:e@red.example",
        ),
        (f"v=DMARC1; p=reject; pct=0; rf=afrf; ri=3600; {RUA}", f"v=DMARC1; p=reject; t=y; {RUA}"),
        (f"v=DMARC1; p=reject; pct=100; {RUA}", f"v=DMARC1; p=reject; {RUA}"),
        (f"v=DMARC1; p=reject; adkim=strict; aspf=relaxed; {RUA}", f"v=DMARC1; p=reject; adkim=s; {RUA}"),
        (
            f"v=DMARC1; p=reject; sp=quarantine; np=reject; psd=n; {RUA}",
            f"v=DMARC1; p=reject; sp=quarantine; np=reject; psd=n; {RUA}",
        ),
        (
            f"v=DMARC1; p=none; {RUA}; ruf=mailto:f@shop.example; fo=1:d",
            f"v=DMARC1; p=none; {RUA}; ruf=mailto:f@shop.example; fo=1:d",
        ),
        (f"v=DMARC1; p=none; {RUA}; fo=1", f"v=DMARC1; p=none; {RUA}"),
        (f"v=DMARC1; p=none; {RUA}; x-note=kept", f"v=DMARC1; p=none; {RUA}"),
        (f"v=DMARC1; p=none; {RUA}; xnote=kept", f"v=DMARC1; p=none; {RUA}; xnote=kept"),
        ("v=DMARC1", "v=DMARC1; p=none; rua=mailto:dmarc-reports@shop.example"),
    ],
)
def test_mending(given_text: str, mended: str) -> None:
    assert mended_record("shop.example", parse(given_text)).text == mended


def test_the_first_record_and_the_way_from_there_to_reject() -> None:
    first = first_record("shop.example")
    assert str(first) == '_dmarc.shop.example. TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@shop.example"'
    later = [one.text for one in next_records("shop.example", parse(first.text))]
    assert later == [
        "v=DMARC1; p=quarantine; rua=mailto:dmarc-reports@shop.example",
        "v=DMARC1; p=reject; rua=mailto:dmarc-reports@shop.example",
    ]


@pytest.mark.parametrize(
    ("text", "later"),
    [
        (f"v=DMARC1; p=reject; {RUA}", []),
        (f"v=DMARC1; p=quarantine; sp=none; {RUA}", [f"v=DMARC1; p=reject; sp=reject; {RUA}"]),
        (f"v=DMARC1; p=reject; t=y; {RUA}", [f"v=DMARC1; p=reject; {RUA}"]),
        (f"v=DMARC1; p=quarantine; t=y; {RUA}", [f"v=DMARC1; p=quarantine; {RUA}", f"v=DMARC1; p=reject; {RUA}"]),
        (
            f"v=DMARC1; p=none; sp=quarantine; {RUA}",
            [f"v=DMARC1; p=quarantine; sp=quarantine; {RUA}", f"v=DMARC1; p=reject; sp=reject; {RUA}"],
        ),
    ],
)
def test_the_steps_that_follow(text: str, later: list[str]) -> None:
    assert [one.text for one in next_records("shop.example", parse(text))] == later


def test_the_consent_to_ask_for() -> None:
    exact, any_domain = consent_record("blue.example.com", "red.example.net")
    assert str(exact) == 'blue.example.com._report._dmarc.red.example.net. TXT "v=DMARC1"'
    assert str(any_domain) == '*._report._dmarc.red.example.net. TXT "v=DMARC1"'
