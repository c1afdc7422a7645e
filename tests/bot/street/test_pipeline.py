"""From an event to what is on disk and what was done: every way in which a judgement can end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model import (
    Action,
    Author,
    AuthorKind,
    Case,
    CaseState,
    Delete,
    Event,
    EventKind,
    Media,
    MediaKind,
    Origin,
    TimeoutMember,
)
from bot.ports import Gone, Unfetchable
from bot.waiting import FIRST, GROWTH, TRIES
from policies.model import (
    Act,
    Category,
    Evidence,
    Listed,
    Mode,
    ReasonCode,
    Remedy,
    Rung,
    UnscreenedReason,
)
from policies.reasons import gives
from tests.bot.street.world import ANN, AWAY, HOME, MODS, Judge, Street, sha, shows

REASONS = [r for r in UnscreenedReason if r is not UnscreenedReason.OUTAGE]


# --- what cannot be judged ------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize(
    ("remedy", "suggestion", "done", "origin"),
    [
        (Remedy.LEAVE, "unscreened", [], None),
        (Remedy.REVIEW, "review", ["PostCard"], Origin.REVIEW),
        (Remedy.HOLD, "review", ["Delete", "PostCard"], Origin.REMOVED),
    ],
)
async def test_an_unjudged_image_is_never_a_pass(
    street: Street, reason: UnscreenedReason, remedy: Remedy, suggestion: str, done: list[str], origin: Origin | None
) -> None:
    await street.policy(unscreened={reason: remedy})
    await street.post(shows(reason.value))
    assert street.suggestions == [suggestion]
    told = ["Say"] if reason is UnscreenedReason.SPENT else []  # that a budget is used up, once a month
    assert street.chat.done == [*done, *told]
    assert street.jobs() == ["done"]
    assert street.strikes == 0
    assert street.cases == (0 if origin is None else 1)
    if origin is not None:
        case = await street.case()
        assert case.origin is origin
        assert gives(case.decision.reasons, ReasonCode.UNSCREENED)


@pytest.mark.asyncio
async def test_what_the_platform_says_is_no_picture_is_on_record_unjudged(street: Street) -> None:
    video = Media(MediaKind.ATTACHMENT, "attachment:1", unsupported="video")
    await street.see(street.event(media=(video,)))
    assert street.suggestions == ["unscreened"]
    assert street.judge.asked == []


@pytest.mark.asyncio
async def test_an_outage_is_tried_again_from_disk_with_growing_waits_until_it_ends(street: Street) -> None:
    street.judge.down = True
    await street.post(shows("bad"))
    waits = []
    for _ in range(2):
        assert street.suggestions == []
        assert street.jobs() == ["todo"]
        [(why,)] = street.rows("SELECT why FROM jobs WHERE kind = 'event'")
        assert "local is down" in why
        waits.append(await _next_try(street))
    assert waits == [FIRST, GROWTH * FIRST]
    street.judge.down = False
    await _next_try(street)
    assert street.suggestions == ["block"]
    assert street.chat.done == ["Delete", "Warn", "PostCard"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("remedy", "suggestion", "done"),
    [
        (Remedy.LEAVE, "unscreened", []),
        (Remedy.REVIEW, "review", ["PostCard"]),
        (Remedy.HOLD, "review", ["Delete", "PostCard"]),
    ],
)
async def test_an_outage_without_end_is_concluded_as_the_guild_wants(
    street: Street, remedy: Remedy, suggestion: str, done: list[str]
) -> None:
    await street.policy(unscreened={UnscreenedReason.OUTAGE: remedy})
    street.judge.down = True
    await street.post(shows("bad"))
    waits = [await _next_try(street) for _ in range(TRIES - 1)]
    assert waits == [FIRST * GROWTH**n for n in range(TRIES - 1)]
    assert len(street.judge.asked) == TRIES
    assert street.suggestions == [suggestion]
    assert street.chat.done == done
    assert street.jobs() == ["done"]


async def _next_try(street: Street) -> timedelta:
    """Let pass what the job still has to wait, and work it off. Returns how long that was."""
    before = len(street.judge.asked)
    waited = timedelta()
    while len(street.judge.asked) == before and waited < timedelta(hours=1):
        await street.later(2.5)
        waited += timedelta(seconds=2.5)
    return waited


@pytest.mark.asyncio
async def test_a_fetch_that_failed_is_an_outage_and_the_same_bytes_are_judged_later(street: Street) -> None:
    event = street.event(Unfetchable(UnscreenedReason.OUTAGE, "the host says 503"))
    await street.see(event)
    assert street.jobs() == ["todo"]
    street.chat.pictures[event.media[0].key] = shows("bad")
    await street.later(5)
    assert street.suggestions == ["block"]


@pytest.mark.asyncio
async def test_an_outage_of_one_image_does_not_delay_the_removal_because_of_another(street: Street) -> None:
    await street.post(shows("bad"), Unfetchable(UnscreenedReason.OUTAGE, "the host says 503"))
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert street.jobs() == ["done"]


@pytest.mark.asyncio
async def test_a_failed_provider_does_not_count_once_another_answered(street: Street) -> None:
    street.judges = (Judge("local"), Judge("second"))
    await street.restart()
    street.judges[0].down = True
    await street.post(shows("fine"))
    assert street.suggestions == ["pass"]
    await street.post(shows("bad"))
    assert street.suggestions == ["pass", "block"]
    street.judges[1].down = True
    await street.post(shows("fine", 2))
    assert street.jobs() == ["done", "done", "todo"]


@pytest.mark.asyncio
async def test_a_test_card_on_a_picture_that_nobody_could_judge_is_no_answer(street: Street) -> None:
    street.judge.down = True
    await street.post(shows("bad", card="violence:0.1"))
    assert street.jobs() == ["todo"], "a low card must not smuggle a picture past an outage"
    street.judge.down = False
    await street.later(10)
    assert street.suggestions == ["block"]


@pytest.mark.asyncio
async def test_an_allowed_image_need_not_wait_for_the_end_of_an_outage(street: Street) -> None:
    await street.store.lists.put(HOME, sha(shows("bad")), Listed.ALLOWED, "mo", "a test")
    street.judge.down = True
    await street.post(shows("bad"))
    assert street.suggestions == ["pass"]
    assert street.jobs() == ["done"]


# --- what is not there ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_one_image_that_is_gone_keeps_no_other_from_being_judged(street: Street) -> None:
    await street.post(Gone(), shows("bad"), Gone())
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert [i.sha256 for i in (await street.case()).images] == [sha(shows("bad"))]


@pytest.mark.asyncio
async def test_where_all_is_gone_there_is_nothing_to_do(street: Street) -> None:
    await street.post(Gone(), Gone())
    assert street.jobs() == ["done"]
    assert (street.suggestions, street.chat.actions, street.cases) == ([], [], 0)


@pytest.mark.asyncio
async def test_what_nobody_called_an_image_and_is_none_is_passed_over(street: Street) -> None:
    text = street.media(b"just words, " * 100, claimed=False)
    picture = street.media(shows("bad"))
    await street.see(street.event(media=(text,)))
    assert street.suggestions == []
    await street.see(street.event(media=(text, picture)))
    assert street.suggestions == ["block"]
    assert len((await street.case()).images) == 1


# --- on disk before it is done --------------------------------------------------------------------


@pytest.mark.asyncio
async def test_case_and_effects_are_on_disk_before_the_first_action(street: Street) -> None:
    seen: list[tuple[str, int, list[str], list[str]]] = []

    def look(action: Action) -> None:
        kinds = [k for (k,) in street.rows("SELECT kind FROM effects ORDER BY id")]
        seen.append((type(action).__name__, street.cases, kinds, street.jobs()))

    street.chat.witness = look
    await street.post(shows("bad"))
    assert [name for name, *_ in seen] == ["Delete", "Warn", "PostCard"]
    for _, cases, kinds, jobs in seen:
        assert (cases, kinds, jobs) == (1, ["delete", "warn", "card"], ["done"])


@pytest.mark.asyncio
async def test_where_the_case_cannot_be_written_nothing_is_done(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*args: object, **kwargs: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(street.store.ledger, "conclude", full)
    await street.post(shows("bad"))
    assert street.chat.actions == []
    assert street.jobs() == ["todo"]
    monkeypatch.undo()
    await street.later(10)
    assert street.chat.done == ["Delete", "Warn", "PostCard"]


@pytest.mark.asyncio
async def test_a_job_that_is_handled_twice_acts_once(street: Street) -> None:
    event = street.event(shows("bad"))
    await street.see(event)
    await street.see(event)
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert (street.cases, street.strikes, street.suggestions) == (1, 1, ["block"])


# --- versions ------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_nothing_is_done_for_a_version_that_a_newer_one_replaced(street: Street) -> None:
    old = street.event(shows("bad"), message="77", version="1")
    new = replace(street.event(shows("fine"), message="77", version="2"), kind=EventKind.EDIT)
    await street.see(old, new)
    assert street.chat.actions == []
    assert (street.cases, street.strikes) == (0, 0)
    assert street.suggestions == ["block", "pass"]


@pytest.mark.asyncio
async def test_the_newer_version_is_the_one_that_is_removed(street: Street) -> None:
    old = street.event(shows("bad", 1), message="77", version="1")
    new = street.event(shows("bad", 2), message="77", version="2", kind=EventKind.EDIT)
    await street.see(old, new)
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert [i.sha256 for i in (await street.case()).images] == [sha(shows("bad", 2))]


@pytest.mark.asyncio
async def test_a_superseded_removal_leaves_room_under_the_cap(street: Street) -> None:
    await street.policy(cap=1)
    old = street.event(shows("bad", 1), message="77", version="1")
    new = street.event(shows("fine"), message="77", version="2")
    await street.see(old, new)
    await street.post(shows("bad", 3))
    assert "Delete" in street.chat.done


# --- modes and guilds ----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_paused_guild_is_not_looked_at_and_that_is_on_record(street: Street) -> None:
    await street.policy(mode=Mode.PAUSED)
    await street.post(shows("bad"))
    assert street.judge.asked == []
    assert street.suggestions == ["unscreened"]
    assert (street.chat.actions, street.jobs()) == ([], ["done"])


@pytest.mark.asyncio
async def test_in_observe_only_the_card_is_real(street: Street) -> None:
    await street.policy(mode=Mode.OBSERVE)
    await street.post(shows("bad"))
    assert street.chat.done == ["PostCard"]
    case = await street.case()
    assert case.origin is Origin.OBSERVED
    assert street.strikes == 0
    assert street.rows("SELECT count(*) FROM removals") == [(0,)]


@pytest.mark.asyncio
async def test_a_guild_is_not_judged_by_anothers_policy_lists_or_history(street: Street) -> None:
    bad = shows("bad")
    await street.policy(AWAY, mode=Mode.ENFORCE, mod_channel="77")
    await street.store.lists.put(AWAY, sha(bad), Listed.ALLOWED, "mo", "a test")
    await street.post(bad, tenant=AWAY)
    await street.post(bad)
    assert street.suggestions == ["pass", "block"]
    assert {a.tenant for a in street.chat.actions} == {HOME}
    await street.post(shows("bad", 2), tenant=AWAY)
    assert [c.channel for c in street.chat.cards] == [MODS, "77"]
    assert (await street.case(1, AWAY)).tenant == AWAY
    history = await street.store.ledger.history(AWAY, ANN.id, street.clock.now() - timedelta(days=1))
    assert history.strikes == 1
    assert street.chat.of(TimeoutMember) == []


# --- strikes and the ladder ----------------------------------------------------------------------


@pytest.mark.asyncio
async def test_one_strike_an_author_image_and_hour(street: Street) -> None:
    for _ in range(3):
        await street.post(shows("bad"))
    assert street.strikes == 1
    assert street.chat.of(TimeoutMember) == []
    assert len(street.chat.of(Delete)) == 3
    await street.later(3700)
    await street.post(shows("bad"))
    assert street.strikes == 2


@pytest.mark.asyncio
async def test_an_album_of_copies_is_one_strike_and_one_deletion(street: Street) -> None:
    await street.post(shows("bad"), shows("bad"), shows("fine"))
    assert street.strikes == 1
    assert len(street.chat.of(Delete)) == 1


@pytest.mark.asyncio
async def test_the_ladder_reaches_the_platform_as_an_absolute_time(street: Street) -> None:
    await street.post(shows("bad", 1))
    assert street.chat.of(TimeoutMember) == []
    before = street.clock.now()
    await street.post(shows("bad", 2))
    [timeout] = street.chat.of(TimeoutMember)
    assert timeout.author == ANN.id
    assert timeout.until == before + timedelta(minutes=10)


@pytest.mark.asyncio
async def test_nobody_is_kicked_or_banned_by_automation(street: Street) -> None:
    policy = await street.policy()
    rungs = (Rung(1, Act.KICK), Rung(2, Act.BAN))
    await street.policy(ladder=replace(policy.ladder, rungs=rungs))
    for n in range(3):
        await street.post(shows("bad", n))
    assert set(street.chat.done) == {"Delete", "Warn", "PostCard"}
    case = await street.case(3)
    assert [r.detail for r in case.decision.reasons if r.code is ReasonCode.PROPOSED] == ["ban"]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [AuthorKind.WEBHOOK, AuthorKind.BOT])
async def test_posts_of_webhooks_and_bots_are_removed_and_earn_nothing(street: Street, kind: AuthorKind) -> None:
    for n in range(6):
        await street.post(shows("bad", n), author=Author("600", kind))
    assert len(street.chat.of(Delete)) == 6
    assert street.strikes == 0
    assert street.chat.of(TimeoutMember) == []


@pytest.mark.asyncio
async def test_test_cards_act_and_earn_nothing(street: Street) -> None:
    for n in range(3):
        await street.post(shows("fine", n, card="sexual_explicit:0.95"))
    assert len(street.chat.of(Delete)) == 3
    assert street.strikes == 0
    assert street.rows("SELECT count(*) FROM removals") == [(0,)]
    assert street.chat.of(TimeoutMember) == []


@pytest.mark.asyncio
async def test_a_card_on_a_bad_picture_excuses_nothing(street: Street) -> None:
    await street.post(shows("bad", card="sexual_explicit:0.95"))
    assert street.strikes == 1


@pytest.mark.asyncio
async def test_a_guild_can_switch_test_cards_off(street: Street) -> None:
    await street.policy(test_cards=False)
    await street.post(shows("fine", card="sexual_explicit:0.95"))
    assert street.suggestions == ["pass"]
    [(images,)] = street.rows("SELECT images FROM decisions")
    assert "testcard" not in str(images), "what a guild does not want is not even asked"


# --- evidence ------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_card_shows_a_mosaic_of_what_is_explicit_and_all_of_what_is_hateful(street: Street) -> None:
    await street.post(shows("bad"))
    await street.post(shows("hateful"))
    assert [c.card.picture for c in street.chat.cards] == [
        b"mosaic of " + shows("bad"),
        b"full of " + shows("hateful"),
    ]
    assert [c.evidence for n in (1, 2) for c in (await street.case(n)).cards] == [Evidence.MOSAIC, Evidence.FULL]


@pytest.mark.asyncio
async def test_the_card_shows_the_image_that_made_the_decision(street: Street) -> None:
    await street.post(shows("fine"), shows("doubtful"), shows("bad"), shows("fine", 2))
    [card] = street.chat.cards
    assert card.card.picture == b"mosaic of " + shows("bad")


@pytest.mark.asyncio
async def test_a_copy_whose_verdict_was_known_has_evidence_too(street: Street) -> None:
    await street.post(shows("bad"))
    await street.post(shows("bad"))
    assert len(street.judge.asked) == 1
    assert [c.card.picture for c in street.chat.cards] == [b"mosaic of " + shows("bad")] * 2


@pytest.mark.asyncio
async def test_none_means_none(street: Street) -> None:
    await street.policy(evidence={Category.SEXUAL_EXPLICIT: Evidence.NONE})
    await street.post(shows("bad"))
    [card] = street.chat.cards
    assert card.card.picture is None
    assert card.card.footer == ""
    assert street.jobs("forget_evidence") == []


@pytest.mark.asyncio
async def test_a_picture_that_cannot_be_drawn_does_not_cost_the_card(street: Street) -> None:
    street.intake.breaks = RuntimeError("no worker is left")
    await street.post(shows("bad"))
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    [card] = street.chat.cards
    assert card.card.picture is None
    assert [c.evidence for c in (await street.case()).cards] == [Evidence.NONE]


@pytest.mark.asyncio
async def test_no_pixel_touches_the_disk(street: Street) -> None:
    picture = shows("bad", 987654321)
    await street.post(picture)
    await street.store.close()
    assert all(picture not in f.read_bytes() for f in street.folder.iterdir())
    await street.begin()


# --- the action cap ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_beyond_the_cap_a_removal_becomes_a_review_also_when_all_come_at_once(street: Street) -> None:
    await street.policy(cap=20)
    events = [street.event(shows("bad", n), author=Author(str(n))) for n in range(21)]
    await _at_once(street, events)
    assert len(street.chat.of(Delete)) == 20
    assert len(street.chat.cards) == 21
    assert street.strikes == 20
    [review] = await _reviews(street)
    assert gives(review.decision.reasons, ReasonCode.CAP_REACHED)
    assert [e.kind.value for e in review.effects] == ["card"]


@pytest.mark.asyncio
async def test_copies_are_never_stopped_by_the_cap(street: Street) -> None:
    await street.policy(cap=1)
    events = [street.event(shows("bad"), author=Author(str(n))) for n in range(12)]
    await _at_once(street, events)
    assert len(street.chat.of(Delete)) == 12
    assert street.rows("SELECT count(DISTINCT sha256) FROM removals") == [(1,)]


@pytest.mark.asyncio
async def test_test_cards_and_observe_use_nothing_of_the_cap(street: Street) -> None:
    await street.policy(cap=1)
    for n in range(3):
        await street.post(shows("fine", n, card="sexual_explicit:0.95"))
    await street.policy(mode=Mode.OBSERVE)
    for n in range(3):
        await street.post(shows("bad", n))
    assert await _reviews(street) == []
    await street.policy(mode=Mode.ENFORCE)
    await street.post(shows("bad", 9))
    assert len(street.chat.of(Delete)) == 4


@pytest.mark.asyncio
async def test_the_cap_survives_a_restart_and_ends_with_the_hour(street: Street) -> None:
    await street.policy(cap=2)
    await street.post(shows("bad", 1))
    await street.post(shows("bad", 2))
    await street.restart()
    await street.post(shows("bad", 3))
    assert len(street.chat.of(Delete)) == 2
    await street.post(shows("bad", 1))
    assert len(street.chat.of(Delete)) == 3, "a copy of what was removed before"
    await street.later(3601)
    await street.post(shows("bad", 4))
    assert len(street.chat.of(Delete)) == 4


@pytest.mark.asyncio
async def test_a_blocked_image_goes_whatever_the_cap(street: Street) -> None:
    await street.policy(cap=0)
    await street.store.lists.put(HOME, sha(shows("fine")), Listed.BLOCKED, "mo", "a test")
    await street.post(shows("fine"))
    assert len(street.chat.of(Delete)) == 1


async def _at_once(street: Street, events: Sequence[Event]) -> None:
    await street.work.submit(events)
    street.work._turns._limit = None  # more at once than there are workers: the harder case
    turns = [street.work._turns.next() for _ in range(len(street.work._turns))]
    await asyncio.gather(*(street.work._supervised(job) for job in turns))


async def _reviews(street: Street) -> list[Case]:
    cases = await street.store.ledger.cases(HOME, CaseState.OPEN, 100)
    return [c for c in cases if c.origin is Origin.REVIEW]


# --- one message, one case -----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_edit_of_the_words_opens_no_second_case(street: Street) -> None:
    first = await street.post(shows("doubtful"))
    await street.post(shows("doubtful"), message=first.message, version="2")
    assert street.suggestions == ["review", "review"], "judged anew"
    assert len(await street.store.ledger.cases(HOME)) == 1
    assert street.chat.done == ["PostCard"]


@pytest.mark.asyncio
async def test_an_edit_that_adds_a_worse_picture_opens_another(street: Street) -> None:
    first = await street.post(shows("doubtful"))
    await street.post(shows("doubtful"), shows("bad"), message=first.message, version="2")
    assert len(await street.store.ledger.cases(HOME)) == 2
    assert len(street.chat.of(Delete)) == 1
