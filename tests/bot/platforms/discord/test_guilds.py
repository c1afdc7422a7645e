"""Which guilds the bot is in, and in which channel it may speak, against an independent Discord."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import discord
import pytest

from bot.model import Presence, Tenant
from bot.platforms.discord.guilds import Guilds, exorcised, presence, speaking_channel
from tests.bot.platforms.discord.world import PNG, HandClock, World, simulated, take_rights


@dataclass
class Keeper:
    """A door that remembers who was there, and wants `unwanted` out."""

    unwanted: set[Tenant] = field(default_factory=set)
    seen: list[Presence] = field(default_factory=list)

    async def looks_at(self, tenant: Tenant) -> bool:
        return tenant not in self.unwanted

    async def follow(self, present: Sequence[Presence]) -> list[Presence]:
        self.seen = list(present)
        return [p for p in present if p.tenant in self.unwanted]


def home(world: World) -> discord.Guild:
    guild = world.client.get_guild(world.guild.id)
    assert guild is not None
    return guild


@pytest.mark.asyncio
async def test_a_guild_is_seen_with_its_name_size_and_the_moment_of_joining() -> None:
    async with simulated() as world:
        guild = home(world)
        seen = presence(guild)
        assert seen.tenant == world.tenant
        assert (seen.name, seen.members) == (guild.name, guild.member_count)
        assert seen.joined_at == guild.me.joined_at is not None
        assert seen.speaks_in() == str(world.channel.id)


@pytest.mark.asyncio
async def test_a_guild_in_an_outage_is_there_but_not_available() -> None:
    async with simulated() as world:
        guild = home(world)
        guild.unavailable = True
        assert presence(guild) == Presence(world.tenant, available=False)


@pytest.mark.asyncio
async def test_where_it_may_not_post_it_has_no_channel() -> None:
    async with simulated() as world:
        assert speaking_channel(home(world)) is not None
        take_rights(world, "send_messages")
        await world.env.settle()
        assert speaking_channel(home(world)) is None


@pytest.mark.asyncio
async def test_only_an_unwanted_guild_is_left_and_told_why() -> None:
    async with simulated() as world:
        keeper = Keeper()
        rounds = Guilds(keeper, HandClock())
        left: list[int] = []

        async def leave() -> None:
            left.append(world.guild.id)

        guild = home(world)
        await rounds.round(world.client)
        assert [p.tenant for p in keeper.seen] == [world.tenant]
        keeper.unwanted.add(world.tenant)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(discord.Guild, "leave", lambda self: leave())
            await rounds.round(world.client)
            await rounds.round(world.client)
        assert left == [guild.id], "and not again within the minute"


@pytest.mark.asyncio
async def test_ready_forgets_guilds_of_its_shard_that_it_does_not_name() -> None:
    async with simulated() as world:
        guild = home(world)
        read: list[object] = []
        parsers = exorcised({"READY": read.append}, world.client)
        parsers["READY"]({"guilds": [{"id": str(guild.id)}], "shard": [guild.shard_id, 1]})
        assert world.client.get_guild(guild.id) is guild
        parsers["READY"]({"guilds": [], "shard": [guild.shard_id + 1, 2]})
        assert world.client.get_guild(guild.id) is guild, "another shard says nothing of it"
        parsers["READY"]({"guilds": [], "shard": [guild.shard_id, 1]})
        assert world.client.get_guild(guild.id) is None
        assert len(read) == 3


@pytest.mark.asyncio
async def test_events_of_an_unwanted_guild_are_not_handed_over() -> None:
    async with simulated() as world:
        keeper = Keeper({world.tenant})
        world.platform._door = keeper
        alice = world.guild.add_member(world.env.create_user("alice"))
        await alice.send(world.channel, "look", attachments=[("cat.png", PNG)])
        await world.env.settle()
        assert world.events == []
        keeper.unwanted.clear()
        await alice.send(world.channel, "look", attachments=[("cat.png", PNG)])
        await world.env.settle()
        assert len(world.events) == 1
