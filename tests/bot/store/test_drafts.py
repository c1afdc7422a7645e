"""A setup that is under way outlives restarts and lost messages, but not a day."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.retention import sweep
from bot.store.store import Store
from tests.bot.store.samples import AWAY, HOME
from tests.clock import FakeClock

DAY = 24 * 3600


@pytest.mark.asyncio
async def test_each_person_has_their_own_in_each_guild(store: Store) -> None:
    for tenant, owner in ((HOME, "ada"), (HOME, "bob"), (AWAY, "ada")):
        await store.drafts.keep(tenant, owner, "setup", {"of": f"{tenant} {owner}"})
    await store.drafts.drop(HOME, "bob", "setup")
    assert await store.drafts.kept(HOME, "ada", "setup") == {"of": "discord:1 ada"}
    assert await store.drafts.kept(AWAY, "ada", "setup") == {"of": "discord:2 ada"}
    assert await store.drafts.kept(HOME, "bob", "setup") is None
    assert await store.drafts.kept(HOME, "ada", "import") is None


@pytest.mark.asyncio
async def test_the_last_one_counts(store: Store) -> None:
    for page in ("one", "two"):
        await store.drafts.keep(HOME, "ada", "setup", {"page": page})
    assert await store.drafts.kept(HOME, "ada", "setup") == {"page": "two"}


@pytest.mark.asyncio
async def test_it_lasts_a_day_from_its_last_change_and_then_goes(store: Store, clock: FakeClock) -> None:
    await store.drafts.keep(HOME, "ada", "setup", {"page": "one"})
    await clock.advance(DAY - 1)
    await store.drafts.keep(HOME, "ada", "setup", {"page": "two"})
    await clock.advance(DAY - 1)
    assert (await sweep(store.db, clock))["drafts"] == 0
    assert await store.drafts.kept(HOME, "ada", "setup") == {"page": "two"}
    await clock.advance(1)
    assert await store.drafts.kept(HOME, "ada", "setup") is None, "before retention has come round, too"
    assert (await sweep(store.db, clock))["drafts"] == 1


@pytest.mark.asyncio
async def test_it_outlives_a_restart(data_dir: Path, clock: FakeClock) -> None:
    for kept in (None, {"page": "one"}):
        async with await Database.open(None, data_dir=data_dir, clock=clock, ballast=65536) as database:
            drafts = Store(database, clock).drafts
            assert await drafts.kept(HOME, "ada", "setup") == kept
            await drafts.keep(HOME, "ada", "setup", {"page": "one"})
