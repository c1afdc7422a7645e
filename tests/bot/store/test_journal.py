from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.model import Entry, JobKind, Tenant
from bot.store.journal import SqlJournal
from bot.store.store import Store
from bot.store.tables import JobState, jobs
from tests.bot.store.samples import AWAY, HOME, START, entry, event
from tests.clock import FakeClock


def raw(key: str, tenant: Tenant = HOME, **fields: object) -> Entry:
    return Entry(tenant, key, JobKind.RAW, {"n": key}, **fields)  # type: ignore[arg-type]


async def states(store: Store) -> dict[str, str]:
    query = select(jobs.c.key, jobs.c.state)
    return {row.key: row.state for row in await store.db.read(lambda c: c.execute(query).all())}


@pytest.mark.asyncio
async def test_a_leased_entry_is_ours_at_once_with_all_it_was_given(store: Store) -> None:
    (job,) = await store.journal.put([entry(event("7"))], lease=True)
    assert (job.tenant, job.key, job.kind, job.subject) == (HOME, "55/7@0", JobKind.EVENT, "55/7")
    assert (job.attempts, job.at, job.payload) == (0, START, entry(event("7")).payload)
    assert await store.journal.take(10) == []


@pytest.mark.asyncio
async def test_what_waits_is_taken_as_it_was_put(store: Store) -> None:
    put = await store.journal.put([entry(event("7"))], lease=False)
    assert await store.journal.take(10) == put
    assert await store.journal.take(10) == []


@pytest.mark.asyncio
async def test_the_same_key_is_one_job(store: Store) -> None:
    first = await store.journal.put([raw("a"), raw("b"), raw("a")], lease=True)
    assert [j.key for j in first] == ["a", "b"]
    again = await store.journal.put([raw("b"), raw("c"), raw("a")], lease=True)
    assert [j.key for j in again] == ["c"]
    assert again[0].id > first[1].id > first[0].id


@pytest.mark.asyncio
async def test_the_same_key_in_two_guilds_is_two_jobs(store: Store) -> None:
    made = await store.journal.put([raw("a", HOME), raw("a", AWAY)], lease=True)
    assert [j.tenant for j in made] == [HOME, AWAY]


@pytest.mark.asyncio
async def test_a_finished_key_stays_known(store: Store) -> None:
    (job,) = await store.journal.put([raw("a")], lease=True)
    await store.journal.finish(job)
    assert await store.journal.put([raw("a")], lease=True) == []


@pytest.mark.asyncio
async def test_nothing_to_put_is_no_commit(store: Store) -> None:
    before = store.db.commits
    assert await store.journal.put([], lease=True) == []
    assert await store.journal.take(0) == []
    assert store.db.commits == before


@pytest.mark.asyncio
async def test_a_batch_is_one_commit(store: Store) -> None:
    await store.db.tenants.ensure(HOME)
    before = store.db.commits
    assert len(await store.journal.put([raw(f"k{n}") for n in range(100)], lease=False)) == 100
    assert store.db.commits - before == 1


@pytest.mark.asyncio
async def test_run_at_is_waited_for(store: Store, clock: FakeClock) -> None:
    await store.journal.put([raw("later", run_at=START + timedelta(minutes=1)), raw("now")], lease=False)
    assert [j.key for j in await store.journal.take(10)] == ["now"]
    await clock.advance(59)
    assert await store.journal.take(10) == []
    await clock.advance(1)
    assert [j.key for j in await store.journal.take(10)] == ["later"]


@pytest.mark.asyncio
async def test_retry_waits_and_counts(store: Store, clock: FakeClock) -> None:
    (job,) = await store.journal.put([raw("a")], lease=True)
    await store.journal.retry(job, START + timedelta(seconds=30), "vendor is down")
    assert await store.journal.take(10) == []
    await clock.advance(30)
    (again,) = await store.journal.take(10)
    assert (again.id, again.attempts, again.at) == (job.id, 1, START)


@pytest.mark.asyncio
async def test_what_is_done_or_dead_never_comes_back(store: Store, clock: FakeClock) -> None:
    done, dead = await store.journal.put([raw("done"), raw("dead")], lease=True)
    await store.journal.finish(done)
    await store.journal.bury(dead, "gives up")
    for job in (done, dead):
        await store.journal.retry(job, START, "again")
        await store.journal.bury(job, "again")
        await store.journal.finish(job)
    assert await store.journal.recover() == 0
    assert await store.journal.take(10) == []
    assert await states(store) == {"done": "done", "dead": "dead"}


@pytest.mark.asyncio
async def test_recover_voids_every_lease_and_counts_no_attempt(store: Store) -> None:
    await store.journal.put([raw("a"), raw("b", AWAY)], lease=True)
    await store.journal.put([raw("c")], lease=False)
    assert await store.journal.recover() == 2
    assert {(j.key, j.attempts) for j in await store.journal.take(10)} == {("a", 0), ("b", 0), ("c", 0)}


@pytest.mark.asyncio
async def test_a_clock_set_back_holds_no_lease(store: Store) -> None:
    await store.journal.put([raw("a")], lease=True)
    yesterday = SqlJournal(store.db, FakeClock(START - timedelta(days=1)))
    assert await yesterday.recover() == 1
    assert [j.key for j in await yesterday.take(10)] == ["a"]


@pytest.mark.asyncio
async def test_backlog_counts_what_is_not_at_its_end(store: Store, clock: FakeClock) -> None:
    assert await store.journal.backlog() == (0, None)
    (old,) = await store.journal.put([raw("old")], lease=True)
    await clock.advance(60)
    await store.journal.put([raw("new")], lease=False)
    assert await store.journal.backlog() == (2, START)
    await store.journal.finish(old)
    assert await store.journal.backlog() == (1, START + timedelta(seconds=60))


@pytest.mark.asyncio
async def test_a_chore_for_later_is_no_backlog_but_a_post_that_waits_is(store: Store, clock: FakeClock) -> None:
    chore = Entry(HOME, "retract:1", JobKind.RETRACT, {}, run_at=START + timedelta(hours=1))
    await store.journal.put([chore], lease=False)
    assert await store.journal.backlog() == (0, None)
    (post,) = await store.journal.put([raw("post")], lease=True)
    await store.journal.retry(post, START + timedelta(hours=2), "outage")
    assert await store.journal.backlog() == (1, START)
    await clock.advance(3601)
    assert (await store.journal.backlog())[0] == 2


@pytest.mark.asyncio
async def test_a_guild_in_a_flood_delays_no_other(store: Store) -> None:
    await store.journal.put([raw(f"flood{n}", HOME) for n in range(50)], lease=False)
    quiet = [Tenant("discord", str(n)) for n in range(10, 15)]
    await store.journal.put([raw(f"quiet{t.id}", t) for t in quiet], lease=False)
    taken = await store.journal.take(12)
    assert {j.tenant for j in taken[:6]} == {HOME, *quiet}  # everybody's first comes first
    assert [j.key for j in taken if j.tenant == HOME] == [f"flood{n}" for n in range(7)]  # oldest first


@pytest.mark.asyncio
async def test_one_at_a_time_is_fair_too(store: Store) -> None:
    await store.journal.put([raw(f"flood{n}", HOME) for n in range(20)], lease=False)
    await store.journal.put([raw(f"quiet{n}", AWAY) for n in range(3)], lease=False)
    order = []
    for _ in range(6):
        (job,) = await store.journal.take(1)
        order.append(job.tenant)
        await store.journal.finish(job)
    assert order.count(AWAY) == 3


@pytest.mark.asyncio
async def test_two_takers_never_get_the_same_job(store: Store) -> None:
    await store.journal.put([raw(f"k{n}") for n in range(100)], lease=False)
    takes = await asyncio.gather(*(store.journal.take(30) for _ in range(6)))
    keys = [job.key for took in takes for job in took]
    assert len(keys) == len(set(keys))
    while more := await store.journal.take(30):
        keys += [job.key for job in more]
    assert sorted(keys) == sorted(f"k{n}" for n in range(100))


@pytest.mark.asyncio
async def test_a_finished_job_keeps_nothing_that_a_person_wrote(store: Store) -> None:
    update = Entry(HOME, "u1", JobKind.RAW, {"message": {"text": "my secret words", "url": "https://example.org/x"}})
    (job,) = await store.journal.put([update], lease=True)
    await store.journal.finish(job)
    query = select(jobs.c.payload, jobs.c.state)
    assert await store.db.read(lambda c: c.execute(query).all()) == [({}, JobState.DONE)]


@pytest.mark.asyncio
async def test_a_picture_cannot_be_put_into_a_payload(store: Store) -> None:
    with pytest.raises(TypeError, match="bytes cannot be stored") as refused:
        await store.journal.put([Entry(HOME, "k", JobKind.RAW, {"picture": b"\x89PNG", "t": "hunter2"})], lease=True)
    assert "hunter2" not in str(refused.value)
    assert await store.journal.backlog() == (0, None)


# --- waiting for something -------------------------------------------------------------------------


async def parked(store: Store, key: str, waits_for: str, tenant: Tenant = HOME, *, counted: bool = False) -> None:
    (job,) = await store.journal.put([replace(entry(event(key)), key=key, tenant=tenant)], lease=True)
    at = START + timedelta(days=1)
    await store.journal.retry(job, at, "it is out", waits_for=waits_for, counted=counted)


@pytest.mark.asyncio
async def test_what_waits_is_due_when_that_comes_and_nothing_else_is(store: Store) -> None:
    await parked(store, "1", "provider:a")
    await parked(store, "2", "provider:b")
    await parked(store, "3", "provider:a", AWAY)
    assert await store.journal.take(10) == []
    assert await store.journal.hasten("provider:a") == 2
    assert [j.key for j in await store.journal.take(10)] == ["1", "3"]
    assert await store.journal.hasten("provider:a") == 0, "nobody waits for it any more"
    assert await store.journal.hasten("") == 0


@pytest.mark.asyncio
async def test_of_many_those_that_were_tried_least_come_first(store: Store) -> None:
    await parked(store, "1", "provider:a", counted=True)
    await parked(store, "2", "provider:a")
    await parked(store, "3", "provider:a")
    assert await store.journal.hasten("provider:a", most=1) == 1
    assert [(j.key, j.attempts, j.again) for j in await store.journal.take(10)] == [("2", 0, True)]


@pytest.mark.asyncio
async def test_images_that_wait_are_counted_by_what_they_wait_for_and_guild(store: Store) -> None:
    for key, name, tenant in (("1", "provider:a", HOME), ("2", "provider:a", AWAY), ("3", "ticket:a:7", HOME)):
        await parked(store, key, name, tenant)
    images = len(event("1").media)
    assert await store.journal.awaited("provider:") == {"provider:a": {HOME: images, AWAY: images}}
    assert await store.journal.awaited("ticket:") == {"ticket:a:7": {HOME: images}}
    await store.journal.hasten("provider:a")
    assert await store.journal.awaited("provider:") == {}


@pytest.mark.asyncio
async def test_an_entry_may_wait_from_the_start(store: Store) -> None:
    late = replace(entry(event("7")), run_at=START + timedelta(days=1), waits_for="ticket:a:7")
    await store.journal.put([late], lease=False)
    assert await store.journal.take(10) == []
    assert await store.journal.hasten("ticket:a:7") == 1
    assert len(await store.journal.take(10)) == 1
