"""data/dnsbl.toml: every row is sane, and none of the known lists is missing."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from probe.catalog import catalog
from probe.checks import dnsbl
from probe.checks.dnsbl.reading import Reading, read
from probe.rows import BlockList

FACTS = Path(__file__).resolve().parents[2] / "../shared/facts/dnsbl.csv"
ROWS = tuple(catalog().blocklists.values())
LIVING = tuple(row for row in ROWS if row.state != "dead")
DEAD = tuple(row for row in ROWS if row.state == "dead")
KEY = re.compile(
    r"(?:(allow|info) )?(?:\*|127(?:\.\d{1,3}){3}|127\.(?:\d{1,3}\.){0,2}|127\.0\.0\.&(?:1|2|4|8|16|32|64|128))"
)
KINDS = ("ip4", "ip6", "ip4+ip6", "ip4+ip6+domain", "domain")
# Operators whose page is known to stand on plain http only.
PLAIN_HTTP = {
    "www.backscatterer.org",
    "www.gbudb.com",
    "www.usenix.org.uk",
    "rbl.interserver.net",
    "www.kempt.net",
    "drbl.gremlin.ru",
    "www.justspam.org",
    "bls.digibase.ca",
}
# Live by a good source, yet inactive: they need a key, take hashes, or answer no A question.
NOT_ASKABLE = {
    "<key>.zrd.dq.spamhaus.net",
    "<key>.authbl.dq.spamhaus.net",
    "<key>.combined.mail.abusix.zone",
    "<key>.black.mail.abusix.zone",
    "<key>.dblack.mail.abusix.zone",
    "uribl.rspamd.com",
    "ebl.msbl.org",
    "origin.asn.spameatingmonkey.net",
}


def zone(row: BlockList) -> str:
    return row.zone


@pytest.mark.parametrize("row", ROWS, ids=zone)
def test_every_row_is_sane(row: BlockList) -> None:
    assert row.kind in KINDS
    assert row.weight in ("", "heavy", "light")
    assert row.role in ("block", "allow", "info")
    assert row.state in ("active", "inactive", "dead")
    assert re.fullmatch(r"(?:<key>\.)?(?:[a-z0-9-]+\.)+[a-z]+", row.zone)
    assert row.operator and row.source
    assert row.meaning.endswith(".") and row.meaning[0].isupper()
    assert not row.terms or row.terms.endswith(".")
    for key, text in (*row.codes.items(), *row.errors.items()):
        assert KEY.fullmatch(key), key
        assert all(int(octet) < 256 for octet in re.findall(r"\d+", key))
        assert text and text.isprintable()
    assert all(f"reason-{id_}" in catalog(lang).words for id_ in row.errors.values() for lang in ("en", "ja"))


@pytest.mark.parametrize("row", [row for row in ROWS if row.delist], ids=zone)
def test_every_way_out_is_a_page_and_asks_for_what_the_list_lists(row: BlockList) -> None:
    url = urlsplit(row.delist)
    assert url.scheme == ("http" if url.hostname in PLAIN_HTTP else "https")
    assert url.hostname and "." in url.hostname
    assert set(re.findall(r"\{.*?\}", row.delist)) <= ({"{domain}"} if row.kind == "domain" else {"{ip}"})


@pytest.mark.parametrize("row", LIVING, ids=zone)
def test_test_points_are_of_the_kind_of_the_list(row: BlockList) -> None:
    for point in (*row.listed, *row.clean):
        name = dnsbl.owner_name(point, "dnsbl.test")
        assert name.endswith(".dnsbl.test") and not name.startswith(".")
        assert (":" in point or re.fullmatch(r"[\d.]+", point) is not None) == (row.kind != "domain")
    assert not set(row.listed) & set(row.clean)


@pytest.mark.parametrize("row", [row for row in LIVING if row.role == "block" and row.state == "active"], ids=zone)
def test_an_active_block_list_can_be_told_from_one_that_lists_the_world(row: BlockList) -> None:
    assert row.clean and row.codes
    assert "<" not in row.zone


@pytest.mark.parametrize("row", DEAD, ids=zone)
def test_a_closed_list_says_when(row: BlockList) -> None:
    assert re.fullmatch(r"(?:(?:19|20)\d\d)?", row.since)
    assert not row.main and not row.codes


def test_only_closed_lists_have_a_year() -> None:
    assert not [row.zone for row in LIVING if row.since]


def test_the_main_lists_are_the_three_that_most_servers_ask() -> None:
    assert {row.zone for row in ROWS if row.main} == {"zen.spamhaus.org", "b.barracudacentral.org", "bl.spamcop.net"}


def test_the_lists_that_earn_a_554_weigh_most() -> None:
    heavy = {row.zone.removeprefix("<key>.").split(".")[-2] for row in ROWS if row.weight == "heavy"}
    assert heavy == {"spamhaus", "barracudacentral", "spamcop", "abusix", "surbl"}
    assert {row.zone for row in ROWS if row.main} <= {row.zone for row in ROWS if row.weight == "heavy"}
    assert {"dnsbl-2.uceprotect.net", "dnsbl-3.uceprotect.net"} <= {row.zone for row in ROWS if row.weight == "light"}


@pytest.mark.parametrize("row", [row for row in ROWS if row.keyed], ids=zone)
def test_a_zone_for_holders_of_a_key_is_spamhaus_own(row: BlockList) -> None:
    part = row.zone.removeprefix("<key>.").partition(".")[0]
    assert (f"<key>.{part}.dq.spamhaus.net", "Spamhaus") == (row.keyed, row.operator)


@pytest.mark.parametrize("row", [row for row in ROWS if row.part_of], ids=zone)
def test_a_part_belongs_to_a_list_that_is_asked_about_the_same(row: BlockList) -> None:
    whole = catalog().blocklists[row.part_of]
    assert (whole.state, whole.part_of) == ("active", "")
    assert set(row.kind.split("+")) <= set(whole.kind.split("+"))


@pytest.mark.parametrize("row", LIVING, ids=zone)
def test_no_error_is_read_as_a_listing_and_no_listing_as_an_error(row: BlockList) -> None:
    for key in row.errors:
        assert read(row, key if not key.endswith(".") else key + "7").role == "error"
    for key in row.codes:
        role, _, code = key.rpartition(" ")
        if re.fullmatch(r"[\d.]+\d", code):
            assert read(row, code) == Reading(role or row.role, row.codes[key])


def test_every_known_list_is_there_in_the_state_that_its_source_allows() -> None:
    if not FACTS.exists():
        pytest.skip("the collected facts are not here")
    with FACTS.open(encoding="utf-8", newline="") as lines:
        known = {row["zone"]: row for row in csv.DictReader(lines)}
    expected = {}
    for name, row in known.items():
        good = row["status"] == "live" and row["reliability"] in ("H", "M") and name not in NOT_ASKABLE
        expected[name] = "dead" if row["status"] == "dead" else "active" if good else "inactive"
    assert expected == {row.zone: row.state for row in ROWS}
    kinds = {name: row["kind"] for name, row in known.items() if row["kind"] in KINDS and expected[name] != "dead"}
    assert kinds == {row.zone: row.kind for row in ROWS if row.zone in kinds}
    assert {n: r["operator"] for n, r in known.items() if r["status"] != "dead"} == {r.zone: r.operator for r in LIVING}
    years = {name: row["status_year"] for name, row in known.items() if row["status"] == "dead"}
    assert {name: year if year.isdigit() else "" for name, year in years.items()} == {
        row.zone: row.since for row in DEAD
    }
