"""The adapter as it runs: on real sockets, against the loopback Discord."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import discord
import pytest
import pytest_asyncio

from bot.clock import SystemClock
from bot.model import Event, Tenant
from bot.platforms.discord.assets import MediaHost
from bot.platforms.discord.config import DiscordConfig
from bot.platforms.discord.platform import DiscordPlatform
from bot.sandbox.loopback import Loopback
from tests.bot.platforms.discord.world import MemoryFaces, MemorySettings, RememberingDesk


class BriskClock(SystemClock):
    """The machine's clock, but nobody waits longer than a moment."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))


@dataclass
class Live:
    """A running adapter and the Discord it is connected to."""

    discord: Loopback
    platform: DiscordPlatform
    desk: RememberingDesk
    settings: MemorySettings
    faces: MemoryFaces
    running: asyncio.Task[None]
    events: list[Event] = field(default_factory=list)

    async def seen(self, count: int = 1) -> list[Event]:
        """The first `count` events, as soon as they are there."""
        await self.discord.until(lambda: len(self.events) >= count)
        return self.events

    async def fetched(self, event: Event, index: int = 0, *, reduced: bool = False) -> bytes:
        chunks = self.platform.fetch(event, event.media[index], reduced=reduced)
        return b"".join([chunk async for chunk in chunks])

    def tenant(self, guild: object) -> Tenant:
        return Tenant("discord", str(guild.id))  # type: ignore[attr-defined]

    async def stop(self) -> None:
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.running


@pytest.fixture(autouse=True)
def _discord_py_points_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test re-points, the next one finds discord.py as it was."""
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)
    monkeypatch.setattr(discord.asset.Asset, "BASE", discord.asset.Asset.BASE)
    monkeypatch.setattr(MediaHost, "BASE", MediaHost.BASE)
    gateway = discord.gateway.DiscordWebSocket
    monkeypatch.setattr(gateway, "DEFAULT_GATEWAY", gateway.DEFAULT_GATEWAY)


def start(loopback: Loopback, **options: object) -> Live:
    """The adapter, told where the loopback is, listening."""
    desk, settings, faces = RememberingDesk(), MemorySettings(), MemoryFaces()
    platform = DiscordPlatform(
        DiscordConfig(
            str(options.get("token", loopback.token)),
            api_url=loopback.api_url,
            cdn_url=loopback.cdn_url,
            media_url=loopback.media_url,
        ),
        desk=desk,
        settings=settings,
        faces=faces,
        clock=BriskClock(),
        client_options={
            "guild_ready_timeout": 0.05,
            **({"translator": options["translator"]} if "translator" in options else {}),
        },
    )
    events: list[Event] = []

    async def submit(seen: Sequence[Event]) -> None:
        events.extend(seen)

    running = asyncio.create_task(platform.run(submit))
    return Live(loopback, platform, desk, settings, faces, running, events)


@pytest_asyncio.fixture
async def live() -> AsyncIterator[Live]:
    """Connected and ready; everything is closed in the end."""
    async with Loopback() as loopback:
        loopback.guild()
        adapter = start(loopback)
        try:
            await asyncio.wait_for(adapter.platform.ready.wait(), 10)
            yield adapter
        finally:
            await adapter.stop()
