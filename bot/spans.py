"""How long the stations of one image's way took."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Spans:
    """Milliseconds by station; entering a station twice adds up."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextmanager
    def span(self, station: str) -> Iterator[None]:
        """Time the block, also when it raises."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(station, (time.perf_counter() - start) * 1000)

    def add(self, station: str, ms: float) -> None:
        """Count `ms` towards `station`."""
        self._ms[station] = self._ms.get(station, 0.0) + ms

    def merge(self, ms: Mapping[str, float]) -> None:
        """Take over another measurement: of images looked at side by side, the longest counts."""
        for station, value in ms.items():
            self._ms[station] = max(self._ms.get(station, 0.0), value)

    @property
    def ms(self) -> Mapping[str, float]:
        """What was measured so far, with `total` since the beginning, rounded to microseconds."""
        total = (time.perf_counter() - self._began) * 1000
        return {k: round(v, 3) for k, v in {**self._ms, "total": total}.items()}
