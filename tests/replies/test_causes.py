"""The table of causes is whole, and its steps can be followed."""

import re

import pytest

from probe.catalog import catalog

CAUSES = catalog().causes.values()
FAMILIES = {
    "reputation",
    "identity",
    "message-auth",
    "access",
    "recipient",
    "throttle",
    "content",
    "protocol",
    "system",
    "policy",
    "none",
}
PLACEHOLDER = re.compile(r"\{(\w*)\}")


def test_families() -> None:
    assert {cause.family for cause in CAUSES} == FAMILIES


def test_who_can_mend_it() -> None:
    assert set() == {who for cause in CAUSES for who in cause.who} - {"sender", "receiver", "dns", "network", "list"}
    assert [cause.cause for cause in CAUSES if not cause.who] == []


def test_checks() -> None:
    assert {"dnsbl", "spf", "dkim", "dmarc", "ptr", "helo", "extensions"} == {
        check for cause in CAUSES for check in cause.checks
    }


def test_a_step_is_left_when_nothing_is_known() -> None:
    assert [cause.cause for cause in CAUSES if all(PLACEHOLDER.search(step) for step in cause.fix)] == []


def test_placeholders_are_known_ones() -> None:
    used = {name for cause in CAUSES for step in cause.fix for name in PLACEHOLDER.findall(step)}
    assert set() == used - {"ip", "zone", "domain", "url", "param", "mechanism", "spf_mechanism"}


@pytest.mark.parametrize("cause", ["policy", "content-spam", "poor-reputation", "spf-fail", "mailbox-full", "unknown"])
def test_steps_that_the_sender_takes_stand_under_the_sender(cause: str) -> None:
    assert catalog().causes[cause].who[0] == "sender"


def test_only_one_kind_of_spf_term_is_offered() -> None:
    steps = " ".join(catalog().causes["spf-fail"].fix)
    assert "{spf_mechanism}" in steps
    assert "ip4:" not in steps
    assert "ip6:" not in steps


def test_a_range_that_should_not_send_uses_the_providers_relay() -> None:
    assert [step for step in catalog().causes["ip-blocklisted"].fix if "PBL" in step and "relay" in step] != []
