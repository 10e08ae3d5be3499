"""What the lint says of whole policies: over includes and redirects, about what DNS says, and about what was meant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from probe.checks.spf.lint import WARNINGS, Remark, remarks
from probe.checks.spf.questions import Questions
from probe.checks.spf.survey import explore
from probe.checks.spf.way import lookups, voids, walk
from probe.model import Answer
from tests.checks.fake import FakeAsker, Said, absent, failed

ZONE: dict[str, Said] = {
    "TXT mail.test": "v=spf1 ip4:203.0.113.0/24 -all",
    "TXT two.test": "v=spf1 include:mail.test a:a.test -all",
    "A a.test": "203.0.113.9",
    "AAAA a.test": "2001:db8::9",
    "A shop.test": "203.0.113.1",
    "AAAA shop.test": "2001:db8::1",
    "TXT open.test": "v=spf1 +all",
    "TXT loop.test": "v=spf1 include:back.test -all",
    "TXT back.test": "v=spf1 include:loop.test -all",
    "TXT broken.test": "v=spf1 ipv4:203.0.113.7 -all",
    "MX many.test": [f"10 mx{number}.test" for number in range(11)],
}


def linted(record: str, zone: Mapping[str, Said] | None = None) -> tuple[Remark, ...]:
    async def run() -> tuple[Remark, ...]:
        asker = FakeAsker({**ZONE, "TXT shop.test": record, **(zone or {})})
        return remarks(await explore("shop.test", Questions(asker)))

    return asyncio.run(run())


def errors(record: str, zone: Mapping[str, Said] | None = None) -> list[tuple[str, str, str]]:
    return [(one.id, one.term, one.at) for one in linted(record, zone) if one.level == "error"]


def warnings(record: str, zone: Mapping[str, Said] | None = None) -> list[tuple[str, str, str | int]]:
    found = [one for one in linted(record, zone) if one.level == "warning"]
    assert {one.id for one in found} <= set(WARNINGS)
    return [(one.id, one.term, one.value) for one in found]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 include:mail.test -all", []),
        ("v=spf1 include:none.test -all", [("include-without-record", "include:none.test", "shop.test")]),
        ("v=spf1 redirect=none.test", [("redirect-without-record", "redirect=none.test", "shop.test")]),
        ("v=spf1 redirect=none.test -all", []),
        ("v=spf1 -all include:none.test", []),
        ("v=spf1 include:broken.test -all", [("unknown-mechanism", "ipv4:203.0.113.7", "broken.test")]),
        ("v=spf1 include:loop.test -all", [("loop", "include:loop.test", "back.test")]),
        ("v=spf1 include:shop.test -all", [("loop", "include:shop.test", "shop.test")]),
        ("v=spf1 redirect=shop.test", [("loop", "redirect=shop.test", "shop.test")]),
        ("v=spf1 mx:many.test -all", [("too-many-mx-hosts", "mx:many.test", "shop.test")]),
        ("v=spf1 a:x.test a:y.test a:z.test -all",
         [("too-many-void-lookups", "a:x.test, a:y.test, a:z.test", "shop.test")]),
        ("v=spf1 include:two.test include:two.test include:two.test include:two.test -all",
         [("too-many-lookups", "", "shop.test")]),
        ("v=spf1 include:%{l}.test exists:%{i}.test ptr -all", []),
    ],
)  # fmt: skip
def test_an_error_is_what_no_receiver_gets_past(record: str, expected: list[tuple[str, str, str]]) -> None:
    assert [one for one in errors(record) if one[0] != "too-many-void-lookups" or "x.test" in one[1]] == expected


def test_look_ups_that_only_strangers_need_break_nothing() -> None:
    """The eleventh look-up stands behind everybody whom the policy allows: it turns a fail into a permerror."""
    record = "v=spf1 " + "a " * 10 + "ip4:203.0.113.7 {} -all"
    assert errors(record.format("mx")) == []
    assert ("lookups-near-limit", "", 11) in warnings(record.format("mx"))
    assert errors(record.format("mx ip4:203.0.113.8")) == [("too-many-lookups", "", "shop.test")]


def test_what_cannot_be_asked_is_neither_an_error_nor_void() -> None:
    zone: dict[str, Said] = {"A x.test": failed("servfail"), "AAAA x.test": failed(), "TXT slow.test": failed()}
    record = "v=spf1 a:x.test include:slow.test -all"
    assert errors(record, zone) == []
    assert warnings(record, zone) == [
        ("not-asked", "a:x.test", "servfail"),
        ("not-asked", "include:slow.test", "timeout"),
    ]


def test_a_term_that_only_one_ip_version_misses_is_no_void_look_up() -> None:
    zone: dict[str, Said] = {f"A v4{number}.test": "203.0.113.7" for number in range(4)}
    assert linted("v=spf1 a:v40.test a:v41.test a:v42.test a:v43.test -all", zone) == ()


def test_everybody_is_let_in_by_an_include_too() -> None:
    assert [("plus-all", "+all", "open.test")] == [
        (one.id, one.term, one.at) for one in linted("v=spf1 include:open.test -all")
    ]
    assert linted("v=spf1 ?include:open.test -all") == ()


def test_a_redirect_hands_over_to_a_record_of_ones_own() -> None:
    zone: dict[str, Said] = {"TXT _spf.shop.test": "v=spf1 ptr ?all"}
    found = linted("v=spf1 redirect=_spf.shop.test", zone)
    assert [(one.id, one.at) for one in found] == [
        ("neutral-all", "_spf.shop.test"),
        ("ptr-deprecated", "_spf.shop.test"),
    ]


def test_the_way_is_counted_over_the_tree() -> None:
    async def run() -> tuple[int, tuple[int, int], list[str]]:
        zone = {**ZONE, "TXT shop.test": "v=spf1 include:two.test mx -all"}
        policy = await explore("shop.test", Questions(FakeAsker(zone)))
        return lookups(policy), voids(walk(policy)), [stop.term.text for stop in walk(policy)]

    used, void, way = asyncio.run(run())
    assert (used, void) == (4, (1, 1))
    assert way == [
        "include:two.test",
        "include:mail.test",
        "ip4:203.0.113.0/24",
        "-all",
        "a:a.test",
        "-all",
        "mx",
        "-all",
    ]


def test_a_policy_without_end_is_not_followed_without_end() -> None:
    class Deep:
        asked = 0

        async def ask(self, name: str, rdtype: str) -> Answer:
            self.asked += 1
            left = " ".join(f"include:{letter}.{name}" for letter in "abcdefgh")
            return Answer(name, rdtype, "found", (f"v=spf1 {left} -all",))

    deep = Deep()
    found = asyncio.run(explore("shop.test", Questions(deep)))
    assert "too-many-lookups" in [one.id for one in remarks(found)]
    assert deep.asked <= 25


def test_a_record_of_endless_terms_is_not_asked_for_endlessly() -> None:
    asker = FakeAsker({"TXT shop.test": "v=spf1 " + " ".join(f"exists:x{number}.test" for number in range(3000))})
    found = remarks(asyncio.run(explore("shop.test", Questions(asker))))
    assert "too-many-lookups" in [one.id for one in found]
    assert len(asker.asked) <= 25


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("spf1 include:mail.test -all", True),
        ("v=spf2 include:mail.test -all", True),
        ("v=spf 1 ip4:203.0.113.7 -all", True),
        ("spf2.0/pra include:mail.test -all", True),
        ("v=spf1include:mail.test -all", True),
        ("v=spf10 -all", True),
        ("v=spf1;include:mail.test;-all", True),
        ('"v=spf1 include:mail.test -all"', True),
        (" v=spf1 -all", True),
        ("v=spf1\t-all", True),
        ("v=spf1\u00a0-all", True),
        ("\uff56=spf1 -all", True),
        ("v=\u0455pf1 -all", True),
        ("V=SPF1 -all", False),
        ("spf is something that we should publish", False),
        ("google-site-verification=abc", False),
        ("v=DMARC1; p=none", False),
        ("v=spfl am not an SPF record", False),
    ],
)
def test_a_text_that_was_meant_to_be_spf_is_told(text: str, told: bool) -> None:
    assert told == (("not-recognised", text, "") in warnings(text))


def test_a_record_in_the_wrong_place_is_found() -> None:
    zone: dict[str, Said] = {
        "TXT shop.test": absent("nodata"),
        "SPF shop.test": "v=spf1 -all",
        "TXT _spf.shop.test": "v=spf1 -all",
    }
    assert warnings("", zone) == [("type-99-only", "", "shop.test"), ("wrong-name", "", "_spf.shop.test")]


@pytest.mark.parametrize(
    ("term", "right"),
    [
        ("ipv4:203.0.113.7", "ip4:203.0.113.7"),
        ("IPv6:2001:db8::/32", "ip6:2001:db8::/32"),
        ("ip:203.0.113.7", "ip4:203.0.113.7"),
        ("ip6:203.0.113.7", "ip4:203.0.113.7"),
        ("ip4:2001:db8::1", "ip6:2001:db8::1"),
        ("a:203.0.113.7", "ip4:203.0.113.7"),
        ("203.0.113.7", "ip4:203.0.113.7"),
        ("2001:db8::7", "ip6:2001:db8::7"),
        ("include=mail.test", "include:mail.test"),
        ("redirect:mail.test", "redirect=mail.test"),
        ("ip4:203.0.113.7,", "ip4:203.0.113.7"),
        ("ip4:203.0.113.7,ip4:203.0.113.8", "ip4:203.0.113.7 ip4:203.0.113.8"),
        ("include:mail.test;", "include:mail.test"),
        ("\u2013all", "-all"),
        ("\u02dcall", "~all"),
        ("-all.", "-all"),
        ("-all:", "-all"),
        ("~al", "~all"),
        ("moo", None),
        ("moo:shop.test", None),
    ],
)
def test_a_mistyped_term_comes_with_what_it_should_read(term: str, right: str | None) -> None:
    found = [value for id_, told, value in warnings(f"v=spf1 mx {term}") if (id_, told) == ("mistyped", term)]
    assert found == ([] if right is None else [right])


@pytest.mark.parametrize(
    ("strings", "joined"),
    [
        ((b"v=spf1 ip4:203.0.113.7", b"include:mail.test -all"), "ip4:203.0.113.7include:mail.test"),
        ((b"v=spf1 ip4:203.0.113.7 ", b"include:mail.test -all"), None),
        ((b"v=spf1 ip4:203.0.113.7", b" include:mail.test -all"), None),
        ((b"v=spf1" + b" ip4:203.0.113.7" * 15 + b" ip4:198", b".51.100.1 -all"), "ip4:198.51.100.1"),
        ((b"v=spf1 " + b"ip4:203.0.113.7 " * 15 + b"ip4:198.", b"51.100.1 -all"), None),
    ],
)
def test_strings_are_to_be_cut_between_words_unless_they_are_full(
    strings: tuple[bytes, ...], joined: str | None
) -> None:
    class Cut:
        async def ask(self, name: str, rdtype: str) -> Answer:
            if (name, rdtype) != ("shop.test", "TXT"):
                return Answer(name, rdtype, "absent", reason="nxdomain")
            return Answer(name, rdtype, "found", (b"".join(strings).decode(),), strings=(strings,))

    told = remarks(asyncio.run(explore("shop.test", Questions(Cut()))))
    assert [one.term for one in told if one.id == "split-word"] == ([] if joined is None else [joined])
