"""Albums on disk: what was noted of them, and a case that grows with its album instead of becoming two."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select

from bot.model import CardRef, CaseState, Concluded, EffectKind, Event, Judged, Media, MediaKind, Origin, Plan
from bot.ports import Part
from bot.store.albums import LASTS
from bot.store.retention import Keep, sweep
from bot.store.store import Store
from bot.store.tables import albums, decisions
from policies.model import Act, Decision, Evidence, Listed, Step, Suggestion
from tests.bot.store.samples import AWAY, BLOCKED, CLEAN, HOME, START, event, judged, lease, ruling, sha
from tests.clock import FakeClock

DOUBTFUL = Decision(Suggestion.REVIEW, (Step(Act.ESCALATE),))
CARD = Plan(EffectKind.CARD, {"channel": "99", "evidence": "mosaic"})


def media(name: str) -> Media:
    return Media(MediaKind.FILE, f"file:{name}", immutable=True, ref=f"id-of-{name}")


def part(message: int, *names: str, album: str = "g", channel: str = "55") -> Part:
    return Part(HOME, channel, album, message, tuple(media(n) for n in names))


# --- what is noted ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_parts_are_remembered_in_their_order_with_what_fetches_them(store: Store) -> None:
    await store.albums.join([part(11, "b"), part(10, "a")])
    await store.albums.join([part(12)])

    found = await store.albums.parts(HOME, "55", "g")

    assert list(found.items()) == [(10, (media("a"),)), (11, (media("b"),)), (12, ())]
    assert found[10][0].ref == "id-of-a"


@pytest.mark.asyncio
async def test_what_a_part_shows_now_takes_the_place_of_what_it_showed(store: Store) -> None:
    await store.albums.join([part(10, "a")])
    await store.albums.join([part(10, "other")])
    assert await store.albums.parts(HOME, "55", "g") == {10: (media("other"),)}


@pytest.mark.asyncio
async def test_albums_of_other_chats_channels_and_names_are_other_albums(store: Store) -> None:
    away = replace(part(1, "d"), tenant=AWAY)
    await store.albums.join([part(10, "a"), part(10, "b", album="h"), part(10, "c", channel="56"), away])
    assert await store.albums.parts(HOME, "55", "g") == {10: (media("a"),)}
    assert await store.albums.parts(AWAY, "55", "g") == {1: (media("d"),)}


@pytest.mark.asyncio
async def test_a_batch_is_one_commit_and_nothing_is_none(store: Store) -> None:
    await store.db.tenants.ensure(HOME)
    before = store.db.commits
    await store.albums.join([part(n, str(n)) for n in range(10)])
    assert store.db.commits - before == 1
    await store.albums.join([])
    assert store.db.commits - before == 1


@pytest.mark.asyncio
async def test_they_are_forgotten_after_two_days(store: Store, clock: FakeClock) -> None:
    await store.albums.join([part(10, "a")])
    await clock.advance((LASTS - timedelta(minutes=1)).total_seconds())
    assert (await sweep(store.db, clock))["albums"] == 0
    await clock.advance(120)
    assert (await sweep(store.db, clock))["albums"] == 1
    assert await store.db.read(lambda c: c.execute(select(func.count()).select_from(albums)).scalar()) == 0


# --- a case that grows ------------------------------------------------------------------------------


def album(*messages: int, version: str = "") -> Event:
    """An album as far as it is known."""
    ids = "+".join(map(str, messages))
    return replace(event(ids, version or ids), album="g", media=tuple(media(str(m)) for m in messages))


def shown(name: str, decision: Decision) -> Judged:
    return replace(judged(name, decision), media=media(name))


async def conclude(
    store: Store, happened: Event, *images: Judged, origin: Origin | None = None, observed: bool = False
) -> Concluded:
    """As the pipeline would, of these images."""
    said = ruling(happened, *images, observed=observed)
    at = {"channel": "55", "message": happened.message}
    worst = max(i.decision.suggestion for i in images)
    plans: tuple[Plan, ...] = ()
    if worst is Suggestion.BLOCK:
        plans = (Plan(EffectKind.DELETE, at), Plan(EffectKind.WARN, {"channel": "55", "author": "ann"}), CARD)
    elif worst is Suggestion.REVIEW:
        plans = (CARD,)
    origin = origin or {Suggestion.BLOCK: Origin.REMOVED, Suggestion.REVIEW: Origin.REVIEW}.get(worst)
    decision = max((i.decision for i in images), key=lambda d: d.suggestion)
    said = replace(said, plans=plans, origin=origin, decision=decision)
    return await store.ledger.conclude(await lease(store, happened), said)


def acts(concluded: Concluded) -> list[tuple[EffectKind, object]]:
    return [(e.kind, e.body.get("message")) for e in concluded.effects]


@pytest.mark.asyncio
async def test_a_late_part_goes_where_the_album_went_and_nobody_is_told_twice(store: Store) -> None:
    first = await conclude(store, album(10, 11), shown("10", BLOCKED), shown("11", CLEAN))
    assert [kind for kind, _ in acts(first)] == [EffectKind.DELETE, EffectKind.WARN, EffectKind.CARD]

    late = await conclude(store, album(10, 11, 12), shown("10", BLOCKED), shown("11", CLEAN), shown("12", CLEAN))

    assert acts(late) == [(EffectKind.DELETE, "10+11+12")]
    assert late.case == first.case
    case = await store.ledger.case(HOME, 1)
    assert case is not None
    assert (case.message, len(case.images), case.origin) == ("10+11+12", 3, Origin.REMOVED)
    assert [e.kind for e in case.effects] == [EffectKind.DELETE, EffectKind.WARN, EffectKind.CARD, EffectKind.DELETE]
    assert len(await store.ledger.cases(HOME)) == 1
    assert (await store.ledger.history(HOME, "ann", START)).strikes == 1


@pytest.mark.asyncio
async def test_a_late_part_goes_although_nothing_bad_is_found_any_more(store: Store) -> None:
    """The first picture is gone with the album: what is left of it may look clean."""
    await conclude(store, album(10), shown("10", BLOCKED))
    late = await conclude(store, album(10, 11), shown("11", CLEAN))
    assert acts(late) == [(EffectKind.DELETE, "10+11")]
    case = await store.ledger.case(HOME, 1)
    assert case is not None
    assert case.decision == BLOCKED


@pytest.mark.asyncio
async def test_what_the_case_knew_is_no_new_offence_hours_later(store: Store, clock: FakeClock) -> None:
    await conclude(store, album(10), shown("10", BLOCKED))
    await clock.advance(3 * 3600)
    happened = album(10, 11)
    said = ruling(happened, shown("10", BLOCKED), shown("11", CLEAN))
    timeout = Plan(EffectKind.TIMEOUT, {"author": "ann", "until": START.isoformat()})
    late = await store.ledger.conclude(await lease(store, happened), replace(said, plans=(*said.plans, timeout)))
    assert acts(late) == [(EffectKind.DELETE, "10+11")]
    assert (await store.ledger.history(HOME, "ann", START)).strikes == 1


@pytest.mark.asyncio
async def test_a_late_part_that_is_bad_itself_is_another_strike_on_the_same_card(store: Store) -> None:
    await conclude(store, album(10), shown("10", BLOCKED))
    await store.ledger.card_posted(HOME, 1, CardRef("99", "m1", Evidence.MOSAIC))

    late = await conclude(store, album(10, 11), shown("10", BLOCKED), shown("11", BLOCKED))

    assert acts(late) == [(EffectKind.DELETE, "10+11"), (EffectKind.EDIT_CARD, "m1")]
    assert (await store.ledger.history(HOME, "ann", START)).strikes == 2


@pytest.mark.asyncio
async def test_a_doubtful_album_that_turns_out_bad_is_removed_in_the_same_case(store: Store) -> None:
    await conclude(store, album(10), shown("10", DOUBTFUL))
    await store.ledger.card_posted(HOME, 1, CardRef("99", "m1", Evidence.MOSAIC))

    late = await conclude(store, album(10, 11), shown("10", DOUBTFUL), shown("11", BLOCKED))

    assert acts(late) == [(EffectKind.DELETE, "10+11"), (EffectKind.WARN, None), (EffectKind.EDIT_CARD, "m1")]
    case = await store.ledger.case(HOME, 1)
    assert case is not None
    assert (case.origin, case.decision.suggestion) == (Origin.REMOVED, Suggestion.BLOCK)


@pytest.mark.asyncio
async def test_a_doubtful_album_grows_so_that_a_press_removes_all_of_it(store: Store) -> None:
    await conclude(store, album(10), shown("10", DOUBTFUL))
    late = await conclude(store, album(10, 11), shown("10", DOUBTFUL), shown("11", CLEAN))
    assert acts(late) == []
    case = await store.ledger.case(HOME, 1)
    assert case is not None
    assert case.message == "10+11"


@pytest.mark.asyncio
async def test_what_a_moderator_removed_stays_removed_for_late_parts(store: Store) -> None:
    await conclude(store, album(10), shown("10", DOUBTFUL))
    removal = Plan(EffectKind.DELETE, {"channel": "55", "message": "10", "real": True})
    await store.ledger.decide_case(HOME, 1, CaseState.UPHELD, "mod", plans=[removal])
    late = await conclude(store, album(10, 11), shown("10", DOUBTFUL), shown("11", CLEAN))
    assert acts(late) == [(EffectKind.DELETE, "10+11")]
    assert (await store.ledger.case(HOME, 1)).state is CaseState.UPHELD  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_an_album_that_was_fine_after_all_takes_nothing_with_it(store: Store) -> None:
    await conclude(store, album(10), shown("10", BLOCKED))
    await store.ledger.decide_case(HOME, 1, CaseState.OVERTURNED, "mod")
    late = await conclude(store, album(10, 11), shown("10", CLEAN), shown("11", CLEAN))
    assert (late.case, late.effects) == (None, ())


@pytest.mark.asyncio
async def test_where_it_was_only_watched_nothing_is_done_twice_in_pretence(store: Store) -> None:
    watched = {"origin": Origin.OBSERVED, "observed": True}
    await conclude(store, album(10), shown("10", BLOCKED), **watched)  # type: ignore[arg-type]
    late = await conclude(store, album(10, 11), shown("10", BLOCKED), shown("11", CLEAN), **watched)  # type: ignore[arg-type]
    assert acts(late) == []
    assert len(await store.ledger.cases(HOME)) == 1


@pytest.mark.asyncio
async def test_an_overturned_album_allows_the_pictures_of_all_its_versions(store: Store) -> None:
    await conclude(store, album(10), shown("10", BLOCKED))
    await conclude(store, album(10, 11), shown("10", BLOCKED), shown("11", BLOCKED))
    await store.ledger.decide_case(HOME, 1, CaseState.OVERTURNED, "mod")
    assert [await store.lists.listed(HOME, sha(name)) for name in ("10", "11")] == [Listed.ALLOWED] * 2


@pytest.mark.asyncio
async def test_a_case_that_grew_keeps_its_effects_when_older_decisions_are_forgotten(
    store: Store, clock: FakeClock
) -> None:
    await conclude(store, album(10), shown("10", BLOCKED))
    await conclude(store, album(10, 11), shown("10", BLOCKED), shown("11", CLEAN))
    await clock.advance(40 * 86400)

    await sweep(store.db, clock, keep=Keep())

    def left(connection: Connection) -> int:
        return int(connection.execute(select(func.count()).select_from(decisions)).scalar_one())

    assert await store.db.read(left) == 1
    case = await store.ledger.case(HOME, 1)
    assert case is not None
    assert len(case.effects) == 4


@pytest.mark.asyncio
async def test_other_albums_and_lone_messages_are_other_cases(store: Store) -> None:
    await conclude(store, album(10), shown("10", BLOCKED))
    await conclude(store, replace(album(20), album="h"), shown("20", BLOCKED))
    await conclude(store, replace(event("30"), media=(media("30"),)), shown("30", BLOCKED))
    assert [c.message for c in await store.ledger.cases(HOME)] == ["30", "20", "10"]


@pytest.mark.asyncio
async def test_a_newer_version_of_the_album_waits_so_the_older_is_superseded(store: Store) -> None:
    older, newer = album(10), album(10, 11)
    job = await lease(store, older)
    await lease(store, newer)
    said = ruling(older, shown("10", BLOCKED))
    assert (await store.ledger.conclude(job, said)).superseded
