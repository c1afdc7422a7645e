from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.remembered import Remembered
from bot.store.settings import SqlSettings
from bot.store.store import Store
from policies.model import Duty, Mode, frozen
from policies.presets import PRESETS, preset
from tests.bot.store.samples import AWAY, HOME, START
from tests.clock import FakeClock


@pytest.mark.asyncio
async def test_a_guild_that_set_nothing_watches_by_the_standard(store: Store) -> None:
    policy, version = await store.settings.policy(HOME)
    assert (policy, version) == (preset("standard"), 0)
    assert policy.mode is Mode.OBSERVE
    assert await store.db.tenants.find(HOME) is None  # asking leaves no trace
    assert await store.settings.versions(HOME) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("name", list(PRESETS))
async def test_what_is_saved_is_read_back_here_and_elsewhere(store: Store, clock: FakeClock, name: str) -> None:
    policy = replace(preset(name), mode=Mode.ENFORCE, mod_channel="123", staff=frozen({Duty.DECIDE: frozenset({"7"})}))
    assert await store.settings.save(HOME, policy, "ann", "set up") == 1
    assert await store.settings.policy(HOME) == (policy, 1)
    assert await SqlSettings(store.db, clock).policy(HOME) == (policy, 1)
    assert (await store.settings.policy(AWAY))[1] == 0


@pytest.mark.asyncio
async def test_every_version_says_who_when_and_why(store: Store, clock: FakeClock) -> None:
    for n in range(1, 4):
        assert await store.settings.save(HOME, preset("strict"), f"mod{n}", f"reason {n}") == n
        await clock.advance(60)
    assert await store.settings.versions(HOME, limit=2) == [
        (3, START + timedelta(seconds=120), "mod3", "reason 3"),
        (2, START + timedelta(seconds=60), "mod2", "reason 2"),
    ]
    assert await store.settings.versions(AWAY) == []


@pytest.mark.asyncio
async def test_versions_have_no_gaps_when_two_save_at_once(store: Store) -> None:
    saves = [store.settings.save(HOME, preset("strict"), str(n), "") for n in range(20)]
    assert sorted(await asyncio.gather(*saves)) == list(range(1, 21))
    assert (await store.settings.policy(HOME))[1] == 20


@pytest.mark.asyncio
async def test_a_policy_is_read_from_disk_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.settings.save(HOME, preset("strict"), "ann", "")
    store.db.generation += 1  # as if another process had written
    first = await store.settings.policy(HOME)

    async def unreadable(unit: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(store.db, "read", unreadable)
    assert await store.settings.policy(HOME) == first
    store.db.generation += 1
    with pytest.raises(AssertionError, match="read again"):
        await store.settings.policy(HOME)


class Source:
    generation = 0


@given(st.lists(st.tuples(st.sampled_from(["put", "late", "drop", "turn"]), st.integers(0, 3)), max_size=30))
def test_nothing_is_remembered_over_a_generation(calls: list[tuple[str, int]]) -> None:
    source, model = Source(), dict[int, int]()
    memory = Remembered[int, int](source, 10)
    for n, (call, key) in enumerate(calls):
        if call == "put":
            memory.put(key, n, read_in=source.generation)
            model[key] = n
        elif call == "late":
            memory.put(key, n, read_in=source.generation - 1)  # read before another process wrote
        elif call == "drop":
            memory.drop(key)
            model.pop(key, None)
        else:
            source.generation += 1
            model.clear()
        assert {k: memory.get(k) for k in range(4)} == {k: model.get(k) for k in range(4)}


def test_memory_is_bounded() -> None:
    memory = Remembered[int, int](Source(), 10)
    for n in range(100):
        memory.put(n, n)
    assert sum(memory.get(n) is not None for n in range(100)) == 10
