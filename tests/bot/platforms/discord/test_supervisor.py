"""A client dies, another is born; what no retry cures says the cure; the day's IDENTIFYs are not wasted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord.supervisor import (
    LONGEST_PAUSE,
    PATIENCE,
    SPACING,
    STABLE,
    BudgetSpent,
    Fatal,
    IdentifyBudget,
    Supervisor,
    WrongToken,
)
from tests.bot.platforms.discord.world import HandClock

SECRET = "tok.en.secret"


class Enough(BaseException):
    """Ends a test that would go on for ever."""


class Client:
    """Lives for `seconds`, then raises `error` (None: waits for its cancellation)."""

    def __init__(self, clock: HandClock, error: BaseException | None, seconds: float = 0.0) -> None:
        self._clock = clock
        self._error = error
        self._seconds = seconds
        self.token = ""
        self.closed = False

    async def start(self, token: str) -> None:
        self.token = token
        self._clock.advance(self._seconds)
        if self._error is None:
            await asyncio.Event().wait()
        else:
            raise self._error

    async def close(self) -> None:
        self.closed = True


def supervised(
    clock: HandClock, clients: list[Client], budget: IdentifyBudget | None = None, jitter: float = 1.0
) -> Supervisor:
    waiting = iter(clients)

    def make() -> Client:
        try:
            return next(waiting)
        except StopIteration:
            raise Enough from None

    return Supervisor(make, SECRET, clock=clock, budget=budget or IdentifyBudget(clock), jitter=lambda: jitter)


def closed(code: int) -> discord.ConnectionClosed:
    socket: Any = SimpleNamespace(close_code=code)
    return discord.ConnectionClosed(socket, shard_id=0, code=code)


@pytest.mark.asyncio
async def test_each_crash_is_followed_by_a_new_client_after_a_longer_pause() -> None:
    clock = HandClock()
    clients = [Client(clock, OSError("down")) for _ in range(12)]
    supervisor = supervised(clock, clients)
    with pytest.raises(Enough):
        await supervisor.run()
    assert all(client.closed and client.token == SECRET for client in clients)
    assert clock.slept[:4] == [1.0, 2.0, 4.0, 8.0]
    assert clock.slept[-1] == LONGEST_PAUSE
    assert supervisor.restarts == len(clients)
    assert "down" in supervisor.last_error


@pytest.mark.asyncio
async def test_pauses_are_jittered_but_never_less_than_half() -> None:
    clock = HandClock()
    with pytest.raises(Enough):
        await supervised(clock, [Client(clock, OSError()) for _ in range(3)], jitter=0.0).run()
    assert clock.slept == [0.5, 1.0, 2.0]


@pytest.mark.asyncio
async def test_after_a_long_life_the_next_crash_is_a_first_one() -> None:
    clock = HandClock()
    clients = [
        Client(clock, OSError()),
        Client(clock, OSError()),
        Client(clock, OSError(), STABLE),
        Client(clock, OSError()),
    ]
    with pytest.raises(Enough):
        await supervised(clock, clients).run()
    assert clock.slept == [1.0, 2.0, 1.0, 2.0]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("error", "fatal", "cure"),
    [
        (lambda: discord.LoginFailure("Improper token"), WrongToken, "Reset Token"),
        (lambda: closed(4004), WrongToken, "Reset Token"),
    ],
)
async def test_what_only_a_person_can_mend_says_how(
    error: Callable[[], Exception], fatal: type[Fatal], cure: str
) -> None:
    clock = HandClock()
    client = Client(clock, error())
    with pytest.raises(fatal) as raised:
        await supervised(clock, [client]).run()
    assert client.closed
    assert cure in str(raised.value)
    assert "https://discord.com/developers/applications" in str(raised.value)
    assert SECRET not in repr(raised.value)
    assert clock.slept == []


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [lambda: closed(4011), lambda: discord.PrivilegedIntentsRequired(0)])
async def test_another_close_code_is_no_reason_to_give_up(error: Callable[[], Exception]) -> None:
    clock = HandClock()
    with pytest.raises(Enough):
        await supervised(clock, [Client(clock, error())]).run()
    assert clock.slept == [1.0]


@pytest.mark.asyncio
async def test_cancelling_closes_the_client() -> None:
    clock = HandClock()
    client = Client(clock, None)
    running = asyncio.create_task(supervised(clock, [client]).run())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert client.closed


# --- the budget ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_first_identify_is_free_and_the_next_keeps_its_distance() -> None:
    clock = HandClock()
    budget = IdentifyBudget(clock)
    await budget.spend()
    await budget.spend()
    assert clock.slept == [SPACING]


@pytest.mark.asyncio
async def test_what_is_left_is_spread_over_what_remains_of_the_day() -> None:
    clock = HandClock()
    budget = IdentifyBudget(clock)
    budget.told(remaining=100, reset_after=2000.0)
    await budget.spend()
    assert budget.wait() == pytest.approx(2000 / 99)


@pytest.mark.asyncio
async def test_an_open_socket_is_not_kept_waiting_and_the_supervisor_waits_instead() -> None:
    clock = HandClock()
    budget = IdentifyBudget(clock)
    budget.told(remaining=0, reset_after=3600.0)
    with pytest.raises(BudgetSpent) as raised:
        await budget.spend()
    assert raised.value.wait == 3600.0 > PATIENCE
    with pytest.raises(Enough):
        await supervised(clock, [Client(clock, OSError())], budget).run()
    assert clock.slept == [3600.0]
    assert budget.wait() == 0.0


@given(st.lists(st.floats(0, 400), min_size=1, max_size=60))
def test_a_bot_that_crashes_all_day_never_exceeds_the_budget(lives: list[float]) -> None:
    clock = HandClock()
    budget = IdentifyBudget(clock, total=20, period=10_000.0)
    sent: list[float] = []

    async def crash() -> None:
        for life in lives * 3:
            clock.advance(budget.wait())
            await budget.spend()
            sent.append(clock.monotonic())
            clock.advance(life)

    asyncio.run(crash())
    days = (sent[-1] - sent[0]) // 10_000 + 1
    assert len(sent) <= 20 * days
