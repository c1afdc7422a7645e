"""When providers were out, on disk: one row an outage, one debt a guild."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model import EffectKind, Plan
from bot.ports.outages import Late
from bot.store.store import Store
from tests.bot.store.samples import AWAY, HOME, START
from tests.clock import FakeClock

SAY = Plan(EffectKind.SAY, {"channel": "9", "text": "it is out", "author": None, "real": True})
MINUTES = timedelta(minutes=10)


@pytest.mark.asyncio
async def test_one_that_ended_lately_goes_on_and_an_older_one_does_not(store: Store, clock: FakeClock) -> None:
    first, new = await store.outages.began("a", "down", START, last=START - MINUTES)
    assert new
    assert first.ended is None
    await store.outages.ended(first)
    await clock.advance(599)
    again, new = await store.outages.began("a", "down again", clock.now(), last=clock.now() - MINUTES)
    assert (again.id, again.began, new) == (first.id, START, False)
    await store.outages.ended(again)
    await clock.advance(601)
    other, new = await store.outages.began("a", "down", clock.now(), last=clock.now() - MINUTES)
    assert new
    assert other.id != first.id
    assert (await store.outages.began("b", "down", clock.now(), last=START))[1]


@pytest.mark.asyncio
async def test_a_guild_is_told_once_that_it_began_and_once_that_it_ended(store: Store) -> None:
    outage, _ = await store.outages.began("a", "down", START, last=START)
    assert await store.outages.tell_end(outage, HOME, SAY) == (), "it never heard that it began"
    assert len(await store.outages.tell(outage, HOME, SAY)) == 1
    assert await store.outages.tell(outage, HOME, SAY) == ()
    assert len(await store.outages.tell(outage, AWAY, SAY)) == 1
    assert await store.outages.told(outage) == {HOME, AWAY}
    assert len(await store.outages.tell_end(outage, HOME, SAY)) == 1
    assert await store.outages.tell_end(outage, HOME, SAY) == ()
    assert await store.outages.tell_end(outage, AWAY, None) == ()
    assert await store.outages.told(outage) == frozenset()


@pytest.mark.asyncio
async def test_whose_end_is_owed_to_somebody_is_not_forgotten(store: Store, clock: FakeClock) -> None:
    outage, _ = await store.outages.began("a", "down", START, last=START)
    await store.outages.tell(outage, HOME, SAY)
    ended = await store.outages.ended(outage)
    await clock.advance(3600)
    assert await store.outages.current(clock.now() - MINUTES) == [ended]
    await store.outages.tell_end(ended, HOME, SAY)
    assert await store.outages.current(clock.now() - MINUTES) == []
    assert await store.outages.late(ended, HOME) == Late(0, 0)
