"""Who works on which job next: a bounded number at once, fair over guilds, the rest stays on disk."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from bot.model import Entry, Event, Job, JobKind, Tenant
from bot.ports import Clock, Journal
from bot.ports.connected import Received
from bot.store.codec import event_payload

log = structlog.get_logger("beholder.work")

IN_HAND = 256  # jobs leased into memory; what comes beyond waits on disk
WORKERS = 16  # jobs worked on at once: most of them wait for a platform or a vendor
POLL = 1.0  # seconds between looks at the disk when nothing calls
BURY_AFTER = 20  # tries of one job, over more than an hour: those that an outage cost are among them
RETRY_LONGEST = 600  # seconds
UNWRITTEN = 5000  # events kept in memory while the disk fails; about 2 kB each

Handle = Callable[[Job], Awaitable[None]]


class Ahead(Protocol):
    """Who may look at an event while it is still on its way to disk (`bot.foresight.Foresight`)."""

    def begin(self, event: Event) -> None:
        """Start, if there is room for it; nothing may come of it but a look."""
        ...

    def forget(self, tenant: Tenant, key: str) -> None:
        """The event of this key needs no look any more. Idempotent."""
        ...


class Turns:
    """Jobs in hand, given out round robin over guilds, so that a flood in one delays no other.

    At most `limit` jobs of one guild are out at once, and `beside` where another has work too: its troubles (a
    platform or a vendor that answers it late) leave workers to the others.
    """

    def __init__(self, limit: int | None = None, beside: int | None = None) -> None:
        self._limit = limit
        self._beside = limit if beside is None else beside
        self._queues: dict[Tenant, deque[Job]] = {}
        self._order: deque[Tenant] = deque()
        self._out: Counter[Tenant] = Counter()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def ready(self) -> bool:
        """Whether `next` has a job to give."""
        return any(self._may(tenant) for tenant in self._order)

    def add(self, job: Job) -> None:
        """Last in its guild's line."""
        if job.tenant not in self._queues:
            self._queues[job.tenant] = deque()
            self._order.append(job.tenant)
        self._queues[job.tenant].append(job)
        self._size += 1

    def next(self) -> Job:
        """The first of the guild whose turn it is. Raises IndexError if there is none to give."""
        tenant = next((t for t in self._order if self._may(t)), None)
        if tenant is None:
            raise IndexError("no job to give")
        self._order.remove(tenant)
        queue = self._queues[tenant]
        job = queue.popleft()
        self._size -= 1
        self._out[tenant] += 1
        if queue:
            self._order.append(tenant)
        else:
            del self._queues[tenant]
        return job

    def done(self, job: Job) -> None:
        """It is back: another of its guild may go out."""
        self._out[job.tenant] -= 1
        if not self._out[job.tenant]:
            del self._out[job.tenant]

    def _may(self, tenant: Tenant) -> bool:
        most = self._beside if self._is_shared else self._limit
        return most is None or self._out[tenant] < most

    @property
    def _is_shared(self) -> bool:
        """Whether more than one guild has work, in hand or out."""
        several = len(self._queues) > 1 or len(self._out) > 1
        return several or bool(self._queues and self._out and self._queues.keys() != self._out.keys())


class Work:
    """Takes events to disk and jobs to their handlers."""

    def __init__(
        self,
        journal: Journal,
        handlers: Mapping[JobKind, Handle],
        clock: Clock,
        *,
        workers: int = WORKERS,
        ahead: Ahead | None = None,
    ) -> None:
        self._journal = journal
        self._handlers = handlers
        self._clock = clock
        self._workers = workers
        self._ahead = ahead
        self._turns = Turns(limit=max(1, workers // 2), beside=max(1, workers // 4))
        self._unwritten = 0  # events that wait in memory for a disk that fails
        self._called = asyncio.Event()  # something is in hand
        self._wanted = asyncio.Event()  # there is room, or something new on disk
        self._behind = False  # more lies on disk than is in hand
        self._closing = False

    async def submit(self, events: Sequence[Event]) -> None:
        """Put events on disk, in one commit; when this returns they cannot be lost any more.

        Nor when it is cancelled: what is on disk as ours is in hand too.
        """
        await asyncio.shield(self._put(events))

    async def receive(self, updates: Sequence[Received]) -> None:
        """The same for what is journalled as the platform sent it."""
        await asyncio.shield(self._journal_all([u.entry for u in updates], [u.event for u in updates if u.event]))

    async def _put(self, events: Sequence[Event]) -> None:
        entries = [Entry(e.tenant, e.key, JobKind.EVENT, event_payload(e), subject=e.subject) for e in events]
        await self._journal_all(entries, events)

    async def _journal_all(self, entries: Sequence[Entry], events: Sequence[Event]) -> None:
        """`events`: those of the entries whose meaning is known, to be looked at ahead."""
        room = len(self._turns) + len(entries) <= IN_HAND
        if not len(self._turns):
            self._look_ahead(events)
        jobs: Sequence[Job] = ()
        try:
            jobs = await self._journalled(entries, lease=room)
        finally:
            self._look_no_more({(e.tenant, e.key) for e in events} - {(j.tenant, j.key) for j in jobs})
        if room:
            self._take_in(jobs)
        else:
            self._behind = True
            self._wanted.set()

    async def _journalled(self, entries: Sequence[Entry], *, lease: bool) -> Sequence[Job]:
        """While the disk fails, what happened is kept in memory and tried again: nobody will tell it twice."""
        self._unwritten += len(entries)
        try:
            while True:
                try:
                    return await self._journal.put(entries, lease=lease)
                except (OverflowError, RecursionError, TypeError, ValueError):
                    raise  # no disk mends what cannot be written
                except Exception as error:
                    if self._closing or self._unwritten > UNWRITTEN:
                        raise
                    log.error("journal failed; kept in memory", events=self._unwritten, error=type(error).__name__)
                await self._clock.sleep(POLL)
        finally:
            self._unwritten -= len(entries)

    async def run(self) -> None:
        """Work until cancelled or `close`d."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed(), name="feed")
            for n in range(self._workers):
                group.create_task(self._worker(), name=f"worker-{n}")

    def close(self) -> None:
        """Finish what is being worked on, take nothing new; leases are given back by the next start."""
        self._closing = True
        self._called.set()
        self._wanted.set()

    async def _feed(self) -> None:
        """Bring jobs from disk into hand: after a restart, when they fall due, when a flood ebbs."""
        while not self._closing:
            self._wanted.clear()
            room = IN_HAND - len(self._turns)
            if room >= IN_HAND // 2:
                self._behind = False  # before looking: what is put there meanwhile counts
                jobs = await self._taken(room)
                self._take_in(jobs)
                if len(jobs) == room:
                    self._behind = True
                    continue
            await self._pause()

    async def _taken(self, room: int) -> Sequence[Job]:
        """What waits on disk; nothing while the disk fails, which costs neither the process nor what is in hand."""
        try:
            return await self._journal.take(room)
        except Exception as error:  # noqa: BLE001 - the disk's trouble is told by the health check
            log.error("journal failed", error=type(error).__name__)
            return ()

    async def _pause(self) -> None:
        waiter = asyncio.ensure_future(self._wanted.wait())
        sleeper = asyncio.ensure_future(self._clock.sleep(POLL))
        try:
            await asyncio.wait({waiter, sleeper}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
            sleeper.cancel()

    def _look_ahead(self, events: Sequence[Event]) -> None:
        if self._ahead is not None:
            for event in events:
                self._ahead.begin(event)

    def _look_no_more(self, keys: Iterable[tuple[Tenant, str]]) -> None:
        """Nothing that was begun outlives its job, nor an event that gave none."""
        if self._ahead is not None:
            for tenant, key in keys:
                self._ahead.forget(tenant, key)

    def _take_in(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._turns.add(job)
        if jobs:
            self._called.set()

    async def _worker(self) -> None:
        while not self._closing:
            if not self._turns.ready:
                self._called.clear()
                await self._called.wait()
                continue
            job = self._turns.next()
            if self._behind and len(self._turns) < IN_HAND // 4:
                self._wanted.set()
            try:
                await self._supervised(job)
            finally:
                self._turns.done(job)
                self._called.set()  # a job of the same guild may have waited for this one

    async def _supervised(self, job: Job) -> None:
        """The one place that catches whatever a job throws: it costs that job only."""
        try:
            await self._handlers[job.kind](job)
        except Exception as error:
            log.error("job failed", guild=str(job.tenant), job=job.key, attempt=job.attempts + 1, exc_info=error)
            await self._put_back(job, error)
        finally:
            self._look_no_more({(job.tenant, job.key)})

    async def _put_back(self, job: Job, error: Exception) -> None:
        why = f"{type(error).__name__}"
        try:
            if job.attempts + 1 >= BURY_AFTER:
                await self._journal.bury(job, why)
            else:
                wait = timedelta(seconds=min(2 ** (job.attempts + 1), RETRY_LONGEST))
                await self._journal.retry(job, self._clock.now() + wait, why)
        except Exception as again:  # noqa: BLE001 - the disk itself fails: only we know of the job, so it stays in hand
            log.error("journal failed", guild=str(job.tenant), job=job.key, error=type(again).__name__)
            await self._clock.sleep(POLL)
            self._take_in([job])
