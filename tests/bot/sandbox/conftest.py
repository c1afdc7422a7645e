"""A loopback Discord under the eye of Discord's own specification, and a barest discord.py client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest
import pytest_asyncio

from bot.sandbox.loopback import Loopback
from tests.bot.sandbox.barest import Barest
from tests.openapi import Validator


@pytest.fixture(autouse=True)
def _discord_py_points_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test re-points, the next one finds discord.py as it was."""
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    )
    monkeypatch.setattr(discord.asset.Asset, "BASE", discord.asset.Asset.BASE)


@pytest_asyncio.fixture
async def d() -> AsyncIterator[Loopback]:
    """A Discord; at the end nothing on its wire may have offended the specification."""
    async with Loopback() as discord:
        validator = Validator().watch(discord)
        yield discord
    assert validator.violations() == []


@pytest_asyncio.fixture
async def bot(d: Loopback) -> AsyncIterator[Barest]:
    """A client with all intents, not logged in yet: `await bot.login_to(d)`."""
    client = Barest()
    try:
        yield client
    finally:
        await client.end()
