"""Fair turns, bounded hands, and a failing job that costs only itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Author, Entry, Event, EventKind, Job, JobKind, Media, MediaKind, Tenant
from bot.work import BURY_AFTER, IN_HAND, Turns, Work
from policies.model import Context, Place
from tests.clock import FakeClock

AT = datetime(2026, 11, 1, tzinfo=UTC)


def job(n: int, guild: str = "1", *, attempts: int = 0) -> Job:
    return Job(n, Tenant("discord", guild), f"k{n}", JobKind.EVENT, {}, "", attempts, AT)


def event(n: int, guild: str = "1") -> Event:
    return Event(
        tenant=Tenant("discord", guild),
        kind=EventKind.MESSAGE,
        place=Place(Context.GROUP_MESSAGE, "10"),
        message=str(n),
        version="0",
        author=Author("7"),
        media=(Media(MediaKind.ATTACHMENT, f"attachment:{n}"),),
        at=AT,
    )


class Paper:
    """A journal in memory: what it must keep is what the tests ask."""

    def __init__(self) -> None:
        self.waiting: list[Job] = []
        self.leased: list[Job] = []
        self.retried: list[tuple[int, datetime, str]] = []
        self.buried: list[int] = []
        self.commits = 0
        self.looks = 0

    async def put(self, entries: Sequence[Entry], *, lease: bool) -> list[Job]:
        self.commits += 1
        jobs = [
            Job(len(self.waiting) + len(self.leased) + n, e.tenant, e.key, e.kind, e.payload, e.subject, 0, AT)
            for n, e in enumerate(entries)
        ]
        (self.leased if lease else self.waiting).extend(jobs)
        return jobs

    async def take(self, limit: int) -> list[Job]:
        self.looks += 1
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        self.leased.extend(taken)
        return taken

    async def finish(self, job: Job) -> None: ...

    async def retry(self, job: Job, at: datetime, why: str, *, waits_for: str = "", counted: bool = True) -> None:
        self.retried.append((job.id, at, why))

    async def awaited(self, prefix: str) -> Mapping[str, Mapping[Tenant, int]]:
        raise NotImplementedError

    async def hasten(self, waits_for: str, most: int | None = None) -> int:
        return 0

    async def bury(self, job: Job, why: str) -> None:
        self.buried.append(job.id)

    async def recover(self) -> int:
        return 0

    async def backlog(self, tenant: Tenant | None = None) -> tuple[int, datetime | None]:
        return len(self.waiting), None


def test_a_flood_in_one_guild_delays_another_by_one_turn_only() -> None:
    turns = Turns()
    for n in range(100):
        turns.add(job(n, "loud"))
    turns.add(job(1000, "quiet"))
    given_out = [turns.next().id for _ in range(3)]
    assert 1000 in given_out


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=60))
def test_turns_lose_nothing_and_keep_each_guilds_order(guilds: list[str]) -> None:
    turns = Turns()
    for n, guild in enumerate(guilds):
        turns.add(job(n, guild))
    assert len(turns) == len(guilds)
    out = [turns.next() for _ in guilds]
    assert sorted(j.id for j in out) == list(range(len(guilds)))
    for guild in set(guilds):
        mine = [j.id for j in out if j.tenant.id == guild]
        assert mine == sorted(mine)
    with pytest.raises(IndexError):
        turns.next()


@pytest.mark.asyncio
async def test_one_batch_is_one_commit_and_every_job_is_handled_once() -> None:
    paper, seen = Paper(), []

    async def handle(j: Job) -> None:
        seen.append(j.key)

    work = Work(paper, {JobKind.EVENT: handle}, FakeClock(), workers=3)
    await work.submit([event(1), event(2), event(3)])
    task = asyncio.create_task(work.run())
    await _until(lambda: len(seen) == 3)
    work.close()
    await asyncio.wait_for(task, 20)
    assert paper.commits == 1
    assert sorted(seen) == sorted(event(n).key for n in (1, 2, 3))


@pytest.mark.asyncio
async def test_beyond_the_hand_a_flood_waits_on_disk_and_is_fetched_later() -> None:
    paper, seen = Paper(), []
    gate = asyncio.Event()

    async def handle(j: Job) -> None:
        await gate.wait()
        seen.append(j.key)

    work = Work(paper, {JobKind.EVENT: handle}, FakeClock(), workers=2)
    total = IN_HAND * 2 + 10
    for n in range(0, total, 50):
        await work.submit([event(m) for m in range(n, min(n + 50, total))])
    assert len(paper.leased) <= IN_HAND
    assert len(paper.waiting) == total - len(paper.leased)
    task = asyncio.create_task(work.run())
    gate.set()
    await _until(lambda: len(seen) == total)
    work.close()
    await asyncio.wait_for(task, 20)


@pytest.mark.asyncio
async def test_a_failing_job_is_put_back_and_the_others_go_on() -> None:
    paper, seen = Paper(), []

    async def handle(j: Job) -> None:
        if j.key.startswith("10/1@"):
            raise ZeroDivisionError("token=hunter2")
        seen.append(j.key)

    work = Work(paper, {JobKind.EVENT: handle}, FakeClock(), workers=1)
    await work.submit([event(1), event(2)])
    task = asyncio.create_task(work.run())
    await _until(lambda: len(seen) == 1 and len(paper.retried) == 1)
    work.close()
    await asyncio.wait_for(task, 20)
    assert paper.retried[0][2] == "ZeroDivisionError", "the text of an error may hold a secret"


@pytest.mark.asyncio
async def test_a_job_that_never_works_is_set_aside_not_repeated_for_ever() -> None:
    paper = Paper()

    async def handle(j: Job) -> None:
        raise ZeroDivisionError

    paper.waiting = [job(1, attempts=BURY_AFTER - 1)]
    work = Work(paper, {JobKind.EVENT: handle}, FakeClock(), workers=1)
    task = asyncio.create_task(work.run())
    await _until(lambda: paper.buried == [1])
    work.close()
    await asyncio.wait_for(task, 20)
    assert paper.retried == []


@pytest.mark.asyncio
async def test_what_falls_due_on_disk_is_found_without_being_called() -> None:
    paper, seen, clock = Paper(), [], FakeClock()

    async def handle(j: Job) -> None:
        seen.append(j.id)

    work = Work(paper, {JobKind.EVENT: handle}, clock, workers=1)
    task = asyncio.create_task(work.run())
    await asyncio.sleep(0.01)
    paper.waiting.append(job(5))
    await clock.advance(1.1)
    await _until(lambda: seen == [5])
    work.close()
    await asyncio.wait_for(task, 20)


class Glances:
    """Looks ahead that are under way."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.begun: list[tuple[str, int]] = []
        self.open: set[str] = set()

    def begin(self, event: Event) -> None:
        self.begun.append((event.key, self.paper.commits))
        self.open.add(event.key)

    def forget(self, tenant: Tenant, key: str) -> None:
        self.open.discard(key)


@pytest.mark.asyncio
async def test_an_event_is_looked_at_before_it_is_on_disk_and_let_go_with_its_job() -> None:
    paper, seen = Paper(), []
    ahead = Glances(paper)

    async def handle(j: Job) -> None:
        seen.append((j.key, j.key in ahead.open))
        if j.key.startswith("10/2@"):
            raise ZeroDivisionError

    work = Work(paper, {JobKind.EVENT: handle}, FakeClock(), workers=1, ahead=ahead)
    task = asyncio.create_task(work.run())
    await work.submit([event(1), event(2)])
    await _until(lambda: len(seen) == 2 and not ahead.open)
    work.close()
    await asyncio.wait_for(task, 20)
    assert ahead.begun == [(event(1).key, 0), (event(2).key, 0)]
    assert seen == [(event(1).key, True), (event(2).key, True)]


@pytest.mark.asyncio
async def test_what_the_journal_turns_down_is_let_go_and_in_a_flood_nothing_is_looked_at_ahead() -> None:
    class Full(Paper):
        async def put(self, entries: Sequence[Entry], *, lease: bool) -> list[Job]:
            raise OSError("no space")

    class Knowing(Paper):
        async def put(self, entries: Sequence[Entry], *, lease: bool) -> list[Job]:
            return []

    async def handle(j: Job) -> None: ...

    for paper, outcome in ((Full(), pytest.raises(OSError)), (Knowing(), contextlib.nullcontext())):
        ahead = Glances(paper)
        work = Work(paper, {JobKind.EVENT: handle}, FakeClock(), ahead=ahead)
        work.close()  # else it is tried again until the disk is well
        with outcome:
            await work.submit([event(1)])
        assert [key for key, _ in ahead.begun] == [event(1).key]
        assert ahead.open == set()

    ahead = Glances(Paper())
    work = Work(Paper(), {JobKind.EVENT: handle}, FakeClock(), ahead=ahead)
    await work.submit([event(1)])
    await work.submit([event(2)])
    assert [key for key, _ in ahead.begun] == [event(1).key], "the first one still waits for its turn"


@pytest.mark.asyncio
async def test_an_idle_bot_does_not_search_the_disk_at_every_post() -> None:
    paper, seen = Paper(), []

    async def handle(j: Job) -> None:
        seen.append(j.key)

    work = Work(paper, {JobKind.EVENT: handle}, FakeClock(), workers=2)
    task = asyncio.create_task(work.run())
    await asyncio.sleep(0.01)
    for n in range(5):
        await work.submit([event(n)])
        await _until(lambda n=n: len(seen) == n + 1)
    work.close()
    await asyncio.wait_for(task, 20)
    assert paper.looks == 1, "the one at the start"


async def _until(condition: object, seconds: float = 5.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - any condition, not one that could tell us
            await asyncio.sleep(0.002)


def test_at_most_so_many_jobs_of_one_guild_are_out_at_once() -> None:
    turns = Turns(limit=2)
    for n in range(5):
        turns.add(job(n, "slow"))
    out = [turns.next(), turns.next()]
    assert not turns.ready
    with pytest.raises(IndexError):
        turns.next()
    turns.add(job(9, "quiet"))
    assert turns.next().id == 9
    turns.done(out[0])
    assert turns.next().id == 2


def test_beside_another_guild_fewer_jobs_of_one_are_out() -> None:
    turns = Turns(limit=4, beside=2)
    for n in range(9):
        turns.add(job(n, "slow"))
    out = [turns.next() for _ in range(3)]
    turns.add(job(20, "quiet"))
    turns.add(job(21, "quiet"))
    assert [turns.next().id, turns.next().id] == [20, 21]
    assert not turns.ready, "the slow one has more than its share out already"
    turns.done(out.pop())
    assert not turns.ready
    turns.done(out.pop())
    assert turns.next().id == 3
    for n in (20, 21):
        turns.done(job(n, "quiet"))
    assert [turns.next().id, turns.next().id] == [4, 5], "alone again"
    assert not turns.ready


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans()), max_size=80))
def test_whatever_comes_and_goes_no_guild_is_given_more_than_its_share(steps: list[tuple[str, bool]]) -> None:
    turns, out = Turns(limit=4, beside=2), list[Job]()
    for n, (guild, ends) in enumerate(steps):
        if ends and out:
            turns.done(out.pop(0))
        else:
            turns.add(job(n, guild))
        shared = len({j.tenant for j in out} | set(turns._queues)) > 1
        if turns.ready:
            out.append(given := turns.next())
            assert sum(j.tenant == given.tenant for j in out) <= (2 if shared else 4)


@pytest.mark.asyncio
async def test_two_guilds_with_a_slow_vendor_leave_workers_to_a_third() -> None:
    paper, seen = Paper(), []
    slow = asyncio.Event()

    async def handle(j: Job) -> None:
        if j.tenant.id != "quick":
            await slow.wait()
        seen.append(j.tenant.id)

    work = Work(paper, {JobKind.EVENT: handle}, FakeClock())
    await work.submit([event(n, guild) for guild in ("one", "two") for n in range(20)])
    task = asyncio.create_task(work.run())
    await asyncio.sleep(0.01)
    await work.submit([event(100, "quick")])
    await _until(lambda: seen == ["quick"])
    slow.set()
    await _until(lambda: len(seen) == 41)
    work.close()
    await asyncio.wait_for(task, 20)


@pytest.mark.asyncio
async def test_one_guilds_stuck_jobs_leave_workers_to_another() -> None:
    paper, seen = Paper(), []
    stuck = asyncio.Event()

    async def handle(j: Job) -> None:
        if j.tenant.id == "slow":
            await stuck.wait()
        seen.append(j.tenant.id)

    work = Work(paper, {JobKind.EVENT: handle}, FakeClock(), workers=4)
    await work.submit([event(n, "slow") for n in range(10)])
    task = asyncio.create_task(work.run())
    await asyncio.sleep(0.01)
    await work.submit([event(100, "quiet")])
    await _until(lambda: seen == ["quiet"])
    stuck.set()
    await _until(lambda: len(seen) == 11)
    work.close()
    await asyncio.wait_for(task, 20)


@pytest.mark.asyncio
async def test_while_the_disk_fails_events_are_kept_and_tried_again() -> None:
    class Failing(Paper):
        trouble = 3

        async def put(self, entries: Sequence[Entry], *, lease: bool) -> list[Job]:
            if self.trouble:
                self.trouble -= 1
                raise OSError("the disk is full")
            return await super().put(entries, lease=lease)

    paper, seen = Failing(), []

    async def handle(j: Job) -> None:
        seen.append(j.key)

    work = Work(paper, {JobKind.EVENT: handle}, FakeClock(auto=True), workers=1)
    await work.submit([event(1)])
    assert paper.trouble == 0
    assert len(paper.leased) == 1
