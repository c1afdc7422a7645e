"""Who is let in, greeted, noted as gone and sent away, whatever the bot saw of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.door import REFRESH, Door, farewell
from bot.model import JobKind, Membership, Presence, Tenant
from bot.store.database import Database
from bot.store.store import Store
from bot.texts.catalogue import Texts
from policies.presets import preset
from tests.clock import FakeClock

HOME, AWAY = Tenant("discord", "1"), Tenant("discord", "2")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    async with await Database.open(None, data_dir=tmp_path / "d", clock=clock, ballast=64 * 1024) as database:
        yield Store(database, clock)


def door(store: Store, clock: FakeClock, *allowed: str) -> Door:
    return Door(
        "discord",
        register=store.guilds,
        journal=store.journal,
        settings=store.settings,
        clock=clock,
        allowed=frozenset(allowed),
    )


def here(clock: FakeClock, tenant: Tenant = HOME, name: str = "Meadow", channel: str | None = "7") -> Presence:
    return Presence(tenant, name, 10, clock.now() - timedelta(days=1), speaks_in=lambda: channel)


async def greetings(store: Store) -> list[tuple[Tenant, object]]:
    jobs = await store.journal.take(100)
    assert {j.kind for j in jobs} <= {JobKind.GREET}
    return [(j.tenant, j.payload["channel"]) for j in jobs]


@pytest.mark.asyncio
async def test_a_new_guild_is_noted_and_greeted_once(store: Store, clock: FakeClock) -> None:
    guard, meadow = door(store, clock), here(clock)
    for _ in range(3):
        assert await guard.follow([meadow]) == []
    assert await greetings(store) == [(HOME, "7")]
    known = await store.guilds.one(HOME)
    assert (known.name, known.members, known.present) == ("Meadow", 10, True)


@pytest.mark.asyncio
async def test_a_new_life_of_the_bot_greets_nobody_again(store: Store, clock: FakeClock) -> None:
    meadow = here(clock)
    await door(store, clock).follow([meadow])
    await greetings(store)
    await door(store, clock).follow([meadow])
    assert await greetings(store) == []


@pytest.mark.asyncio
async def test_a_guild_without_a_channel_to_speak_in_is_greeted_nowhere(store: Store, clock: FakeClock) -> None:
    await door(store, clock).follow([here(clock, channel=None)])
    assert await greetings(store) == [(HOME, None)]


@pytest.mark.asyncio
async def test_a_guild_set_up_before_there_was_a_register_is_noted_but_not_greeted(
    store: Store, clock: FakeClock
) -> None:
    await store.settings.save(HOME, preset("standard"), "owner", "set up long ago")
    await door(store, clock).follow([here(clock), here(clock, AWAY)])
    assert await greetings(store) == [(AWAY, "7")]
    assert (await store.guilds.one(HOME)).present


@pytest.mark.asyncio
async def test_who_comes_back_is_greeted_again_even_if_nobody_saw_them_go(store: Store, clock: FakeClock) -> None:
    guard, first = door(store, clock), here(clock)
    await guard.follow([first])
    await store.settings.save(HOME, preset("standard"), "owner", "")
    again = replace(first, joined_at=clock.now())
    await guard.follow([again])
    assert await greetings(store) == [(HOME, "7"), (HOME, "7")]
    assert (await store.guilds.one(HOME)).joined_at == clock.now()


@pytest.mark.asyncio
async def test_killed_between_greeting_and_register_the_next_round_makes_up_for_it(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(store.guilds, "arrived", dies)
        with pytest.raises(RuntimeError):
            await door(store, clock).follow([here(clock)])
    await door(store, clock).follow([here(clock)])
    assert await greetings(store) == [(HOME, "7")]
    assert (await store.guilds.one(HOME)).present


@pytest.mark.asyncio
async def test_a_guild_that_is_gone_is_noted_and_one_that_is_hidden_is_not(store: Store, clock: FakeClock) -> None:
    guard = door(store, clock)
    meadow, forest = here(clock), here(clock, AWAY, "Forest")
    await guard.follow([meadow, forest])
    hidden = Presence(HOME, available=False)
    assert await guard.follow([hidden]) == []
    assert (await store.guilds.one(HOME)).present
    assert (await store.guilds.one(HOME)).name == "Meadow"
    assert (await store.guilds.one(AWAY)).left_at == clock.now()
    await guard.follow([meadow])
    assert len(await greetings(store)) == 2, "an outage is no new arrival"


@pytest.mark.asyncio
async def test_another_platforms_guilds_are_not_seen_off(store: Store, clock: FakeClock) -> None:
    chat = Presence(Tenant("telegram", "5"), "Chat", 3, clock.now())
    await store.guilds.arrived([chat])
    await door(store, clock).follow([])
    assert (await store.guilds.one(chat.tenant)).present


@pytest.mark.asyncio
async def test_a_new_name_is_noted_at_once_a_new_size_within_the_hour(store: Store, clock: FakeClock) -> None:
    guard, meadow = door(store, clock), here(clock)
    await guard.follow([meadow])
    await guard.follow([meadow])
    await guard.follow([replace(meadow, members=11)])
    assert (await store.guilds.one(HOME)).members == 10
    await guard.follow([replace(meadow, name="Field", members=11)])
    assert (await store.guilds.one(HOME)).name == "Field"
    await clock.advance(REFRESH + 1)
    await guard.follow([replace(meadow, name="Field", members=12)])
    assert (await store.guilds.one(HOME)).members == 12


@pytest.mark.asyncio
async def test_a_round_in_which_nothing_changed_touches_no_disk(store: Store, clock: FakeClock) -> None:
    guard, meadow = door(store, clock), here(clock)
    await guard.follow([meadow])
    await guard.follow([meadow])
    commits = store.db.commits
    await guard.follow([meadow])
    assert store.db.commits == commits


# --- whom the host does not want ----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_only_guilds_on_the_list_stay_and_are_greeted_and_looked_at(store: Store, clock: FakeClock) -> None:
    guard = door(store, clock, HOME.id)
    meadow, stranger = here(clock), here(clock, AWAY)
    assert await guard.follow([meadow, stranger]) == [stranger]
    assert await greetings(store) == [(HOME, "7")]
    assert await guard.looks_at(HOME)
    assert not await guard.looks_at(AWAY)


@pytest.mark.asyncio
async def test_without_a_list_everybody_may_invite_the_bot(store: Store, clock: FakeClock) -> None:
    guard = door(store, clock)
    assert await guard.follow([here(clock), here(clock, AWAY)]) == []
    assert await guard.looks_at(Tenant("discord", "999"))


@pytest.mark.asyncio
async def test_a_barred_guild_is_left_even_if_it_is_on_the_list(store: Store, clock: FakeClock) -> None:
    guard, meadow = door(store, clock, HOME.id), here(clock)
    await guard.follow([meadow])
    await store.guilds.bar(HOME, True)
    assert await guard.follow([meadow]) == [meadow]
    assert not await guard.looks_at(HOME)
    await store.guilds.bar(HOME, False)
    assert await guard.follow([meadow]) == []
    assert await guard.looks_at(HOME)


@pytest.mark.asyncio
async def test_direct_messages_are_the_hosts_own_and_on_no_list(store: Store, clock: FakeClock) -> None:
    assert await door(store, clock, HOME.id).looks_at(Tenant("discord", "dm"))


def test_the_farewell_is_one_sentence_that_says_whom_to_ask() -> None:
    said = farewell(Texts("en"))
    assert "ask them" in said
    assert "\n" not in said


class BrokenRegister:
    async def one(self, tenant: Tenant) -> Membership:
        raise OSError("the disk is gone")


@pytest.mark.asyncio
async def test_while_the_disk_fails_only_the_configuration_shuts_anybody_out(store: Store, clock: FakeClock) -> None:
    for allowed, wanted in (((), True), ((HOME.id,), True), ((AWAY.id,), False)):
        guard = door(store, clock, *allowed)
        guard._register = BrokenRegister()  # type: ignore[assignment]
        assert await guard.looks_at(HOME) is wanted
