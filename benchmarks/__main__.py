"""`python -m benchmarks [NAME…] [--json FILE] [--markdown FILE]`: measure, and say which promises held.

Ends non-zero only if something broke, not if it was slow: a slow machine is no defect.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import copies, known, local, memory, new, outage, polling, scale, telegram, transport
from benchmarks.report import Machine, Report
from benchmarks.sheet import sheet

BENCHMARKS: Mapping[str, Callable[[], Awaitable[Report]]] = {
    "known": known.run,
    "new": new.run,
    "local": local.run,
    "memory": memory.run,
    "scale": scale.run,
    "polling": polling.run,
    "outage": outage.run,
    "transport": transport.run,
    "copies": copies.run,
    "telegram": telegram.run,
}


async def measure(names: Sequence[str], console: Console) -> list[Report]:
    """Run them one after another, each shown as soon as it is done."""
    reports = []
    for name in names:
        began = time.monotonic()
        with console.status(f"measuring {name} …"):
            report = await BENCHMARKS[name]()
        _show(console, report, time.monotonic() - began)
        reports.append(report)
    return reports


def _show(console: Console, report: Report, seconds: float) -> None:
    table = Table(title=report.title, title_justify="left", caption=f"{seconds:.0f} s", caption_justify="left")
    for n, column in enumerate(report.columns):
        table.add_column(column, justify="right" if n else "left")
    for row in report.rows:
        table.add_row(*(f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(table)
    for bound in report.bounds:
        console.print(f"[{'green' if bound.held else 'bold red'}]{bound}[/]")
    console.print()


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)}; default all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write docs/benchmarks.md anew")
    chosen = parser.parse_args(argv)
    names = chosen.names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    console, machine = Console(), Machine.here()
    console.print(f"{machine}\n")
    reports = asyncio.run(measure(names, console))
    machine = machine.finished()
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": asdict(machine), "reports": [r.as_json() for r in reports]}))
    if chosen.markdown:
        chosen.markdown.write_text(sheet(machine, reports))


if __name__ == "__main__":
    main()
