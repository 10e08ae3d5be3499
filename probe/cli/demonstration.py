"""smtp-probe demo: four servers of its own on loopback, probed as any other would be. Needs no network."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace

from probe.cli.common import facts_in, parser, use_color, width_of
from probe.cli.options import check_parser, limits_of, options_of, plan_of, target_of
from probe.cli.status import Status


def run(arguments: Sequence[str]) -> int:
    """Start the servers, probe them, print the reports."""
    options = parser("demo", "Probe four servers that it starts itself, offline.", ("terminal", "json", "jsonl"))
    options.add_argument("-v", "--verbose", action="store_true", help="every line, every question")
    given = options.parse_args(arguments)
    facts = facts_in(given.lang)

    async def show_all() -> list[object]:
        from probe.embedded.dns import DnsServer
        from probe.embedded.scenes import SCENES, ZONES
        from probe.embedded.smtp import SmtpServer
        from probe.resolver import Resolver
        from probe.run import check

        reports: list[object] = []
        async with DnsServer(ZONES) as dns:
            for number, scene in enumerate(SCENES, 1):
                async with SmtpServer(scene.behaviour) as server:
                    words = [server.endpoint, *scene.options, "--resolver", dns.endpoint]
                    asked = check_parser().parse_args(words)
                    target = target_of(server.endpoint, asked)
                    plan = replace(plan_of(target, asked, None), tls_name=scene.behaviour.hostname)
                    limits = limits_of(asked)
                    report = await check(
                        target,
                        plan,
                        options=options_of(asked),
                        resolver=Resolver(dns.endpoint, timeout=1.0, tries=1),
                        limits=limits,
                        facts=facts,
                    )
                reports.append(report)
                if given.format == "terminal":
                    from probe.reports.layout import Page
                    from probe.reports.terminal import render

                    color, width = use_color(given.color, sys.stdout), width_of(sys.stdout)
                    page = Page(sys.stdout, color=color, width=width)
                    page.blank()
                    page.line((f"{number}/{len(SCENES)}  {facts.words[f'scene-{scene.shows}']}", "bold"), indent=0)
                    page.line((f"$ smtp-probe {shlex.join(words)}", "dim"), indent=0)
                    render(report, sys.stdout, facts, color=color, width=width, verbose=given.verbose)
        return reports

    reports = asyncio.run(show_all())
    if given.format != "terminal":
        from probe.reports.json_report import render as render_json

        render_json(reports, sys.stdout, lines=given.format == "jsonl")
    return Status.OK
