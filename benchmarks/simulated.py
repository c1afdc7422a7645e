"""Time that passes as soon as everybody waits for it: half an hour in as long as its work takes."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

BEGIN = datetime(2026, 11, 1, 12, tzinfo=UTC)
QUIET = 12  # turns of the loop without work, after which everybody is taken to wait


class Simulated:
    """`bot.ports.Clock`. Work in threads that time must wait for goes through `busy`."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._at_work = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def now(self) -> datetime:
        """See `Clock.now`."""
        return BEGIN + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._passed

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + max(0.0, seconds), next(self._order), future))
        await future

    def busy(self, call: F) -> F:
        """`call`, while which runs no time passes."""

        async def watched(*args: Any) -> Any:
            self._at_work += 1
            self._idle.clear()
            try:
                return await call(*args)
            finally:
                self._at_work -= 1
                if not self._at_work:
                    self._idle.set()

        return cast("F", watched)

    async def until(self, done: Callable[[], bool]) -> None:
        """Let time pass from one sleeper to the next until `done`. Raises RuntimeError where nobody sleeps."""
        while not done():
            await self._settled()
            if not self._sleepers:
                raise RuntimeError("nobody sleeps, and it is not done: time stands still")
            at, _, future = heapq.heappop(self._sleepers)
            self._passed = max(self._passed, at)
            if not future.done():
                future.set_result(None)

    async def _settled(self) -> None:
        quiet = 0
        while quiet < QUIET:
            await asyncio.sleep(0)
            quiet = 0 if self._at_work else quiet + 1
            await self._idle.wait()
