"""The lines on top: verdict, way, what a healthy server offers; and the one line of --quiet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len

from probe.catalog import catalog
from probe.model import Endpoint, Extensions, Report, Target, Tls
from probe.reports.terminal import quiet
from tests.reports.conversations import MX, TLS, certificate, lines_of, report, said, session, text_of

GREETED = (said("banner", None, "220 mx.example.org ESMTP"), said("rcpt", "RCPT TO:<a@b.test>", "250 Ok"))


def healthy(offer: dict[str, str], tls: Tls | None = None, typed: str = "mx.example.org") -> Report:
    extensions = Extensions({"STARTTLS": "", "AUTH": "CRAM-MD5"}, offer) if tls else Extensions(offer)
    return report(session(*GREETED, extensions=extensions, tls=tls), typed=typed)


def test_a_healthy_server_tells_how_to_log_in_and_whose_certificate_it_is() -> None:
    one = healthy({"AUTH": "PLAIN LOGIN", "PIPELINING": ""}, replace(TLS, certificate=certificate()))
    assert lines_of(one)[2:4] == [
        "TLS 1.3 · certificate valid 39 days · PIPELINING",
        "AUTH PLAIN LOGIN · certificate for mx.example.org, *.example.org by R11",
    ]


def test_in_clear_the_offer_in_clear_counts() -> None:
    assert lines_of(healthy({"AUTH": "PLAIN"}))[2:4] == ["in clear, no TLS", "AUTH PLAIN"]


def test_nothing_to_prove_is_no_second_line() -> None:
    assert lines_of(healthy({}))[2:4] == ["in clear, no TLS", ""]


def test_every_keyword_is_listed() -> None:
    offer = dict.fromkeys((f"X-EXTENSION-{number}" for number in range(12)), "")
    text = text_of(healthy(offer))
    assert [] == [keyword for keyword in offer if keyword not in text]
    assert "…" not in text.partition("Conversation")[0]


def test_a_flood_of_keywords_and_names_is_cut() -> None:
    names = tuple(f"host{number}.example.org" for number in range(500))
    offer = dict.fromkeys((f"X-EXTENSION-{number}" for number in range(500)), "")
    top = text_of(healthy(offer, replace(TLS, certificate=certificate(names=names)))).partition("Conversation")[0]
    assert "host4.example.org (+495) by R11" in " ".join(top.split())
    assert top.count("\n") < 12


@pytest.mark.parametrize(
    ("end", "verified", "expected"),
    [
        ("2026-11-23T10:00:00Z", True, "certificate valid 1 day"),
        ("2026-11-23T10:00:00Z", False, "certificate expires in 1 day"),
        ("2027-01-01T00:00:00Z", True, "certificate valid 39 days"),
        ("2026-11-01T00:00:00Z", True, "certificate expired"),
        ("9999-12-31T23:59:59Z", False, "certificate expires in 9999"),
        ("2040-01-01T00:00:00Z", True, "certificate valid until 2040"),
    ],
)
def test_how_long_the_certificate_lasts(end: str, verified: bool, expected: str) -> None:
    one = healthy({}, replace(TLS, verified=verified, certificate=certificate(end)))
    assert lines_of(one)[2] == f"TLS 1.3 · {expected}"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"issuer": "CN=mx.example.org", "names": ("mx.example.org",)}, "certificate for mx.example.org by itself"),
        (
            {"issuer": "O=Example\\, Inc.,C=US"},
            "certificate for mx.example.org, *.example.org by O=Example\\, Inc.,C=US",
        ),
        ({"issuer": "O=X,CN=A\\, B"}, "certificate for mx.example.org, *.example.org by A, B"),
        ({"names": ()}, "certificate for mx.example.org by R11"),
        ({"names": (), "subject": "", "issuer": "CN=R11"}, "certificate for ? by R11"),
    ],
)
def test_names_and_issuer(more: dict[str, Any], expected: str) -> None:
    assert lines_of(healthy({}, replace(TLS, certificate=certificate(**more))))[3] == expected


def test_the_way_names_every_endpoint_and_what_became_of_it() -> None:
    silent = Endpoint("mx1.example.org", "198.51.100.24", 25, 10)
    second = Endpoint("mx1.example.org", "2001:db8::24", 25, 10)
    served = Endpoint("mx2.example.org", "198.51.100.25", 25, 20)
    spare = Endpoint("mx3.example.org", "198.51.100.26", 25, 30)
    one = report(
        session(endpoint=silent, outcome="timeout", stage="connect", detail="no answer"),
        session(endpoint=second, outcome="unreachable", stage="connect", detail="no route"),
        session(*GREETED, endpoint=served),
        typed="example.org",
        kind="domain",
        route=(silent, second, served, spare),
    )
    assert " ".join(lines_of(one, width=100)[2:4]) == (
        "example.org MX 10 mx1.example.org 198.51.100.24 [TIMED OUT] · 2001:db8::24 [UNREACHABLE] · "
        "20 mx2.example.org 198.51.100.25 [ACCEPTS] · 30 mx3.example.org 198.51.100.26"
    )
    assert [] == [line for line in text_of(one, width=60).splitlines() if cell_len(line) > 60]


def test_one_mx_still_says_that_it_was_an_mx() -> None:
    served = Endpoint("mx1.example.org", "198.51.100.24", 25, 10)
    one = report(session(*GREETED, endpoint=served), typed="example.org", kind="domain", route=(served,))
    assert lines_of(one)[2] == "example.org MX 10 mx1.example.org 198.51.100.24 [ACCEPTS]"


def test_a_host_with_one_address_left_no_choice() -> None:
    assert lines_of(report(session(*GREETED), route=(MX,)))[2] == "in clear, no TLS"


def test_a_host_with_two_addresses_has_a_route() -> None:
    other = replace(MX, address="2001:db8::25")
    text = lines_of(report(session(*GREETED), route=(MX, other)))
    assert text[2] == "Route mx.example.org 198.51.100.25 [ACCEPTS] · 2001:db8::25"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("mx.example.org", "mx.example.org:25 ACCEPTS"),
        ("mx.example.org:25", "mx.example.org:25 ACCEPTS"),
        ("smtp://mx.example.org", "smtp://mx.example.org (mx.example.org:25) ACCEPTS"),
        ("example.org", "example.org (mx.example.org:25) ACCEPTS"),
    ],
)
def test_quiet_begins_with_what_was_typed(typed: str, expected: str) -> None:
    assert quiet(report(session(*GREETED), typed=typed), catalog()) == expected


def test_quiet_without_a_session_too() -> None:
    assert quiet(report(typed="a@example.org"), catalog()) == "a@example.org NO ROUTE"


def test_a_unix_socket_has_no_port() -> None:
    place = Endpoint("/run/lmtp", "/run/lmtp", 0)
    one = report(session(*GREETED, endpoint=place), target=Target("/run/lmtp", "unix", "/run/lmtp", 0))
    assert quiet(one, catalog()) == "/run/lmtp ACCEPTS"
    assert lines_of(one)[1].startswith("/run/lmtp ")
