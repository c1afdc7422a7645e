from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.model import (
    Author,
    AuthorKind,
    CardRef,
    Case,
    CaseState,
    EffectKind,
    EffectState,
    Event,
    EventKind,
    History,
    Media,
    MediaKind,
    Origin,
    Outcome,
    OutcomeState,
    Plan,
)
from bot.store.past import past
from bot.store.store import Store
from policies.model import Context, Evidence, Listed, Place, Seen, Suggestion
from tests.bot.store.samples import (
    AWAY,
    BLOCKED,
    CLEAN,
    HOME,
    PLANS,
    START,
    entry,
    event,
    judged,
    lease,
    passed,
    remove,
    ruling,
    sha,
)
from tests.clock import FakeClock

DONE = Outcome(OutcomeState.DONE, ref="m9")


async def case(store: Store, number: int) -> Case:
    found = await store.ledger.case(HOME, number)
    assert found is not None
    return found


# --- conclude ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_removal_is_one_commit_with_all_that_follows(store: Store) -> None:
    happened = event()
    job = await lease(store, happened)
    before = store.db.commits
    concluded = await store.ledger.conclude(job, ruling(happened))
    assert store.db.commits - before == 1
    assert (concluded.case, concluded.duplicate, concluded.superseded) == (1, False, False)
    assert [(e.kind, e.body) for e in concluded.effects] == [(p.kind, p.body) for p in PLANS]
    assert await store.journal.backlog() == (0, None)
    assert await store.ledger.history(HOME, "ann", START) == History(1, 0, 1, frozenset({sha("a")}))
    assert await store.ledger.removed_since(HOME, START) == [(sha("a"), START)]


@pytest.mark.asyncio
async def test_idempotent_effects_are_born_sending_the_others_todo(store: Store) -> None:
    happened = event()
    concluded = await store.ledger.conclude(await lease(store, happened), ruling(happened))
    assert {e.kind: e.state for e in concluded.effects} == {
        EffectKind.DELETE: EffectState.SENDING,
        EffectKind.WARN: EffectState.TODO,
        EffectKind.CARD: EffectState.TODO,
    }


@pytest.mark.asyncio
async def test_nonces_fit_discord_and_are_never_the_same(store: Store) -> None:
    for n in range(5):
        await remove(store, str(n))
    nonces = [e.nonce for e in await store.ledger.unsettled()]
    assert len(set(nonces)) == 15
    assert all(0 < len(nonce) <= 25 and nonce.isascii() for nonce in nonces)


@pytest.mark.asyncio
async def test_a_case_reads_back_whole(store: Store) -> None:
    happened = event("7", author="bob")
    said = ruling(happened, judged("a"), judged("b", CLEAN))
    concluded = await store.ledger.conclude(await lease(store, happened), said)
    found = await case(store, 1)
    assert found == Case(
        tenant=HOME,
        number=1,
        state=CaseState.OPEN,
        origin=Origin.REMOVED,
        opened_at=START,
        author=happened.author,
        place=happened.place,
        message="7",
        images=said.images,
        decision=BLOCKED,
        policy_version=3,
        effects=concluded.effects,
        cards=(),
    )


@pytest.mark.asyncio
async def test_concluding_twice_gives_what_the_first_made(store: Store) -> None:
    happened = event()
    job = await lease(store, happened)
    first = await store.ledger.conclude(job, ruling(happened))
    again = await store.ledger.conclude(job, replace(ruling(happened), plans=(), origin=None))
    assert again == replace(first, duplicate=True)
    assert len(await store.ledger.cases(HOME)) == 1
    assert (await store.ledger.history(HOME, "ann", START)).strikes == 1


@pytest.mark.asyncio
async def test_later_effects_of_a_case_are_not_what_the_first_made(store: Store) -> None:
    happened = event()
    job = await lease(store, happened)
    first = await store.ledger.conclude(job, ruling(happened))
    await store.ledger.plan(HOME, 1, [Plan(EffectKind.SAY, {"channel": "1"})])
    assert (await store.ledger.conclude(job, ruling(happened))).effects == first.effects


@pytest.mark.asyncio
async def test_not_done_keeps_the_lease(store: Store) -> None:
    happened = event()
    job = await lease(store, happened)
    await store.ledger.conclude(job, ruling(happened), done=False)
    assert (await store.journal.backlog())[0] == 1
    await store.ledger.conclude(job, ruling(happened))
    assert (await store.journal.backlog())[0] == 0


@pytest.mark.asyncio
async def test_a_pass_opens_no_case_and_is_on_record(store: Store) -> None:
    happened = event()
    concluded = await store.ledger.conclude(await lease(store, happened), passed(happened))
    assert (concluded.case, concluded.effects) == (None, ())
    assert await store.ledger.cases(HOME) == []
    (kept,) = await past(store.db, HOME, START)
    assert kept.decision.suggestion is Suggestion.PASS


@pytest.mark.asyncio
async def test_everything_that_was_decided_upon_is_on_record(store: Store) -> None:
    happened = event()
    image = replace(judged(), listed=Listed.BLOCKED, struck=True)
    said = ruling(happened, image)
    await store.ledger.conclude(await lease(store, happened), said)
    (kept,) = await past(store.db, HOME, START)
    assert kept.images == (Seen(image.screenings, Listed.BLOCKED, struck=True),)
    assert (kept.place, kept.standing) == (happened.place, said.standing)
    assert (kept.policy_version, kept.decision) == (3, BLOCKED)


@pytest.mark.asyncio
@pytest.mark.parametrize("newer", ["waits", "leased", "done"])
async def test_a_newer_version_of_the_message_stops_the_older(store: Store, newer: str) -> None:
    old = await lease(store, event("7", "0"))
    (new,) = await store.journal.put([entry(event("7", "1"))], lease=newer != "waits")
    if newer == "done":
        await store.journal.finish(new)
    concluded = await store.ledger.conclude(old, ruling(event("7", "0")))
    assert concluded.superseded
    assert (concluded.case, concluded.effects) == (None, ())
    assert await store.ledger.unsettled() == ()
    assert await store.ledger.history(HOME, "ann", START) == History()
    again = await store.ledger.conclude(old, ruling(event("7", "0")))
    assert (again.superseded, again.duplicate, again.case) == (True, True, None)
    assert await past(store.db, HOME, START) == []


@pytest.mark.asyncio
async def test_what_does_not_supersede(store: Store) -> None:
    older = await lease(store, event("7", "0"))
    await store.journal.finish(older)
    job = await lease(store, event("7", "1"))
    await lease(store, event("8", "0"))  # another message
    await lease(store, event("7", "9", tenant=AWAY))  # another guild's
    dead = await lease(store, event("7", "2"))
    await store.journal.bury(dead, "broken")
    assert not (await store.ledger.conclude(job, ruling(event("7", "1")))).superseded


def worn(key: str, version: str, *, by: AuthorKind = AuthorKind.MEMBER) -> Event:
    media = (Media(MediaKind.AVATAR, key, immutable=True),)
    kind = EventKind.COVER if by is AuthorKind.GUILD else EventKind.AVATAR
    place, author = Place(Context.HEAD_IMAGE), Author("ann", by)
    return replace(event("", version), kind=kind, place=place, author=author, media=media)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("old", "new", "by", "superseded"),
    [
        ("avatar:avatars/7/a", "avatar:avatars/7/b", AuthorKind.MEMBER, True),
        ("avatar:avatars/7/a", "avatar:avatars/7/", AuthorKind.MEMBER, True),  # taken off
        ("avatar:avatars/7/a", "avatar:guilds/1/users/7/avatars/b", AuthorKind.MEMBER, False),
        ("avatar:avatars/7/a", "banner:banners/7/b", AuthorKind.MEMBER, False),
        ("avatar:avatars/7/a", "avatar:avatars/7/b", AuthorKind.WEBHOOK, False),  # both still stand beside posts
        ("cover:icons/1/a", "cover:icons/1/b", AuthorKind.GUILD, True),
        ("cover:icons/1/a", "cover:splashes/1/b", AuthorKind.GUILD, False),
    ],
)
async def test_only_the_same_picture_of_a_profile_is_superseded(
    store: Store, old: str, new: str, by: AuthorKind, superseded: bool
) -> None:
    older, newer = worn(old, "0", by=by), worn(new, "1", by=by)
    job = await lease(store, older)
    await lease(store, newer)
    assert (await store.ledger.conclude(job, ruling(older))).superseded is superseded


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("origin", "again"), [(Origin.REVIEW, False), (Origin.OBSERVED, False), (Origin.REMOVED, True)]
)
async def test_a_reaction_put_there_again_is_taken_off_again_but_shown_once(
    store: Store, origin: Origin, again: bool
) -> None:
    cases = []
    for version in ("0", "1"):
        reaction = replace(event("7", version), kind=EventKind.REACTION)
        concluded = await store.ledger.conclude(await lease(store, reaction), replace(ruling(reaction), origin=origin))
        cases.append((concluded.case, bool(concluded.effects)))
    assert cases == [(1, True), (2, True) if again else (1, False)]


@pytest.mark.asyncio
async def test_jobs_without_a_subject_supersede_nothing(store: Store) -> None:
    entries = [replace(entry(event(str(n))), subject="") for n in range(2)]
    first, _ = await store.journal.put(entries, lease=True)
    assert not (await store.ledger.conclude(first, ruling(event("0")))).superseded


@pytest.mark.asyncio
async def test_case_numbers_have_no_gaps_and_are_each_guilds_own(store: Store) -> None:
    happened = [event(str(n), tenant=HOME if n % 3 else AWAY) for n in range(30)]
    jobs = [await lease(store, e) for e in happened]
    concluded = await asyncio.gather(
        *(store.ledger.conclude(j, ruling(e)) for j, e in zip(jobs, happened, strict=True))
    )
    numbers = {
        t: sorted(c.case or 0 for c, e in zip(concluded, happened, strict=True) if e.tenant == t) for t in (HOME, AWAY)
    }
    assert numbers == {HOME: list(range(1, 21)), AWAY: list(range(1, 11))}


@pytest.mark.asyncio
async def test_a_job_cannot_conclude_another_guilds_event(store: Store) -> None:
    job = await lease(store, event())
    with pytest.raises(ValueError, match="cannot conclude an event of discord:2"):
        await store.ledger.conclude(job, ruling(event(tenant=AWAY)))


# --- strikes, the cap, history ----------------------------------------------------------------------


@pytest.mark.asyncio
async def test_observing_earns_nothing(store: Store) -> None:
    happened = event()
    await store.ledger.conclude(await lease(store, happened), ruling(happened, observed=True))
    assert await store.ledger.history(HOME, "ann", START) == History(cases=1)
    assert await store.ledger.removed_since(HOME, START) == []
    assert (await case(store, 1)).origin is Origin.OBSERVED


@pytest.mark.asyncio
async def test_one_strike_per_author_image_and_hour(store: Store, clock: FakeClock) -> None:
    for n in range(4):
        await remove(store, str(n))
    assert (await store.ledger.history(HOME, "ann", START)).strikes == 1
    await remove(store, "5", judged("b"))
    await remove(store, "6", author="bob")
    assert (await store.ledger.history(HOME, "ann", START)).strikes == 2
    await clock.advance(3600)
    assert (await store.ledger.history(HOME, "ann", START)).struck == frozenset()
    await remove(store, "7")
    assert await store.ledger.history(HOME, "ann", START) == History(3, 0, 6, frozenset({sha("a")}))
    assert (await store.ledger.history(HOME, "bob", START)).strikes == 1


@pytest.mark.asyncio
async def test_old_strikes_do_not_count(store: Store, clock: FakeClock) -> None:
    await remove(store)
    await clock.advance(86_400)
    assert (await store.ledger.history(HOME, "ann", START)).strikes == 1
    assert (await store.ledger.history(HOME, "ann", START + timedelta(seconds=1))).strikes == 0


@pytest.mark.asyncio
async def test_the_cap_counts_each_image_once(store: Store, clock: FakeClock) -> None:
    await remove(store, "1", judged("a"), judged("b"))
    await clock.advance(60)
    await remove(store, "2", judged("b"), judged("c"))
    minute = START + timedelta(seconds=60)
    assert await store.ledger.removed_since(HOME, START) == [(sha("a"), START), (sha("b"), START), (sha("c"), minute)]
    assert await store.ledger.removed_since(HOME, minute) == [(sha("b"), minute), (sha("c"), minute)]


# --- deciding ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_case_is_closed_once_however_many_press(store: Store) -> None:
    number = await remove(store)
    pressed = [
        store.ledger.decide_case(HOME, number, state, by)
        for state, by in [(CaseState.UPHELD, "m1"), (CaseState.OVERTURNED, "m2")] * 20
    ]
    closed = [c for c in await asyncio.gather(*pressed) if c is not None]
    assert len(closed) == 1
    assert (await case(store, number)).decided_by == closed[0].decided_by == "m1"


@pytest.mark.asyncio
async def test_upholding_confirms_its_strikes(store: Store, clock: FakeClock) -> None:
    number = await remove(store, "1", judged("a"), judged("b"))
    await remove(store, "2", judged("c"))
    await clock.advance(7200)
    closed = await store.ledger.decide_case(HOME, number, CaseState.UPHELD, "mod", "as always")
    assert closed is not None
    assert (closed.state, closed.decided_by, closed.note) == (CaseState.UPHELD, "mod", "as always")
    assert closed.decided_at == clock.now()
    history = await store.ledger.history(HOME, "ann", START)
    assert (history.strikes, history.upheld) == (3, 2)
    assert await store.lists.listed(HOME, sha("a")) is None


@pytest.mark.asyncio
async def test_overturning_voids_its_strikes_and_allows_its_images(store: Store) -> None:
    number = await remove(store, "1", judged("a"), judged("fine", CLEAN), replace(judged("gone"), sha256=""))
    await remove(store, "2", judged("c"))
    await store.lists.put(HOME, sha("a"), Listed.BLOCKED, "mod", "spam")
    assert await store.ledger.decide_case(HOME, number, CaseState.OVERTURNED, "mod") is not None
    history = await store.ledger.history(HOME, "ann", START)
    assert (history.strikes, history.struck) == (1, frozenset({sha("c")}))
    assert await store.lists.listed(HOME, sha("a")) is Listed.ALLOWED
    assert await store.lists.listed(HOME, sha("fine")) is None  # nobody had said anything against it
    assert await store.lists.listed(HOME, "") is None
    assert await store.lists.listed(AWAY, sha("a")) is None


@pytest.mark.asyncio
async def test_overturning_one_of_two_copies_voids_the_strike_they_shared(store: Store) -> None:
    await remove(store, "1")
    second = await remove(store, "2")
    await store.ledger.decide_case(HOME, second, CaseState.OVERTURNED, "mod")
    assert (await store.ledger.history(HOME, "ann", START)).strikes == 0


@pytest.mark.asyncio
async def test_expiry_says_nothing_about_the_strikes(store: Store) -> None:
    number = await remove(store)
    assert await store.ledger.decide_case(HOME, number, CaseState.EXPIRED, "time") is not None
    assert await store.ledger.history(HOME, "ann", START) == History(1, 0, 1, frozenset({sha("a")}))
    assert await store.lists.listed(HOME, sha("a")) is None


@pytest.mark.asyncio
async def test_a_case_cannot_be_closed_as_open(store: Store) -> None:
    with pytest.raises(ValueError, match="cannot be closed as 'open'"):
        await store.ledger.decide_case(HOME, await remove(store), CaseState.OPEN, "mod")


# --- effects and cards ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_effects_walk_from_todo_to_done(store: Store) -> None:
    await remove(store)
    delete, warn, card = await store.ledger.unsettled()
    await store.ledger.sending([warn])
    assert [e.state for e in await store.ledger.unsettled()] == ["sending", "sending", "todo"]
    await store.ledger.settle(delete, DONE)
    await store.ledger.settle(warn, Outcome(OutcomeState.UNKNOWN), state=EffectState.UNKNOWN)
    (left,) = await store.ledger.unsettled()
    assert left == card
    settled = {e.kind: (e.state, e.outcome) for e in (await case(store, 1)).effects}
    assert settled[EffectKind.DELETE] == (EffectState.DONE, DONE)
    assert settled[EffectKind.WARN] == (EffectState.UNKNOWN, Outcome(OutcomeState.UNKNOWN))


@pytest.mark.asyncio
async def test_a_failure_worth_a_retry_waits_again_with_its_nonce(store: Store) -> None:
    await remove(store)
    _, warn, _ = await store.ledger.unsettled()
    await store.ledger.sending([warn])
    await store.ledger.settle(warn, Outcome(OutcomeState.FAILED, "429", retry=True))
    (again,) = [e for e in await store.ledger.unsettled() if e.kind is EffectKind.WARN]
    assert (again.state, again.attempts, again.nonce) == (EffectState.TODO, 1, warn.nonce)


@pytest.mark.asyncio
async def test_what_is_done_is_neither_sent_nor_settled_again(store: Store) -> None:
    await remove(store)
    delete, *_ = await store.ledger.unsettled()
    await store.ledger.settle(delete, DONE)
    await store.ledger.sending([delete])
    await store.ledger.settle(delete, Outcome(OutcomeState.FAILED, retry=True))
    (kept,) = [e for e in (await case(store, 1)).effects if e.id == delete.id]
    assert (kept.state, kept.outcome, kept.attempts) == (EffectState.DONE, DONE, 0)


@pytest.mark.asyncio
async def test_a_press_plans_effects_of_the_case_or_of_none(store: Store) -> None:
    number = await remove(store)
    plans = [Plan(EffectKind.RESTORE, {"channel": "55"}), Plan(EffectKind.EDIT_CARD, {"channel": "99"})]
    made = await store.ledger.plan(HOME, number, plans)
    assert [(e.kind, e.state, e.case) for e in made] == [("restore", "todo", number), ("edit_card", "sending", number)]
    assert (await case(store, number)).effects[-2:] == made
    (loose,) = await store.ledger.plan(HOME, None, [Plan(EffectKind.SAY, {"text": "hello"})])
    assert (await store.ledger.unsettled())[-1] == loose
    assert loose.case is None
    assert await store.ledger.plan(HOME, number, []) == ()


@pytest.mark.asyncio
async def test_a_case_has_any_number_of_cards(store: Store) -> None:
    number = await remove(store)
    posted = [CardRef("99", str(n), Evidence.MOSAIC) for n in range(3)]
    for card in (*posted, posted[0]):
        await store.ledger.card_posted(HOME, number, card)
    assert (await case(store, number)).cards == tuple(posted)


@pytest.mark.asyncio
async def test_cases_come_newest_first_by_state(store: Store) -> None:
    for n in range(5):
        await remove(store, str(n))
    await store.ledger.decide_case(HOME, 2, CaseState.UPHELD, "mod")
    assert [c.number for c in await store.ledger.cases(HOME, limit=3)] == [5, 4, 3]
    assert [c.number for c in await store.ledger.cases(HOME, CaseState.OPEN)] == [5, 4, 3, 1]
    (upheld,) = await store.ledger.cases(HOME, CaseState.UPHELD)
    assert upheld == await case(store, 2)
    assert len(upheld.effects) == 3


@pytest.mark.asyncio
async def test_cases_are_paged_by_their_numbers_and_told_by_author(store: Store) -> None:
    for n in range(5):
        await remove(store, str(n), author="ann" if n % 2 else "ben")

    async def numbers(**asked: Any) -> list[int]:
        return [c.number for c in await store.ledger.cases(HOME, **asked)]

    assert await numbers(before=4, limit=2) == [3, 2]
    assert await numbers(after=2, limit=2) == [4, 3], "the next newer ones, still the newest first"
    assert await numbers(after=5) == []
    assert await numbers(author="ann") == [4, 2]
    assert await numbers(author="ann", before=4) == [2]
    assert await numbers(author="nobody") == []


@pytest.mark.asyncio
async def test_a_case_that_is_not_there_is_said(store: Store) -> None:
    assert await store.ledger.case(HOME, 1) is None
    with pytest.raises(LookupError, match="discord:1 has no case 9"):
        await store.ledger.plan(HOME, 9, PLANS)
    with pytest.raises(LookupError, match="discord:1 has no case 9"):
        await store.ledger.card_posted(HOME, 9, CardRef("1", "2", Evidence.NONE))
    assert await store.ledger.unsettled() == ()
