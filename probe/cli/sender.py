"""smtp-probe sender DOMAIN|IP|ADDRESS…: will mail from here be accepted?"""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from probe.cli.assessing import add_report_options, status_of, worst
from probe.cli.common import Parser, facts_in, parser, use_color, width_of
from probe.cli.status import Status
from probe.cli.values import address, seconds, word
from probe.errors import TargetError, UsageError
from probe.text import show

if TYPE_CHECKING:
    from probe.catalog import Catalog
    from probe.model import Assessment

_AT_ONCE = 8  # subjects; each asks all lists, and name servers have limits of their own


def run(arguments: Sequence[str]) -> int:
    """Assess each subject; the answers come in the order of the subjects, each as soon as it is there."""
    given = _parser().parse_args(arguments)
    facts = facts_in(given.lang)
    print_one, finish = _printer(given, facts)
    statuses: list[Status] = []

    async def all_of_them() -> None:
        async for one in _assessed(given, facts, statuses):
            print_one(one)
            sys.stdout.flush()
            statuses.append(Status.OK if given.exit_zero else status_of(one, given.fail_on))

    asyncio.run(all_of_them())
    finish()
    if not statuses:
        raise UsageError("nothing to assess: standard input names no domain, address or mailbox")
    return worst(statuses)


async def _assessed(given: Namespace, facts: Catalog, statuses: list[Status]) -> AsyncIterator[Assessment]:
    from dataclasses import replace

    from probe.limits import Limits
    from probe.resolver import Resolver
    from probe.sending.sender import sender

    limits = replace(Limits(), dns_timeout=given.timeout, session=given.deadline)
    async with Resolver(given.resolver, timeout=limits.dns_timeout, tries=limits.dns_tries) as resolver:
        waiting: list[asyncio.Task[Assessment]] = []

        def begin(subject: str) -> asyncio.Task[Assessment]:
            return asyncio.ensure_future(
                sender(
                    subject,
                    client_ip=given.client_ip,
                    ehlo=given.ehlo,
                    selectors=given.selector,
                    only=given.check,
                    lists=given.lists or ("all" if len(given.subject) < 2 and "-" not in given.subject else "main"),
                    ca_file=given.ca_file,
                    allow_private=given.allow_private,
                    resolver=resolver,
                    limits=limits,
                    facts=facts,
                )
            )

        for subject in _subjects(given.subject):
            waiting.append(begin(subject))
            while len(waiting) >= _AT_ONCE:
                async for one in _result(waiting.pop(0), statuses, alone=False):
                    yield one
        alone = given.subject != ["-"] and len(given.subject) == 1
        for task in waiting:
            async for one in _result(task, statuses, alone=alone):
                yield one


async def _result(task: asyncio.Task[Assessment], statuses: list[Status], *, alone: bool) -> AsyncIterator[Assessment]:
    """The assessment; a subject that cannot be read costs itself, where there are others."""
    try:
        yield await task
    except TargetError as error:
        if alone:
            raise
        print(f"smtp-probe: {show(str(error))}", file=sys.stderr)
        statuses.append(Status.USAGE)


def _subjects(given: Sequence[str]) -> Iterator[str]:
    """``-`` is standard input: one subject a line; what follows # and empty lines are passed over."""
    for subject in given:
        if subject != "-":
            yield subject
            continue
        for line in sys.stdin:
            bare = line.partition("#")[0].strip()
            if bare:
                yield bare


def _printer(given: Namespace, facts: Catalog) -> tuple[Callable[[Assessment], None], Callable[[], None]]:
    from probe.reports.json_report import render as render_json

    if given.format == "json":
        held: list[Assessment] = []
        return held.append, lambda: render_json(held, sys.stdout) if held else None
    if given.format == "jsonl":
        return lambda one: render_json([one], sys.stdout, lines=True), lambda: None
    from probe.reports.assessment import quiet, render

    if given.quiet:
        return lambda one: print(quiet(one, facts)), lambda: None
    color, width = use_color(given.color, sys.stdout), width_of(sys.stdout)
    return (
        lambda one: render(one, sys.stdout, facts, color=color, width=width, verbose=given.verbose),
        lambda: None,
    )


def _parser() -> Parser:
    made = parser(
        "sender",
        "Will mail from here be accepted? SPF, DKIM, DMARC, PTR, blocklists, and how the domain takes mail.",
        ("terminal", "json", "jsonl"),
    )
    made.add_argument(
        "subject", nargs="+", metavar="DOMAIN|IP|ADDRESS", help="a domain, an address or a mailbox; - reads one a line"
    )
    who = made.add_argument_group("who sends")
    who.add_argument(
        "--client-ip",
        metavar="ADDR",
        action="append",
        type=address,
        help="the address that the other side sees; repeatable (default: this machine's, where others can see it)",
    )
    who.add_argument("--ehlo", metavar="NAME", type=word, help="the name that is given in EHLO")
    who.add_argument("--selector", metavar="NAME", action="append", type=word, default=[], help="a DKIM selector")
    ask = made.add_argument_group("the checks")
    ask.add_argument(
        "--check", metavar="NAME", action="append", default=[], help="only this one; repeatable (see list checks)"
    )
    ask.add_argument("--lists", choices=("main", "all"), help="blocklists to ask (default: all; main for several)")
    ask.add_argument("--resolver", metavar="ADDR[:PORT]", action="append", help="name server (default: the system's)")
    ask.add_argument("--timeout", type=seconds, default=5.0, metavar="S", help="for one DNS question (default: 5)")
    ask.add_argument("--deadline", type=seconds, default=30.0, metavar="S", help="for all of one subject (default: 30)")
    ask.add_argument("--ca-file", metavar="FILE", help="verify MTA-STS hosts against these certificates (PEM)")
    ask.add_argument("--allow-private", action="store_true", help="fetch policies from private and loopback addresses")
    add_report_options(made)
    return made
