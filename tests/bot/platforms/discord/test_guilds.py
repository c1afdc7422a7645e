"""Which guilds the bot is in, and in which channel it may speak, against an independent Discord."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest

from bot.door import Door
from bot.model import Event, EventKind, Membership, Presence, Tenant
from bot.platforms.discord.appearance import of_member
from bot.platforms.discord.guilds import Guilds, exorcised, presence, speaking_channel
from policies.model import Mode, Policy, Surface
from tests.bot.platforms.discord import payloads as p
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
        return [one for one in present if one.tenant in self.unwanted]


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


# --- whose guilds are looked at ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_who_was_seen_while_a_guild_was_not_let_in_is_looked_at_once_it_is() -> None:
    """Neither faces nor reactions are taken for known that nobody has looked at."""
    async with simulated() as world:
        keeper = Keeper({world.tenant})
        world.platform._door = keeper
        world.settings.only = Policy(preset="standard", mode=Mode.ENFORCE, mod_channel="1", surfaces=frozenset(Surface))
        emoji = discord.PartialEmoji(name="bad", id=4711)
        guild = home(world)

        async def all_of_it() -> None:
            await world.platform._shown(of_member(_joins(guild.id), joined=False))
            await world.platform._reacted(
                _reaction(guild.id, world.channel.id, emoji), discord.Object(world.channel.id)
            )

        await all_of_it()
        assert world.events == []
        keeper.unwanted.clear()
        await all_of_it()
        assert {e.kind for e in world.events} == {EventKind.AVATAR, EventKind.REACTION}


@pytest.mark.asyncio
async def test_a_register_that_cannot_be_read_loses_no_post() -> None:
    """Through the real door, which is the one that bears it."""

    class Unreadable:
        async def one(self, tenant: Tenant) -> Membership:
            raise OSError("disk full")

    async with simulated() as world:
        rooms: Any = Unreadable()
        world.platform._door = Door(
            "discord", register=rooms, journal=rooms, settings=world.settings, clock=world.clock
        )
        alice = world.guild.add_member(world.env.create_user("alice"))
        await alice.send(world.channel, "look", attachments=[("cat.png", PNG)])
        assert [e.kind for e in world.events] == [EventKind.MESSAGE]


@pytest.mark.asyncio
async def test_a_reaction_that_the_journal_did_not_take_is_told_again() -> None:
    async with simulated() as world:
        world.settings.only = Policy(preset="standard", surfaces=frozenset(Surface))
        reaction = _reaction(home(world).id, world.channel.id, discord.PartialEmoji(name="bad", id=4711))

        async def fails(events: Sequence[Event]) -> None:
            raise OSError("disk full")

        submit = world.platform._submit
        assert submit is not None
        world.platform.listen(fails)
        with pytest.raises(OSError, match="disk full"):
            await world.platform._reacted(reaction, discord.Object(world.channel.id))
        world.platform.listen(submit)
        await world.platform._reacted(reaction, discord.Object(world.channel.id))
        assert [e.kind for e in world.events] == [EventKind.REACTION]


def _joins(guild: int) -> dict[str, Any]:
    return {"guild_id": str(guild), "user": p.user(7, avatar="aaaa"), **p.member()}


def _reaction(guild: int, channel: int, emoji: discord.PartialEmoji) -> discord.RawReactionActionEvent:
    told: Any = {"message_id": "9", "channel_id": str(channel), "user_id": "7", "guild_id": str(guild), "type": 0}
    return discord.RawReactionActionEvent(told, emoji, "REACTION_ADD")
