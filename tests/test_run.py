"""The line itself: routes, detours, waiting, and what each target comes to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping

import pytest

from probe.embedded.behaviour import Behaviour
from probe.embedded.dns import DnsServer, Fault
from probe.embedded.smtp import SmtpServer
from probe.errors import INTERRUPT
from probe.limits import Limits
from probe.model import Report
from probe.resolver import Resolver
from probe.run import Options, check
from probe.smtp.plan import Plan
from probe.target import parse_target, with_port

QUICK = Limits(connect=1.0, banner=1.0, command=1.0, dns_timeout=0.3, dns_tries=1)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def probe(
    target: str,
    zones: Mapping[str, str],
    faults: Mapping[str, Fault] | None = None,
    *,
    options: Options | None = None,
    port: int | None = None,
    address: str = "127.0.0.1",
) -> Report:
    async def run() -> Report:
        async with DnsServer(zones, faults=faults) as dns, SmtpServer(Behaviour(), address=address) as server:
            return await check(
                with_port(parse_target(target), port or server.port),
                Plan(("postmaster@shop.test",), ehlo="probe.test"),
                options=options or Options(allow_private=True),
                resolver=Resolver(dns.endpoint, timeout=0.3, tries=1),
                limits=QUICK,
            )

    return asyncio.run(run())


def ids(report: Report) -> set[str]:
    return {finding.id for finding in report.findings}


def test_a_domain_is_routed_by_its_mx() -> None:
    report = probe("shop.test", {"shop.test": "@ MX 10 mail\nmail A 127.0.0.1"})
    assert [(e.host, e.address, e.preference) for e in report.route] == [("mail.shop.test", "127.0.0.1", 10)]
    assert (report.target.kind, report.sessions[0].outcome) == ("domain", "ok")
    assert [("shop.test", "MX"), ("mail.shop.test", "A"), ("mail.shop.test", "AAAA")] == [
        (answer.name, answer.type) for answer in report.dns
    ]


def test_the_next_mx_is_tried_and_the_first_stays_in_the_report() -> None:
    zone = "@ MX 10 dead\n@ MX 20 mail\ndead A 127.0.0.9\nmail A 127.0.0.1"
    report = probe("shop.test", {"shop.test": zone})
    assert [session.outcome for session in report.sessions] == ["unreachable", "ok"]
    assert "endpoint-skipped" in ids(report)
    assert "unreachable" not in ids(report)


def test_without_mx_the_address_of_the_domain_counts() -> None:
    report = probe("shop.test", {"shop.test": "@ A 127.0.0.1"})
    assert (report.target.kind, report.sessions[0].outcome, report.route[0].preference) == ("host", "ok", None)
    assert "implicit-mx" in ids(report)


def test_a_null_mx_is_honoured() -> None:
    report = probe("shop.test", {"shop.test": "@ MX 0 .\n@ A 127.0.0.1"})
    assert (report.route, report.sessions) == ((), ())
    assert "null-mx" in ids(report)


@pytest.mark.parametrize("fault", ["servfail", "timeout", "refused", "lame"])
def test_a_failed_look_up_is_no_missing_mx(fault: Fault) -> None:
    report = probe("shop.test", {"shop.test": "@ A 127.0.0.1"}, {"shop.test": fault})
    assert (report.route, report.sessions) == ((), ())
    assert "dns-failed" in ids(report)
    assert not {"no-such-domain", "no-address", "implicit-mx"} & ids(report)


def test_an_unknown_domain_does_not_exist() -> None:
    report = probe("other.shop.test", {"shop.test": "@ A 127.0.0.1"})
    assert "no-such-domain" in ids(report)


def test_an_mx_into_private_space_is_left_alone() -> None:
    report = probe("shop.test", {"shop.test": "@ MX 10 mail\nmail A 127.0.0.1"}, options=Options())
    assert (report.route, report.sessions) == ((), ())
    assert "private-address" in ids(report)


def test_localhost_is_the_machines_own_name_and_needs_no_dns() -> None:
    report = probe("localhost", {}, options=Options(family="4"))
    assert (report.sessions[0].outcome, report.dns) == ("ok", ())


def test_a_refused_connection_is_unreachable() -> None:
    report = probe("127.0.0.1", {}, port=free_port())
    assert [(s.outcome, s.stage) for s in report.sessions] == [("unreachable", "connect")]
    assert "unreachable" in ids(report)


def test_wait_tries_again_until_greeted() -> None:
    port = free_port()

    async def run() -> Report:
        async def start_late() -> SmtpServer:
            await asyncio.sleep(0.4)
            return await SmtpServer(Behaviour(), port=port).__aenter__()

        starting = asyncio.create_task(start_late())
        report = await check(
            f"127.0.0.1:{port}",
            options=Options(wait=5.0),
            resolver=Resolver("127.0.0.1:9", timeout=0.1, tries=1),
            limits=QUICK,
        )
        await (await starting).__aexit__(None, None, None)
        return report

    report = asyncio.run(run())
    assert [session.outcome for session in report.sessions] == ["ok"]


def test_wait_gives_up_in_time() -> None:
    with socket.socket() as held:  # bound and never listening: no other test can begin to
        held.bind(("127.0.0.1", 0))
        report = probe("127.0.0.1", {}, port=held.getsockname()[1], options=Options(wait=0.6))
    assert report.sessions[0].outcome == "unreachable"


def test_runs_share_one_loop_without_a_trace() -> None:
    async def run() -> int:
        async with SmtpServer(Behaviour(starttls=True)) as server:
            reports = await asyncio.gather(
                *(check(server.endpoint, resolver=Resolver("127.0.0.1:9"), limits=QUICK) for _ in range(20))
            )
        assert {report.sessions[0].outcome for report in reports} == {"ok"}
        await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1


def test_implicit_tls() -> None:
    async def run() -> Report:
        async with SmtpServer(Behaviour(), implicit_tls=True) as server:
            return await check(f"smtps://{server.endpoint}", resolver=Resolver("127.0.0.1:9"), limits=QUICK)

    report = asyncio.run(run())
    session = report.sessions[0]
    assert (session.outcome, session.exchanges[0].in_tls) == ("ok", True)
    assert session.tls is not None
    assert session.tls.version == "TLS 1.3"


def test_a_certificate_that_does_not_verify_ends_the_session_only_where_that_was_asked_for() -> None:
    async def run(verify: bool) -> Report:
        async with SmtpServer(Behaviour(starttls=True)) as server:
            plan = Plan(("postmaster@shop.test",), ehlo="probe.test", tls_verify=verify)
            return await check(server.endpoint, plan, resolver=Resolver("127.0.0.1:9"), limits=QUICK)

    assert asyncio.run(run(False)).sessions[0].outcome == "ok"
    session = asyncio.run(run(True)).sessions[0]
    assert (session.outcome, session.stage) == ("cert_problem", "tls")


def test_a_known_ca_verifies(tmp_path) -> None:  # type: ignore[no-untyped-def]
    async def run() -> Report:
        async with SmtpServer(Behaviour(starttls=True)) as server:
            assert server.certificate is not None
            ca_file = tmp_path / "ca.pem"
            ca_file.write_bytes(server.certificate.pem)
            plan = Plan(("postmaster@shop.test",), ehlo="probe.test", tls_verify=True, ca_file=str(ca_file))
            return await check(server.endpoint, plan, resolver=Resolver("127.0.0.1:9"), limits=QUICK)

    session = asyncio.run(run()).sessions[0]
    assert session.outcome == "ok"
    assert session.tls is not None
    assert session.tls.verified


def test_a_fault_of_ours_costs_one_session_and_names_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(lines: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("probe.smtp.session.help_verbs", broken)
    report = probe("127.0.0.1", {})
    session = report.sessions[0]
    assert session.outcome == "protocol_error"
    assert "RuntimeError at tests.test_run:" in (session.detail or "")
    assert "boom" in (session.detail or "")
    assert [exchange.stage for exchange in session.exchanges][:3] == ["banner", "ehlo", "help"]
    assert any("boom" in finding.explanation for finding in report.findings)


def test_a_fault_of_ours_in_one_check_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("probe.checks.dmarc.run", broken)

    async def run() -> Report:
        refusing = Behaviour(replies={"RCPT": "554 5.7.1 Rejected"})
        async with DnsServer({"shop.test": '@ TXT "v=spf1 -all"'}) as dns, SmtpServer(refusing) as server:
            plan = Plan(("postmaster@shop.test",), ehlo="probe.test", mail_from="a@shop.test")
            return await check(server.endpoint, plan, resolver=Resolver(dns.endpoint, timeout=0.3, tries=1))

    results = {one.check: one for one in asyncio.run(run()).checks}
    assert results["dmarc"].result == "temperror"
    assert "boom" in results["dmarc"].facts["error"]
    assert results["spf"].facts["record"] == "v=spf1 -all"


def test_the_proof_keeps_to_the_deadline_of_the_session() -> None:
    async def run() -> tuple[Report, float]:
        refusing = Behaviour(replies={"RCPT": "554 5.7.1 Rejected"})
        silent: dict[str, Fault] = {"*.test": "timeout", "shop.test": "timeout"}
        async with DnsServer({}, faults=silent) as dns, SmtpServer(refusing) as server:
            plan = Plan(("postmaster@shop.test",), ehlo="probe.test", mail_from="a@shop.test")
            began = asyncio.get_running_loop().time()
            slow = Resolver(dns.endpoint, timeout=30, tries=2)
            report = await check(server.endpoint, plan, resolver=slow, limits=Limits(session=1.0))
            return report, asyncio.get_running_loop().time() - began

    report, took = asyncio.run(run())
    assert took < 4.0
    assert {one.result for one in report.checks if one.check in ("spf", "dmarc")} == {"temperror"}


def test_another_cancellation_goes_its_way() -> None:
    async def run() -> None:
        async with SmtpServer(Behaviour(delay=5)) as server:
            async with asyncio.timeout(0.2):
                await check(server.endpoint, resolver=Resolver("127.0.0.1:9"), limits=QUICK)

    with pytest.raises(TimeoutError):
        asyncio.run(run())


def test_a_run_ends_with_its_deadline_whatever_dns_and_servers_do() -> None:
    async def silent_dns() -> tuple[Report, float]:
        async with DnsServer({}, faults={"shop.test": "timeout"}) as dns:
            began = asyncio.get_running_loop().time()
            slow = Resolver(dns.endpoint, timeout=30, tries=2)
            report = await check("shop.test", resolver=slow, limits=Limits(session=0.5))
            return report, asyncio.get_running_loop().time() - began

    report, took = asyncio.run(silent_dns())
    assert took < 1.5
    assert {finding.id for finding in report.findings} == {"dns-failed"}

    async def silent_hosts() -> tuple[Report, float]:
        hosts = "\n".join(f"@ MX {n} m{n}\nm{n} A 127.0.0.{n}" for n in range(1, 5))
        async with contextlib.AsyncExitStack() as stack:
            dns = await stack.enter_async_context(DnsServer({"shop.test": hosts}))
            port = 0
            for number in range(1, 5):
                silent = SmtpServer(Behaviour(delay=30), address=f"127.0.0.{number}", port=port)
                port = (await stack.enter_async_context(silent)).port
            began = asyncio.get_running_loop().time()
            report = await check(
                with_port(parse_target("shop.test"), port),
                options=Options(allow_private=True),
                resolver=Resolver(dns.endpoint, timeout=1, tries=1),
                limits=Limits(session=0.6),
            )
            return report, asyncio.get_running_loop().time() - began

    report, took = asyncio.run(silent_hosts())
    assert took < 1.6
    assert {session.outcome for session in report.sessions} == {"timeout"}


def interrupted_after(
    seconds: float, behaviour: Behaviour, plan: Plan, faults: Mapping[str, Fault] | None = None
) -> Report:
    async def run() -> Report:
        async with DnsServer({}, faults=faults) as dns, SmtpServer(behaviour) as server:
            slow = Resolver(dns.endpoint, timeout=20, tries=1)
            running = asyncio.create_task(check(server.endpoint, plan, resolver=slow))
            await asyncio.sleep(seconds)
            running.cancel(INTERRUPT)
            return await running

    return asyncio.run(run())


def test_an_interrupt_during_the_proof_claims_nothing_about_it() -> None:
    plan = Plan(("a@b.test",), mail_from="a@shop.test", ehlo="x.test")
    silent: dict[str, Fault] = {"shop.test": "timeout", "*.shop.test": "timeout"}
    report = interrupted_after(0.7, Behaviour(replies={"RCPT": "554 5.7.1 No"}), plan, silent)
    assert (report.sessions[0].outcome, report.sessions[0].stage) == ("rejected", "rcpt")
    assert (report.checks, report.diagnoses) == ((), ())
    assert "interrupted" in ids(report)


def test_an_interrupt_after_the_dot_leaves_the_fate_open_whoever_was_refused_before() -> None:
    replies = {"RCPT": lambda argument: "550 5.1.1 No" if "bad" in argument else None, "dot": ""}
    plan = Plan(("ok@x.test", "bad@x.test"), ehlo="probe.test", send=True, message=b"Subject: x\r\n\r\nhi\r\n")
    report = interrupted_after(0.7, Behaviour(replies=replies), plan)
    assert (report.sessions[0].outcome, report.sessions[0].stage) == ("delivery_unknown", "dot")
    assert report.connections == 1
