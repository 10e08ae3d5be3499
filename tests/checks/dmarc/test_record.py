"""Reading one record: every tag, every way to write it wrongly, and nothing that raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.checks.dmarc.record import POLICIES, is_record, meant, milder, near_miss, parse

RUA = "rua=mailto:d@shop.example"
PIECES = st.sampled_from(
    "v=DMARC1 v=dmarc1 ; ;; = , ! \" ' “ p= p=none p=reject sp= np=none psd=y psd=n t=y pct=0 pct=101 pct=٣ rf= "
    "ri= fo=1:d rua= ruf= mailto: mailto:a@b.example a@b https://x/ !10m policy=reject p=rejected adkim=strict".split()
)
RECORDS = st.one_of(st.text(), st.lists(PIECES).map(" ".join), st.lists(PIECES).map(";".join)).map("v=DMARC1;{}".format)


@given(RECORDS)
def test_any_record_is_read_and_stands_somewhere(text: str) -> None:
    record = parse(text)
    assert record.standing() in ("sound", "fallback", "unusable")
    assert (record.standing() == "sound") == (
        record.p is not None and "bad-sp" not in record.warnings and "bad-np" not in record.warnings
    )
    assert 0 <= record.pct <= 100
    assert len(set(record.warnings)) == len(record.warnings)


@given(st.text())
def test_a_text_is_a_record_or_a_near_miss_or_neither(text: str) -> None:
    assert not (is_record(text) and near_miss(text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("v=spf1 include:_spf.shop.example -all", None),
        ("v=DKIM1; k=rsa; p=MIGf", None),
        ("google-site-verification=abc", None),
        ("", None),
        ("v=DMARC1", None),
        ("v=dmarc1; p=none", "bad-version"),
        ("v=DMARC 1; p=none", "bad-version"),
        ("dmarc1; p=none", "bad-version"),
        ("p=none; v=DMARC1", "version-not-first"),
        ("v=DMARC1 p=none", "missing-semicolon"),
        ("v=DMARC1, p=none", "missing-semicolon"),
        ("v=DMARC1: p=none", "missing-semicolon"),
        ("\u201cv=DMARC1; p=none\u201d", "quoted-record"),
        ("'v=DMARC1; p=none'", "quoted-record"),
    ],
)
def test_what_only_looks_like_a_record(text: str, why: str | None) -> None:
    assert (is_record(text), near_miss(text)) == (text == "v=DMARC1", why)


@given(RECORDS | st.text())
def test_what_a_near_miss_meant_is_a_record(text: str) -> None:
    for written in (text, text.replace("v=DMARC1;", "v=dmarc1 "), f'"{text}"', f"p=none;{text}"):
        record = meant(written)
        assert record is None or near_miss(written) is not None
        assert record is None or is_record(record.text)


@pytest.mark.parametrize(
    ("tags", "warnings"),
    [
        (RUA, set()),
        ("pct=50; rf=afrf; ri=86400; " + RUA, {"removed-pct", "removed-rf", "removed-ri"}),
        ("adkim=x; aspf=strict; psd=z; t=1; " + RUA, {"bad-adkim", "bad-aspf", "bad-psd", "bad-t"}),
        ("rua=d@shop.example", {"rua-without-mailto", "no-rua"}),
        ("rua=mailto:d@shop.example, e", {"bad-rua"}),
        ("rua=mailto:d@shop.example,", {"bad-rua"}),
        ("rua=mailto:d@shop.example!10m", {"size-limit"}),
        ("ruf=x; fo=2; " + RUA, {"bad-ruf", "bad-fo"}),
        ("ruf=mailto:f@shop.example; " + RUA, {"ruf-seldom-sent"}),
        ("fo=1; " + RUA, {"fo-without-ruf"}),
        ("reject; " + RUA, {"malformed-tag"}),
        ("p=none; " + RUA, {"repeated-tag"}),
        ("t=y; " + RUA, {"testing"}),
        ("sp=none; " + RUA, {"sp-weaker"}),
        ("sp=reject; np=quarantine; " + RUA, {"np-weaker"}),
        ("reports=x; " + RUA, set()),
        ("ruaa=mailto:d@shop.example", {"misspelt-tag", "no-rua"}),
        ('rua="mailto:d@shop.example"', {"quotes", "bad-rua", "no-rua"}),
        ("rua=mailto:d\u00e9@shop.example", {"not-ascii", "bad-rua", "no-rua"}),
        ("x=" + "a" * 450 + "; " + RUA, {"long-record"}),
        ("aspf=s rua=mailto:d@shop.example", {"bad-aspf", "unseparated", "no-rua"}),
        ("", {"no-rua"}),
    ],
)
def test_what_is_overlooked_is_told(tags: str, warnings: set[str]) -> None:
    record = parse(f"v=DMARC1; p=reject; {tags}")
    assert (record.p, set(record.warnings)) == ("reject", warnings)
    assert record.psd == "u"
    assert record.standing() == "sound"


@pytest.mark.parametrize(
    ("text", "warnings", "standing"),
    [
        ("v=DMARC1; p=none, rua=mailto:d@shop.example", {"bad-p", "unseparated", "no-rua"}, "unusable"),
        ("v=DMARC1; p=none rua=mailto:d@shop.example", {"bad-p", "unseparated", "no-rua"}, "unusable"),
        ("v=DMARC1; p=rejected; " + RUA, {"bad-p"}, "fallback"),
        ("v=DMARC1; policy=reject; " + RUA, {"missing-p", "misspelt-tag"}, "fallback"),
        (f"v=DMARC1; {RUA}; p=reject", {"p-not-second"}, "sound"),
        ("v=DMARC1; p=none; sp=reject; " + RUA, {"sp-stricter"}, "sound"),
        ("v=DMARC1; p=reject; sp=all; " + RUA, {"bad-sp"}, "fallback"),
        ("v=DMARC1; p=reject; np=all", {"bad-np", "no-rua"}, "unusable"),
    ],
)
def test_how_a_policy_can_go_wrong(text: str, warnings: set[str], standing: str) -> None:
    record = parse(text)
    assert (set(record.warnings), record.standing()) == (warnings, standing)


def test_np_is_an_unknown_tag_to_rfc_7489() -> None:
    assert parse("v=DMARC1; p=reject; np=all").standing(("sp",)) == "sound"


@pytest.mark.parametrize(
    ("written", "percent"), [("0", 0), ("50", 50), ("100", 100), ("101", 100), ("-1", 100), ("x", 100)]
)
def test_a_percentage_out_of_range_is_the_default(written: str, percent: int) -> None:
    assert parse(f"v=DMARC1; p=none; pct={written}").pct == percent


def test_names_and_values_may_be_in_capitals_and_spaced() -> None:
    record = parse(f"V = DMARC1 ;\tP = Reject ; ASPF=S; {RUA} ;")
    assert (record.p, record.aspf, record.warnings) == ("reject", "s", ())


def test_one_step_milder() -> None:
    assert [milder(policy) for policy in POLICIES] == ["none", "none", "quarantine"]


def test_a_misspelt_tag_names_the_one_that_is_meant_and_is_not_there() -> None:
    assert parse("v=DMARC1; policy=reject; adkimm=s").misspelt == {"policy": "p", "adkimm": "adkim"}
    assert parse("v=DMARC1; p=none; policy=reject").misspelt == {}
