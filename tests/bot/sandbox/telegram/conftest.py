"""A loopback Telegram under the eye of Telegram's own specification, on a clock that tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.sandbox.telegram.raw import Raw
from tests.botapi import specification
from tests.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def t(clock: FakeClock) -> AsyncIterator[LoopbackTelegram]:
    """A Telegram; at the end nothing on its wire may have offended the specification."""
    async with LoopbackTelegram(clock=clock, specification=specification()) as telegram:
        yield telegram
    assert telegram.violations == []


@pytest_asyncio.fixture
async def raw(t: LoopbackTelegram) -> AsyncIterator[Raw]:
    async with ClientSession() as session:
        yield Raw(t, session)
