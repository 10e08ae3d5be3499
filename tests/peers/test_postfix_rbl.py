"""A 554 of Postfix's ``reject_rbl_client``, and what rbldnsd says to the probe about it.

Postfix asks a name server of its own, on which the client stays listed. So the list that the probe asks may agree, have
let go, be silent or be sick, while the reply stays the same: only the verdict may change.
"""

from __future__ import annotations

import pytest

from tests.peers.conftest import Probe, Run
from tests.peers.lab import CLIENT, EARLY, LATE, NOBODY, OTHER_CLIENT, RESOLVER, STRANGER, WORLD
from tests.peers.postfix import Postfix
from tests.peers.rbldnsd import SICK_ZONE, ZONE, Rbldnsd

pytestmark = pytest.mark.peer

QUESTION = "7.113.0.203.dnsbl.test"
WORDS = (
    "5.7.1 Service unavailable; Client host [203.0.113.7] blocked using dnsbl.test; "
    "Listed, see https://dnsbl.test/q?ip=203.0.113.7"
)


def named_list(run: Run, zone: str = ZONE) -> dict[str, object]:
    """What came of asking the list that the reply names."""
    subject = f"{CLIENT} @ {zone}"
    return next(
        dict(check) for check in run.report["checks"] if (check["check"], check["subject"]) == ("dnsbl", subject)
    )


def findings(run: Run) -> set[str]:
    return {finding["id"] for finding in run.report["findings"]}


@pytest.mark.parametrize(("server", "stage"), [(EARLY, "banner"), (LATE, "rcpt")])
def test_a_listed_client_is_refused_and_the_list_proves_it(
    postfix: Postfix, blocklist: Rbldnsd, probe: Probe, server: str, stage: str
) -> None:
    run = probe(server, "--source", CLIENT, "--resolver", RESOLVER)

    assert run.status == 1, run.err
    assert (run.session["outcome"], run.session["stage"]) == ("rejected", stage)
    refusal = run.exchange(stage)
    assert (refusal["reply"]["code"], refusal["reply"]["enhanced"]) == (554, "5.7.1")
    assert refusal["reply"]["lines"] == [WORDS]
    explanation = refusal["explanation"]
    assert (explanation["cause"], explanation["provider"]) == ("ip-blocklisted", "postfix")
    assert explanation["fields"]["blocked_ip"] == CLIENT
    assert explanation["fields"]["list_zone"] == ZONE
    assert explanation["fields"]["urls"] == [f"https://dnsbl.test/q?ip={CLIENT}"]
    assert run.report["client"] == {"address": CLIENT, "learned_from": "reply"}

    assert named_list(run)["result"] == "fail"
    queries = named_list(run)["queries"]
    assert isinstance(queries, list)
    asked = {(query["name"], query["type"]): (query["answer"], query["values"]) for query in queries}
    assert asked[QUESTION, "A"] == ("found", ["127.0.0.2"])
    assert asked[QUESTION, "TXT"] == ("found", [f"Listed, see https://dnsbl.test/q?ip={CLIENT}"])
    assert asked["2.0.0.127.dnsbl.test", "A"] == ("found", ["127.0.0.2"])
    assert asked["1.0.0.127.dnsbl.test", "A"] == ("absent", [])

    assert (run.diagnosis["cause"], run.diagnosis["verdict"]) == ("ip-blocklisted", "confirmed")
    assert run.diagnosis["stage"] == stage
    assert any(QUESTION in line and "127.0.0.2" in line for line in run.diagnosis["evidence"])
    assert run.diagnosis["against"] == []
    assert any(fix["who"] == "you" for fix in run.diagnosis["fix"])
    assert any(fix["url"] == f"https://dnsbl.test/q?ip={CLIENT}" for fix in run.diagnosis["fix"])
    assert {"rejected", "client-listed"} <= findings(run)
    assert "list-not-believed" not in findings(run)


def test_what_was_heard_before_the_refusal_at_rcpt(postfix: Postfix, blocklist: Rbldnsd, probe: Probe) -> None:
    run = probe(LATE, "--source", CLIENT, "--resolver", RESOLVER, "--lists", "named")

    heard = [("banner", 220), ("ehlo", 250), ("help", 500), ("mail", 250), ("rcpt", 554), ("rset", 250), ("quit", 221)]
    assert run.codes() == heard
    assert [check["subject"] for check in run.report["checks"] if check["check"] == "dnsbl"] == [f"{CLIENT} @ {ZONE}"]


def test_a_refused_greeting_is_answered_with_quit_alone(postfix: Postfix, blocklist: Rbldnsd, probe: Probe) -> None:
    run = probe(EARLY, "--source", CLIENT, "--resolver", RESOLVER)

    assert run.codes() == [("banner", 554), ("quit", 221)]


@pytest.mark.parametrize(("server", "place"), [(EARLY, "at the greeting"), (LATE, "at RCPT")])
def test_a_person_reads_cause_proof_and_way_out(
    postfix: Postfix, blocklist: Rbldnsd, probe: Probe, server: str, place: str
) -> None:
    run = probe(server, "--source", CLIENT, "--resolver", RESOLVER, "--format", "terminal")

    assert run.status == 1, run.err
    flat = " ".join(run.out.split())
    assert f"{server}:25 REFUSED {place}: 554 5.7.1" in flat
    assert "blocklist (confirmed)" in flat
    assert f"{QUESTION} A 127.0.0.2" in flat
    assert f"https://dnsbl.test/q?ip={CLIENT}" in flat
    assert "No message was sent." in flat
    assert "\x1b" not in run.out
    assert max(map(len, run.out.splitlines())) <= 80


def test_once_delisted_the_claim_is_refuted(postfix: Postfix, blocklist: Rbldnsd, probe: Probe) -> None:
    before = probe(EARLY, "--source", CLIENT, "--resolver", RESOLVER)
    blocklist.list_only([])
    after = probe(EARLY, "--source", CLIENT, "--resolver", RESOLVER)

    assert before.diagnosis["verdict"] == "confirmed"
    assert (after.diagnosis["cause"], after.diagnosis["verdict"]) == ("ip-blocklisted", "refuted")
    assert named_list(after)["result"] == "pass"
    assert any(QUESTION in line and "not listed" in line for line in after.diagnosis["against"])
    assert not any("127.0.0.2" in line for line in after.diagnosis["evidence"])
    assert "client-listed" not in findings(after)
    # The server refuses all the same, and the exit status says so.
    assert (after.status, after.session["outcome"]) == (1, "rejected")


def test_an_emptied_list_refutes_nothing(postfix: Postfix, blocklist: Rbldnsd, probe: Probe) -> None:
    """Without its test point (RFC 5782 section 5) a list that says "not listed" may just be broken."""
    blocklist.list_only([], test_point=False)

    run = probe(EARLY, "--source", CLIENT, "--resolver", RESOLVER)

    assert (run.diagnosis["cause"], run.diagnosis["verdict"]) == ("ip-blocklisted", "likely")
    assert "client-listed" not in findings(run)


def test_a_neighbour_on_the_list_proves_nothing(postfix: Postfix, blocklist: Rbldnsd, probe: Probe) -> None:
    blocklist.list_only([OTHER_CLIENT])

    run = probe(EARLY, "--source", CLIENT, "--resolver", RESOLVER)

    assert run.diagnosis["verdict"] == "refuted"


@pytest.mark.parametrize("resolver", [NOBODY, STRANGER], ids=["dead", "refusing"])
@pytest.mark.parametrize("server", [EARLY, LATE])
def test_a_list_that_cannot_be_asked_is_never_read_as_clean(
    postfix: Postfix, stranger: Rbldnsd, probe: Probe, server: str, resolver: str
) -> None:
    run = probe(server, "--source", CLIENT, "--resolver", resolver)

    assert run.status == 1, run.err
    # The reply is still worth what its words say, and no more.
    assert (run.diagnosis["cause"], run.diagnosis["verdict"]) == ("ip-blocklisted", "likely")
    assert any(f"{QUESTION} A: could not ask" in line for line in run.diagnosis["not_asked"])
    assert (run.diagnosis["against"], run.diagnosis["ruled_out"]) == ([], [])
    lists = [check for check in run.report["checks"] if check["check"] == "dnsbl"]
    assert lists
    assert not any(check["result"] in ("pass", "fail") for check in lists)
    assert "client-listed" not in findings(run)
    assert "list-not-asked" in findings(run)


def test_a_person_reads_that_a_dead_resolver_said_nothing(postfix: Postfix, probe: Probe) -> None:
    run = probe(EARLY, "--source", CLIENT, "--resolver", NOBODY, "--format", "terminal")

    flat = " ".join(run.out.split())
    assert "could not ask" in flat
    assert "not listed" not in flat
    assert "lists clean" not in flat
    assert "(confirmed)" not in flat


def test_a_list_of_the_whole_world_is_not_believed(postfix: Postfix, blocklist: Rbldnsd, probe: Probe) -> None:
    run = probe(WORLD, "--source", CLIENT, "--resolver", RESOLVER)

    assert (run.exchange("banner")["reply"]["code"], run.exchange("banner")["explanation"]["cause"]) == (
        554,
        "ip-blocklisted",
    )
    assert named_list(run, SICK_ZONE)["result"] == "permerror"
    assert run.diagnosis["verdict"] == "refuted"
    assert any("127.0.0.1" in line for line in run.diagnosis["against"])
    assert "list-not-believed" in findings(run)
    assert "client-listed" not in findings(run)


def test_another_client_of_the_same_server_is_welcome(postfix: Postfix, blocklist: Rbldnsd, probe: Probe) -> None:
    run = probe(EARLY, "--source", OTHER_CLIENT, "--resolver", RESOLVER)

    assert run.status == 0, run.err
    assert run.session["outcome"] == "ok"
    assert (run.report["checks"], run.report["diagnoses"]) == ([], [])
