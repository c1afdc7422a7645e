"""Fingerprints on disk, and what of a guild's images others are compared with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.model import CaseState, Origin
from bot.store.database import Database
from bot.store.likenesses import SqlLikenesses
from bot.store.retention import sweep
from bot.store.store import Store
from policies.model import (
    Category,
    Decision,
    Label,
    Listed,
    Near,
    Reason,
    ReasonCode,
    Suggestion,
    UnscreenedReason,
    Verdict,
    Versions,
)
from providers.base import Fingerprint
from tests.bot.store.samples import (
    AWAY,
    BLOCKED,
    CLEAN,
    HOME,
    PLANS,
    event,
    judged,
    lease,
    remove,
    ruling,
    sha,
)
from tests.clock import FakeClock

DAY = 86_400.0
EXPLICIT = frozenset({Category.SEXUAL_EXPLICIT})
LOOKS = {name: Fingerprint(n * 0x0123456789ABCDEF % 2**64, ~n * 0x1F3D5B79 % 2**64, flat=False)
         for n, name in enumerate("abcdefgh", start=3)}  # fmt: skip


def of(code: ReasonCode, suggestion: Suggestion = Suggestion.BLOCK, **more: str) -> Decision:
    """A removal for which one rule spoke."""
    return replace(BLOCKED, suggestion=suggestion, reasons=(Reason(code, **more),))  # type: ignore[arg-type]


def keep(store: Store, *names: str) -> None:
    for name in names:
        store.fingerprints.keep(sha(name), LOOKS[name])


async def near(store: Store, name: str = "a", *, own: str = "copy") -> Near | None:
    """What a copy of `name` looks like, with other bytes."""
    return await store.likenesses.near(HOME, LOOKS[name], sha(own))


async def only_reviewed(store: Store, message: str, name: str) -> int:
    """A case of an image that was shown to moderators and left up."""
    happened, looked = event(message), replace(BLOCKED, suggestion=Suggestion.REVIEW, steps=BLOCKED.steps[2:])
    told = replace(ruling(happened, judged(name, looked)), decision=looked, plans=PLANS[2:], strikes=(), removed=())
    concluded = await store.ledger.conclude(await lease(store, happened), replace(told, origin=Origin.REVIEW))
    assert concluded.case is not None
    return concluded.case


# --- fingerprints ---------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("bits", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("flat", [True, False])
async def test_all_64_bits_come_back_from_disk(store: Store, clock: FakeClock, bits: int, flat: bool) -> None:
    prints = Fingerprint(bits, bits ^ 1, flat)
    store.fingerprints.keep(sha("x"), prints)
    assert await store.fingerprints.of(sha("x")) == prints, "at once"
    await store.fingerprints.flush()
    later = Store(store.db, clock)
    assert await later.fingerprints.of(sha("x")) == prints
    assert await later.fingerprints.of(sha("y")) is None


@pytest.mark.asyncio
async def test_a_disk_that_fails_costs_the_fingerprint_alone(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_unit: object) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(store.db, "write", full)
        keep(store, "a")
        await store.fingerprints.flush()
    assert await store.fingerprints.of(sha("a")) == LOOKS["a"], "in memory it is known"
    assert await Store(store.db, clock).fingerprints.of(sha("a")) is None
    keep(store, "a")
    await store.fingerprints.flush()
    assert await Store(store.db, clock).fingerprints.of(sha("a")) == LOOKS["a"], "it is only computed again"


@pytest.mark.asyncio
async def test_what_was_kept_last_is_on_disk_when_the_store_is_closed(
    data_dir: object, clock: FakeClock, database: Database
) -> None:
    first = Store(await Database.open(f"sqlite:///{database.path}", data_dir=database.path.parent, clock=clock), clock)
    keep(first, "a")
    await first.close()
    assert await Store(database, clock).fingerprints.of(sha("a")) == LOOKS["a"]


@pytest.mark.asyncio
async def test_a_fingerprint_lives_as_long_as_a_case_or_a_list_names_its_image(store: Store, clock: FakeClock) -> None:
    keep(store, "a", "b", "c", "d")
    await remove(store, "1", judged("a"))
    await store.lists.put(HOME, sha("b"), Listed.BLOCKED, "mo", "raid")
    await clock.advance(15 * DAY)
    keep(store, "d")  # seen again
    await clock.advance(15 * DAY + 1)
    assert (await sweep(store.db, clock))["fingerprints"] == 1
    fresh = Store(store.db, clock)
    assert [name for name in "abcd" if await fresh.fingerprints.of(sha(name))] == ["a", "b", "d"]
    assert await near(fresh, "a") is not None
    await clock.advance(150 * DAY)
    assert (await sweep(store.db, clock))["fingerprints"] == 2
    fresh = Store(store.db, clock)
    assert [name for name in "abcd" if await fresh.fingerprints.of(sha(name))] == ["b"]
    assert await near(fresh, "a") is None
    assert await near(fresh, "b") == Near(sha("b"), 0)


# --- what others are compared with ----------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_removed_image_is_known_at_once_with_its_case_and_what_was_found(store: Store) -> None:
    assert await near(store) is None, "a guild of which nothing is stored"
    keep(store, "a", "b")
    number = await remove(store, "1", judged("a"))
    assert await near(store) == Near(sha("a"), 0, number, EXPLICIT)
    again = await remove(store, "2", judged("b"))
    assert await near(store, "b") == Near(sha("b"), 0, again, EXPLICIT), "the second comes to the first"
    assert await near(store) == Near(sha("a"), 0, number, EXPLICIT)


@pytest.mark.asyncio
async def test_an_image_is_not_near_itself(store: Store) -> None:
    keep(store, "a")
    await remove(store, "1", judged("a"))
    assert await near(store, own="a") is None


@pytest.mark.asyncio
async def test_what_another_guild_removed_is_nothing_here(store: Store) -> None:
    keep(store, "a", "b")
    await remove(store, "1", judged("a"), tenant=AWAY)
    await store.lists.put(AWAY, sha("b"), Listed.BLOCKED, "mo", "")
    await remove(store, "2", judged("c"))
    assert [await near(store, name) for name in "ab"] == [None, None]
    assert await store.likenesses.near(AWAY, LOOKS["a"], sha("copy")) is not None


@pytest.mark.asyncio
async def test_an_image_without_a_fingerprint_and_a_flat_one_look_like_nothing(store: Store) -> None:
    store.fingerprints.keep(sha("a"), replace(LOOKS["a"], flat=True))
    await remove(store, "1", judged("a"), judged("b"))
    assert [await near(store, name) for name in "ab"] == [None, None]
    keep(store, "c")
    await remove(store, "2", judged("c"))
    assert await store.likenesses.near(HOME, replace(LOOKS["c"], flat=True), sha("copy")) is None


@pytest.mark.asyncio
async def test_of_a_post_only_what_was_found_in_is_known(store: Store) -> None:
    keep(store, "a", "b")
    await remove(store, "1", judged("a"), judged("b", CLEAN))
    assert await near(store, "a") is not None
    assert await near(store, "b") is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "decision",
    [
        replace(BLOCKED, reasons=(*BLOCKED.reasons, Reason(ReasonCode.TEST_CARD, provider="testcard"))),
        of(ReasonCode.UNSCREENED, Suggestion.REVIEW, detail=UnscreenedReason.OUTAGE.value),
        of(ReasonCode.NEAR_KNOWN, Suggestion.REVIEW, detail="1"),
        of(ReasonCode.BLOCK_LISTED),
    ],
    ids=["a test card", "held since nobody could judge it", "a likeness beside another", "blocked then, not now"],
)
async def test_what_was_not_removed_for_what_it_shows_is_not_known(store: Store, decision: Decision) -> None:
    keep(store, "a", "b")
    await remove(store, "1", judged("a", decision), judged("b"))
    assert await near(store, "a") is None
    assert await near(store, "b") is not None


@pytest.mark.asyncio
@pytest.mark.parametrize("state", [CaseState.UPHELD, CaseState.OVERTURNED, CaseState.EXPIRED])
async def test_what_becomes_of_the_case_decides(store: Store, state: CaseState) -> None:
    keep(store, "a")
    number = await remove(store, "1", judged("a"))
    assert await near(store) is not None
    assert await store.ledger.decide_case(HOME, number, state, "mo") is not None
    assert (await near(store) is None) is (state is CaseState.OVERTURNED)
    if state is CaseState.OVERTURNED:
        await store.lists.put(HOME, sha("a"), None, "mo", "")
        assert await near(store) is None, "also when it is off the allow list again"


@pytest.mark.asyncio
async def test_what_was_shown_is_known_once_moderators_removed_it(store: Store) -> None:
    keep(store, "a", "b")
    shown, other = await only_reviewed(store, "1", "a"), await only_reviewed(store, "2", "b")
    assert [await near(store, name) for name in "ab"] == [None, None]
    await store.ledger.decide_case(HOME, shown, CaseState.UPHELD, "mo")
    assert await near(store, "a") == Near(sha("a"), 0, shown, EXPLICIT)
    await store.ledger.decide_case(HOME, other, CaseState.OVERTURNED, "mo")
    assert await near(store, "b") is None


@pytest.mark.asyncio
async def test_the_lists_are_followed(store: Store) -> None:
    keep(store, "a", "b")
    number = await remove(store, "1", judged("a"))
    await store.lists.put(HOME, sha("a"), Listed.ALLOWED, "mo", "")
    assert await near(store) is None
    await store.lists.put(HOME, sha("a"), Listed.BLOCKED, "mo", "")
    assert await near(store) == Near(sha("a"), 0, number), "blocked whatever it shows"
    await store.lists.put(HOME, sha("b"), Listed.BLOCKED, "mo", "")
    assert await near(store, "b") == Near(sha("b"), 0)
    await store.lists.put(HOME, sha("b"), None, "mo", "")
    assert await near(store, "b") is None


@pytest.mark.asyncio
async def test_a_test_card_that_was_blocked_looks_like_nothing(store: Store) -> None:
    """All of them look alike, and others' tests are no suspects."""
    keep(store, "a", "b")
    card = Verdict("testcard", (Label(Category.HATE, "hate", 0.9),), frozenset(), Versions("1", "1", "1"))
    for name, verdict in (("a", card), ("b", replace(card, labels=()))):
        await store.verdicts.put(sha(name), "1/1/1", "", verdict)
        await store.lists.put(HOME, sha(name), Listed.BLOCKED, "mo", "")
    assert await near(store, "a") is None
    assert await near(store, "b") == Near(sha("b"), 0)


@pytest.mark.asyncio
async def test_a_fingerprint_on_its_way_to_disk_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write, writable = store.fingerprints._write, asyncio.Event()

    async def late(sha256: str, prints: Fingerprint) -> None:
        await writable.wait()
        await write(sha256, prints)

    monkeypatch.setattr(store.fingerprints, "_write", late)
    keep(store, "a")
    await store.lists.put(HOME, sha("a"), Listed.BLOCKED, "mo", "")
    asking = asyncio.create_task(near(store))
    for _ in range(3):
        await asyncio.sleep(0)
    writable.set()
    assert await asking is not None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "of_another",
    [
        lambda s: s.lists.put(HOME, sha("a"), Listed.ALLOWED, "host", ""),
        lambda s: s.ledger.decide_case(HOME, 1, CaseState.OVERTURNED, "host"),
    ],
)
async def test_what_another_process_writes_is_seen(
    store: Store, clock: FakeClock, of_another: Callable[[Store], object]
) -> None:
    keep(store, "a")
    await remove(store, "1", judged("a"))
    assert await near(store) is not None
    path = store.db.path
    async with Store(await Database.open(None, data_dir=path.parent, clock=clock, ballast=0), clock) as other:
        await of_another(other)  # type: ignore[misc]
        assert await near(other) is None
    assert await store.db.changed()
    assert await near(store) is None


@pytest.mark.asyncio
async def test_the_newest_are_compared_and_the_oldest_forgotten(store: Store, clock: FakeClock) -> None:
    keep(store, *LOOKS)
    small = SqlLikenesses(store.db, store.fingerprints, most=3)
    for name in "abc":
        await clock.advance(1)
        await remove(store, name, judged(name))
    await clock.advance(1)
    await store.lists.put(HOME, sha("d"), Listed.BLOCKED, "mo", "")
    found = [await small.near(HOME, LOOKS[name], sha("copy")) for name in "abcd"]
    assert [n.sha256 if n else None for n in found] == [None, sha("b"), sha("c"), sha("d")]


@pytest.mark.asyncio
async def test_many_that_ask_at_once_read_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(store, "a", "b")
    await remove(store, "1", judged("a"))
    reads = 0
    read = store.db.read

    async def counted(unit: Callable[..., object]) -> object:
        nonlocal reads
        reads += 1
        return await read(unit)

    monkeypatch.setattr(store.db, "read", counted)
    found = await asyncio.gather(*(near(store) for _ in range(50)))
    assert (len(set(found)), reads) == (1, 1)
    await remove(store, "2", judged("b"))
    reads = 0
    assert await near(store, "b") is not None
    assert await near(store, "b") is not None
    assert reads == 1, "only what is new, once"
