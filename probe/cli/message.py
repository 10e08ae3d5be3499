"""smtp-probe message FILE.eml: verify one message."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from probe.cli.assessing import add_report_options, status_of
from probe.cli.common import Parser, facts_in, parser, read_file, use_color, width_of
from probe.cli.status import Status
from probe.cli.values import address, seconds, word

if TYPE_CHECKING:
    from probe.model import Assessment


def run(arguments: Sequence[str]) -> int:
    """Verify each message in turn; one that cannot be read does not lose the others."""
    given = _parser().parse_args(arguments)
    octets = read_file(given.file)
    facts = facts_in(given.lang)
    import asyncio

    from probe.authentication.message import message
    from probe.resolver import Resolver

    async def verified() -> Assessment:
        async with Resolver(given.resolver, timeout=given.timeout) as resolver:
            return await message(
                octets,
                name=facts.words["unsaved-name"] if given.file == "-" else given.file,
                client_ip=given.client_ip,
                mail_from=given.mail_from,
                ehlo=given.ehlo,
                authserv_id=given.authserv_id,
                resolver=resolver,
                facts=facts,
            )

    one = asyncio.run(verified())
    if given.format == "json":
        from probe.reports.json_report import render as render_json

        render_json([one], sys.stdout)
    elif given.quiet:
        from probe.reports.assessment import quiet

        print(quiet(one, facts))
    else:
        from probe.reports.assessment import render

        color, width = use_color(given.color, sys.stdout), width_of(sys.stdout)
        render(one, sys.stdout, facts, color=color, width=width, verbose=given.verbose)
    return Status.OK if given.exit_zero else status_of(one, given.fail_on)


def _parser() -> Parser:
    made = parser(
        "message", "Verify one message: structure, DKIM, ARC, SPF, DMARC. Nothing is sent.", ("terminal", "json")
    )
    made.add_argument("file", metavar="FILE", help="the message as it was received; - reads standard input")
    way = made.add_argument_group("the envelope (default: what the message's own trace says)")
    way.add_argument("--client-ip", metavar="ADDR", type=address, help="the address that brought the message")
    way.add_argument("--mail-from", metavar="ADDR", help="MAIL FROM; an empty one is the null reverse-path")
    way.add_argument("--ehlo", metavar="NAME", type=word, help="the name that the client gave in EHLO")
    ask = made.add_argument_group("the check")
    ask.add_argument("--resolver", metavar="ADDR[:PORT]", action="append", help="name server (default: the system's)")
    ask.add_argument("--timeout", type=seconds, default=5.0, metavar="S", help="for one DNS question (default: 5)")
    ask.add_argument("--authserv-id", metavar="NAME", type=word, help="who verifies (default: this host's name)")
    add_report_options(made)
    return made
