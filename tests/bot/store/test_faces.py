"""Which pictures somebody was last seen with: what is news, what is not, and what is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.ports import UNKNOWN, News
from bot.store.retention import Keep, sweep
from bot.store.store import Store
from bot.store.tables import faces
from tests.bot.store.samples import AWAY, HOME, START
from tests.clock import FakeClock

ANN, BEN = "1", "2"


async def rows(store: Store) -> int:
    counted = await store.db.read(lambda c: c.execute(select(func.count()).select_from(faces)).scalar())
    return int(counted or 0)


@pytest.mark.asyncio
async def test_what_was_noted_is_no_news_to_that_guild_and_member_alone(store: Store) -> None:
    shown = {"avatar": "aaa", "guild_avatar": ""}
    assert await store.faces.news(HOME, ANN, shown) == News(frozenset({"avatar"}))
    await store.faces.note(HOME, ANN, shown)
    assert await store.faces.news(HOME, ANN, shown) == News()
    assert (await store.faces.news(HOME, BEN, shown)).slots == {"avatar"}
    assert (await store.faces.news(AWAY, ANN, shown)).slots == {"avatar"}


@pytest.mark.asyncio
async def test_a_change_and_a_change_back_are_each_news_with_the_time_of_the_one_before(
    store: Store, clock: FakeClock
) -> None:
    await store.faces.note(HOME, ANN, {"avatar": "aaa"})
    await clock.advance(60)
    assert await store.faces.news(HOME, ANN, {"avatar": "bbb"}) == News(frozenset({"avatar"}), START)
    await store.faces.note(HOME, ANN, {"avatar": "bbb"})
    await clock.advance(60)
    await store.faces.note(HOME, ANN, {"avatar": "bbb"})
    back = await store.faces.news(HOME, ANN, {"avatar": "aaa"})
    assert back == News(frozenset({"avatar"}), START + timedelta(seconds=60))


@pytest.mark.asyncio
async def test_taking_an_avatar_off_is_noted_so_that_putting_it_on_again_is_news(store: Store) -> None:
    await store.faces.note(HOME, ANN, {"avatar": "aaa"})
    await store.faces.note(HOME, ANN, {"avatar": ""})
    assert (await store.faces.news(HOME, ANN, {"avatar": "aaa"})).slots == {"avatar"}


@pytest.mark.asyncio
async def test_members_with_the_platforms_defaults_cost_no_row(store: Store) -> None:
    await store.faces.note(HOME, ANN, {"avatar": "", "guild_avatar": "", "guild_banner": ""})
    assert await rows(store) == 0


@pytest.mark.asyncio
async def test_what_the_platform_does_not_say_is_asked_for_once(store: Store) -> None:
    assert (await store.faces.news(HOME, ANN, {"banner": UNKNOWN})).slots == {"banner"}
    await store.faces.note(HOME, ANN, {"banner": UNKNOWN})
    assert (await store.faces.news(HOME, ANN, {"banner": UNKNOWN})).slots == set()
    assert (await store.faces.news(HOME, ANN, {"banner": "abc"})).slots == {"banner"}
    await store.faces.note(HOME, ANN, {"banner": "abc"})
    await store.faces.note(HOME, ANN, {"banner": UNKNOWN})
    assert (await store.faces.news(HOME, ANN, {"banner": "abc"})).slots == set(), "a known one is not overwritten"


@pytest.mark.asyncio
async def test_it_is_forgotten_half_a_year_after_the_last_change(store: Store, clock: FakeClock) -> None:
    await store.faces.note(HOME, ANN, {"avatar": "aaa"})
    await clock.advance(Keep().faces * 86_400)
    await sweep(store.db, clock)
    assert await rows(store) == 1
    await clock.advance(1)
    assert (await sweep(store.db, clock))["faces"] == 1
    assert (await store.faces.news(HOME, ANN, {"avatar": "aaa"})).slots == {"avatar"}


LOOKS = st.dictionaries(
    st.sampled_from(["avatar", "banner", "guild_avatar"]), st.sampled_from(["", "a", "b", UNKNOWN]), max_size=3
)


@pytest.mark.asyncio
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(history=st.lists(LOOKS, min_size=1, max_size=5), member=st.uuids().map(str))
async def test_whatever_was_shown_last_is_never_news(store: Store, history: list[dict[str, str]], member: str) -> None:
    for look in history:
        await store.faces.note(HOME, member, look)
        assert await store.faces.news(HOME, member, look) == News()
