"""What watching has shown: every image once, by what would have come of it, and by what moderators said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model import CaseState, EffectKind, EffectState, Entry, JobKind, Plan, Watched
from bot.store.store import Store
from policies.model import Category, Decision, Reason, ReasonCode, Suggestion
from tests.bot.store.samples import AWAY, BLOCKED, CLEAN, HOME, START, event, judged, lease, passed, remove, ruling
from tests.clock import FakeClock

SHOWN = Decision(
    Suggestion.REVIEW, (), (Reason(ReasonCode.THRESHOLD_REVIEW, Category.ADVERTISING, "local", "qr", 0.7, 0.6),)
)
BOTH = replace(BLOCKED, reasons=(*BLOCKED.reasons, *SHOWN.reasons))
TEST = replace(BLOCKED, reasons=(*BLOCKED.reasons, Reason(ReasonCode.TEST_CARD)))


async def watch(store: Store, message: str, *decisions: Decision, tenant: object = HOME) -> int | None:
    happened = event(message, tenant=tenant)  # type: ignore[arg-type]
    images = [judged(f"{message}{n}", d) for n, d in enumerate(decisions)]
    concluded = await store.ledger.conclude(await lease(store, happened), ruling(happened, *images, observed=True))
    return concluded.case


@pytest.mark.asyncio
async def test_images_are_counted_by_what_would_have_come_of_them(store: Store) -> None:
    await watch(store, "1", BLOCKED, CLEAN, BOTH)
    await watch(store, "2", SHOWN, Decision(Suggestion.UNSCREENED))
    seen = event("3")
    clean = replace(passed(seen), observed=True)
    await store.ledger.conclude(await lease(store, seen), clean)
    found = await store.ledger.watched(HOME, START)
    assert found == Watched(
        looked=6,
        removed=2,
        shown=1,
        unjudged=1,
        removed_by={Category.SEXUAL_EXPLICIT: 2},
        shown_by={Category.ADVERTISING: 1},
        undecided=2,
    )


@pytest.mark.asyncio
async def test_what_was_really_removed_what_is_older_anothers_and_test_cards_do_not_count(
    store: Store, clock: FakeClock
) -> None:
    await watch(store, "1", BLOCKED)
    await clock.advance(60)
    await remove(store, "2")
    await watch(store, "3", BLOCKED, tenant=AWAY)
    await watch(store, "4", TEST)
    later = START + timedelta(seconds=1)
    found = await store.ledger.watched(HOME, later)
    assert (found.looked, found.removed) == (0, 0)
    assert (await store.ledger.watched(HOME, START)).removed == 1


@pytest.mark.asyncio
async def test_moderators_words_are_counted(store: Store) -> None:
    said = (CaseState.UPHELD, CaseState.UPHELD, CaseState.OVERTURNED, None)
    for n, state in enumerate(said):
        case = await watch(store, str(n), BLOCKED)
        assert case
        if state:
            assert await store.ledger.decide_case(HOME, case, state, "mo")
    found = await store.ledger.watched(HOME, START)
    assert (found.right, found.wrong, found.undecided) == (2, 1, 1)


@pytest.mark.asyncio
async def test_a_review_by_a_rule_that_removes_nothing_is_shown_once_for_each_category(store: Store) -> None:
    two = replace(SHOWN, reasons=(*SHOWN.reasons, replace(SHOWN.reasons[0], category=Category.VIOLENCE)))
    await watch(store, "1", two)
    found = await store.ledger.watched(HOME, START)
    assert (found.shown, found.shown_by) == (1, {Category.ADVERTISING: 1, Category.VIOLENCE: 1})


@pytest.mark.asyncio
async def test_a_chore_is_finished_with_what_follows_from_it_once(store: Store) -> None:
    (job,) = await store.journal.put([Entry(HOME, "greet:1", JobKind.GREET, {"channel": "7"})], lease=True)
    plans = [Plan(EffectKind.PAGE, {"channel": "7"})]
    (effect,) = await store.ledger.follow(job, plans)
    assert (effect.kind, effect.state, effect.case) == (EffectKind.PAGE, EffectState.TODO, None)
    assert await store.ledger.follow(job, plans) == (), "the job was finished with the first"
    assert len(await store.ledger.unsettled()) == 1
    await store.journal.recover()
    assert await store.journal.take(10) == []
