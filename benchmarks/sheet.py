"""The figures as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.report import Machine, Report

FINDINGS = Path(__file__).with_name("findings.md")

HEAD = """# Benchmarks

Written by `make bench ARGS="--markdown docs/benchmarks.md"`; do not edit. Your machine will differ: run
`make bench` on it. Each benchmark says whether the promise it measures held; a slow machine is no error.
With a load above the number of cores, other work was going on, and the figures are worse than they need be.
"""


def sheet(machine: Machine, reports: Sequence[Report]) -> str:
    """`docs/benchmarks.md`: what was measured now, then what was found out by hand."""
    measured = ["\n".join(_section(report)) for report in reports]
    parts = [HEAD, f"Measured on {machine}.\n", *measured, FINDINGS.read_text(encoding="utf-8")]
    return "\n".join(parts)


def _section(report: Report) -> Iterator[str]:
    yield f"## `{report.name}`: {report.title[0].lower()}{report.title[1:]}\n"
    yield f"| {' | '.join(report.columns)} |"
    yield f"|---|{'---:|' * (len(report.columns) - 1)}"
    for row in report.rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    yield ""
    yield from (f"* **{bound}**" for bound in report.bounds)
    yield from (f"* {note}" for note in report.notes)
    yield ""


def _cell(cell: str | float) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else str(cell)
