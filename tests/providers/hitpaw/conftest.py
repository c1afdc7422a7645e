from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from bot.sandbox.hitpaw import HitPaw
from providers.hitpaw import HitPawProvider
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import KEY, Make, provider_of


@pytest.fixture
def clock() -> FakeClock:
    """Every sleep passes at once and moves it: a job of ten minutes takes no time."""
    return FakeClock(auto=True)


@pytest_asyncio.fixture
async def vendor(clock: FakeClock) -> AsyncIterator[HitPaw]:
    async with HitPaw(KEY, clock=clock) as vendor:
        yield vendor


@pytest_asyncio.fixture
async def make(vendor: HitPaw, clock: FakeClock) -> AsyncIterator[Make]:
    """`make(...)`: a provider at `vendor`; all of them are closed in the end."""
    made: list[HitPawProvider] = []

    def one(**changes: object) -> HitPawProvider:
        made.append(provider_of(vendor.url, clock, **changes))
        return made[-1]

    yield one
    for provider in made:
        await provider.aclose()


@pytest.fixture
def provider(make: Callable[..., HitPawProvider]) -> HitPawProvider:
    return make()
