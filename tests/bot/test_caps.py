"""The action cap counts distinct images within the hour, over restarts too."""

from datetime import datetime, timedelta

import pytest

from bot.caps import Caps
from bot.model import Tenant
from tests.clock import FakeClock

HERE = Tenant("discord", "1")
THERE = Tenant("discord", "2")


class Past:
    def __init__(self, rows: list[tuple[Tenant, str, datetime]]) -> None:
        self.rows = rows
        self.asked: list[Tenant] = []

    async def removed_since(self, tenant: Tenant, since: datetime) -> list[tuple[str, datetime]]:
        self.asked.append(tenant)
        return [(s, at) for t, s, at in self.rows if t == tenant and at > since]


@pytest.mark.asyncio
async def test_what_was_removed_before_a_restart_counts() -> None:
    clock = FakeClock()
    past = Past([(HERE, "a", clock.now() - timedelta(minutes=5)), (THERE, "b", clock.now())])
    caps = Caps(past, clock)
    await caps.seed(HERE)
    assert caps.spent(HERE) == 1
    assert caps.is_copy(HERE, "a")
    assert not caps.is_copy(HERE, "b")


@pytest.mark.asyncio
async def test_seeding_twice_asks_once_and_forgets_nothing() -> None:
    clock = FakeClock()
    past = Past([])
    caps = Caps(past, clock)
    await caps.seed(HERE)
    caps.count(HERE, "x")
    await caps.seed(HERE)
    assert past.asked == [HERE]
    assert caps.spent(HERE) == 1


@pytest.mark.asyncio
async def test_the_same_image_counts_once_and_an_hour_later_no_more() -> None:
    clock = FakeClock()
    caps = Caps(Past([]), clock)
    await caps.seed(HERE)
    caps.count(HERE, "x")
    caps.count(HERE, "x")
    caps.count(HERE, "y")
    assert caps.spent(HERE) == 2
    await clock.advance(3599)
    assert caps.spent(HERE) == 2
    await clock.advance(2)
    assert caps.spent(HERE) == 0
    assert not caps.is_copy(HERE, "x")


@pytest.mark.asyncio
async def test_guilds_do_not_share_a_cap() -> None:
    clock = FakeClock()
    caps = Caps(Past([]), clock)
    await caps.seed(HERE)
    await caps.seed(THERE)
    caps.count(HERE, "x")
    assert caps.spent(THERE) == 0
    assert not caps.is_copy(THERE, "x")
