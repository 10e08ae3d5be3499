"""The page of the soak, 80 columns wide."""

from __future__ import annotations

from bench.measure import Machine
from bench.soak.load import EXPECTED, HOSTILE, Latencies, Soak

MOST_DRIFT = 16_000_000


def page(soak: Soak, here: Machine, at_once: int) -> str:
    hostile = sum(soak.outcomes[kind].total() for kind in HOSTILE)
    share = 100 * hostile / max(soak.sessions, 1)
    settled, last = soak.settled, soak.last
    rows = [
        f" {soak.sessions} sessions in {soak.seconds:.0f} s, {share:.0f} % of them hostile,"
        f" {at_once} good and {at_once} hostile at once",
        f" {here.system}, {here.cpus} CPUs, {here.python}, load {here.load:.2f} before",
        "",
        f" {'good sessions':<24}{'count':>10}{'p50 ms':>12}{'p99 ms':>12}{'most ms':>12}",
        _latency("alone", soak.alone),
        _latency("beside hostile ones", soak.beside),
        "",
        f" {'server':<12}{'must end as':<14}and ended as",
        *(f" {kind:<12}{EXPECTED[kind]:<14}{_counts(soak, kind)}" for kind in EXPECTED),
        "",
        f" {'what is left between':<24}{'after 10 %':>10}{'at the end':>12}{'drift':>12}",
        _row("memory, MB", settled.memory / 1e6, last.memory / 1e6, 1),
        _row("descriptors", settled.descriptors, last.descriptors, 0),
        _row("tasks", settled.tasks, last.tasks, 0),
        "",
        *(f" FAILED {fault}" for fault in faults(soak)),
    ]
    return "\n".join(rows).rstrip() + "\n"


def faults(soak: Soak, most_drift: int = MOST_DRIFT) -> list[str]:
    """Why the soak failed; empty where nothing leaked and every session ended as it must."""
    found = [f"{count} x {what}" for what, count in soak.wrong.items()]
    if (more := soak.drift(lambda one: one.memory)) > most_drift:
        found.append(f"memory grew by {more / 1e6:.1f} MB, and {most_drift / 1e6:g} MB are allowed")
    if more := soak.drift(lambda one: one.descriptors):
        found.append(f"{more:+d} descriptors")
    if more := soak.drift(lambda one: one.tasks):
        found.append(f"{more:+d} tasks")
    return found


def _latency(name: str, latencies: Latencies) -> str:
    middle, high = latencies.percentile(0.5), latencies.percentile(0.99)
    return f" {name:<24}{latencies.count:>10}{middle:>12.1f}{high:>12.1f}{latencies.most:>12.1f}"


def _row(name: str, before: float, after: float, digits: int) -> str:
    return f" {name:<24}{before:>10.{digits}f}{after:>12.{digits}f}{after - before:>+12.{digits}f}"


def _counts(soak: Soak, kind: str) -> str:
    return ", ".join(f"{outcome} {count}" for outcome, count in soak.outcomes[kind].most_common()) or "not held"
