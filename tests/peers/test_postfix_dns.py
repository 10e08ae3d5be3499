"""The way to a real server by MX, and a client without a name, proved by its PTR record."""

from __future__ import annotations

import pytest

from tests.peers.conftest import Probe
from tests.peers.lab import CLIENT, DOWN, NAMED, NOBODY, OTHER_CLIENT, RELAY, ZONES_SERVER
from tests.peers.nameserver import NameServer
from tests.peers.postfix import Postfix

pytestmark = pytest.mark.peer


def test_a_domain_whose_best_mx_is_down(postfix: Postfix, zones: NameServer, probe: Probe) -> None:
    run = probe("lab.test", "--source", CLIENT, "--resolver", ZONES_SERVER)

    assert run.status == 0, run.err
    report = run.report
    route = [(one["host"], one["address"], one["preference"]) for one in report["route"]]
    assert route == [("down.lab.test", DOWN, 10), ("mx.lab.test", RELAY, 20)]
    sessions = [(one["endpoint"]["address"], one["outcome"], one["stage"]) for one in report["sessions"]]
    assert sessions == [(DOWN, "unreachable", "connect"), (RELAY, "ok", "quit")]
    said = [one["command"] for one in report["sessions"][1]["exchanges"]]
    assert "RCPT TO:<postmaster@lab.test>" in said
    found = {one["id"] for one in report["findings"]}
    assert {"endpoint-skipped", "certificate-self-signed"} <= found
    # The certificate is for mx.lab.test, the name that led there.
    assert "certificate-other-name" not in found


def test_a_certificate_that_verifies_for_the_name_of_the_mx(postfix: Postfix, zones: NameServer, probe: Probe) -> None:
    arguments = ("--source", CLIENT, "--resolver", ZONES_SERVER, "--tls-verify", "--ca-file", str(postfix.ca_file))

    run = probe("lab.test", *arguments)
    elsewhere = probe(RELAY, *arguments)

    assert run.status == 0, run.err
    assert run.report["sessions"][1]["tls"]["verified"] is True
    assert not any(one["id"].startswith("certificate-") for one in run.report["findings"])
    # The same certificate does not hold for a bare address.
    assert (elsewhere.status, elsewhere.session["outcome"]) == (1, "cert_problem")


def test_a_domain_that_takes_no_mail(zones: NameServer, probe: Probe) -> None:
    """RFC 7505: a null MX."""
    run = probe("null.test", "--source", CLIENT, "--resolver", ZONES_SERVER)

    assert run.status == 3
    assert (run.report["route"], run.report["sessions"]) == ([], [])
    assert "null-mx" in {one["id"] for one in run.report["findings"]}


def test_a_client_without_a_name_is_put_off_and_its_missing_ptr_proves_it(
    postfix: Postfix, zones: NameServer, probe: Probe
) -> None:
    run = probe(NAMED, "--source", CLIENT, "--resolver", ZONES_SERVER)

    assert run.status == 1, run.err
    assert (run.session["outcome"], run.session["stage"]) == ("tempfail", "rcpt")
    refusal = run.exchange("rcpt")
    assert (refusal["reply"]["code"], refusal["reply"]["enhanced"]) == (450, "4.7.25")
    assert refusal["explanation"]["cause"] == "no-ptr"
    assert (run.diagnosis["cause"], run.diagnosis["verdict"]) == ("no-ptr", "confirmed")
    (ptr,) = (check for check in run.report["checks"] if check["check"] == "ptr")
    assert (ptr["subject"], ptr["result"], ptr["queries"][0]["answer"]) == (CLIENT, "fail", "absent")
    assert "no-ptr" in {one["id"] for one in run.report["findings"]}


def test_a_ptr_that_leads_back_refutes_the_reply(postfix: Postfix, zones: NameServer, probe: Probe) -> None:
    """The server's own resolver knows no PTR at all; ours does."""
    run = probe(NAMED, "--source", OTHER_CLIENT, "--resolver", ZONES_SERVER)

    assert (run.diagnosis["cause"], run.diagnosis["verdict"]) == ("no-ptr", "refuted")
    assert any("mail.shop.test" in line for line in run.diagnosis["against"])


def test_a_ptr_that_could_not_be_asked_stays_open(postfix: Postfix, probe: Probe) -> None:
    run = probe(NAMED, "--source", OTHER_CLIENT, "--resolver", NOBODY)

    assert run.diagnosis["cause"] == "no-ptr"
    assert run.diagnosis["verdict"] not in ("confirmed", "refuted")
    assert any("could not ask" in line for line in run.diagnosis["not_asked"])
    assert "no-ptr" not in {one["id"] for one in run.report["findings"]}
