"""The certificates that a real Postfix shows, as DANE and MTA-STS hold them against what is published."""

from __future__ import annotations

import json
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.peers.lab import DOWN, NAMED, RELAY, Lab
from tests.peers.postfix import HOST, Postfix

pytestmark = pytest.mark.peer

CHECKOUT = Path(__file__).resolve().parents[2]


def look(lab: Lab, address: str) -> dict[str, Any]:
    module = (sys.executable, "-m", "tests.peers.seeing", HOST, address)
    done = lab.run("env", f"PYTHONPATH={CHECKOUT}", *module)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_the_certificate_of_postfix_is_seen_and_the_session_ends_in_order(lab: Lab, postfix: Postfix) -> None:
    der = ssl.PEM_cert_to_DER_cert(postfix.ca_file.read_text())
    lost = "lost connection after STARTTLS"
    before = postfix.log().count(lost)  # the server is shared, and sessions of other tests may end like that
    assert {"chain": [der.hex()], "failure": None} == look(lab, RELAY)
    assert before == postfix.log().count(lost)


def test_a_postfix_without_tls_and_a_host_that_is_down(lab: Lab, postfix: Postfix) -> None:
    assert {"chain": [], "failure": "no-starttls"} == look(lab, NAMED)
    assert {"chain": [], "failure": "unreachable"} == look(lab, DOWN)
