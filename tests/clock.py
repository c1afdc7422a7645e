"""A clock that moves only when told, or when somebody sleeps."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta


class FakeClock:
    """`bot.ports.Clock`. `advance` wakes sleepers in order; `auto` lets every sleep pass at once."""

    def __init__(self, start: datetime = datetime(2026, 11, 1, 12, tzinfo=UTC), *, auto: bool = False) -> None:
        self._now = start
        self._passed = 0.0
        self._auto = auto
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._auto:
            self._move(seconds)
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + seconds, id(future), future))
        await future

    async def advance(self, seconds: float) -> None:
        target = self._passed + seconds
        while self._sleepers and self._sleepers[0][0] <= target:
            at, _, future = heapq.heappop(self._sleepers)
            self._move(max(0.0, at - self._passed))
            if not future.done():
                future.set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self._move(target - self._passed)

    def _move(self, seconds: float) -> None:
        self._passed += seconds
        self._now += timedelta(seconds=seconds)
