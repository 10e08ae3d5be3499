"""Names by which a client greets: full ones that lead to it, and all the others."""

from __future__ import annotations

import pytest

from probe.catalog import catalog
from probe.checks import helo
from probe.checks.helo import Greeting
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

ADDRESS = "203.0.113.7"
REVERSE = "PTR 7.113.0.203.in-addr.arpa"
NAME = "mail.shop.example"

SCENES = {
    "helo-no-full-name": CheckResult("helo", "localhost", "fail", {"reason": "no-dot"}),
    "helo-literal": CheckResult("helo", "[203.0.113.7]", "pass", {"reason": "literal", "address": ADDRESS}),
    "helo-not-found": CheckResult("helo", NAME, "fail", {"reason": "no-such-host", "forward": f"{NAME}. A {ADDRESS}"}),
    "helo-elsewhere": CheckResult(
        "helo", NAME, "fail", {"reason": "elsewhere", "address": ADDRESS, "addresses": ("192.0.2.1",), "forward": "x"}
    ),
    "helo-differs": CheckResult(
        "helo", NAME, "pass", {"agreement": "different", "address": ADDRESS, "names": ("a.test",)}
    ),
}
"""For each finding of this check a result that is worth it."""


def ask(name: str, address: str | None = ADDRESS, **zone: Said) -> CheckResult:
    return check(helo, Greeting(name, address), {key.replace("_", " ", 1): said for key, said in zone.items()})


def greeted(zone: dict[str, Said], name: str = NAME, address: str | None = ADDRESS) -> CheckResult:
    return check(helo, Greeting(name, address), zone)


def told(result: CheckResult) -> list[str]:
    return [finding.id for finding in helo.findings(result, catalog())]


def test_a_name_that_leads_to_the_client_and_back_passes_without_a_word() -> None:
    result = greeted({f"A {NAME}": ["198.51.100.1", ADDRESS], REVERSE: NAME})
    assert (result.result, result.subject, told(result)) == ("pass", NAME, [])
    assert dict(result.facts) == {
        "name": NAME,
        "address": ADDRESS,
        "addresses": ("198.51.100.1", ADDRESS),
        "names": (NAME,),
        "agreement": "same",
        "reason": "confirmed",
    }


def test_all_three_questions_are_asked_and_no_more() -> None:
    asker = FakeAsker({})
    run(helo, Greeting(NAME, ADDRESS), asker)
    assert asker.asked == [f"A {NAME}", f"AAAA {NAME}", REVERSE]


@pytest.mark.parametrize(
    ("names", "agreement", "findings"),
    [
        ("Mail.Shop.Example.", "same", []),
        ("out.shop.example", "organization", []),
        ("host.provider.example", "different", ["helo-differs"]),
        (["host.provider.example", NAME], "same", []),
        (absent(), None, []),
        (failed(), None, []),
    ],
)
def test_agreement_with_the_name_of_the_address(names: Said, agreement: str | None, findings: list[str]) -> None:
    result = greeted({f"A {NAME}": ADDRESS, REVERSE: names})
    assert (result.result, result.facts["agreement"], told(result)) == ("pass", agreement, findings)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("localhost", "no-dot"),
        ("server", "no-dot"),
        ("localhost.localdomain", "private-name"),
        ("printer.local", "private-name"),
        ("mx.corp", "private-name"),
        ("nas.home.arpa", "private-name"),
        ("mail_1.shop.example", "no-host-name"),
        ("mail shop.example", "no-host-name"),
        ("-mail.shop.example", "no-host-name"),
        ("", "no-host-name"),
        ("a..example", "no-host-name"),
        ("\x1b[2J.example", "no-host-name"),
        ("203.0.113.7", "bare-address"),
        ("2001:db8::1", "bare-address"),
        ("[203.0.113.8]", "literal-elsewhere"),
        ("[203.0.113.7", "bad-literal"),
        ("[203.0.113]", "bad-literal"),
        ("[2001:db8::1]", "bad-literal"),
        ("[IPv6:203.0.113.7x]", "bad-literal"),
        ("[]", "bad-literal"),
    ],
)
def test_what_can_be_seen_without_asking(name: str, reason: str) -> None:
    asker = FakeAsker({})
    result = run(helo, Greeting(name, ADDRESS), asker)
    assert (result.result, result.facts["reason"], asker.asked) == ("fail", reason, [])
    assert told(result) == ["helo-no-full-name"]
    assert result.subject.isprintable()


@pytest.mark.parametrize(
    ("name", "address"),
    [("[203.0.113.7]", ADDRESS), ("[IPv6:2001:DB8:0::1]", "2001:db8::1"), ("[ipv6:2001:db8::1]", "2001:db8::1%eth0")],
)
def test_a_literal_of_the_address_itself_is_right_and_worth_a_notice(name: str, address: str) -> None:
    result = greeted({}, name, address)
    assert (result.result, result.facts["reason"], told(result)) == ("pass", "literal", ["helo-literal"])


def test_a_name_without_an_address_is_told_with_the_record_to_publish() -> None:
    result = greeted({REVERSE: NAME})
    assert (result.result, told(result)) == ("fail", ["helo-not-found"])
    assert result.facts["forward"] == f"{NAME}. A {ADDRESS}"


def test_a_name_that_leads_elsewhere_is_told_with_where() -> None:
    result = greeted({f"A {NAME}": "198.51.100.1", f"AAAA {NAME}": "2001:db8::9"})
    assert (result.result, told(result)) == ("fail", ["helo-elsewhere"])
    (finding,) = helo.findings(result, catalog())
    assert finding.details["addresses"] == "198.51.100.1, 2001:db8::9"
    six = greeted({f"A {NAME}": "198.51.100.1"}, NAME, "2001:db8::1")
    assert six.facts["forward"] == f"{NAME}. AAAA 2001:db8::1"


@pytest.mark.parametrize("said", [failed("servfail"), refused()], ids=lambda answer: answer.reason)
@pytest.mark.parametrize("rdtype", ["A", "AAAA"])
def test_what_could_not_be_asked_is_not_missing(rdtype: str, said: Said) -> None:
    result = greeted({f"{rdtype} {NAME}": said})
    assert (result.result, told(result)) == ("temperror", [])
    other = "AAAA" if rdtype == "A" else "A"
    if other == "A":
        assert greeted({f"{rdtype} {NAME}": said, f"A {NAME}": ADDRESS}).result == "pass"


def test_without_an_address_to_compare_nothing_is_claimed() -> None:
    assert ("neutral", "resolves") == (
        (found := greeted({f"A {NAME}": "198.51.100.1"}, NAME, None)).result,
        found.facts["reason"],
    )
    assert greeted({}, NAME, None).result == "fail"
    assert greeted({}, "[203.0.113.7]", None).result == "neutral"
