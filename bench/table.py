"""The page: one table a comparison, 80 columns, and the same figures as JSON."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Sequence

from bench.measure import Machine, Result, spread

_WIDTH = 80
_HEAD = f" {'':38}{'median':>9}{'min':>8}{'max':>8}{'CPU':>8}{'MB':>7}"
_RATIO_HEAD = f" {'round by round':38}{'median':>8}{'min':>7}{'max':>7}"


def header(here: Machine, server: str, runs: int, warmups: int) -> str:
    """The machine line, how it was measured, and who was talked to."""
    cpus = "1 CPU" if here.cpus == 1 else f"{here.cpus} CPUs"
    return "\n".join(
        (
            f" Machine      {here.system}, {cpus}, {here.python}, load {here.load:.2f} before",
            f" Runs         {runs} after {warmups} to warm up, taking turns; whole processes, ms",
            *_wrapped(f"Mail server  {server}", " ", " " * 14),
        )
    )


def section(result: Result) -> str:
    """One comparison: a row a subject, then a row a ratio."""
    comparison = result.comparison
    lines = ["", f" {comparison.title}", *_wrapped(comparison.note, "  "), "", _HEAD]
    for subject in comparison.subjects:
        if subject.name in result.absent:
            lines += _wrapped(f"{subject.name}: not measured, {result.absent[subject.name]}", " ", "   ")
            continue
        samples = result.samples[subject.name]
        wall = spread([one.wall_ms for one in samples])
        cpu = spread([one.cpu_ms for one in samples]).median
        memory = _memory(max(one.memory for one in samples), result.floor)
        aimed = "" if subject.aim_ms is None else "  " + _aim(f"{subject.aim_ms:g} ms", wall.median <= subject.aim_ms)
        figures = f"{wall.median:9.1f}{wall.least:8.1f}{wall.most:8.1f}{cpu:8.1f}{memory:>7}"
        lines.append(f" {f'{subject.name}{aimed}':38}{figures}")
    found_pairs = [(ratio, pairs) for ratio in comparison.ratios if (pairs := result.ratios(ratio))]
    lines += ["", _RATIO_HEAD] if found_pairs else []
    for ratio, pairs in found_pairs:
        name = f"{ratio.name} / {ratio.beside}"
        found = spread(pairs)
        aimed = "" if ratio.aim is None else " " + _aim(f"{ratio.aim:.2f}", found.median <= ratio.aim)
        lines.append(f" {name:38}{found.median:8.2f}{found.least:7.2f}{found.most:7.2f}{aimed}")
    return "\n".join(lines)


def footer() -> str:
    """What may look strange in the figures."""
    return "\n" + "\n".join(
        _wrapped(
            "CPU is the median of user and system time, MB the largest memory of any run, of which nothing below the"
            " bench's own can be seen. Single STARTTLS runs of about"
            " 40 ms more are no fault of a tool: the first EHLO inside TLS 1.3 then met a delayed acknowledgement.",
            " ",
        )
    )


def as_json(here: Machine, server: str, results: Sequence[Result]) -> str:
    """Every single run, in the order it happened."""
    document = {
        "machine": dataclasses.asdict(here),
        "server": server,
        "comparisons": [
            {
                "title": result.comparison.title,
                "note": result.comparison.note,
                "subjects": [_subject(result, one.name, one.command, one.aim_ms) for one in result.comparison.subjects],
                "ratios": [
                    {"name": one.name, "beside": one.beside, "aim": one.aim, "rounds": result.ratios(one)}
                    for one in result.comparison.ratios
                ],
            }
            for result in results
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _subject(result: Result, name: str, command: Sequence[str], aim_ms: float | None) -> dict[str, object]:
    return {
        "name": name,
        "command": list(command),
        "aim_ms": aim_ms,
        "absent": result.absent.get(name),
        "runs": [dataclasses.asdict(one) for one in result.samples.get(name, ())],
    }


def _memory(octets: int, floor: int) -> str:
    return f"<{floor / 1e6:.1f}" if octets <= floor else f"{octets / 1e6:.1f}"


def _aim(limit: str, met: bool) -> str:
    return f"aim {limit}: {'met' if met else 'missed'}"


def _wrapped(text: str, indent: str, hanging: str | None = None) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent if hanging is None else hanging)
