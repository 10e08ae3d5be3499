"""IPv6 addresses of MX hosts, and whether somebody answers there: real servers on ::1 and 127.0.0.1."""

from __future__ import annotations

import asyncio

import pytest

from probe.catalog import catalog
from probe.checks import ipv6
from probe.errors import Detail, WireError
from probe.findings import finding
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused
from tests.checks.web import Listener, Script

DOMAIN, A, B = "shop.example", "a.shop.example", "b.shop.example"
SIX, OTHER, DEAD = "2620:fe::fe", "2620:fe::9", "2001:db8::99"
NOWHERE = absent("nodata")
ZONE: dict[str, Said] = {
    f"MX {DOMAIN}": [f"10 {A}", f"20 {B}"],
    f"A {A}": "9.9.9.9",
    f"AAAA {A}": SIX,
    f"A {B}": "8.8.8.8",
    f"AAAA {B}": OTHER,
}

SCENES = {
    f"ipv6-{problem}": CheckResult(
        "ipv6",
        DOMAIN,
        "fail",
        {"problems": ({"problem": problem, "about": A, "detail": "connection refused", "reason": "timeout"},)},
    )
    for problem in ipv6.PROBLEMS
}
"""For each finding of this check a result that is worth it."""


def says(octets: bytes, heard: list[bytes] | None = None) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        if heard is not None:
            heard.append(await reader.readline())
        writer.close()
        await writer.wait_closed()

    return script


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def knock(script: Script, changes: dict[str, Said] | None = None, *, no_way: bool = False) -> CheckResult:
    """Every address leads to a server on loopback that does this; the dead one refuses."""

    async def nowhere(address: str, port: int, *, deadline: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raise WireError("unreachable", Detail("detail-no-way-to-network"))

    async def knocked() -> CheckResult:
        asker = FakeAsker({**ZONE, **(changes or {})})
        subject = ipv6.Hosts(DOMAIN, seconds=0.5)
        async with Listener(script) as listener:
            connect = nowhere if no_way else listener.connect
            result = await ipv6.run(subject, ask=asker, connect=connect, facts=catalog())
        assert all(":" in address and port == 25 for address, port in listener.connections)
        return result

    return asyncio.run(knocked())


def problems(result: CheckResult) -> dict[str, str]:
    return {told["problem"]: told["about"] for told in result.facts["problems"]}


def test_hosts_that_greet() -> None:
    heard: list[bytes] = []
    result = knock(says(b"220 mx.shop.example ESMTP\r\n", heard))
    assert ("pass", "greeted", {}) == (result.result, result.facts["reason"], problems(result))
    assert [(A, SIX, 220), (B, OTHER, 220)] == [
        (one["host"], one["address"], one["code"]) for one in result.facts["tried"]
    ]
    assert f"{A} at {SIX} greets with 220." in result.trace
    assert {b"QUIT\r\n"} == set(heard)


@pytest.mark.parametrize("greeting", [b"554 no service\r\n", b"220-first\r\n220 second\r\n", b"421\n"])
def test_any_reply_is_an_answer(greeting: bytes) -> None:
    assert "pass" == knock(says(greeting)).result


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (silence, "no-greeting"),
        (says(b""), "not-smtp"),
        (says(b"SSH-2.0-x\r\n"), "not-smtp"),
        (says(b"2200 x\r\n"), "not-smtp"),
        (says(b"x" * 2000), "not-smtp"),
    ],
    ids=["silent", "closed", "ssh", "digits", "endless"],
)
def test_hosts_that_do_not_greet(script: Script, reason: str) -> None:
    result = knock(script)
    assert ("fail", "silent") == (result.result, result.facts["reason"])
    assert [reason] * 2 == [one["reason"] for one in result.facts["tried"]]


def test_one_that_answers_and_one_that_refuses() -> None:
    result = knock(says(b"220 x\r\n"), {f"AAAA {B}": DEAD})
    assert ("pass", {"silent": f"{B} ({DEAD})"}) == (result.result, problems(result))
    facts = catalog()
    (told,) = ipv6.findings(result, facts)
    one = finding(told.id, told.subject, facts, **told.details)
    assert one.explanation.startswith("Connection refused.")


def test_a_machine_without_ipv6_cannot_tell() -> None:
    result = knock(silence, no_way=True)
    assert (None, "no-way", {"not-tried": DOMAIN}) == (result.result, result.facts["reason"], problems(result))


def test_at_most_five_addresses_are_tried_and_none_inside() -> None:
    many = [f"2620:fe::{number}" for number in range(1, 9)]
    result = knock(says(b"220 x\r\n"), {f"AAAA {A}": ["fd00::1", *many]})
    assert many[:5] == [one["address"] for one in result.facts["tried"]]


def test_without_a_connector_nothing_is_tried() -> None:
    result = check(ipv6, ipv6.Hosts(DOMAIN), ZONE)
    assert (None, "not-tried", (), {}) == (
        result.result,
        result.facts["reason"],
        result.facts["tried"],
        problems(result),
    )
    assert ({"host": A, "addresses": (SIX,)}, {"host": B, "addresses": (OTHER,)}) == result.facts["hosts"]


def test_hosts_without_an_address() -> None:
    some = check(ipv6, ipv6.Hosts(DOMAIN), {**ZONE, f"AAAA {B}": NOWHERE})
    assert (None, {"partial": B}) == (some.result, problems(some))
    none = check(ipv6, ipv6.Hosts(DOMAIN), {**ZONE, f"AAAA {A}": NOWHERE, f"AAAA {B}": NOWHERE})
    assert ("none", "no-ipv6", {"none": DOMAIN}) == (none.result, none.facts["reason"], problems(none))


@pytest.mark.parametrize("said", [failed("servfail"), refused()], ids=lambda a: a.reason)
def test_what_could_not_be_asked_is_not_absent(said: Said) -> None:
    mx = check(ipv6, ipv6.Hosts(DOMAIN), {f"MX {DOMAIN}": said})
    assert ("temperror", {"not-asked": DOMAIN}) == (mx.result, problems(mx))
    aaaa = check(ipv6, ipv6.Hosts(DOMAIN), {**ZONE, f"AAAA {A}": said, f"AAAA {B}": NOWHERE})
    assert ("temperror", {"not-asked": DOMAIN}) == (aaaa.result, problems(aaaa))
    beside = check(ipv6, ipv6.Hosts(DOMAIN), {**ZONE, f"AAAA {A}": said})
    assert (None, {}) == (beside.result, problems(beside))


def test_who_takes_no_mail_has_no_findings() -> None:
    for mx in ("0 .", absent()):
        result = check(ipv6, ipv6.Hosts(DOMAIN), {f"MX {DOMAIN}": mx})
        assert ("none", {}) == (result.result, problems(result))


def test_what_is_no_domain_is_not_asked() -> None:
    assert ("none", ()) == ((result := check(ipv6, ipv6.Hosts("a..b"), {})).result, result.queries)
