"""Several connections at once: each comes back on its own, and health speaks of all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord.shards import Roll
from bot.sandbox.entities import Guild
from bot.sandbox.loopback import Loopback
from tests.bot.platforms.discord.conftest import Live, start
from tests.bot.platforms.discord.world import PNG

SHARDS = 3


def roll(count: int, told: list[bool]) -> Roll:
    client: Any = SimpleNamespace(shard_count=count)
    return Roll(client, told.append)


def founded(d: Loopback) -> dict[int, Guild]:
    """A guild of each shard."""
    guilds: dict[int, Guild] = {}
    while len(guilds) < SHARDS:
        guild = d.guild()
        guilds.setdefault((guild.id >> 22) % SHARDS, guild)
        d.world.ids.skip(1 << 22)
    return guilds


@pytest_asyncio.fixture
async def sharded() -> AsyncIterator[tuple[Live, dict[int, Guild]]]:
    async with Loopback(shards=SHARDS) as d:
        guilds = founded(d)
        live = start(d)
        try:
            await asyncio.wait_for(live.platform.ready.wait(), 10)
            yield live, guilds
        finally:
            await live.stop()


@pytest.mark.asyncio
async def test_each_shard_identifies_once_and_hears_of_its_own_guilds(sharded: tuple[Live, dict[int, Guild]]) -> None:
    live, guilds = sharded
    d = live.discord
    assert sorted(i["shard"] for i in d.gateway.identifies) == [[n, SHARDS] for n in range(SHARDS)]
    for guild in guilds.values():
        d.post(d.channel(guild), d.member(guild, "ann"), files=[("cat.png", PNG, "image/png")])
    await live.seen(SHARDS)
    assert {e.tenant.id for e in live.events} == {str(g.id) for g in guilds.values()}


@pytest.mark.asyncio
async def test_every_shard_resumes_and_misses_nothing(sharded: tuple[Live, dict[int, Guild]]) -> None:
    live, guilds = sharded
    d = live.discord
    places = [(d.channel(guild), d.member(guild, "ann")) for guild in guilds.values()]
    await d.gateway.drop(4000)
    for channel, author in places:
        d.post(channel, author, files=[("cat.png", PNG, "image/png")])
    await live.seen(SHARDS)
    await d.until(live.platform.ready.is_set)
    assert len(d.gateway.identifies) == len(d.gateway.resumes) == SHARDS
    assert live.platform.status().restarts == 0


@pytest.mark.asyncio
async def test_a_shard_that_must_identify_anew_makes_the_bot_ready_again(
    sharded: tuple[Live, dict[int, Guild]],
) -> None:
    live, guilds = sharded
    d = live.discord
    d.gateway.invalidate(shard=1)
    await d.until(lambda: not live.platform.ready.is_set())
    await d.until(live.platform.ready.is_set)
    assert [i["shard"][0] for i in d.gateway.identifies][SHARDS:] == [1]
    d.post(d.channel(guilds[1]), d.member(guilds[1], "ann"), files=[("cat.png", PNG, "image/png")])
    await live.seen(1)
    assert live.platform.status().restarts == 0


@pytest.mark.asyncio
async def test_one_shard_that_is_back_does_not_vouch_for_another(sharded: tuple[Live, dict[int, Guild]]) -> None:
    live, guilds = sharded
    d = live.discord
    place = d.channel(guilds[0]), d.member(guilds[0], "ann")
    client = live.platform.connected
    assert client is not None
    client.dispatch("shard_disconnect", 2)
    await d.until(lambda: not live.platform.ready.is_set())
    await d.gateway.drop(4000, shard=0)
    await d.until(lambda: len(d.gateway.resumes) == 1 and len(d.gateway.connected) == SHARDS)
    d.post(*place, files=[("cat.png", PNG, "image/png")])
    await live.seen(1)  # so what came before it, RESUMED, was heard too
    assert not live.platform.status().ready
    client.dispatch("shard_resumed", 2)
    await d.until(live.platform.ready.is_set)


@given(st.integers(1, 6), st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=40))
def test_ready_is_exactly_when_all_are_there_and_each_change_is_told_once(
    count: int, steps: list[tuple[bool, int]]
) -> None:
    told: list[bool] = []
    called = roll(count, told)
    here: set[int] = set()
    for came, shard in steps:
        shard %= count
        (here.add if came else here.discard)(shard)
        (called.came if came else called.left)(shard)
        assert called.missing == tuple(n for n in range(count) if n not in here)
        assert (told[-1] if told else False) is (len(here) == count)
    assert all(a is not b for a, b in pairwise(told)), "no news twice"
