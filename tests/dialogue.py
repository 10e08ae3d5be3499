"""Conversations as text: a server that follows a script, and what the probe must make of it.

A file in ``tests/dialogues/`` reads like a transcript::

    $ --send                       options of the command line
    ! lmtp                         the scheme of the target, where it is not smtp
    S: 220 mx.test ESMTP           the server says this line
    C: EHLO *                      the client must say this (shell patterns)
    S~ 250 half a li               octets without a line end; \\r \\n \\0 \\xNN are escapes
    TLS                            the server takes the TLS handshake
    body                           the server reads a message up to the dot
    wait 0.2 / close / reset       silence in seconds, FIN, RST
    = outcome rejected             what the report must say:
    = stage banner                 outcome, stage, paired, cause, verdict, exit,
    = finding timeout              a finding that must be there,
    = no-finding rejected          and one that must not

Lines that begin with # say why the conversation exists.
"""

from __future__ import annotations

import asyncio
import fnmatch
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from probe.cli.checking import max_status
from probe.cli.options import check_parser, limits_of, options_of, plan_of, target_of
from probe.embedded.certificate import self_signed
from probe.model import Report
from probe.resolver import Resolver
from probe.run import check

FOLDER = Path(__file__).parent / "dialogues"
_CERTIFICATE = self_signed("mx.test", "localhost", "127.0.0.1")
_PATIENCE = 5.0


@dataclass
class Dialogue:
    """One file: the options, the script of the server, the expectations, and where the client left the script."""

    name: str
    options: list[str] = field(default_factory=list)
    scheme: str = ""
    steps: list[tuple[str, str]] = field(default_factory=list)
    wanted: list[tuple[str, str]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    strayed: str | None = None


def read(path: Path) -> Dialogue:
    """Read one file. Raises ``ValueError`` for a line of no known form."""
    dialogue = Dialogue(path.stem)
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if not line.strip() or line.startswith("#"):
            continue
        if word == "$":
            dialogue.options += rest.split()
        elif word == "!":
            dialogue.scheme = f"{rest}://"
        elif word == "=":
            key, _, value = rest.partition(" ")
            dialogue.wanted.append((key, value))
        elif word in ("S:", "S~", "C:", "TLS", "body", "wait", "close", "reset"):
            dialogue.steps.append((word, rest))
        else:
            raise ValueError(f"{path.name}: {line}")
    return dialogue


async def play(dialogue: Dialogue) -> Report:
    """Start the scripted server on loopback, probe it once, return the report."""
    running: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.append(task)
        try:
            async with asyncio.timeout(_PATIENCE):
                await _follow(dialogue, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        return await _probe(dialogue, f"{dialogue.scheme}127.0.0.1:{port}")
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)


async def _probe(dialogue: Dialogue, place: str) -> Report:
    words = [place, "--ehlo", "probe.test", "--lists", "named", "--timeout", "0.5", *dialogue.options]
    given = check_parser().parse_args(words)
    target = target_of(place, given)
    return await check(
        target,
        plan_of(target, given, None),
        options=options_of(given),
        # Nobody answers there: whatever a refusal calls for cannot be asked, and must be said so.
        resolver=Resolver("127.0.0.1:9", timeout=0.1, tries=1),
        limits=limits_of(given),
    )


async def _follow(dialogue: Dialogue, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for word, rest in dialogue.steps:
        if word == "S:":
            writer.write(rest.encode() + b"\r\n")
        elif word == "S~":
            writer.write(rest.encode().decode("unicode_escape").encode("latin-1"))
        elif word == "C:":
            line = (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n")
            dialogue.heard.append(line)
            if not fnmatch.fnmatchcase(line, rest):
                dialogue.strayed = f"the script wants {rest!r}, the client said {line!r}"
                return
        elif word == "TLS":
            await writer.start_tls(_CERTIFICATE.server_context())
        elif word == "body":
            await reader.readuntil(b"\r\n.\r\n")
        elif word == "wait":
            await asyncio.sleep(float(rest))
        elif word == "reset":
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        elif word == "close":
            if writer.can_write_eof():
                writer.write_eof()
            else:
                writer.close()
        await writer.drain()
    # A script that ends in the middle of nothing stays silent, as a stuck server does.
    await reader.read()


def facts_of(report: Report) -> dict[str, str]:
    """What a ``=`` line may ask for."""
    session = report.sessions[-1]
    first = report.diagnoses[0] if report.diagnoses else None
    return {
        "outcome": session.outcome,
        "stage": session.stage,
        "paired": str(session.paired).lower(),
        "cause": first.cause if first else "",
        "verdict": first.verdict if first else "",
        "exit": str(int(max_status([report], "error"))),
        "codes": " ".join(str(e.reply.code) if e.reply else str(e.failure) for e in session.exchanges),
        "stages": " ".join(exchange.stage for exchange in session.exchanges),
        "verbs": " ".join(session.help_verbs or ()),
        "offer": " ".join(session.extensions.current),
        "tls": session.tls.version or "" if session.tls else "",
    }


def complaints(dialogue: Dialogue, report: Report) -> Sequence[str]:
    """Where report and expectations differ."""
    facts, ids = facts_of(report), {finding.id for finding in report.findings}
    found = [dialogue.strayed] if dialogue.strayed else []
    for key, value in dialogue.wanted:
        if key == "finding":
            found += [] if value in ids else [f"no finding {value} among {sorted(ids)}"]
        elif key == "no-finding":
            found += [f"finding {value}"] if value in ids else []
        elif facts[key] != value:
            found.append(f"{key} is {facts[key]!r}, not {value!r}")
    return found
