"""A prepared statement does what SQLAlchemy would have done with it."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bot.model import JobKind
from bot.store.prepared import Prepared
from bot.store.store import Store
from bot.store.tables import JobState, jobs, removals, tenants
from tests.bot.store.samples import HOME, START, sha

JOB = {
    "key": "k",
    "kind": JobKind.RAW,
    "subject": "é ' \" ;",
    "payload": {"a": [1, None, "ü"]},
    "state": JobState.TODO,
    "run_at": START,
    "at": START,
}
NEW = insert(jobs).on_conflict_do_nothing().returning(jobs.c.id, jobs.c.kind, jobs.c.payload, jobs.c.at)
OPEN = select(jobs).where(jobs.c.tenant == bindparam("of"), text("jobs.state = 'todo'"), jobs.c.at >= bindparam("then"))
DONE = update(jobs).where(jobs.c.tenant == bindparam("of")).values(state=JobState.DONE, payload={})


@pytest.mark.asyncio
async def test_rows_come_back_as_the_types_of_their_columns(store: Store) -> None:
    tenant = await store.db.tenants.ensure(HOME)
    (made,) = await store.db.write(lambda c: Prepared(NEW).run(c, {"tenant": tenant, **JOB}))
    assert made[1:] == (JobKind.RAW, {"a": [1, None, "ü"]}, START)
    assert await store.db.write(lambda c: Prepared(NEW).run(c, {"tenant": tenant, **JOB})) == [], "it is there already"


@pytest.mark.asyncio
async def test_both_ways_of_executing_read_and_write_alike(store: Store) -> None:
    tenant = await store.db.tenants.ensure(HOME)
    asked = {"of": tenant, "then": START}

    def both(c: Connection) -> list[tuple[Any, ...]]:
        rows = [tuple(row) for row in c.execute(OPEN, asked)]
        assert Prepared(OPEN).run(c, asked) == rows
        return rows

    await store.db.write(lambda c: c.execute(NEW, {"tenant": tenant, **JOB}).all())
    await store.db.write(lambda c: Prepared(NEW).run(c, {"tenant": tenant, **JOB, "key": "other"}))
    first, second = await store.db.read(both)
    assert [value for n, value in enumerate(first) if n not in (0, 2)] == [
        value for n, value in enumerate(second) if n not in (0, 2)
    ]
    finish = Prepared(DONE)
    assert await store.db.write(lambda c: finish.run(c, {"of": tenant})) == []
    assert await store.db.read(both) == []


@pytest.mark.asyncio
async def test_each_of_many_rows_is_written_in_the_same_transaction(store: Store) -> None:
    tenant = await store.db.tenants.ensure(HOME)
    put = Prepared(insert(removals))
    rows = [{"tenant": tenant, "sha256": sha(x), "at": START} for x in "abc"]

    def break_off(c: Connection) -> None:
        put.each(c, rows)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.db.write(break_off)
    assert await store.ledger.removed_since(HOME, START) == []
    await store.db.write(lambda c: put.each(c, rows))
    assert [image for image, _ in await store.ledger.removed_since(HOME, START)] == [sha(x) for x in "abc"]


@pytest.mark.asyncio
async def test_what_is_missing_is_named_and_what_is_refused_is_the_drivers_error(store: Store) -> None:
    with pytest.raises(KeyError, match="of, then"):
        await store.db.read(lambda c: Prepared(OPEN).run(c, {}))
    with pytest.raises(sqlite3.IntegrityError):
        await store.db.write(lambda c: Prepared(insert(tenants)).run(c, {"name": None}))
