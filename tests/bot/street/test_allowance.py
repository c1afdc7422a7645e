"""The host's daily limit: beyond it nothing is looked at, that is on record, and moderators hear of it once a day."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.allowance import Allowance
from bot.model import Job, JobKind, Membership, Say, Tenant
from bot.ports import Gone
from policies.model import Mode, ReasonCode
from tests.bot.street.world import AWAY, HOME, MODS, Street, shows
from tests.clock import FakeClock

DAY = 24 * 3600.0


async def limited(street: Street, images: int) -> None:
    await street.store.guilds.limit(HOME, images)


def reasons(street: Street) -> list[str]:
    found = street.rows("SELECT json_extract(decision, '$.reasons[0].code') FROM decisions ORDER BY id")
    return [code for (code,) in found]


@pytest.mark.asyncio
async def test_without_a_limit_nothing_is_counted(street: Street) -> None:
    for n in range(5):
        await street.post(shows("fine", n))
    assert street.suggestions == ["pass"] * 5


@pytest.mark.asyncio
async def test_beyond_the_limit_a_post_is_left_unseen_and_that_is_on_record(street: Street) -> None:
    await limited(street, 2)
    await street.post(shows("bad", 1))
    await street.post(shows("fine", 2))
    opened = street.intake.opened
    await street.post(shows("bad", 3))
    assert street.suggestions == ["block", "pass", "unscreened"]
    assert reasons(street)[-1] == ReasonCode.HOST_LIMIT
    assert street.intake.opened == opened, "it was not even decoded"
    assert street.chat.done.count("Delete") == 1
    assert (street.cases, street.strikes) == (1, 1)
    assert street.jobs() == ["done"] * 3


@pytest.mark.asyncio
async def test_moderators_are_told_once_a_day_also_over_a_restart(street: Street) -> None:
    await limited(street, 0)
    await street.post(shows("bad", 1))
    await street.post(shows("bad", 2))
    await street.restart()
    await street.post(shows("bad", 3))
    (said,) = street.chat.of(Say)
    assert (said.channel, said.author) == (MODS, None)
    assert "0 images a day" in said.text
    await street.clock.advance(DAY)
    await street.post(shows("bad", 4))
    assert len(street.chat.of(Say)) == 2


@pytest.mark.asyncio
async def test_without_a_moderators_channel_nobody_is_told_and_nothing_breaks(street: Street) -> None:
    await limited(street, 0)
    await street.policy(mod_channel=None)
    await street.post(shows("bad", 1))
    assert street.chat.done == []
    await street.policy(mod_channel=MODS)
    await street.post(shows("bad", 2))
    assert len(street.chat.of(Say)) == 1


@pytest.mark.asyncio
async def test_the_next_day_is_a_new_one(street: Street) -> None:
    await limited(street, 1)
    await street.post(shows("bad", 1))
    await street.post(shows("bad", 2))
    await street.clock.advance(DAY)
    await street.post(shows("bad", 3))
    assert street.suggestions == ["block", "unscreened", "block"]


@pytest.mark.asyncio
async def test_a_restart_gives_nobody_a_second_share(street: Street) -> None:
    await limited(street, 2)
    await street.post(shows("fine", 1), shows("undecodable", 2))
    await street.restart()
    await street.post(shows("bad", 3))
    assert street.suggestions[-1] == "unscreened"
    assert reasons(street)[-1] == ReasonCode.HOST_LIMIT


@pytest.mark.asyncio
async def test_a_post_is_looked_at_whole_or_not_at_all(street: Street) -> None:
    await limited(street, 3)
    await street.post(shows("fine", 1), shows("fine", 2))
    await street.post(shows("bad", 3), shows("bad", 4))
    await street.post(shows("bad", 5))
    assert street.suggestions == ["pass", "unscreened", "block"]


@pytest.mark.asyncio
async def test_another_guild_is_not_limited(street: Street) -> None:
    await limited(street, 0)
    await street.policy(AWAY)
    await street.post(shows("bad", 1), tenant=AWAY)
    assert street.suggestions == ["block"]


@pytest.mark.asyncio
async def test_raising_the_limit_takes_effect_at_once(street: Street) -> None:
    await limited(street, 0)
    await street.post(shows("bad", 1))
    await limited(street, 5)
    await street.post(shows("bad", 2))
    await street.store.guilds.limit(HOME, None)
    await street.post(shows("bad", 3))
    assert street.suggestions == ["unscreened", "block", "block"]


@pytest.mark.asyncio
async def test_what_an_outage_postponed_is_counted_once(street: Street) -> None:
    await limited(street, 2)
    street.judge.down = True
    await street.post(shows("bad", 1))
    for _ in range(4):
        await street.later(60)
    street.judge.down = False
    await street.later(3600)
    await street.post(shows("fine", 2))
    await street.post(shows("fine", 3))
    assert street.suggestions == ["block", "pass", "unscreened"]


@pytest.mark.asyncio
async def test_what_was_not_looked_at_is_counted_by_image(street: Street) -> None:
    await limited(street, 1)
    await street.post(shows("fine", 1))
    await street.post(shows("bad", 2), shows("bad", 3))
    await street.post(Gone(), shows("bad", 4))
    counts = await street.store.ledger.counts(HOME, street.clock.now().replace(hour=0))
    assert counts == {"judged": 1, "removed": 0, "cases": 0, "limited": 4}
    assert "limited" not in await street.store.ledger.counts(AWAY, street.clock.now().replace(hour=0))


@pytest.mark.asyncio
async def test_a_paused_guild_spends_nothing(street: Street) -> None:
    await limited(street, 1)
    await street.policy(mode=Mode.PAUSED)
    await street.post(shows("bad", 1))
    await street.policy(mode=Mode.ENFORCE)
    await street.post(shows("bad", 2))
    assert street.suggestions == ["unscreened", "block"]


# --- the counting itself ------------------------------------------------------------------------------------


class Rows:
    """A register and a ledger in one, that answer after a turn of the loop."""

    def __init__(self, limit: int | None, used: int = 0) -> None:
        self.limit = limit
        self.used = used

    async def one(self, tenant: Tenant) -> Membership:
        return Membership(tenant, limit=self.limit)

    async def counts(self, tenant: Tenant, since: object) -> dict[str, int]:
        await asyncio.sleep(0)
        return {"judged": self.used}


def job(number: int) -> Job:
    return Job(number, HOME, str(number), JobKind.EVENT, {}, "", 0, FakeClock().now())


@given(posts=st.lists(st.integers(1, 10), max_size=30), limit=st.integers(0, 40), used=st.integers(0, 40))
def test_no_order_of_posts_gets_past_the_limit(posts: list[int], limit: int, used: int) -> None:
    rows = Rows(limit, used)
    allowance = Allowance(rows, rows, FakeClock())  # type: ignore[arg-type]

    async def one(number: int, images: int) -> int:
        most = await allowance.limit(HOME)
        assert most == limit
        await asyncio.sleep(0)
        return images if allowance.take(job(number), images, most) else 0

    async def all_at_once() -> int:
        return sum(await asyncio.gather(*(one(n, images) for n, images in enumerate(posts))))

    taken = asyncio.run(all_at_once())
    assert taken <= max(0, limit - used)
    left_out = limit - used - taken
    assert taken == sum(posts) or left_out < max(posts), "room that one of them fitted in was not left"
