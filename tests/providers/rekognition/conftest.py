from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from bot.sandbox.rekognition import LoopbackRekognition
from providers.http import Http
from providers.rekognition import RekognitionProvider, RekognitionSettings
from tests.clock import FakeClock

Make = Callable[..., RekognitionProvider]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=True)


@pytest_asyncio.fixture
async def aws(clock: FakeClock) -> AsyncIterator[LoopbackRekognition]:
    async with LoopbackRekognition(clock=clock, per_second=None) as made:
        yield made


def settings_of(aws: LoopbackRekognition, **changes: Any) -> RekognitionSettings:
    """For this Rekognition, unless `changes` say otherwise."""
    usual = {
        "access_key_id": aws.key_id,
        "secret_access_key": aws.secret,
        "session_token": aws.session_token,
        "region": aws.region,
        "url": aws.url,
    }
    return RekognitionSettings(**{**usual, **changes})


@pytest_asyncio.fixture
async def make(aws: LoopbackRekognition, clock: FakeClock) -> AsyncIterator[Make]:
    """Makes providers for `aws`, and closes them."""
    made: list[RekognitionProvider] = []

    def provider(*, deadline: float = 5.0, **changes: Any) -> RekognitionProvider:
        http = Http("Rekognition", deadline=deadline)
        made.append(RekognitionProvider(settings_of(aws, **changes), clock=clock, http=http))
        return made[-1]

    yield provider
    for each in made:
        await each.aclose()
