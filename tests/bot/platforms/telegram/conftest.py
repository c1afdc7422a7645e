"""A loopback Telegram under the eye of Telegram's own specification."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.platforms.telegram.config import TelegramConfig
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.botapi import specification


@pytest_asyncio.fixture
async def t() -> AsyncIterator[LoopbackTelegram]:
    async with LoopbackTelegram(specification=specification()) as telegram:
        yield telegram
    assert telegram.violations == []


def config_of(t: LoopbackTelegram, **more: str) -> TelegramConfig:
    return TelegramConfig(token=t.token, api_url=t.root, **more)
