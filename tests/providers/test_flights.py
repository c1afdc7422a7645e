"""One call for all who want the same, and who may leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from providers.flights import Flights
from tests.providers.samples import settle


class Calls:
    """Calls that wait for `go`, counted."""

    def __init__(self) -> None:
        self.go, self.begun, self.cancelled = asyncio.Event(), 0, 0

    def of(self, answer: object) -> Callable[[], Coroutine[Any, Any, object]]:
        async def call() -> object:
            self.begun += 1
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


@pytest.mark.asyncio
async def test_a_hundred_waiters_share_one_call() -> None:
    flights: Flights[str, object] = Flights()
    calls = Calls()
    waiters = [asyncio.create_task(flights.join("k", calls.of("answer"))) for _ in range(100)]
    await settle()
    calls.go.set()
    assert set(await asyncio.gather(*waiters)) == {"answer"}
    assert calls.begun == 1
    assert len(flights) == 0


@pytest.mark.asyncio
async def test_other_keys_have_calls_of_their_own() -> None:
    flights: Flights[int, object] = Flights()
    calls = Calls()
    calls.go.set()
    assert await asyncio.gather(*(flights.join(n, calls.of(n)) for n in range(5))) == [0, 1, 2, 3, 4]
    assert calls.begun == 5


@pytest.mark.asyncio
async def test_nothing_is_kept() -> None:
    flights: Flights[str, object] = Flights()
    calls = Calls()
    calls.go.set()
    assert [await flights.join("k", calls.of(n)) for n in range(3)] == [0, 1, 2]


@pytest.mark.asyncio
async def test_one_that_leaves_takes_nobody_along_not_even_the_first() -> None:
    flights: Flights[str, object] = Flights()
    calls = Calls()
    waiters = [asyncio.create_task(flights.join("k", calls.of("answer"))) for _ in range(3)]
    await settle()
    waiters[0].cancel()
    await settle()
    assert waiters[0].cancelled()
    calls.go.set()
    assert await asyncio.gather(*waiters[1:]) == ["answer", "answer"]
    assert calls.cancelled == 0


@pytest.mark.asyncio
async def test_the_last_to_leave_ends_the_call_and_the_next_begins_another() -> None:
    flights: Flights[str, object] = Flights()
    calls = Calls()
    waiters = [asyncio.create_task(flights.join("k", calls.of("old"))) for _ in range(3)]
    await settle()
    for waiter in waiters:
        waiter.cancel()
    newcomer = asyncio.create_task(flights.join("k", calls.of("new")))
    await settle()
    assert calls.cancelled == 1
    calls.go.set()
    assert await newcomer == "new"
    assert len(flights) == 0


@pytest.mark.asyncio
async def test_a_failure_reaches_every_waiter_and_is_forgotten() -> None:
    flights: Flights[str, object] = Flights()
    calls = Calls()
    calls.go.set()
    answers = await asyncio.gather(
        *(flights.join("k", calls.of(ValueError("no"))) for _ in range(3)), return_exceptions=True
    )
    assert [str(a) for a in answers] == ["no"] * 3
    assert await flights.join("k", calls.of("yes")) == "yes"
