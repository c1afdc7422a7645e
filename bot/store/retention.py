"""Forgetting on time (ruling 21), a few rows a commit so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Table, delete, exists, select, tuple_, union

from bot.ports import Clock
from bot.store import albums as joined
from bot.store.database import Database
from bot.store.drafts import LASTS
from bot.store.tables import (
    JobState,
    albums,
    cases,
    decisions,
    drafts,
    effects,
    faces,
    fingerprints,
    jobs,
    lists,
    media,
    removals,
    strikes,
    subjects,
    tickets,
    verdicts,
)

BATCH = 500


@dataclass(frozen=True, slots=True)
class Keep:
    """For how many days. Strikes live as long as cases: no ladder may look further back.

    `decisions` also rules cached verdicts, known platform ids, receipts and effects without a case, and fingerprints
    of images that no case and no list names. A face that was
    forgotten is looked at once more when it is next seen.
    """

    jobs: int = 7
    decisions: int = 30
    cases: int = 180
    faces: int = 180


async def sweep(database: Database, clock: Clock, *, keep: Keep | None = None, batch: int = BATCH) -> dict[str, int]:
    """Delete what is older. Returns how many rows went, by table; rows that belonged to them go along."""
    gone: dict[str, int] = {}
    for table, old in _old(keep or Keep(), clock.now()):
        gone[table.name] = gone.get(table.name, 0) + await _delete(database, table, old, batch)
    return gone


def _old(keep: Keep, now: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Cases before decisions, since a case needs its decision."""
    jobs_before, decisions_before, cases_before = (
        now - timedelta(days=d) for d in (keep.jobs, keep.decisions, keep.cases)
    )
    yield jobs, (jobs.c.at < jobs_before) & jobs.c.state.in_((JobState.DONE, JobState.DEAD))
    yield drafts, drafts.c.at <= now - LASTS
    yield albums, albums.c.at <= now - joined.LASTS
    yield removals, removals.c.at < jobs_before
    yield cases, cases.c.opened_at < cases_before
    yield strikes, strikes.c.at < cases_before
    # What was told once a month is known by its effect until the month is over, also on its 31st day.
    yield effects, (effects.c.at < min(decisions_before, _month(now))) & effects.c.case.is_(None)
    yield decisions, (decisions.c.at < decisions_before) & ~exists().where(cases.c.decision == decisions.c.id)
    yield faces, faces.c.at < now - timedelta(days=keep.faces)
    yield verdicts, verdicts.c.at < decisions_before
    yield fingerprints, (fingerprints.c.at < decisions_before) & fingerprints.c.sha256.not_in(_named())
    yield media, media.c.at < decisions_before
    yield tickets, tickets.c.at < decisions_before


def _month(now: datetime) -> datetime:
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _named() -> CompoundSelect[tuple[str]]:
    """Images of some guild's cases and lists: what nearly looks like them must be known again."""
    return union(select(subjects.c.sha256), select(lists.c.sha256))


async def _delete(database: Database, table: Table, old: ColumnElement[bool], batch: int) -> int:
    key: Any = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(old).limit(batch)
    statement = delete(table).where(key.in_(some))
    total = 0
    while True:
        deleted = await database.write(lambda c: int(c.execute(statement).rowcount))
        total += deleted
        if deleted < batch:
            return total
