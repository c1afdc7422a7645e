"""What a benchmark found: figures, the bounds they are held against, and the machine they come from."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Bound:
    """A promise, and what was measured. `most`: the value must not be above `limit`, else not below."""

    what: str
    value: float
    limit: float
    unit: str
    most: bool = True

    @property
    def held(self) -> bool:
        """Whether the promise holds on this machine."""
        return self.value <= self.limit if self.most else self.value >= self.limit

    def __str__(self) -> str:
        sign = "≤" if self.most else "≥"
        space = " " if self.unit else ""
        kept = "held" if self.held else "NOT held"
        return f"{self.what}: {self.value:.2f}{space}{self.unit} ({sign} {self.limit:g}{space}{self.unit}: {kept})"


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark's table. `rows`: each begins with what it is about, numbers follow as in `columns`."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    bounds: tuple[Bound, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "title": self.title,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "bounds": [
                {"what": b.what, "value": round(b.value, 3), "limit": b.limit, "unit": b.unit, "held": b.held}
                for b in self.bounds
            ],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Spread:
    """A sample of times (or anything else), as its middle and its tail."""

    median: float
    p90: float
    least: float
    count: int

    @classmethod
    def of(cls, sample: Sequence[float]) -> Spread:
        """Raises ValueError for fewer than two."""
        if len(sample) < 2:
            raise ValueError("a spread wants at least two measurements; ask for more rounds")
        p90 = statistics.quantiles(sample, n=10, method="inclusive")[-1]
        return cls(statistics.median(sample), p90, min(sample), len(sample))

    @property
    def cells(self) -> tuple[float, float, float, float]:
        """Median, p90, least, count."""
        return self.median, self.p90, self.least, self.count


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when it was measured. `load`: what else it had to do, as the average of the minute before
    anything ran; `load_after`: of the last minute, our own work included (about as much as there are cores)."""

    cpu: str
    cores: int
    python: str
    system: str
    load: float
    date: str
    load_after: float | None = None

    @classmethod
    def here(cls) -> Machine:
        """This one, now."""
        return cls(
            cpu=_cpu(),
            cores=os.cpu_count() or 1,
            python=platform.python_version(),
            system=f"{platform.system()} {platform.machine()}",
            load=round(os.getloadavg()[0], 2),
            date=f"{datetime.now(UTC):%Y-%m-%d}",
        )

    def __str__(self) -> str:
        after = "" if self.load_after is None else f" and {self.load_after:g} after the last"
        return (
            f"{self.cores} cores of {self.cpu}, {self.system}, Python {self.python}, {self.date}, "
            f"load {self.load:g} before the first{after}"
        )

    def finished(self) -> Machine:
        """With the load of now."""
        return replace(self, load_after=round(os.getloadavg()[0], 2))


def _cpu() -> str:
    """As Linux calls it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "an unknown processor"
