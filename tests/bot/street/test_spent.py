"""A guild's budget on the street: who is asked while there is money, what follows by each rule once there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from bot.model import Author, PostCard, Say
from policies.model import Mode, WhenSpent
from tests.bot.street.world import AWAY, HOME, MODS, Judge, PaidJudge, Street, shows
from tests.clock import FakeClock

DAY = 24 * 3600.0


@pytest_asyncio.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    """Local models, and Huawei for a dollar a picture, granted at home for two."""
    judges = (Judge("local"), PaidJudge("huawei"))
    async with Street(tmp_path, FakeClock(), judges) as made:
        await made.store.guilds.grant(HOME, "huawei", "2.00")
        await made.policy()
        yield made


def asked(street: Street) -> int:
    return len(street.judges[1].asked)


async def spend(street: Street, dollars: int) -> None:
    for n in range(dollars):
        await street.post(shows("doubtful", 1000 + n))
    assert asked(street) == dollars


def codes(street: Street) -> list[str]:
    """Of the last decision's first image."""
    query = """SELECT json_extract(reason.value, '$.code') FROM decisions,
        json_each(json_extract(decisions.images, '$[0].decision.reasons')) AS reason
        WHERE decisions.id = (SELECT max(id) FROM decisions)"""
    return [code for (code,) in street.rows(query)]


@pytest.mark.asyncio
async def test_doubt_is_paid_for_up_to_the_ceiling_and_not_beyond(street: Street) -> None:
    await street.post(shows("fine", 1))
    assert asked(street) == 0, "what is clear costs nothing"
    await spend(street, 2)
    await street.post(shows("doubtful", 3))
    assert asked(street) == 2
    assert street.rows("SELECT calls, micros FROM spending") == [(2, 2_000_000)]
    assert street.jobs() == ["done"] * 4, "an empty purse is no outage to wait for"


@pytest.mark.asyncio
async def test_what_was_paid_for_costs_no_second_time_and_serves_every_guild(street: Street) -> None:
    await spend(street, 1)
    await street.post(shows("doubtful", 1000))
    await street.store.guilds.grant(AWAY, "huawei", "5.00")
    await street.policy(AWAY)
    await street.post(shows("doubtful", 1000), tenant=AWAY)
    assert asked(street) == 1
    await street.post(shows("doubtful", 7), tenant=AWAY)
    rows = street.rows("SELECT t.name, s.micros FROM spending AS s JOIN tenants AS t ON t.id = s.tenant ORDER BY 1")
    assert rows == [(str(HOME), 1_000_000), (str(AWAY), 1_000_000)]


@pytest.mark.asyncio
async def test_one_guilds_empty_purse_is_not_anothers(street: Street) -> None:
    await spend(street, 2)
    await street.store.guilds.grant(AWAY, "huawei", "1.00")
    await street.policy(AWAY)
    await street.post(shows("doubtful", 3), tenant=HOME)
    assert asked(street) == 2
    await street.post(shows("doubtful", 3), tenant=AWAY)
    assert asked(street) == 3


@pytest.mark.asyncio
async def test_the_instances_ceiling_holds_over_all_guilds(street: Street) -> None:
    street.ceiling = Decimal(1)
    await street.restart()
    await spend(street, 1)
    await street.post(shows("doubtful", 2))
    assert asked(street) == 1


@pytest.mark.asyncio
async def test_local_the_free_decide_alone(street: Street) -> None:
    await spend(street, 2)
    shown = len(street.chat.cards)
    await street.policy(when_spent=WhenSpent.LOCAL)
    await street.post(shows("weak", 9))
    assert len(street.chat.cards) == shown
    assert street.suggestions[-1] == "pass"


@pytest.mark.asyncio
async def test_review_what_the_free_leave_in_doubt_comes_before_the_moderators(street: Street) -> None:
    await spend(street, 2)
    await street.policy(when_spent=WhenSpent.REVIEW)
    await street.post(shows("fine", 8))
    assert street.suggestions[-1] == "pass", "without a doubt nobody is bothered"
    await street.post(shows("weak", 9))
    assert street.suggestions[-1] == "review"
    assert codes(street) == ["spent"]
    card = street.chat.of(PostCard)[-1]
    assert card.channel == MODS


@pytest.mark.asyncio
async def test_new_members_the_last_fifth_is_kept_for_them(street: Street) -> None:
    await street.store.guilds.grant(HOME, "huawei", "5.00")
    await street.policy(when_spent=WhenSpent.NEW_MEMBERS)
    now = street.clock.now()
    old = Author("1", joined_at=now - timedelta(days=30))
    new = Author("2", joined_at=now - timedelta(hours=71))
    for n in range(6):
        await street.post(shows("doubtful", n), author=old)
    assert asked(street) == 4
    await street.post(shows("doubtful", 10), author=Author("3"))
    assert asked(street) == 4, "who never joined is no new member"
    assert not street.chat.of(Say), "the money is kept, not spent"
    await street.post(shows("doubtful", 11), author=new)
    assert asked(street) == 5
    await street.post(shows("doubtful", 12), author=new)
    assert asked(street) == 5


@pytest.mark.asyncio
async def test_who_is_new_the_guild_may_have_set(street: Street) -> None:
    policy = await street.policy(when_spent=WhenSpent.NEW_MEMBERS)
    await street.policy(newcomers=type(policy.newcomers)(hours=1))
    await street.store.guilds.grant(HOME, "huawei", "5.00")
    await spend(street, 4)
    recent = Author("2", joined_at=street.clock.now() - timedelta(hours=2))
    await street.post(shows("doubtful", 11), author=recent)
    assert asked(street) == 4


@pytest.mark.asyncio
async def test_a_guild_that_chose_the_paid_one_alone_is_served_by_the_free_then(street: Street) -> None:
    await street.policy(providers=("huawei",))
    await spend(street, 2)
    local = len(street.judge.asked)
    await street.post(shows("bad", 9))
    assert (asked(street), len(street.judge.asked)) == (2, local + 1)
    assert street.suggestions[-1] == "block"


@pytest.mark.asyncio
async def test_where_nobody_else_answers_it_is_unscreened_for_want_of_money_and_never_a_pass(street: Street) -> None:
    await street.policy(providers=("huawei",))
    await spend(street, 2)
    street.judge.down = True
    await street.post(shows("fine", 9))
    assert street.suggestions[-1] != "pass"
    assert street.jobs()[-1] == "todo", "the local models are out, which is worth waiting for"
    street.judge.down = False
    await street.later(3600)
    assert street.suggestions[-1] == "pass"


@pytest.mark.asyncio
async def test_the_next_month_is_a_new_one(street: Street) -> None:
    await spend(street, 2)
    await street.post(shows("doubtful", 3))
    await street.clock.advance(30 * DAY)
    await street.post(shows("doubtful", 4))
    assert asked(street) == 3
    assert [m for (m,) in street.rows("SELECT month FROM spending ORDER BY 1")] == ["2026-11", "2026-12"]


@pytest.mark.asyncio
async def test_a_restart_gives_nobody_new_money(street: Street) -> None:
    await spend(street, 2)
    await street.restart()
    await street.post(shows("doubtful", 3))
    assert asked(street) == 2


# --- the notice ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_moderators_are_told_once_a_month_also_over_a_restart_and_in_observe_mode(street: Street) -> None:
    await street.policy(mode=Mode.OBSERVE)
    await spend(street, 2)
    assert not street.chat.of(Say)
    await street.post(shows("doubtful", 3))
    await street.post(shows("doubtful", 4))
    await street.restart()
    await street.post(shows("doubtful", 5))
    (said,) = street.chat.of(Say)
    assert (said.channel, said.author) == (MODS, None)
    assert "used up" in said.text
    await street.clock.advance(30 * DAY)
    for n in range(6, 9):
        await street.post(shows("doubtful", n))
    assert len(street.chat.of(Say)) == 2


@pytest.mark.asyncio
async def test_the_notice_outlives_the_sweep_of_old_effects_within_its_month(street: Street) -> None:
    from bot.store.retention import Keep, sweep

    await spend(street, 2)
    await street.post(shows("doubtful", 3))
    await street.clock.advance(28 * DAY)
    await sweep(street.store.db, street.clock, keep=Keep(decisions=20))
    await street.restart()
    await street.post(shows("doubtful", 4))
    assert len(street.chat.of(Say)) == 1


@pytest.mark.asyncio
async def test_without_a_moderators_channel_nobody_is_told_and_nothing_breaks(street: Street) -> None:
    await street.policy(mod_channel=None)
    await spend(street, 2)
    await street.post(shows("doubtful", 3))
    assert not street.chat.of(Say)
    await street.policy(mod_channel=MODS)
    await street.post(shows("doubtful", 4))
    assert len(street.chat.of(Say)) == 1
