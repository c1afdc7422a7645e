from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from bot.sandbox.huawei import LoopbackHuawei
from providers.base import Publisher
from providers.http import Http
from providers.huawei import HuaweiProvider, HuaweiSettings
from tests.clock import FakeClock

Make = Callable[..., HuaweiProvider]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=True)


@pytest_asyncio.fixture
async def huawei(clock: FakeClock) -> AsyncIterator[LoopbackHuawei]:
    async with LoopbackHuawei(clock=clock, per_second=None) as made:
        yield made


def settings_of(huawei: LoopbackHuawei, **changes: Any) -> HuaweiSettings:
    """For this Huawei; by key unless `changes` say otherwise."""
    usual: dict[str, Any] = {
        "ak": huawei.ak,
        "sk": huawei.sk,
        "project_id": huawei.iam.project,
        "url": huawei.url,
        "iam_url": huawei.url,
    }
    return HuaweiSettings(**{**usual, **changes})


def by_token(huawei: LoopbackHuawei) -> dict[str, str]:
    """The changes that log in with a password."""
    iam = huawei.iam
    return {"ak": "", "sk": "", "username": iam.username, "password": iam.password, "domain": iam.domain}


@pytest_asyncio.fixture
async def make(huawei: LoopbackHuawei, clock: FakeClock) -> AsyncIterator[Make]:
    """Makes providers for `huawei`, and closes them."""
    made: list[HuaweiProvider] = []

    def provider(*, publisher: Publisher | None = None, deadline: float = 5.0, **changes: Any) -> HuaweiProvider:
        settings = settings_of(huawei, **changes)
        made.append(HuaweiProvider(settings, clock=clock, publisher=publisher, http=Http("Huawei", deadline=deadline)))
        return made[-1]

    yield provider
    for each in made:
        await each.aclose()
