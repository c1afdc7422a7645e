"""What a guild says of exact images, what providers said of them, and what is forgotten when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.model import CardRef, CaseState, EffectKind, Entry, JobKind, Plan
from bot.store.lists import SqlLists
from bot.store.retention import Keep, sweep
from bot.store.store import Store
from bot.store.tables import metadata
from bot.store.verdicts import SqlVerdicts
from policies.model import Evidence, Listed, Verdict
from tests.bot.store.samples import AWAY, HOME, START, event, judged, lease, passed, remove, sha, verdict
from tests.clock import FakeClock

DAY = 86_400


# --- lists ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_entry_is_set_changed_and_removed(store: Store) -> None:
    assert await store.lists.listed(HOME, sha("a")) is None
    for wanted in (Listed.BLOCKED, Listed.ALLOWED, Listed.BLOCKED, None, None):
        await store.lists.put(HOME, sha("a"), wanted, "mod", "because")
        assert await store.lists.listed(HOME, sha("a")) is wanted
        assert await store.lists.listed(AWAY, sha("a")) is None


@pytest.mark.asyncio
async def test_entries_come_newest_first_by_how_they_begin(store: Store, clock: FakeClock) -> None:
    images = [str(n) * 64 for n in range(5)]
    for n, image in enumerate(images):
        await clock.advance(1)
        await store.lists.put(HOME, image, Listed.BLOCKED if n % 2 else Listed.ALLOWED, f"mod{n}", f"why {n}")
    found = await store.lists.entries(HOME)
    assert [e.sha256 for e in found] == images[::-1]
    newest = found[0]
    assert (newest.listed, newest.by, newest.why, newest.at) == (Listed.ALLOWED, "mod4", "why 4", clock.now())
    assert [e.sha256 for e in await store.lists.entries(HOME, limit=2, offset=1)] == [images[3], images[2]]
    assert [e.sha256 for e in await store.lists.entries(HOME, prefix=images[2][:8])] == [images[2]]
    assert await store.lists.entries(HOME, prefix="%") == []
    assert await store.lists.entries(AWAY) == []


@pytest.mark.asyncio
async def test_what_is_pending_is_its_owners_in_one_guild_until_dropped_or_old(store: Store, clock: FakeClock) -> None:
    await store.drafts.keep(HOME, "ann", "import", {"preset": "strict"})
    await store.drafts.keep(HOME, "ann", "import", {"preset": "art"})
    assert await store.drafts.kept(HOME, "ann", "import") == {"preset": "art"}
    for tenant, owner, name in ((AWAY, "ann", "import"), (HOME, "ben", "import"), (HOME, "ann", "setup")):
        assert await store.drafts.kept(tenant, owner, name) is None
        await store.drafts.drop(tenant, owner, name)
    assert await store.drafts.kept(HOME, "ann", "import") is not None
    await store.drafts.drop(HOME, "ann", "import")
    assert await store.drafts.kept(HOME, "ann", "import") is None
    await store.drafts.keep(HOME, "ann", "import", {"preset": "art"})
    await clock.advance(8 * DAY)
    assert (await sweep(store.db, clock))["drafts"] == 1
    assert await store.drafts.kept(HOME, "ann", "import") is None


@pytest.mark.asyncio
@pytest.mark.parametrize("image", ["", "abc", "A" * 64, sha("a") + "0", "z" * 64])
async def test_only_a_sha256_can_be_listed(store: Store, image: str) -> None:
    with pytest.raises(ValueError, match="64 small hexadecimal digits"):
        await store.lists.put(HOME, image, Listed.ALLOWED, "mod", "")


@pytest.mark.asyncio
async def test_what_is_remembered_of_an_image_does_not_outlive_an_overturned_case(store: Store) -> None:
    number = await remove(store)
    image = judged().sha256
    assert await store.lists.listed(HOME, image) is None
    reads = store.db.read
    store.db.read = None  # type: ignore[method-assign,assignment]
    assert await store.lists.listed(HOME, image) is None, "without asking the disk again"
    store.db.read = reads  # type: ignore[method-assign]
    await store.ledger.decide_case(HOME, number, CaseState.OVERTURNED, "mod")
    assert await store.lists.listed(HOME, image) is Listed.ALLOWED


@pytest.mark.asyncio
async def test_the_bytes_first_seen_under_an_id_stay(store: Store, clock: FakeClock) -> None:
    assert await store.lists.known("discord", "attachment:1") is None
    await store.lists.know("discord", "attachment:1", sha("a"))
    await store.lists.know("discord", "attachment:1", sha("b"))
    for lists in (store.lists, store.lists, SqlLists(store.db, clock)):
        assert await lists.known("discord", "attachment:1") == sha("a")
    assert await store.lists.known("telegram", "attachment:1") is None


# --- verdicts ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_verdict_is_found_under_exactly_its_key(store: Store, clock: FakeClock) -> None:
    said = verdict()
    await store.verdicts.put(sha("a"), "v1", "ask", said)
    for verdicts in (store.verdicts, store.verdicts, SqlVerdicts(store.db, clock)):
        assert await verdicts.get(sha("a"), "local", "v1", "ask") == said
    for key in [
        (sha("b"), "local", "v1", "ask"),
        (sha("a"), "huawei", "v1", "ask"),
        (sha("a"), "local", "v2", "ask"),
        (sha("a"), "local", "v1", "ask|de"),
    ]:
        assert await store.verdicts.get(*key) is None


@pytest.mark.asyncio
async def test_the_first_verdict_under_a_key_stays(store: Store) -> None:
    await store.verdicts.put(sha("a"), "v1", "ask", verdict(0.1))
    await store.verdicts.put(sha("a"), "v1", "ask", verdict(0.9))
    kept: Verdict | None = await store.verdicts.get(sha("a"), "local", "v1", "ask")
    assert kept == verdict(0.1)


# --- retention --------------------------------------------------------------------------------------


async def counts(store: Store) -> dict[str, int]:
    tables = [t for t in metadata.sorted_tables if t.name not in ("tenants", "policies", "lists")]
    query = select(*(select(func.count()).select_from(t).scalar_subquery().label(t.name) for t in tables))
    row = await store.db.read(lambda c: c.execute(query).mappings().one())
    return {name: n for name, n in row.items() if n}


async def fill(store: Store) -> None:
    """One row or more in every table that is swept."""
    await remove(store, "flagged")
    await store.ledger.card_posted(HOME, 1, CardRef("9", "9", Evidence.NONE))
    happened = event("clean")
    await store.ledger.conclude(await lease(store, happened), passed(happened))
    await store.ledger.plan(HOME, None, [Plan(EffectKind.SAY, {})])
    await store.verdicts.put(sha("a"), "v", "a", verdict())
    await store.lists.know("discord", "k", sha("a"))
    waiting, dead = await store.journal.put([Entry(HOME, k, JobKind.RAW, {}) for k in ("waiting", "dead")], lease=True)
    await store.journal.bury(dead, "broken")
    await store.journal.retry(waiting, START + timedelta(days=300), "much later")


@pytest.mark.asyncio
async def test_each_thing_is_forgotten_on_its_day_and_not_before(store: Store, clock: FakeClock) -> None:
    await fill(store)
    everything = await counts(store)
    assert set(everything) == {
        *("jobs", "decisions", "cases", "subjects", "cards", "effects", "strikes", "removals", "verdicts", "media")
    }
    await clock.advance(7 * DAY)
    await sweep(store.db, clock)
    assert await counts(store) == everything
    await clock.advance(1)
    gone = await sweep(store.db, clock)
    assert {k: v for k, v in gone.items() if v} == {"jobs": 3, "removals": 1}
    await clock.advance(23 * DAY)
    gone = await sweep(store.db, clock)
    assert {k: v for k, v in gone.items() if v} == {"decisions": 1, "effects": 1, "verdicts": 1, "media": 1}
    case = await store.ledger.case(HOME, 1)
    assert case is not None
    assert (len(case.effects), len(case.cards), len(case.images)) == (3, 1, 1)
    await clock.advance(150 * DAY)
    await sweep(store.db, clock)
    assert await counts(store) == {"jobs": 1}  # what waits is never swept
    assert await remove(store, "later") == 2  # and no number is given twice


@pytest.mark.asyncio
async def test_much_is_forgotten_in_small_commits(store: Store, clock: FakeClock) -> None:
    for job in await store.journal.put([Entry(HOME, str(n), JobKind.RAW, {}) for n in range(100)], lease=True):
        await store.journal.finish(job)
    await clock.advance(2 * DAY)
    before = store.db.commits
    gone = await sweep(store.db, clock, keep=Keep(jobs=1), batch=30)
    assert gone["jobs"] == 100
    assert store.db.commits - before >= 4


@pytest.mark.asyncio
async def test_a_key_is_known_for_as_long_as_its_job_is_kept(store: Store, clock: FakeClock) -> None:
    (job,) = await store.journal.put([Entry(HOME, "k", JobKind.RAW, {})], lease=True)
    await store.journal.finish(job)
    await clock.advance(6 * DAY)
    await sweep(store.db, clock)
    assert await store.journal.put([Entry(HOME, "k", JobKind.RAW, {})], lease=True) == []
    await clock.advance(2 * DAY)
    await sweep(store.db, clock)
    (again,) = await store.journal.put([Entry(HOME, "k", JobKind.RAW, {})], lease=True)
    assert again.id > job.id  # ids are never used twice
    assert replace(job, id=again.id, at=again.at) == again
