"""One call for all who wait for the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    waiters: int = 0


class Flights(Generic[K, T]):
    """Single flight: while a call for a key runs, whoever wants the same joins it.

    A waiter that is cancelled leaves the others waiting; when the last one leaves, the call is
    cancelled. Nothing is kept once a call has ended, neither answers nor failures.
    """

    def __init__(self) -> None:
        self._flights: dict[K, _Flight[T]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    async def join(self, key: K, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The answer for `key`: of the call that runs, or of `start` if none does."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(start()))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if flight.task.done() or not flight.waiters:
                self._leave(key, flight)

    def _leave(self, key: K, flight: _Flight[T]) -> None:
        """Out of the book first: nobody may join a call that is being cancelled."""
        if self._flights.get(key) is flight:
            del self._flights[key]
        flight.task.cancel()
