"""A loopback Telegram, and python-telegram-bot's own client for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from telegram import Bot

from bot.media.fetch import Allow, Fetcher
from bot.platforms.telegram.files import Files
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.botapi import specification
from tests.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def t(clock: FakeClock) -> AsyncIterator[LoopbackTelegram]:
    """At the end nothing on its wire may have offended the specification."""
    async with LoopbackTelegram(clock=clock, specification=specification()) as telegram:
        yield telegram
    assert telegram.violations == []


@pytest_asyncio.fixture
async def bot(t: LoopbackTelegram) -> AsyncIterator[Bot]:
    async with Bot(t.token, base_url=f"{t.root}/bot", base_file_url=f"{t.root}/file/bot") as client:
        yield client


@pytest_asyncio.fixture
async def files(bot: Bot) -> AsyncIterator[Files]:
    async with Fetcher([Allow.parse(bot.base_file_url)], cap=4 * 1024 * 1024) as fetcher:
        yield Files(bot, fetcher)
