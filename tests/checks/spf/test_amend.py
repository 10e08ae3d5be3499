"""The record to publish: where a sender is added, what that costs, and whether the outcome really lets it in."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.checks import spf
from probe.checks.spf import check_host
from probe.checks.spf.amend import amend, mend, merge, revive, term_for
from probe.checks.spf.record import parse
from tests.checks.fake import FakeAsker, Said, check

NEW = "ip4:198.51.100.7"


@pytest.mark.parametrize(
    ("record", "amended"),
    [
        (None, f"v=spf1 {NEW} ~all"),
        ("v=spf1 -all", f"v=spf1 {NEW} -all"),
        ("v=spf1 mx ip4:203.0.113.0/24 -all", f"v=spf1 mx ip4:203.0.113.0/24 {NEW} -all"),
        ("V=spf1  mx   ~ALL  ", f"v=spf1 mx {NEW} ~ALL"),
        ("v=spf1 mx redirect=_spf.shop.test", f"v=spf1 mx {NEW} redirect=_spf.shop.test"),
        ("v=spf1 mx exp=why.shop.test -all", f"v=spf1 mx exp=why.shop.test {NEW} -all"),
        ("v=spf1 mx", f"v=spf1 mx {NEW}"),
        ("v=spf1", f"v=spf1 {NEW}"),
        ("v=spf1 -all mx", f"v=spf1 {NEW} -all mx"),
        (f"v=spf1 {NEW} -all", f"v=spf1 {NEW} -all"),
    ],
)
def test_a_sender_is_added_where_it_is_still_reached(record: str | None, amended: str) -> None:
    made = amend(record, NEW)
    assert made is not None
    assert (amended, 0, True) == (made.record, made.lookups, made.fits)


def test_it_is_added_in_front_of_what_rejects_it() -> None:
    made = amend("v=spf1 mx -ip4:198.51.100.0/24 a -all", NEW, before="-ip4:198.51.100.0/24")
    assert made is not None
    assert made.record == f"v=spf1 mx {NEW} -ip4:198.51.100.0/24 a -all"


@pytest.mark.parametrize(
    ("record", "term"),
    [
        ("v=spf1 moo -all", NEW),
        ("v=spf1 caf\u00e9 -all", NEW),
        ("v=spf1 -all", "ip4:198.51.100"),
        ("v=spf1", "exp=x.y"),
    ],
)
def test_nothing_is_built_on_what_is_broken(record: str, term: str) -> None:
    assert amend(record, term) is None


def test_what_it_costs_is_counted_over_the_tree() -> None:
    include = "include:_spf.mail.test"
    assert (made := amend("v=spf1 mx -all", include, lookups=9)) and (made.lookups, made.fits) == (10, True)
    assert (made := amend("v=spf1 mx -all", include, lookups=8, cost=4)) and made.lookups == 12
    assert made.problems == ("too-many-lookups",)
    assert (made := amend("v=spf1 mx -all", NEW, lookups=10)) and (made.lookups, made.fits) == (10, True)


@pytest.mark.parametrize(("count", "problems"), [(20, ()), (24, ("long-record",)), (40, ("too-long",))])
def test_a_record_that_grows_too_long_says_so(count: int, problems: tuple[str, ...]) -> None:
    record = "v=spf1 " + " ".join(f"ip4:203.0.113.{100 + host}" for host in range(count)) + " -all"
    made = amend(record, NEW)
    assert made is not None
    assert made.problems == problems
    assert "".join(made.strings) == made.record
    assert all(len(string) <= 255 for string in made.strings)
    assert all(string.endswith(" ") for string in made.strings[:-1])


def test_a_string_without_a_space_is_cut_where_it_is_full() -> None:
    made = amend(f"v=spf1 exists:{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.%{{i}}.{'e' * 60}.test -all", NEW)
    assert made is not None
    assert "".join(made.strings) == made.record
    assert [len(string) for string in made.strings][:2] == [7, 255]


@pytest.mark.parametrize(
    ("record", "mended"),
    [
        ("v=spf1 ipv4:203.0.113.7 -all", "v=spf1 ip4:203.0.113.7 -all"),
        ("v=spf1 ip4:203.0.113.7, ip6:203.0.113.8 \u2013all", "v=spf1 ip4:203.0.113.7 ip4:203.0.113.8 -all"),
        ("v=spf1 a:203.0.113.7 mx ~al", "v=spf1 ip4:203.0.113.7 mx ~all"),
        ("v=spf1 a/33 mx:mail.test//129 ip4:203.0.113.7/33 -all", "v=spf1 a mx:mail.test ip4:203.0.113.7 -all"),
        ("v=spf1 mx moo -all", "v=spf1 mx -all"),
        ("v=spf1 mx redirect=a.test redirect=b.test", "v=spf1 mx redirect=a.test"),
        ("v=spf1 mx caf\u00e9=1 -all", "v=spf1 mx -all"),
        ("v=spf1 -all", None),
    ],
)
def test_mistyped_terms_are_mended_where_the_whole_is_sound_then(record: str, mended: str | None) -> None:
    made = mend(record)
    assert mended == (None if made is None else made.record)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("spf1 include:mail.test -all", "v=spf1 include:mail.test -all"),
        ("v=spf1;include:mail.test;-all", "v=spf1 include:mail.test -all"),
        ('"v=spf1 ipv4:203.0.113.7 -all"', "v=spf1 ip4:203.0.113.7 -all"),
        ("v=spf1include:mail.test -all", "v=spf1 include:mail.test -all"),
        ("\uff56=spf1\u00a0mx \u2013all", "v=spf1 mx -all"),
        ("spf1 moo mx -all", "v=spf1 mx -all"),
    ],
)
def test_a_text_becomes_the_record_that_it_was_meant_to_be(text: str, meant: str | None) -> None:
    made = revive(text)
    assert meant == (None if made is None else made.record)


@pytest.mark.parametrize(
    ("records", "merged"),
    [
        (("v=spf1 mx -all", "v=spf1 include:mail.test ~all"), "v=spf1 mx include:mail.test ~all"),
        (("v=spf1 mx -all", "v=spf1 mx -all"), "v=spf1 mx -all"),
        (("v=spf1 a", "v=spf1 mx exp=why.shop.test"), "v=spf1 a mx exp=why.shop.test ~all"),
        (("v=spf1 a +all", "v=spf1 mx -all"), "v=spf1 a mx -all"),
        (("v=spf1 moo", "v=spf1 mx"), None),
        (("v=spf1 redirect=a.test", "v=spf1 mx"), None),
    ],
)
def test_two_records_become_one_with_all_senders(records: tuple[str, ...], merged: str | None) -> None:
    made = merge(records)
    assert merged == (None if made is None else made.record)


TERMS = st.sampled_from("mx a ip4:203.0.113.0/24 -ip4:198.51.100.0/24 ?include:mail.test ptr exists:%{i}.test".split())
ENDS = st.sampled_from(["", "-all", "~all", "?all", "redirect=_spf.shop.test", "-all mx"])
ZONE: dict[str, Said] = {
    "A shop.test": "203.0.113.1",
    "AAAA shop.test": "2001:db8::1",
    "MX shop.test": "10 shop.test",
    "TXT mail.test": "v=spf1 ip4:203.0.113.9 -all",
    "TXT _spf.shop.test": "v=spf1 ip4:203.0.113.9 -all",
    "PTR 7.100.51.198.in-addr.arpa": "mail.elsewhere.test",
}


@given(terms=st.lists(TERMS, max_size=5), end=ENDS, address=st.sampled_from(["198.51.100.7", "2001:db8:1::7"]))
def test_what_is_to_be_published_lets_the_sender_pass(terms: list[str], end: str, address: str) -> None:
    """The proof of the fix: publish it, and evaluate again."""
    record = " ".join(("v=spf1", *terms, end))
    query = spf.Query(address, "orders@shop.test", "mail.shop.test")
    before = check(spf, query, {**ZONE, "TXT shop.test": record})
    if before.result in ("permerror", "pass"):  # too many void look-ups
        return
    made = before.facts["publish"]
    after = asyncio.run(
        check_host(address, "orders@shop.test", "", FakeAsker({**ZONE, "TXT shop.test": made["record"]}))
    )
    assert (after.result, after.facts["mechanism"]) == ("pass", term_for(address))
    assert parse(made["record"]).errors == ()


def test_without_a_record_there_is_a_first_one_to_publish() -> None:
    query = spf.Query("2001:db8::7", "orders@shop.test", "mail.shop.test")
    assert check(spf, query, {}).facts["publish"] == {
        "name": "shop.test",
        "record": "v=spf1 ip6:2001:db8::7 ~all",
        "strings": ("v=spf1 ip6:2001:db8::7 ~all",),
        "lookups": 0,
        "problems": (),
        "removed": (),
    }


@pytest.mark.parametrize(
    ("said", "publish"),
    [
        (["v=spf1 mx -all", "v=spf1 a ~all"], "v=spf1 mx a ~all"),
        ("v=spf1 ipv4:203.0.113.7 -all", "v=spf1 ip4:203.0.113.7 -all"),
        ("spf1 ip4:203.0.113.7 -all", "v=spf1 ip4:203.0.113.7 -all"),
        ("v=spf1 moo -all", None),
        ("v=spf1 ip4:203.0.113.7 -all", None),
    ],
)
def test_a_domain_alone_gets_its_mistakes_mended(said: Said, publish: str | None) -> None:
    made = check(spf, "shop.test", {"TXT shop.test": said}).facts["publish"]
    assert publish == (None if made is None else made["record"])
