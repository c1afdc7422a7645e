"""The barest discord.py clients, in the test's own process."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import yarl
from discord import app_commands

from bot.sandbox.loopback import Loopback


def point_at(d: Loopback) -> None:
    """Re-point discord.py of this process."""
    discord.http.Route.BASE = d.api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(d.gateway_url)
    discord.asset.Asset.BASE = d.cdn_url


class Recording(discord.Client):
    """A client that keeps what it received."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("intents", discord.Intents.all())
        super().__init__(max_messages=None, chunk_guilds_at_startup=False, guild_ready_timeout=0.05, **options)
        self.messages: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.edits: asyncio.Queue[discord.RawMessageUpdateEvent] = asyncio.Queue()
        self.members: asyncio.Queue[discord.Member] = asyncio.Queue()
        self.resumed = 0
        self.running: asyncio.Task[None] | None = None

    async def login_to(self, d: Loopback, *, sessions: int = 1) -> None:
        """Start, and wait until the gateway has said READY to every shard."""
        point_at(d)
        self.running = asyncio.create_task(self.start(d.token))
        await asyncio.wait_for(self.wait_until_ready_or_failed(), 20)
        await d.connected(sessions)

    async def wait_until_ready_or_failed(self) -> None:
        """Ready, or whatever ended the client."""
        while not self.is_ready():
            if self.running and self.running.done():
                self.running.result()
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        """Close, whatever state it is in."""
        await self.close()
        if self.running:
            await asyncio.gather(self.running, return_exceptions=True)

    async def on_message(self, message: discord.Message) -> None:
        await self.messages.put(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        await self.edits.put(payload)

    async def on_member_join(self, member: discord.Member) -> None:
        await self.members.put(member)

    async def on_resumed(self) -> None:
        self.resumed += 1

    async def next_message(self) -> discord.Message:
        """The next one, also the bot's own."""
        return await asyncio.wait_for(self.messages.get(), 20)

    async def next_edit(self) -> discord.RawMessageUpdateEvent:
        """The next edit."""
        return await asyncio.wait_for(self.edits.get(), 20)


class Barest(Recording):
    """One shard."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.tree = app_commands.CommandTree(self)


class Sharded(Recording, discord.AutoShardedClient):
    """Several."""
