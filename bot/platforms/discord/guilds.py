"""Which guilds the bot is in, told to whoever keeps the door; and how one is left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import discord
import structlog

from bot.door import farewell
from bot.model import Presence
from bot.platforms.discord.extract import tenant_of
from bot.platforms.discord.outcomes import TRANSPORT_ERRORS
from bot.ports import Clock
from bot.ports.register import Door
from bot.texts.catalogue import Texts

log = structlog.get_logger("beholder.discord")

SPEAK = ("view_channel", "send_messages")
AGAIN = 60.0  # seconds until a guild that could not be left is tried again


def speaking_channel(guild: discord.Guild) -> discord.TextChannel | None:
    """Where the bot may say something to everybody: the system channel, else the first text channel it can post in."""
    channels = [*([guild.system_channel] if guild.system_channel else ()), *guild.text_channels]
    return next((c for c in channels if _may_speak(c)), None)


def _may_speak(channel: discord.TextChannel) -> bool:
    allowed = channel.permissions_for(channel.guild.me)
    return all(getattr(allowed, name) for name in SPEAK)


def presence(guild: discord.Guild) -> Presence:
    """`guild` as the door sees it."""
    tenant = tenant_of(guild.id)
    if guild.unavailable or guild.me is None:
        return Presence(tenant, available=False)

    def speaks_in() -> str | None:
        channel = speaking_channel(guild)
        return str(channel.id) if channel else None

    return Presence(tenant, guild.name, guild.member_count, guild.me.joined_at, speaks_in=speaks_in)


def exorcised(parsers: Mapping[str, Callable[[Any], None]], client: discord.Client) -> dict[str, Callable[[Any], None]]:
    """`parsers`, of which READY forgets guilds that were left while a session was lost.

    A sharded client of discord.py only ever adds guilds at READY, so it would hold such a one until its end.
    """
    read = parsers["READY"]

    def ready(payload: Any) -> None:
        named = {int(guild["id"]) for guild in payload["guilds"]}
        shard = payload.get("shard", (0, 1))[0]
        for guild in client.guilds:
            if guild.shard_id == shard and guild.id not in named:
                client._connection._remove_guild(guild)
        read(payload)

    return {**parsers, "READY": ready}


class Guilds:
    """The rounds that are made while the bot is connected."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._door = door
        self._clock = clock
        self._told: set[int] = set()
        self._tried: dict[int, float] = {}

    async def round(self, client: discord.Client) -> None:
        """Bring the register up to date; leave guilds that the host does not want."""
        self._forget_all_but({g.id for g in client.guilds})
        for unwanted in await self._door.follow([presence(g) for g in client.guilds]):
            guild = client.get_guild(int(unwanted.tenant.id))
            if guild is not None and self._due(guild.id):
                await self.leave(guild)

    def _forget_all_but(self, present: set[int]) -> None:
        """Whoever is out and comes back is told again, and at once."""
        self._told &= present
        self._tried = {guild: at for guild, at in self._tried.items() if guild in present}

    def _due(self, guild: int) -> bool:
        now = self._clock.monotonic()
        if now - self._tried.get(guild, -AGAIN) < AGAIN:
            return False
        self._tried[guild] = now
        return True

    async def leave(self, guild: discord.Guild) -> bool:
        """Say so, once, and go. Returns whether the bot is out; if not, it is tried again later."""
        if guild.id not in self._told:
            self._told.add(guild.id)
            await self._say_farewell(guild)
        try:
            await guild.leave()
        except discord.NotFound:
            pass
        except TRANSPORT_ERRORS as error:
            log.warning("guild not left", guild=str(tenant_of(guild.id)), error=type(error).__name__)
            return False
        log.info("guild is left", guild=str(tenant_of(guild.id)))
        return True

    async def _say_farewell(self, guild: discord.Guild) -> None:
        channel = speaking_channel(guild)
        if channel is not None:
            with contextlib.suppress(*TRANSPORT_ERRORS):  # whether they hear it or not, we go
                await channel.send(farewell(Texts(str(guild.preferred_locale))))
