"""Calls are counted where they are made, and what was known already is no call."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest

from providers.base import Ask
from providers.errors import ProviderError, QuotaSpent, ServerFault, TooLarge
from providers.guard import Guard
from providers.plans import Together
from providers.router import Router
from tests.clock import FakeClock
from tests.providers.samples import VERDICT, Scripted, image
from tests.providers.test_router import Shelf

PLAN = Together(("scripted",))


class Counting:
    """A meter that remembers."""

    def __init__(self) -> None:
        self.seen: Counter[tuple[str, ...]] = Counter()
        self.cost = 0.0

    def called(self, provider: str, outcome: str) -> None:
        self.seen["called", provider, outcome] += 1

    def remembered(self, provider: str) -> None:
        self.seen["remembered", provider] += 1

    def spent(self, provider: str, amount: float) -> None:
        self.cost += amount


DEAR = replace(VERDICT, cost=0.25)


def guarded(provider: Scripted, meter: Counting) -> Guard:
    return Guard(provider, clock=FakeClock(), meter=meter)


async def ask(guard: Guard, times: int = 1) -> None:
    for _ in range(times):
        with suppress(ProviderError):
            await guard.screen(image(), Ask())


@pytest.mark.asyncio
async def test_an_answer_is_a_call_and_what_it_costs_is_for_who_pays_it_to_say() -> None:
    meter = Counting()
    await ask(guarded(Scripted(VERDICT), meter), 3)
    assert meter.seen == {("called", "scripted", "answered"): 3}
    await ask(guarded(Scripted(DEAR), meter), 2)
    assert meter.cost == 0.0, "see test_paid"


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [ServerFault("down"), TooLarge("too large"), QuotaSpent("nothing left")])
async def test_an_error_is_counted_by_its_kind_and_is_free(error: ProviderError) -> None:
    meter = Counting()
    await ask(guarded(Scripted(error), meter))
    assert meter.seen == {("called", "scripted", type(error).__name__.lower()): 1}
    assert meter.cost == 0.0


@pytest.mark.asyncio
async def test_what_the_breaker_turns_away_is_no_call() -> None:
    meter = Counting()
    await ask(guarded(Scripted(ServerFault("down")), meter), 9)
    assert meter.seen == {("called", "scripted", "serverfault"): 5}


@pytest.mark.asyncio
async def test_a_verdict_that_is_known_is_remembered_and_not_called_for() -> None:
    meter = Counting()
    router = Router({"scripted": guarded(Scripted(VERDICT), meter)}, Shelf(), meter=meter)
    await router.screen(image(), Ask(), PLAN)
    assert meter.seen == {("called", "scripted", "answered"): 1}
    await router.screen(image(), Ask(), PLAN)
    assert await router.cached(image().sha256, Ask(), PLAN) is not None
    assert await router.cached("cd" * 32, Ask(), PLAN) is None
    assert meter.seen == {("called", "scripted", "answered"): 1, ("remembered", "scripted"): 2}
    await router.aclose()
