"""A key of one's own opens other zones, and is seen by nobody but the name server."""

from __future__ import annotations

import asyncio

import pytest

from probe.catalog import catalog
from probe.checks import dnsbl
from probe.checks.dnsbl import Listing
from probe.checks.dnsbl.key import VARIABLE, dqs_key
from probe.codec import dumps
from probe.model import Answer, CheckResult
from tests.checks.fake import FakeAsker

KEY = "x7kq2mzp4wab6rt9cd5ehn3uvy"
ZEN = catalog().blocklists["zen.spamhaus.org"]
KEYED = f"{KEY}.zen.dq.spamhaus.net"


def asked(zone: dict[str, str | list[str] | Answer], key: str | None = KEY) -> tuple[CheckResult, FakeAsker]:
    asker = FakeAsker(zone)
    listing = Listing("203.0.113.7", ZEN, key)
    return asyncio.run(dnsbl.run(listing, ask=asker, facts=catalog())), asker


def test_with_a_key_the_list_is_asked_by_way_of_it() -> None:
    result, asker = asked({f"A 7.113.0.203.{KEYED}": "127.0.0.10", f"A 2.0.0.127.{KEYED}": "127.0.0.2"})
    assert (result.result, result.subject) == ("fail", "203.0.113.7 @ zen.spamhaus.org")
    assert (result.facts["zone"], result.facts["asked"]) == ("zen.spamhaus.org", "<key>.zen.dq.spamhaus.net")
    assert all(question.endswith(f".{KEYED}") for question in asker.asked)
    assert result.queries[0].name == "7.113.0.203.<key>.zen.dq.spamhaus.net"


@pytest.mark.parametrize("echo", [KEY, KEY.upper(), f"see https://dq.test/?key={KEY}&ip=203.0.113.7"])
def test_no_output_holds_the_key_whatever_the_list_says(echo: str) -> None:
    alias = Answer(
        "", "", "found", ("127.0.0.2",), canonical_name=f"a.{echo}.test", strings=((echo.encode(), b"more"),)
    )
    result, _ = asked(
        {
            f"A 7.113.0.203.{KEYED}": alias,
            f"TXT 7.113.0.203.{KEYED}": [echo, f"two {echo} {echo}"],
            f"A 2.0.0.127.{KEYED}": "127.0.0.2",
        }
    )
    assert result.result == "fail"
    everything = dumps(result) + repr(result) + repr(Listing("203.0.113.7", ZEN, KEY))
    everything += "".join(map(repr, dnsbl.findings(result, catalog())))
    assert KEY not in everything.lower()


def test_without_a_key_the_public_zone_is_asked() -> None:
    _, asker = asked({}, None)
    assert asker.asked[0] == "A 7.113.0.203.zen.spamhaus.org"


@pytest.mark.parametrize(
    ("error", "words"), [("127.255.255.250", "disabled"), ("127.255.255.251", "does not accept the key")]
)
def test_a_key_that_is_refused_is_told_so(error: str, words: str) -> None:
    result, _ = asked({f"A 7.113.0.203.{KEYED}": error})
    assert (result.result, result.facts["listed"]) == ("temperror", None)
    assert words in catalog().reason(result.facts)


@pytest.mark.parametrize("key", ["two words", "a.b", "x" * 64, "*", "clé", "<key>", "key\n; x"])
def test_what_cannot_be_a_key_is_not_asked_with(key: str) -> None:
    result, asker = asked({}, key)
    assert (result.result, result.facts["reason"], asker.asked) == ("temperror", "key-unusable", [])
    assert key == "<key>" or key not in dumps(result)
    assert VARIABLE in catalog().reason(result.facts)


def test_a_list_that_is_only_for_holders_of_another_key_is_not_asked_with_this_one() -> None:
    asker = FakeAsker({})
    listing = Listing("203.0.113.7", catalog().blocklists["<key>.combined.mail.abusix.zone"], None)
    result = asyncio.run(dnsbl.run(listing, ask=asker, facts=catalog()))
    assert (result.facts["reason"], asker.asked) == ("needs-key", [])


def test_the_key_comes_from_the_environment() -> None:
    assert [KEY, None, None] == [dqs_key({VARIABLE: f" {KEY}\n"}), dqs_key({VARIABLE: " "}), dqs_key({})]
