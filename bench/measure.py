"""Run commands in turns and keep what the operating system says of each.

Wall time is ours, from before the process begins until it is gone; user and system time and the largest memory come
from ``wait4``. Rounds run A B C A B C, so that a machine that grows slower or faster does so for all of them, and a
ratio is taken within one round.

Python's own variables are taken out of the environment: one that forbids bytecode, for instance, would have each run
compile our sources anew, and those of no installed package. Bytecode goes to a folder of the bench, filled by the
first runs.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.comparisons import Comparison, Ratio, Subject

_LONGEST_S = 60.0
# ru_maxrss is in kibibytes, but on macOS in octets.
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


class Stopped(Exception):
    """A command that worked in the warm-up no longer does; figures of it would be worth nothing."""


@dataclass(frozen=True)
class Sample:
    """One run: milliseconds of wall and CPU time, octets of memory at its largest."""

    wall_ms: float
    cpu_ms: float
    memory: int


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of some figures."""

    median: float
    least: float
    most: float


@dataclass(frozen=True)
class Result:
    """What one comparison gave. ``absent`` says why a subject was not measured. ``floor`` is the largest memory of the
    bench itself: on Linux no child is seen below it, for the kernel counts what a child shared with its parent before
    it became another program."""

    comparison: Comparison
    samples: dict[str, list[Sample]]
    absent: dict[str, str]
    floor: int

    def ratios(self, ratio: Ratio) -> list[float] | None:
        """Round by round; None where one of the two was not measured."""
        if ratio.name in self.absent or ratio.beside in self.absent:
            return None
        pairs = zip(self.samples[ratio.name], self.samples[ratio.beside], strict=True)
        return [round(ours.wall_ms / theirs.wall_ms, 4) for ours, theirs in pairs]


@dataclass(frozen=True)
class Machine:
    """What the figures depend on. ``cpus`` are those that this process may use, ``load`` is that of the last minute."""

    system: str
    cpus: int
    python: str
    load: float


def machine() -> Machine:
    """This one, now."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        cpus=usable,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        load=os.getloadavg()[0],
    )


def measured(comparison: Comparison, *, runs: int, warmups: int, bytecode: Path) -> Result:
    """Try each subject, warm up, then run the rounds. ``bytecode`` is the folder for it. Raises ``Stopped``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"PYTHONPYCACHEPREFIX": str(bytecode)}
    absent = {one.name: fault for one in comparison.subjects if (fault := _fault(one, environment))}
    present = [one for one in comparison.subjects if one.name not in absent]
    samples: dict[str, list[Sample]] = {one.name: [] for one in present}
    for number in range(warmups + runs):
        for subject in present:
            sample = _run(subject, environment)
            if number >= warmups:
                samples[subject.name].append(sample)
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT
    return Result(comparison, samples, absent, floor)


def spread(figures: Sequence[float]) -> Spread:
    """Of one figure or more."""
    ordered = sorted(figures)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return Spread(median, ordered[0], ordered[-1])


def _fault(subject: Subject, environment: Mapping[str, str]) -> str | None:
    """Why it cannot be measured: not here, not able, or not doing what it was asked for."""
    if not subject.command:
        return "not installed"
    try:
        done = subprocess.run(
            subject.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LONGEST_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        return f"exit status {done.returncode}: {last or 'no word why'}"
    if subject.heard not in done.stdout.decode(errors="replace"):
        return f"its output lacks {subject.heard.strip()!r}"
    return None


def _run(subject: Subject, environment: Mapping[str, str]) -> Sample:
    began = time.perf_counter()
    with subprocess.Popen(
        subject.command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        ended = time.perf_counter()
        # Popen is told that its child is gone, or it would wait for it once more.
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Stopped(f"{subject.name} ended with {process.returncode} after it had worked before")
    return Sample(
        wall_ms=round((ended - began) * 1000, 3),
        cpu_ms=round((usage.ru_utime + usage.ru_stime) * 1000, 3),
        memory=usage.ru_maxrss * _MEMORY_UNIT,
    )
