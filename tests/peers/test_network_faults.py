"""Faults of the network itself: what the probe says is right, or that it waited in vain, and never anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.peers.badnet import DOMAIN, FAR, NEAR, BadNetwork, Faults
from tests.peers.conftest import Probe, Run
from tests.peers.lab import Lab

pytestmark = pytest.mark.peer

Network = Callable[[Faults], BadNetwork]
# The server's true decision about each recipient.
TRUTH = {f"orders@{DOMAIN}": "ok", f"nobody@{DOMAIN}": "rejected"}
ORDERS, NOBODY = TRUTH


@pytest.fixture
def network(lab: Lab) -> Iterator[Network]:
    made: list[BadNetwork] = []

    def make(faults: Faults) -> BadNetwork:
        made.append(BadNetwork(lab, faults))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def ask(probe: Probe, recipient: str, *more: str, timeout: str = "10", target: str = FAR) -> Run:
    words = ("--to", recipient, "--ehlo", "client.shop.test", "--tls", "none", "--lists", "named", "--timeout", timeout)
    return probe(target, "--resolver", FAR, *words, *more)


@pytest.mark.parametrize("recipient", TRUTH)
def test_a_network_without_faults(network: Network, probe: Probe, recipient: str) -> None:
    network(Faults())
    run = ask(probe, recipient)
    assert TRUTH[recipient] == run.session["outcome"], run.session["detail"]
    assert NEAR == run.session["local_address"]


@pytest.mark.parametrize("recipient", TRUTH)
@pytest.mark.parametrize(
    ("fault", "faults"),
    [
        ("doubled", Faults(double=1.0)),
        ("late", Faults(late=0.4, late_by=0.04)),
        ("late", Faults(double=0.5, late=0.5, late_by=0.02, delay=0.01)),
    ],
    ids=["every packet twice", "out of order", "twice and out of order"],
)
def test_what_tcp_can_mend_changes_nothing(
    network: Network, probe: Probe, fault: str, faults: Faults, recipient: str
) -> None:
    made = network(faults)
    run = ask(probe, recipient)
    assert TRUTH[recipient] == run.session["outcome"], run.session["detail"]
    assert run.session["paired"] is True
    assert made.count(fault) > 3


@pytest.mark.parametrize("recipient", TRUTH)
def test_lost_packets_cost_time_at_most(network: Network, probe: Probe, recipient: str) -> None:
    made = network(Faults(loss=0.15))
    run = ask(probe, recipient, timeout="4")
    # A reply that is lost again and again is a time-out, of QUIT too; a session that TCP saved says the truth.
    assert run.session["outcome"] in (TRUTH[recipient], "timeout"), run.session["detail"]
    assert made.count("lost") > 0


def test_a_long_way_is_measured(network: Network, probe: Probe) -> None:
    network(Faults(delay=0.1))
    run = ask(probe, ORDERS)
    assert "ok" == run.session["outcome"]
    assert all(200 <= one["elapsed_ms"] for one in run.session["exchanges"] if one["stage"] in ("ehlo", "mail", "rcpt"))


def test_a_network_that_swallows_everything(network: Network, probe: Probe) -> None:
    made = network(Faults(swallow=""))
    run = ask(probe, ORDERS, timeout="1")
    assert ("timeout", "connect") == (run.session["outcome"], run.session["stage"])
    assert 3 == run.status
    assert made.count("swallowed") > 0


@pytest.mark.parametrize(
    ("words", "stage"),
    [
        ("220 mx.faults", "banner"),
        ("EHLO", "ehlo"),
        ("MAIL FROM", "mail"),
        ("RCPT TO", "rcpt"),
        ("250-mx.faults", "ehlo"),
    ],
    ids=["at the greeting", "at EHLO", "at MAIL", "at RCPT", "at the answer to EHLO"],
)
def test_a_connection_that_dies_without_a_word(network: Network, probe: Probe, words: str, stage: str) -> None:
    network(Faults(swallow=words))
    run = ask(probe, ORDERS, timeout="1")
    assert ("timeout", stage) == (run.session["outcome"], run.session["stage"])
    assert 1 == run.status or stage == "banner"
    assert run.exchange(stage)["reply"] is None


def test_quit_never_decides(network: Network, probe: Probe) -> None:
    made = network(Faults(swallow="QUIT"))
    run = ask(probe, ORDERS, timeout="1")
    assert "ok" == run.session["outcome"]
    assert ("timeout", None) == (run.exchange("quit")["failure"], run.exchange("quit")["reply"])
    assert "QUIT" not in made.heard


@pytest.mark.parametrize("swallow", ["250 Queued", "Subject: "], ids=["its answer", "its text"])
def test_a_message_whose_fate_nobody_knows(network: Network, probe: Probe, swallow: str) -> None:
    made = network(Faults(swallow=swallow))
    run = ask(probe, ORDERS, "--send", timeout="1")
    outcome, stage = run.session["outcome"], run.session["stage"]
    assert ("delivery_unknown", "dot") == (outcome, stage), run.session["detail"]
    assert 1 == made.heard.count("DATA")


def test_half_a_refusal_is_none(network: Network, probe: Probe) -> None:
    made = network(Faults(lose_words="User unknown"))
    run = ask(probe, NOBODY, timeout="1")
    assert ("timeout", "rcpt") == (run.session["outcome"], run.session["stage"])
    assert "550 5.1.1 " == run.exchange("rcpt")["partial"]
    assert made.count("refused") > 0


def test_a_path_that_loses_large_packets(network: Network, probe: Probe) -> None:
    made = network(Faults(bigger=600))
    run = ask(probe, ORDERS, timeout="1")
    assert ("timeout", "ehlo") == (run.session["outcome"], run.session["stage"])
    assert made.count("refused") > 0


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit"])
def test_no_way_to_the_server(lab: Lab, probe: Probe, kind: str) -> None:
    nowhere = "198.51.100.201"
    assert 0 == lab.run("ip", "route", "add", kind, f"{nowhere}/32").returncode
    try:
        run = ask(probe, ORDERS, target=nowhere, timeout="1")
    finally:
        lab.run("ip", "route", "del", kind, f"{nowhere}/32")
    assert ("unreachable", "connect") == (run.session["outcome"], run.session["stage"])
    assert 3 == run.status


@pytest.mark.parametrize(
    "faults",
    [Faults(double=1.0), Faults(late=0.5, late_by=0.05), Faults(loss=0.1, seed=3)],
    ids=["every packet twice", "out of order", "some lost"],
)
def test_dns_over_a_bad_network(network: Network, probe: Probe, faults: Faults) -> None:
    network(faults)
    run = ask(probe, ORDERS, target=DOMAIN, timeout="4")
    answers = {(one["name"], one["type"]): one["answer"] for one in run.report["dns"]}
    # AAAA is truly absent; what exists is found, or asked for in vain.
    assert answers[DOMAIN, "MX"] in ("found", "failed")
    assert answers.get((f"mx.{DOMAIN}", "A"), "found") in ("found", "failed")
    for session in run.report["sessions"]:
        assert session["outcome"] in ("ok", "timeout"), session["detail"]


def test_dns_that_is_swallowed_is_no_denial(network: Network, probe: Probe) -> None:
    network(Faults(swallow=""))
    run = ask(probe, ORDERS, target=DOMAIN, timeout="1")
    assert {("failed", "timeout")} == {(one["answer"], one["reason"]) for one in run.report["dns"]}
    assert ([], 3) == (run.report["sessions"], run.status)
