"""What came of a guild's images, counted: what was left unjudged is seen, and nobody else's is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model import Judged, Origin
from bot.store.store import Store
from policies.model import Decision, Reason, ReasonCode, Suggestion, Unscreened, UnscreenedReason
from tests.bot.store.samples import AWAY, CLEAN, HOME, START, event, judged, lease, passed, remove, ruling
from tests.clock import FakeClock


def unjudged(image: str, reason: UnscreenedReason, suggestion: Suggestion = Suggestion.UNSCREENED) -> Judged:
    why = Reason(ReasonCode.UNSCREENED, provider="local", detail=reason.value)
    decision = Decision(suggestion, reasons=(Reason(ReasonCode.ALLOW_LISTED), why))
    return replace(judged(image, decision), screenings=(Unscreened("local", reason, "in so many words"),))


@pytest.mark.asyncio
async def test_every_image_is_counted_once_by_what_came_of_it(store: Store) -> None:
    await remove(store, "1", judged("a"), judged("b", CLEAN))
    seen = event("2")
    await store.ledger.conclude(await lease(store, seen), passed(seen))
    left = event("3")
    images = (
        unjudged("c", UnscreenedReason.OUTAGE),
        unjudged("d", UnscreenedReason.OUTAGE),
        unjudged("e", UnscreenedReason.UNDECODABLE, Suggestion.REVIEW),
        judged("f", CLEAN),
    )
    looked_at = replace(ruling(left, *images), plans=(), origin=Origin.REVIEW)
    await store.ledger.conclude(await lease(store, left), looked_at)
    assert await store.ledger.counts(HOME, START) == {
        "judged": 4,
        "removed": 1,
        "cases": 2,
        "unscreened:outage": 2,
        "unscreened:undecodable": 1,
    }


@pytest.mark.asyncio
async def test_each_guild_is_told_its_own(store: Store) -> None:
    assert await store.ledger.counts(HOME, START) == {}, "nobody has posted yet"
    await remove(store, "1", tenant=AWAY)
    await remove(store, "2", tenant=AWAY)
    await remove(store, "1", tenant=HOME)
    assert await store.ledger.counts(HOME, START) == {"judged": 1, "removed": 1, "cases": 1}


@pytest.mark.asyncio
async def test_what_was_before_is_not_counted(store: Store, clock: FakeClock) -> None:
    await remove(store, "1")
    await clock.advance(60)
    assert await store.ledger.counts(HOME, START + timedelta(seconds=1)) == {"judged": 0, "removed": 0, "cases": 0}
    await remove(store, "2")
    assert (await store.ledger.counts(HOME, START + timedelta(seconds=1)))["judged"] == 1


@pytest.mark.asyncio
async def test_a_version_that_was_overtaken_is_not_counted(store: Store) -> None:
    first, second = event("1", "0"), event("1", "1")
    job, later = await lease(store, first), await lease(store, second)
    assert (await store.ledger.conclude(job, ruling(first))).superseded
    await store.ledger.conclude(later, passed(second))
    assert await store.ledger.counts(HOME, START) == {"judged": 1, "removed": 0, "cases": 0}


@pytest.mark.asyncio
async def test_watching_removes_nothing(store: Store) -> None:
    happened = event()
    await store.ledger.conclude(await lease(store, happened), ruling(happened, observed=True))
    assert await store.ledger.counts(HOME, START) == {"judged": 1, "removed": 0, "cases": 1}
