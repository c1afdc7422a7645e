"""Large communities: made as they are looked at, and told of as Discord tells of them."""

from __future__ import annotations

import asyncio
import sys
from itertools import pairwise

import pytest

from bot.sandbox import wire
from bot.sandbox.entities import CATEGORY
from bot.sandbox.loopback import Loopback
from bot.sandbox.wire import LARGE
from tests.bot.sandbox.barest import Barest
from tests.bot.sandbox.pictures import PNG

SIZE = 10_000


def test_nobody_of_a_crowd_is_made_before_somebody_looks() -> None:
    discord = Loopback()
    before = len(discord.world.users)
    guilds = [discord.community(f"c{n}", SIZE) for n in range(20)]
    assert len(discord.world.users) - before == 20, "the owners"
    assert all(g.member_count == SIZE + 2 for g in guilds)
    assert sys.getsizeof(guilds[0].members) < 1000


def test_somebody_who_was_met_stays_the_same_and_counts_once() -> None:
    discord = Loopback()
    guild = discord.community("c", SIZE)
    ann, ben = discord.someone(guild, 0), discord.someone(guild, SIZE - 1)
    assert discord.someone(guild, 0) is ann
    assert ann.avatar != ben.avatar
    assert guild.member_count == SIZE + 2
    with pytest.raises(IndexError, match="there are 10000 people"):
        discord.someone(guild, SIZE)
    with pytest.raises(LookupError, match="has no crowd"):
        discord.someone(discord.guild("small"), 0)


def test_no_id_is_given_twice() -> None:
    discord = Loopback()
    guilds = [discord.community(f"c{n}", SIZE) for n in range(3)]
    crowds = [(g.crowd.first, g.crowd.first + g.crowd.size) for g in guilds if g.crowd]
    others = {*discord.world.users, *discord.world.channels, *(r for g in guilds for r in g.roles)}
    assert all(a_end <= b for (_, a_end), (b, _) in pairwise(crowds))
    assert not [i for i in others for first, end in crowds if first <= i < end]


def test_guild_create_shows_as_many_members_as_an_app_may_ask_for() -> None:
    discord = Loopback()
    guild = discord.community("c", SIZE)
    discord.someone(guild, 3)
    body = wire.guild_create(guild, discord.world.bot.id)
    idents = [m["user"]["id"] for m in body["members"]]
    assert len(set(idents)) == len(idents) == LARGE
    assert idents[0] == str(discord.world.bot.id)
    assert (body["large"], body["member_count"]) == (True, SIZE + 2)
    assert (len(body["channels"]), len(body["roles"]), len(body["emojis"])) == (60, 32, 50)
    small = wire.guild_create(discord.guild("small"), discord.world.bot.id)
    assert (small["large"], small["member_count"], len(small["members"])) == (False, 2, 1)


@pytest.mark.asyncio
async def test_a_client_hears_anybody_of_the_crowd_and_sees_their_face(d: Loopback, bot: Barest) -> None:
    guild = d.community("c", SIZE, faces=[PNG])
    channel = next(c for c in guild.channels.values() if c.type != CATEGORY)
    await bot.login_to(d)
    d.post(channel, d.someone(guild, 7_777), "hello")
    message = await bot.next_message()
    assert message.guild is not None
    assert message.guild.member_count == SIZE + 2
    assert (message.author.display_name, message.author.avatar is not None) == ("Person 7777", True)
    assert await message.author.display_avatar.read() == PNG


@pytest.mark.asyncio
async def test_a_heartbeat_says_how_far_the_client_has_heard(d: Loopback, bot: Barest) -> None:
    guild = d.guild()
    channel = d.channel(guild)
    await bot.login_to(d)
    for n in range(20):
        d.post(channel, d.owner(guild), str(n))
    for _ in range(20):
        await bot.next_message()
    await asyncio.sleep(0)
    d.gateway.ask_heartbeat()
    (session,) = d.gateway.connected
    await d.until(lambda: session.heard == session.seq)
    assert session.seq > 20
