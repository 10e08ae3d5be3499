"""Plays scenarios, many at once in one event loop, and says where the probe did not do what the scenario wants.

Beside its own expectations every scenario is held to these: the run ends within the session's deadline and a second; no
task and no socket is left; one connection was made; the report survives JSON and keeps its schema; what is kept as
evidence is bounded; and neither the terminal nor the JSON holds anything that could act on its reader.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import contextvars
import gc
import io
import json
import os
import re
import socket
import stat
import time
import traceback
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import jsonschema  # type: ignore[import-untyped]

from probe.catalog import catalog
from probe.cli.options import check_parser, limits_of, options_of, plan_of, target_of
from probe.codec import dumps, from_json, schema, to_json
from probe.model import Report, Session
from probe.reports.terminal import render
from probe.resolver import Resolver
from probe.run import check
from tests.hostile.smtp_scenario import ANY, Scenario
from tests.hostile.smtp_server import HostileServer, polite

AT_ONCE = 24
MOST_EVIDENCE = 80 * 1024

_FDS = Path("/proc/self/fd")
_OUTCOMES = frozenset(row for row in catalog().findings if "-" not in row) - {"ok"}
_SGR = re.compile(r"\x1b\[[0-9;]*m")
# GitHub reads :: at the start of a line, whatever blanks stand before it, and ##[ anywhere; Azure and TeamCity read
# their own prefixes anywhere.
_COMMANDS = ("##[", "##vso[", "##teamcity[")
_VALIDATOR = jsonschema.Draft202012Validator(schema(Report))
Played: TypeAlias = "tuple[list[str], tuple[Scenario, Report] | None]"
_mine: contextvars.ContextVar[list[asyncio.Task[Any]] | None] = contextvars.ContextVar("mine", default=None)


def play_all(scenarios: Sequence[Scenario]) -> dict[str, list[str]]:
    """Scenario id → complaints; the empty id holds complaints about all of them together."""

    async def run() -> dict[str, Played]:
        asyncio.get_running_loop().set_task_factory(_remembering)  # type: ignore[arg-type]
        await _play(_WARM)
        before = _open_files()
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(scenario: Scenario) -> Played:
            async with gate:
                return await _play(scenario)

        together = [scenario for scenario in scenarios if not scenario.alone]
        found = dict(zip((s.id for s in together), await asyncio.gather(*map(one, together)), strict=True))
        for scenario in scenarios:
            if scenario.alone:
                found[scenario.id] = await _play(scenario)
        left_over = []
        await asyncio.sleep(0.05)
        gc.collect()
        if (left := _open_files()) > before:
            left_over.append(f"{left - before} descriptors are left open")
        if asyncio.all_tasks() != {asyncio.current_task()}:
            left_over.append("tasks are left")
        return {"": (left_over, None), **found}

    # Judging costs more than playing and would hold up the clocks of the conversations, so it comes after them.
    return {name: [*complaints, *_judged(played)] for name, (complaints, played) in asyncio.run(run()).items()}


async def probe(scenario: Scenario, server: HostileServer) -> tuple[Report, float, list[asyncio.Task[Any]]]:
    """The report, the seconds that it took, and every task that was started for it."""
    words = [f"{scenario.scheme}127.0.0.1:{server.port}", "--ehlo", "probe.test", "--lists", "named"]
    # Short only where the end of a wait is what is asked for, so that a busy machine changes nothing else.
    words += ["--timeout", "0.8", "--deadline", "3"] if scenario.waits else ["--timeout", "4", "--deadline", "7"]
    words += scenario.options
    given = check_parser().parse_args(words)
    target = target_of(words[0], given)
    limits = replace(replace(limits_of(given), connect=3.0, quit=1.0), **scenario.limits)  # type: ignore[arg-type]
    tasks: list[asyncio.Task[Any]] = []
    _mine.set(tasks)
    began = time.monotonic()
    report = await check(
        target,
        plan_of(target, given, scenario.message),
        options=options_of(given),
        # Nobody answers there: what a refusal calls for cannot be asked.
        resolver=Resolver("127.0.0.1:9", timeout=0.1, tries=1),
        limits=limits,
    )
    took = time.monotonic() - began
    _mine.set(None)
    return report, took - limits.session, tasks


async def _play(scenario: Scenario) -> Played:
    async with HostileServer(scenario.server, window=scenario.window) as server:
        try:
            report, late, tasks = await probe(scenario, server)
        except Exception as error:
            return ["the probe raised " + "".join(traceback.format_exception(error)[-3:])], None
        await asyncio.sleep(0)
        complaints = [f"it took {late:.1f} s more than its deadline"] if late > 1.0 else []
        complaints += [f"a task is left: {task}" for task in tasks if not task.done()]
        complaints += _open_sockets(server.port)
        if not await server.hung_up(within=1.0):
            complaints.append("the probe did not hang up")
        complaints += [f"the server failed: {error!r}" for error in server.crashes]
        complaints += [one for peer in server.peers for one in peer.complaints]
        if len(server.peers) != 1:
            complaints.append(f"{len(server.peers)} connections were made")
    return complaints, (scenario, report)


def _judged(played: tuple[Scenario, Report] | None) -> list[str]:
    if played is None:
        return []
    scenario, report = played
    found = [*_expectations(scenario, report), *_evidence(scenario, report)]
    try:
        return [*found, *_outputs(scenario, report)]
    except Exception as error:
        return [*found, "reading or showing the report raised " + "".join(traceback.format_exception(error)[-3:])]


# What the scenario wants --------------------------------------------------------------------------------------------


def _expectations(scenario: Scenario, report: Report) -> Iterator[str]:
    session = report.sessions[-1]
    ids = {finding.id for finding in report.findings}
    wanted: dict[str, tuple[Any, Any]] = {
        "message_sent": (scenario.sent, session.message_sent),
        "outcome": (scenario.outcome, session.outcome),
        "stage": (scenario.stage, session.stage),
    }
    if scenario.codes is not None:
        wanted["codes"] = (scenario.codes, _codes(session))
    if scenario.paired is not None:
        wanted["paired"] = (scenario.paired, session.paired)
    if scenario.alert is not None:
        wanted["alert"] = (scenario.alert or None, session.tls.alert if session.tls else "no TLS at all")
    for name, value in scenario.tls.items():
        wanted[f"tls.{name}"] = (value, getattr(session.tls, name, "no TLS at all"))
    leaf = session.tls.certificate if session.tls else None
    for name, value in scenario.certificate.items():
        wanted[f"certificate.{name}"] = (value, getattr(leaf, name, "no certificate"))
    for name, (value, got) in wanted.items():
        if value not in (ANY, got):
            yield f"{name} is {got!r}, not {value!r} ({session.detail}; {_codes(session)})"
    yield from (f"no finding {one} among {sorted(ids)}" for one in scenario.finds if one not in ids)
    yield from (f"finding {one}" for one in scenario.never_finds if one in ids)
    # Whatever stopped the session is a finding of that name, and nothing else of its kind is.
    if ids & _OUTCOMES != ({session.outcome} - {"ok"}):
        yield f"outcome {session.outcome}, findings {sorted(ids & _OUTCOMES)}"
    yield from (
        f"{word!r} is not in {session.detail!r}" for word in scenario.names if word not in (session.detail or "")
    )


def _codes(session: Session) -> str:
    return " ".join(str(e.reply.code) if e.reply else str(e.failure) for e in session.exchanges)


def _evidence(scenario: Scenario, report: Report) -> Iterator[str]:
    exchanges = report.sessions[-1].exchanges
    for stage, octets in scenario.keeps:
        kept = [e.reply.raw if e.reply else e.partial_raw or b"" for e in exchanges if e.stage == stage]
        if not any(octets in one for one in kept):
            yield f"{octets[:60]!r} is not kept at {stage}: {[one[:60] for one in kept]}"
    for exchange in exchanges:
        size = len(exchange.reply.raw if exchange.reply else exchange.partial_raw or b"")
        if size > MOST_EVIDENCE:
            yield f"{size} octets are kept at {exchange.stage}"
        if (exchange.reply is None) == (exchange.failure is None):
            yield f"at {exchange.stage}: reply and failure are both there, or both not"


# What holds for all -------------------------------------------------------------------------------------------------


def _outputs(scenario: Scenario, report: Report) -> Iterator[str]:
    yield from _unprintable(report, "report")
    written = dumps(report)
    document = json.loads(written)
    _VALIDATOR.validate(document)
    if to_json(from_json(Report, document)) != document:
        yield "the report does not survive JSON"
    raw = [exchange["reply"]["raw"] for exchange in document["sessions"][-1]["exchanges"] if exchange["reply"]]
    if [base64.b64decode(one) for one in raw] != [e.reply.raw for e in report.sessions[-1].exchanges if e.reply]:
        yield "the octets do not survive JSON"
    texts = {"json": written, "jsonl": dumps(report, indent=None) + "\n"}
    # The short report shows less of the same; for what attacks a reader both are looked at.
    for verbose in (False, True) if scenario.id.startswith("text-") else (True,):
        out = io.StringIO()
        render(report, out, catalog(), color=verbose, width=80, verbose=verbose)
        texts["terminal, verbose" if verbose else "terminal"] = _SGR.sub("", out.getvalue())
    for name, text in texts.items():
        yield from _harmful(name, text)
    shown = texts["terminal, verbose"]
    yield from (
        f"{word!r} is not in the terminal report" for word in scenario.shows if _joined(word) not in _joined(shown)
    )


def _joined(text: str) -> str:
    return "".join(text.split())


def _harmful(name: str, text: str) -> Iterator[str]:
    bad = sorted({character for character in text if not character.isprintable() and character != "\n"})
    if bad:
        yield f"{name} holds {bad[:5]!r}"
    for line in text.split("\n"):
        if line.lstrip().startswith("::"):
            yield f"{name}: a line begins with a command to the build system: {line.strip()[:60]}"
        if any(prefix in line for prefix in _COMMANDS):
            yield f"{name}: a line holds a command to the build system: {line.strip()[:60]}"
        if line.lstrip().startswith(("-> RCPT FORGED", "250 FORGED", "250 2.1.5 Ok FORGED")) and len(line) < 40:
            yield f"{name}: a forged line: {line}"


def _unprintable(value: Any, where: str) -> Iterator[str]:
    """Every text of the model has passed show()."""
    if is_dataclass(value):
        for one in fields(value):
            yield from _unprintable(getattr(value, one.name), f"{where}.{one.name}")
    elif isinstance(value, str):
        if not all(character.isprintable() or character == "\n" for character in value):
            yield f"{where} holds {value[:60]!r}"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unprintable(key, where)
            yield from _unprintable(item, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _unprintable(item, where)


def _remembering(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **more: Any
) -> asyncio.Task[Any]:
    """A task factory: tasks that a probe starts are remembered with it."""
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **more)
    mine = _mine.get()
    if mine is not None:
        mine.append(task)
    return task


def _open_files() -> int:
    return len(list(_FDS.iterdir())) if _FDS.exists() else 0


def _open_sockets(port: int) -> Iterator[str]:
    """Sockets of this process that are connected to that port: the probe's end."""
    for number in [int(one.name) for one in _FDS.iterdir()] if _FDS.exists() else ():
        with contextlib.suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as copy:
                peer = copy.getpeername()
                if isinstance(peer, tuple) and peer[1:2] == (port,):
                    yield "a socket is left open"


_WARM = Scenario(
    id="warm",
    why="loads everything that is loaded late, so that no deadline is spent on it",
    server=polite(rcpt=b"550 5.7.1 blocked\r\n"),
    outcome="rejected",
    stage="rcpt",
)
