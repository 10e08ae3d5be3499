"""What is measured against what, and which aim it has."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

# One EHLO name for all: none of them then looks for a name of its own, which can cost a DNS question.
_NAME = "bench.example.org"
_BARE = str(Path(__file__).with_name("bare.py"))


@dataclass(frozen=True)
class Subject:
    """One command. ``heard`` must stand in its output, so that only a tool that did its work is timed; ``aim_ms`` is
    what its median should not exceed. A subject without a command is missing here."""

    name: str
    command: tuple[str, ...]
    heard: str
    aim_ms: float | None = None


@dataclass(frozen=True)
class Ratio:
    """One subject beside another, and what the median of that ratio should not exceed."""

    name: str
    beside: str
    aim: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Commands that take turns. ``note`` says where their work differs."""

    title: str
    note: str
    subjects: tuple[Subject, ...]
    ratios: tuple[Ratio, ...]


def start_up(command: Path) -> tuple[Comparison, ...]:
    """No network: what it takes to say anything at all."""
    probe = str(command)
    return (
        Comparison(
            title="Start-up, no network",
            note="python alone is the floor under every Python program here.",
            subjects=(
                Subject("python alone", (sys.executable, "-c", "pass"), ""),
                Subject("--version", (probe, "--version"), "smtp-probe", aim_ms=50),
                Subject("explain 554", (probe, "explain", "554"), "554", aim_ms=100),
                Subject("swaks --version", _swaks("--version"), "swaks"),
            ),
            ratios=(Ratio("--version", "swaks --version"), Ratio("explain 554", "swaks --version")),
        ),
    )


def dialogues(command: Path, port: int) -> tuple[Comparison, ...]:
    """The same conversation with the same server, held by each tool."""
    target = (str(command), f"127.0.0.1:{port}", "--ehlo", _NAME, "--exit-zero")
    bare = (sys.executable, _BARE, str(port), _NAME)
    swaks = _swaks("--server", "127.0.0.1", "--port", str(port), "--ehlo", _NAME, "--quit-after", "EHLO")
    return (
        _dialogue(
            "EHLO check: banner, EHLO, QUIT",
            "Ours also waits for the server to close after QUIT, and explains each reply.",
            bare,
            (*target, "--tls", "none", "--quit-after", "ehlo"),
            swaks,
        ),
        _dialogue(
            "STARTTLS check: banner, EHLO, HELP, STARTTLS, EHLO, QUIT",
            "As above, and ours describes the certificate. swaks cannot say HELP: one command less. None verifies.",
            (*bare, "--starttls"),
            (*target, "--tls", "starttls", "--quit-after", "starttls"),
            (*swaks, "--tls") if swaks else (),
        ),
    )


def _dialogue(
    title: str, note: str, bare: tuple[str, ...], ours: tuple[str, ...], swaks: tuple[str, ...]
) -> Comparison:
    return Comparison(
        title=title,
        note=note,
        subjects=(
            Subject("bare aiosmtplib", bare, "\n221 "),
            Subject("smtp-probe, JSON", (*ours, "--format", "json"), '"code": 221'),
            Subject("smtp-probe, terminal", (*ours, "--format", "terminal"), "221 "),
            Subject("swaks", swaks, " 221 "),
        ),
        ratios=(
            Ratio("smtp-probe, JSON", "bare aiosmtplib", aim=1.25),
            Ratio("smtp-probe, terminal", "bare aiosmtplib", aim=1.6),
            Ratio("smtp-probe, JSON", "swaks"),
            Ratio("smtp-probe, terminal", "swaks"),
        ),
    )


def _swaks(*options: str) -> tuple[str, ...]:
    found = shutil.which("swaks")
    return (found, *options) if found else ()
