"""Names that lead back to their address, and names that do not."""

from __future__ import annotations

import pytest

from probe.catalog import catalog
from probe.checks import ptr
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

SCENES = {
    "no-ptr": CheckResult("ptr", "203.0.113.7", "fail", {"reason": "no-ptr"}),
    "ptr-not-confirmed": CheckResult("ptr", "203.0.113.7", "fail", {"reason": "other"}),
    "ptr-generic": CheckResult("ptr", "203.0.113.7", "pass", {"generic": True, "names": ("203-0-113-7.isp.test",)}),
    "ptr-several": CheckResult("ptr", "203.0.113.7", "pass", {"names": ("a.test", "b.test")}),
    "ptr-too-many": CheckResult("ptr", "203.0.113.7", "pass", {"names": tuple(f"{n}.test" for n in range(11))}),
    "ptr-no-host-name": CheckResult("ptr", "203.0.113.7", "fail", {"unusable": ("a b.test",), "reason": "other"}),
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
    assert generic == ptr.is_generic(name, ADDRESS, catalog())


# How providers name the addresses of their customers: the shape of each is its own, address and domain are not.
@pytest.mark.parametrize(
    "name",
    [
        "ec2-203-0-113-7.compute-1.cloud.example",
        "ip-203-0-113-7.eu-west-1.compute.example",
        "7.113.0.203.bc.content.example",
        "static.7.113.0.203.clients.host.example",
        "203.0.113.7.static.content.example",
        "203-0-113-7.ip.content.example",
        "ns3012345.ip-203-0-113.example",
        "c-203-0-113-7.hsd1.ca.cable.example",
        "pool-203-0-113-7.nycmny.fios.example",
        "cpe-203-0-113-7.socal.res.example",
        "pcb007107.dip0.t.example",
        "x590fe3c7-cb007107.dyn.example",
        "CB007107.Pool.example",
        "host-7-113-0-203.business.example",
        "adsl-113-7.south.example",
        "113-7.dsl.example",
        "dsl113-7.isp.example",
        "ppp-7-113.dialup.example",
        "customer-203-0-113-7.fiber.example",
        "203.0.113.7.dynamic.ufone.example",
        "host203000113007.isp.example",
        "dhcp-007.113.000.203.isp.example",
    ],
)
def test_shapes_of_generated_names(name: str) -> None:
    assert ptr.is_generic(name, ADDRESS, catalog())


@pytest.mark.parametrize(
    "name",
    [
        "mail.shop.example",
        "mx1.shop.example",
        "mta-113.shop.example",
        "out7-113.mail.example",
        "smtp-203.relay.example",
        "mail-yw1-f177.provider.example",
        "a7-113.smtp-out.region-1.provider.example",
        "o1.ptr203.mailer.example",
        "dynamic.shop.example",
        "host.shop.example",
        "203-0-112-7.isp.example",
    ],
)
def test_names_that_a_mail_server_may_have(name: str) -> None:
    assert not ptr.is_generic(name, ADDRESS, catalog())


def told(result: CheckResult) -> list[str]:
    return [finding.id for finding in ptr.findings(result, catalog())]


def test_what_is_worth_telling_of_the_names() -> None:
    good: dict[str, Said] = {"mail_shop_example": ADDRESS}
    assert [] == told(ask("mail.shop.example", **good))
    assert ["ptr-several"] == told(ask(["mail.shop.example", "www.shop.example"], **good))
    assert ["ptr-too-many"] == told(ask(["mail.shop.example", *(f"n{n}.example" for n in range(11))], **good))
    assert ["no-ptr"] == told(ask(absent()))
    assert ["ptr-not-confirmed"] == told(ask("mail.shop.example", mail_shop_example="198.51.100.1"))
    assert ["ptr-not-confirmed", "ptr-no-host-name"] == told(ask("a b.example"))
    assert ["ptr-generic"] == told(check(ptr, ADDRESS, {REVERSE: "203-0-113-7.isp.example", **GENERIC}))
    assert [] == told(ask(failed("servfail")))


GENERIC: dict[str, Said] = {"A 203-0-113-7.isp.example": ADDRESS}


@pytest.mark.parametrize(
    ("helo", "names", "host"),
    [
        ("mail.shop.example", absent(), "mail.shop.example"),
        ("Mail.Shop.example.", "other.example", "mail.shop.example"),
        (None, "other.example", "other.example"),
        ("[203.0.113.7]", "other.example", "other.example"),
        ("localhost", absent(), "mail.<your domain>"),
        ("evil\x1b[2J.example", absent(), "mail.<your domain>"),
    ],
)
def test_the_two_records_to_publish_and_who_publishes_them(helo: str | None, names: Said, host: str) -> None:
    result = check(ptr, ptr.Caller(ADDRESS, helo), {REVERSE: names})
    assert (result.facts["pointer"], result.facts["forward"]) == (
        f"7.113.0.203.in-addr.arpa. PTR {host}.",
        f"{host}. A 203.0.113.7",
    )


def test_the_records_of_an_ipv6_address() -> None:
    result = check(ptr, ptr.Caller("2001:db8::1", "mail.shop.example"), {})
    assert result.facts["pointer"].endswith(".8.b.d.0.1.0.0.2.ip6.arpa. PTR mail.shop.example.")
    assert result.facts["forward"] == "mail.shop.example. AAAA 2001:db8::1"


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
    assert generic == ptr.is_generic(name, "2001:db8::1", catalog())
