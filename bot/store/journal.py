"""Jobs on disk: `bot.ports.Journal`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bot.model import Entry, Job, JobKind, Tenant
from bot.ports import Clock
from bot.store.database import Database
from bot.store.prepared import Prepared
from bot.store.tables import JobState, jobs, tenants

# Literal states: SQLite uses a partial index only where the statement repeats its condition.
_WAITS = text("jobs.state = 'todo'")
_LEASED = text("jobs.state = 'leased'")
_OPEN = text("jobs.state IN ('todo', 'leased')")

_PUT = Prepared(insert(jobs).on_conflict_do_nothing().returning(jobs.c.id))

_TURN = func.row_number().over(partition_by=jobs.c.tenant, order_by=jobs.c.id).label("turn")
_DUE = select(jobs.c.id, jobs.c.tenant, _TURN).where(_WAITS, jobs.c.run_at <= bindparam("now")).subquery()
_NEXT = select(_DUE).where(_DUE.c.turn <= bindparam("most")).order_by(_DUE.c.turn, _DUE.c.id)

_MOVE = update(jobs).where(jobs.c.id == bindparam("job"), jobs.c.tenant == bindparam("of"))
_MINE = _MOVE.where(_LEASED)
FINISH = _MOVE.where(_OPEN).values(state=JobState.DONE, payload={})
"""The payload is not kept: a platform's raw update may hold words that people wrote."""
_RETRY = _MINE.values(
    state=JobState.TODO,
    run_at=bindparam("at_"),
    why=bindparam("because"),
    waits_for=bindparam("for_"),
    attempts=jobs.c.attempts + bindparam("one"),
)
_PARKED = (_WAITS, text("jobs.waits_for <> ''"))
_HASTENED = (
    select(jobs.c.id)
    .where(*_PARKED, jobs.c.waits_for == bindparam("for_"))
    .order_by(jobs.c.attempts, jobs.c.id)
    .limit(bindparam("most"))
)
_HASTEN = update(jobs).where(jobs.c.id.in_(_HASTENED.scalar_subquery())).values(run_at=bindparam("now"), waits_for="")
_AWAITED = (
    select(jobs.c.waits_for, tenants.c.name, func.sum(func.json_array_length(jobs.c.payload, "$.event.media")))
    .join(tenants)
    .where(*_PARKED, jobs.c.waits_for.startswith(bindparam("prefix"), autoescape=False))
    .group_by(jobs.c.waits_for, tenants.c.name)
)
_BURY = _MINE.values(state=JobState.DEAD, why=bindparam("because"))


class SqlJournal:
    """Fair over tenants: whoever was served longest ago is next, however long another's queue is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._served: dict[int, int] = {}  # tenant -> when it was last served, as a running number
        self._serving = count(1)

    async def put(self, entries: Sequence[Entry], *, lease: bool) -> list[Job]:
        """See `Journal.put`. Entries keep their order: a later one has the higher id."""
        if not entries:
            return []
        now = self._clock.now()
        ids = {tenant: await self._database.tenants.ensure(tenant) for tenant in {e.tenant for e in entries}}
        state = JobState.LEASED if lease else JobState.TODO
        rows = [_row(entry, ids[entry.tenant], state, now) for entry in entries]
        made = await self._database.write(lambda c: [_PUT.run(c, row) for row in rows])
        return [_job(job, entry, now) for entry, new in zip(entries, made, strict=True) for (job,) in new]

    async def take(self, limit: int) -> list[Job]:
        """See `Journal.take`."""
        if limit <= 0:
            return []
        now = self._clock.now()
        candidates = await self._database.read(lambda c: c.execute(_NEXT, {"now": now, "most": limit}).all())
        if not candidates:
            return []
        fair = sorted(candidates, key=lambda row: (row.turn, self._served.get(row.tenant, 0), row.id))[:limit]
        for row in fair:
            self._served[row.tenant] = next(self._serving)
        chosen = {row.id: place for place, row in enumerate(fair)}
        leased = await self._database.write(lambda c: _lease(c, list(chosen)))
        return sorted(leased, key=lambda job: chosen[job.id])

    async def finish(self, job: Job) -> None:
        """See `Journal.finish`."""
        await self._move(FINISH, job)

    async def retry(self, job: Job, at: datetime, why: str, *, waits_for: str = "", counted: bool = True) -> None:
        """See `Journal.retry`."""
        await self._move(_RETRY, job, at_=at, because=why, for_=waits_for, one=int(counted))

    async def hasten(self, waits_for: str, most: int | None = None) -> int:
        """See `Journal.hasten`."""
        values = {"for_": waits_for, "now": self._clock.now(), "most": -1 if most is None else most}
        return await self._database.write(lambda c: int(c.execute(_HASTEN, values).rowcount))

    async def awaited(self, prefix: str) -> Mapping[str, Mapping[Tenant, int]]:
        """See `Journal.awaited`."""
        found: dict[str, dict[Tenant, int]] = {}
        for what, name, images in await self._database.read(lambda c: c.execute(_AWAITED, {"prefix": prefix}).all()):
            found.setdefault(what, {})[Tenant.parse(name)] = images or 0
        return found

    async def bury(self, job: Job, why: str) -> None:
        """See `Journal.bury`."""
        await self._move(_BURY, job, because=why)

    async def recover(self) -> int:
        """See `Journal.recover`. No attempt is counted: being killed is no fault of the job. What was
        leased was due, and is due now, also if the clock was set back meanwhile."""
        void = update(jobs).where(_OPEN, _LEASED).values(state=JobState.TODO, run_at=self._clock.now())
        return await self._database.write(lambda c: int(c.execute(void).rowcount))

    async def backlog(self, tenant: Tenant | None = None) -> tuple[int, datetime | None]:
        """See `Journal.backlog`. A chore for later is no backlog before its time; a post that is to be tried
        again later is."""
        due = jobs.c.kind.in_((JobKind.EVENT, JobKind.RAW)) | (jobs.c.run_at <= self._clock.now())
        query = select(func.count(), func.min(jobs.c.at)).where(_OPEN, due)
        if tenant is not None:
            query = query.where(jobs.c.tenant == await self._database.tenants.find(tenant))
        waiting, oldest = await self._database.read(lambda c: c.execute(query).one())
        return waiting, oldest

    async def _move(self, statement: Any, job: Job, **values: Any) -> None:
        tenant = await self._database.tenants.find(job.tenant)
        if tenant is not None:
            values |= {"job": job.id, "of": tenant}
            await self._database.write(lambda c: c.execute(statement, values))


def _row(entry: Entry, tenant: int, state: JobState, now: datetime) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "key": entry.key,
        "kind": entry.kind,
        "subject": entry.subject,
        "payload": entry.payload,
        "state": state,
        "run_at": entry.run_at or now,
        "waits_for": entry.waits_for,
        "at": now,
    }


def _job(job: int, entry: Entry, now: datetime) -> Job:
    return Job(job, entry.tenant, entry.key, entry.kind, entry.payload, entry.subject, attempts=0, at=now)


def _lease(connection: Connection, ids: Sequence[int]) -> list[Job]:
    """Of these, the ones that still wait, taken by us."""
    ours = jobs.c.id.in_(ids)
    taken = set(
        connection.execute(
            update(jobs).where(ours, _WAITS).values(state=JobState.LEASED).returning(jobs.c.id)
        ).scalars()
    )
    query = select(jobs, tenants.c.name).join(tenants).where(ours)
    return [_stored(row) for row in connection.execute(query).mappings() if row["id"] in taken]


def _stored(row: RowMapping) -> Job:
    return Job(
        id=row["id"],
        tenant=Tenant.parse(row["name"]),
        key=row["key"],
        kind=row["kind"],
        payload=row["payload"],
        subject=row["subject"],
        attempts=row["attempts"],
        at=row["at"],
        again=bool(row["why"]),
    )
