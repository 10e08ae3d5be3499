"""Names that lead back to their address, and names that do not."""

from __future__ import annotations

import pytest

from probe.checks import ptr
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

SCENES = {
    "no-ptr": CheckResult("ptr", "203.0.113.7", "fail", {"reason": "no-ptr"}),
    "ptr-not-confirmed": CheckResult("ptr", "203.0.113.7", "fail", {"reason": "other"}),
}
"""For each finding of this check a result that is worth it."""


ADDRESS = "203.0.113.7"
REVERSE = "PTR 7.113.0.203.in-addr.arpa"


def ask(names: Said, **forward: Said) -> CheckResult:
    zone: dict[str, Said] = {f"A {name.replace('_', '.')}": said for name, said in forward.items()}
    return check(ptr, ADDRESS, {REVERSE: names, **zone})


def test_a_name_that_leads_back_passes() -> None:
    result = ask("mail.shop.example", mail_shop_example=["198.51.100.1", ADDRESS])
    assert (result.result, result.subject) == ("pass", ADDRESS)
    assert dict(result.facts) == {
        "names": ("mail.shop.example",),
        "confirmed": ("mail.shop.example",),
        "unusable": (),
        "generic": False,
        "reason": "confirmed",
    }
    assert result.trace == (
        "PTR of 7.113.0.203.in-addr.arpa: mail.shop.example",
        "A of mail.shop.example: 198.51.100.1, 203.0.113.7",
        "203.0.113.7 and mail.shop.example lead to each other.",
    )


@pytest.mark.parametrize("reason", ["nxdomain", "nodata"])
def test_no_name_at_all_fails(reason: str) -> None:
    result = ask(absent(reason))
    assert (result.result, result.facts["reason"], result.facts["names"]) == ("fail", "no-ptr", ())


def test_names_that_lead_elsewhere_fail() -> None:
    result = ask(["a.example", "b.example"], a_example="198.51.100.1", b_example=absent())
    assert (result.result, result.facts["reason"], result.facts["confirmed"]) == ("fail", "not-confirmed", ())
    assert result.trace[-1] == "None of the names leads back to 203.0.113.7."


@pytest.mark.parametrize("said", [failed("servfail"), refused()], ids=lambda a: a.reason)
def test_what_could_not_be_asked_is_not_missing(said: Said) -> None:
    assert ask(said).result == "temperror"
    assert ask(["a.example", "b.example"], a_example="198.51.100.1", b_example=said).result == "temperror"
    assert ask(["a.example", "b.example"], a_example=ADDRESS, b_example=said).result == "pass"


def test_ten_names_are_followed_and_no_more() -> None:
    asker = FakeAsker({REVERSE: [f"n{number}.example" for number in range(50)], "A n49.example": ADDRESS})
    result = run(ptr, ADDRESS, asker)
    assert (result.result, len(asker.asked)) == ("fail", 11)
    assert len(result.facts["names"]) == 50


def test_a_name_that_is_no_host_name_is_shown_and_never_asked() -> None:
    asker = FakeAsker({REVERSE: ["evil\x1b[2J.example", "has space.example", "203.0.113.7"]})
    result = run(ptr, ADDRESS, asker)
    assert (result.result, asker.asked) == ("fail", [REVERSE])
    assert result.facts["unusable"] == ("evil\\x1b[2j.example", "has space.example", "203.0.113.7")


def test_ipv6_is_confirmed_by_aaaa_however_it_is_written() -> None:
    name = "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2.ip6.arpa"
    said: dict[str, Said] = {f"PTR {name}": "mail.shop.example", "AAAA mail.shop.example": "2001:0DB8:0::1"}
    assert check(ptr, "2001:db8::1", said).result == "pass"


def test_what_is_no_address_is_not_asked() -> None:
    asker = FakeAsker({})
    result = run(ptr, "shop.example", asker)
    assert (result.result, result.facts["reason"], asker.asked) == ("permerror", "bad-address", [])


@pytest.mark.parametrize(
    ("name", "generic"),
    [
        ("203-0-113-7.provider.example", True),
        ("7.113.0.203.dynamic.provider.example", True),
        ("host203000113007.provider.example", True),
        ("cb007107.provider.example", True),
        ("dsl-113-7.provider.example", True),
        ("p7-113.dip.provider.example", True),
        ("static.203.0.113.7.provider.example", True),
        ("mail.shop.example", False),
        ("mx7.shop.example", False),
        ("mail113-7.shop.example", False),
        ("dsl.shop.example", False),
        ("203-0-113-8.provider.example", False),
    ],
)
def test_names_made_from_the_address(name: str, generic: bool) -> None:
    assert generic == ptr.is_generic(name, ADDRESS)


@pytest.mark.parametrize(
    ("name", "generic"),
    [
        ("20010db8000000000000000000000001.provider.example", True),
        ("2001-db8-0-0-0-0-0-1.provider.example", True),
        ("2001-db8--1.provider.example", True),
        ("mail.shop.example", False),
    ],
)
def test_names_made_from_an_ipv6_address(name: str, generic: bool) -> None:
    assert generic == ptr.is_generic(name, "2001:db8::1")
