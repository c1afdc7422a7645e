"""The host's register: one row a guild, each change touching only what it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.model import Membership, Presence, Tenant
from bot.store.database import Database
from bot.store.store import Store
from tests.bot.store.conftest import SMALL_BALLAST
from tests.bot.store.samples import AWAY, HOME, START, remove
from tests.clock import FakeClock

MEADOW = Presence(HOME, "Meadow", 40, START)


@pytest.mark.asyncio
async def test_nothing_is_known_of_a_guild_that_was_never_seen(store: Store) -> None:
    assert await store.guilds.one(HOME) == Membership(HOME)
    assert dict(await store.guilds.every()) == {}
    assert not (await store.guilds.one(HOME)).present


@pytest.mark.asyncio
async def test_a_guild_arrives_is_renamed_leaves_and_comes_back(store: Store, clock: FakeClock) -> None:
    await store.guilds.arrived([MEADOW])
    assert await store.guilds.one(HOME) == Membership(HOME, "Meadow", 40, START)
    await store.guilds.arrived([replace(MEADOW, name="Field", members=41)])
    assert (await store.guilds.one(HOME)).name == "Field"
    await clock.advance(60)
    await store.guilds.left([HOME])
    gone = await store.guilds.one(HOME)
    assert (gone.present, gone.left_at, gone.joined_at) == (False, clock.now(), START)
    again = START + timedelta(days=1)
    await store.guilds.arrived([replace(MEADOW, joined_at=again)])
    back = await store.guilds.one(HOME)
    assert (back.present, back.joined_at, back.left_at) == (True, again, None)


@pytest.mark.asyncio
async def test_a_guild_whose_joining_is_unknown_joined_now(store: Store, clock: FakeClock) -> None:
    await store.guilds.arrived([Presence(HOME, "Meadow")])
    assert (await store.guilds.one(HOME)).joined_at == clock.now()


@pytest.mark.asyncio
async def test_what_the_host_set_outlives_comings_and_goings(store: Store) -> None:
    await store.guilds.limit(HOME, 100)
    await store.guilds.grant(HOME, "huawei", "20.00")
    await store.guilds.bar(HOME, True)
    await store.guilds.arrived([MEADOW])
    await store.guilds.left([HOME])
    kept = await store.guilds.one(HOME)
    assert (kept.barred, kept.limit, dict(kept.grants)) == (True, 100, {"huawei": "20.00"})
    await store.guilds.bar(HOME, False)
    await store.guilds.limit(HOME, None)
    await store.guilds.grant(HOME, "hitpaw", "5.00")
    await store.guilds.grant(HOME, "huawei", None)
    kept = await store.guilds.one(HOME)
    assert (kept.barred, kept.limit, dict(kept.grants)) == (False, None, {"hitpaw": "5.00"})


@pytest.mark.asyncio
async def test_a_limit_below_nothing_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="whole number of images"):
        await store.guilds.limit(HOME, -1)
    assert dict(await store.guilds.every()) == {}


@pytest.mark.asyncio
async def test_nothing_said_of_one_guild_changes_another(store: Store) -> None:
    await store.guilds.arrived([MEADOW, Presence(AWAY, "Away", 2, START)])
    before = await store.guilds.one(HOME)
    await store.guilds.limit(AWAY, 5)
    await store.guilds.grant(AWAY, "huawei", "1.00")
    await store.guilds.bar(AWAY, True)
    await store.guilds.left([AWAY])
    assert await store.guilds.one(HOME) == before


@pytest.mark.asyncio
async def test_many_arrivals_are_one_commit(store: Store) -> None:
    many = [Presence(Tenant("discord", str(n)), f"guild {n}", n, START) for n in range(1, 60)]
    for each in many:
        await store.db.tenants.ensure(each.tenant)
    before = store.db.commits
    await store.guilds.arrived(many)
    assert store.db.commits == before + 1
    assert list(await store.guilds.every()) == [p.tenant for p in many]


@pytest.mark.asyncio
async def test_the_register_counts_cases(store: Store) -> None:
    await store.guilds.arrived([MEADOW])
    await remove(store, "1")
    store.db.expire()
    assert (await store.guilds.one(HOME)).cases == 1


@pytest.mark.asyncio
async def test_what_another_process_writes_is_seen(store: Store, data_dir: Path, clock: FakeClock) -> None:
    await store.guilds.arrived([MEADOW])
    assert not (await store.guilds.one(HOME)).barred
    async with await Database.open(None, data_dir=data_dir, clock=clock, ballast=SMALL_BALLAST) as other:
        await Store(other, clock).guilds.bar(HOME, True)
    assert await store.db.changed()
    assert (await store.guilds.one(HOME)).barred


@pytest.mark.asyncio
async def test_asking_again_reads_no_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.guilds.arrived([MEADOW])
    await store.guilds.every()

    async def read(unit: object) -> None:
        raise AssertionError("the disk was asked")

    monkeypatch.setattr(store.db, "read", read)
    assert (await store.guilds.one(HOME)).name == "Meadow"
    assert await store.guilds.one(AWAY) == Membership(AWAY)
