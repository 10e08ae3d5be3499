"""smtp-probe TARGET…: probe servers and report."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from probe.cli.common import facts_in, use_color, width_of
from probe.cli.options import check_parser, limits_of, message_of, options_of, password_of, plan_of, target_of
from probe.cli.status import Status
from probe.errors import INTERRUPT, UsageError

if TYPE_CHECKING:
    import argparse

    from probe.catalog import Catalog
    from probe.limits import Limits
    from probe.model import Report
    from probe.resolver import Resolver

_SEVERITIES = ("info", "notice", "warning", "error")
_SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".txt": "terminal", ".log": "terminal"}


def run(arguments: Sequence[str]) -> int:
    """Probe every target in turn; one bad target does not lose the reports of the others."""
    given = check_parser().parse_args(arguments)
    if given.target[0] == "check" and len(given.target) > 1:
        del given.target[0]  # the command's own name, behind its options
    targets = [target_of(word, given) for word in given.target]
    message = message_of(given)
    password = password_of(given)
    plans = [plan_of(target, given, message, password) for target in targets]
    outputs = [(Path(name), _format_of(name)) for name in given.output]
    for path, _ in outputs:
        _must_be_writable(path)
    _check_ca_file(given.ca_file)
    facts = facts_in(given.lang)
    reports: list[Report] = []
    streaming = given.format == "terminal" or given.format == "jsonl"

    async def probe_all() -> None:
        from probe.run import check

        limits, options = limits_of(given), options_of(given)
        for target, plan in zip(targets, plans, strict=True):
            resolver = _resolver(given.resolver, limits) if given.resolver else None
            report = await check(target, plan, options=options, resolver=resolver, limits=limits, facts=facts)
            reports.append(report)
            _complain(report, facts)
            if streaming:
                _print([report], given.format, sys.stdout, given, facts)
            if any(one.id == "interrupted" for one in report.findings):
                return

    interrupted = _run_until_interrupted(probe_all())
    if not streaming:
        _print(reports, given.format, sys.stdout, given, facts)
    for path, form in outputs:
        with path.open("w", encoding="utf-8") as out:
            _print(reports, form, out, given, facts)
    if interrupted:
        print("smtp-probe: interrupted; this is what was learnt", file=sys.stderr)
        return Status.INTERRUPTED
    return Status.OK if given.exit_zero else max_status(reports, given.fail_on)


def _run_until_interrupted(work: Coroutine[None, None, None]) -> bool:
    """Run it; the first Ctrl-C asks it to stop and tell, a second one ends the program. True if it was interrupted."""
    asked: list[int] = []

    async def watched() -> None:
        task = asyncio.current_task()
        assert task is not None

        def interrupt() -> None:
            asked.append(signal.SIGINT)
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            task.cancel(INTERRUPT)

        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # no signals here: another thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
        await work

    asyncio.run(watched())
    return bool(asked)


def max_status(reports: Sequence[Report], fail_on: str) -> Status:
    """The worst of 1, then 3, then 0."""
    statuses = {_status(report, fail_on) for report in reports}
    return next((one for one in (Status.FINDINGS, Status.UNREACHED) if one in statuses), Status.OK)


def _status(report: Report, fail_on: str) -> Status:
    if not any(session.stage != "connect" for session in report.sessions):
        return Status.UNREACHED
    least = _SEVERITIES.index(fail_on)
    bad = any(_SEVERITIES.index(one.severity) >= least for one in report.findings)
    return Status.FINDINGS if bad else Status.OK


def _resolver(servers: list[str], limits: Limits) -> Resolver:
    from probe.resolver import Resolver

    return Resolver.under(limits, servers)


def _complain(report: Report, facts: Catalog) -> None:
    """One line on stderr for a target that could not be probed at all; the report says the rest."""
    session = report.sessions[-1] if report.sessions else None
    if session is None:
        reason = report.findings[0].title if report.findings else facts.words["nowhere"]
        print(f"smtp-probe: {report.target.input}: {reason}", file=sys.stderr)
    elif session.stage == "connect" or session.outcome == "not_smtp":
        print(f"smtp-probe: {report.target.input}: {session.detail}", file=sys.stderr)


def _print(reports: Sequence[Report], form: str, out: TextIO, given: argparse.Namespace, facts: Catalog) -> None:
    if form != "terminal":
        from probe.reports.json_report import render as render_json

        render_json(reports, out, lines=form == "jsonl", array=len(given.target) > 1)
        return
    from probe.reports.terminal import quiet, render

    for report in reports:
        if given.quiet:
            print(quiet(report, facts), file=out)
        else:
            to_file = out is not sys.stdout
            color = False if to_file else use_color(given.color, out)
            render(report, out, facts, color=color, width=80 if to_file else width_of(out), verbose=given.verbose)
    out.flush()


def _format_of(name: str) -> str:
    suffix = Path(name).suffix
    if suffix not in _SUFFIXES:
        raise UsageError(f"-o {name}: the suffix picks the format, one of {' '.join(_SUFFIXES)}")
    return _SUFFIXES[suffix]


def _must_be_writable(path: Path) -> None:
    """Before anything is probed: with --send it cannot be done again for nothing."""
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise UsageError(f"-o {path}: {(error.strerror or str(error)).lower()}") from None


def _check_ca_file(name: str | None) -> None:
    if name is None:
        return
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(name)
    except (OSError, ssl.SSLError) as error:
        reason = (
            error.strerror
            if isinstance(error, OSError) and not isinstance(error, ssl.SSLError)
            else "no certificates in it"
        )
        raise UsageError(f"--ca-file {name}: {(reason or str(error)).lower()}") from None
