"""No text in DNS makes a check raise, whatever it holds, or puts a control character into a result."""

from __future__ import annotations

import datetime
import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe import checks
from probe.catalog import catalog
from probe.checks import dane, dkim, dmarc, dnsbl, dnssec, ipv6, mta_sts, mx, ptr, spf
from probe.checks.spf.record import parse as parse_spf
from probe.codec import from_json, to_json
from probe.findings import finding
from probe.model import CheckResult
from tests.checks.fake import Said, check

PIECES = st.sampled_from(
    "v=spf1 v=DMARC1 v=DKIM1 ; = : / // % %{ } %{d} %{ir} - + ~ ? all a mx ip4: ip6: include: redirect= exp= "
    "p= sp= np= psd=y psd=n t=y rua= mailto:a@b k=rsa k=ed25519 h=sha1 s=* p=MIGf AAAA 1.2.3.4 ::1 /33 /032 , !".split()
)
TEXTS = st.one_of(st.text(), st.lists(PIECES).map(" ".join), st.lists(PIECES).map("".join))
NOW = datetime.datetime(2026, 11, 27, tzinfo=datetime.UTC)
RECORDS = st.builds("{}{}".format, st.sampled_from(["", "v=spf1 ", "v=DMARC1;", "v=DKIM1;", "v=STSv1;", "p="]), TEXTS)
CHECKS: list[tuple[ModuleType, Any, str]] = [
    (spf, "shop.example", "TXT shop.example"),
    (dmarc, "shop.example", "TXT _dmarc.shop.example"),
    (mx, "shop.example", "MX shop.example"),
    (mta_sts, mta_sts.Domain("shop.example", NOW), "TXT _mta-sts.shop.example"),
    (dane, dane.Mail("shop.example", NOW), "MX shop.example"),
    (ipv6, ipv6.Hosts("shop.example"), "MX shop.example"),
    (dnssec, "shop.example", "DNSKEY example"),
    (dkim, dkim.Key("shop.example", "s1"), "TXT s1._domainkey.shop.example"),
    (ptr, "203.0.113.7", "PTR 7.113.0.203.in-addr.arpa"),
    (dnsbl, dnsbl.Listing("203.0.113.7", dnsbl.unlisted_zone("dnsbl.test")), "A 7.113.0.203.dnsbl.test"),
]


@pytest.mark.parametrize(("module", "subject", "question"), CHECKS, ids=lambda value: getattr(value, "ID", ""))
@given(texts=st.lists(RECORDS, max_size=3))
def test_any_text_is_survived_and_made_printable(
    module: ModuleType, subject: Any, question: str, texts: list[str]
) -> None:
    said: Said = list(texts)
    result = check(module, subject, {question: said})
    document = to_json({"facts": result.facts, "trace": result.trace, "subject": result.subject})
    written = json.dumps(document, ensure_ascii=False)
    assert written.isprintable()
    assert all(line.isprintable() for line in result.trace)
    assert result.result != "pass" or module is ptr


@settings(deadline=None)  # the first to ask loads the Public Suffix List
@given(subject=st.text())
def test_any_subject_is_survived(subject: str) -> None:
    for module in (spf, dmarc, ptr, mx, dnssec):
        assert check(module, subject, {}).subject.isprintable()
    assert check(dkim, dkim.Key(subject, subject), {}).subject.isprintable()
    assert check(dnsbl, dnsbl.Listing(subject, dnsbl.unlisted_zone(subject)), {}).subject.isprintable()


@given(texts=st.lists(st.text(), min_size=6, max_size=6))
def test_any_author_is_survived(texts: list[str]) -> None:
    """Whatever stands in From, in MAIL FROM and in a signature, and whatever others made of it."""
    spf_result, sender, dkim_result, signer, record, author = texts
    given = dmarc.Author(author, (spf_result, sender), ((dkim_result, signer), ("pass", author)))
    for domain, zone in ((author, {}), ("shop.example", {"TXT _dmarc.shop.example": f"v=DMARC1; p=reject; {record}"})):
        result = check(dmarc, dmarc.Author(domain, given.spf, given.dkim), zone)
        assert json.dumps(to_json(result), ensure_ascii=False).isprintable()


@pytest.mark.parametrize("id_", checks.IDS)
@pytest.mark.parametrize("about", [{"reason": "timeout"}, {"reason": "internal-error", "error": "x.py:1"}, {}], ids=str)
def test_a_check_that_came_to_no_end_is_told_without_its_facts(id_: str, about: dict[str, str]) -> None:
    """What ``bounded`` puts in the place of a result holds the reason alone."""
    facts = catalog()
    for emitted in checks.check(id_).findings(CheckResult(id_, "shop.example", "temperror", about), facts):
        assert finding(emitted.id, emitted.subject, facts, **emitted.details).title


def test_a_long_record_is_read_in_linear_time() -> None:
    """Sixty thousand octets of what regular expressions like least; a quadratic reader would not come back."""
    for text in ("/" * 60_000, "%" * 60_000, "a." * 30_000, "1" * 60_000, "//1" * 20_000, ":" * 60_000, "-" * 60_000):
        record = parse_spf(f"v=spf1 a:{text} -all")
        assert record.all is not None and record.all.qualifier == "-"
        dmarc.parse(f"v=DMARC1; p={text}; rua={text}")
        dkim.parse(f"v=DKIM1; p={text}; {text}")


def test_a_result_survives_the_way_through_json() -> None:
    result = check(dmarc, "shop.example", {"TXT _dmarc.shop.example": "v=DMARC1; p=none"})
    again = from_json(CheckResult, json.loads(json.dumps(to_json(result))))
    assert to_json(again) == to_json(result)
