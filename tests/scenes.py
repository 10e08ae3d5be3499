"""The scenes of the demo as reports, once a test run; and the same report without what changes from run to run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache

from probe.catalog import catalog
from probe.cli.options import check_parser, limits_of, options_of, plan_of, target_of
from probe.embedded.dns import DnsServer
from probe.embedded.scenes import SCENES, ZONES, Scene
from probe.embedded.smtp import SmtpServer
from probe.model import Exchange, Report, Session
from probe.resolver import Resolver
from probe.run import check


async def probe_scene(scene: Scene, *more: str, zones: dict[str, str] | None = None, lang: str = "en") -> Report:
    """Start the scene's server and its DNS, and probe it with its own options and ``more``."""
    async with DnsServer(ZONES if zones is None else zones) as dns, SmtpServer(scene.behaviour) as server:
        given = check_parser().parse_args([server.endpoint, *scene.options, *more])
        target = target_of(server.endpoint, given)
        return await check(
            target,
            plan_of(target, given, None),
            options=options_of(given),
            resolver=Resolver(dns.endpoint, timeout=1.0, tries=1),
            limits=limits_of(given),
            facts=catalog(lang),
        )


@cache
def reports() -> tuple[Report, ...]:
    """The four reports of the demo."""

    async def all_of_them() -> tuple[Report, ...]:
        return tuple([await probe_scene(scene) for scene in SCENES])

    return asyncio.run(all_of_them())


def steady(report: Report) -> Report:
    """The report with every time 1 ms, every port 2525, and the day of the certificate's tests."""
    return replace(
        report,
        started="2026-11-22T09:30:00Z",
        elapsed_ms=10.0,
        target=replace(report.target, input="127.0.0.1:2525", port=2525),
        route=tuple(replace(endpoint, port=2525) for endpoint in report.route),
        sessions=tuple(map(_steady_session, report.sessions)),
    )


def _steady_session(session: Session) -> Session:
    tls = session.tls
    if tls is not None and tls.certificate is not None:
        leaf = replace(tls.certificate, not_before="2026-11-22T00:00:00Z", not_after="2026-12-22T00:00:00Z")
        tls = replace(tls, certificate=leaf)
    return replace(
        session,
        endpoint=replace(session.endpoint, port=2525),
        elapsed_ms=10.0,
        exchanges=tuple(map(_steady_exchange, session.exchanges)),
        timeline=dict.fromkeys(session.timeline, 1.0),
        tls=tls,
    )


def _steady_exchange(exchange: Exchange) -> Exchange:
    return replace(exchange, sent_ms=1.0, elapsed_ms=1.0)
