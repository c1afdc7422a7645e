"""Group commit: a burst shares one fsync, and one bad unit costs nobody else anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from sqlalchemy import Connection, func, insert, select

from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.store import Store
from bot.store.tables import tenants
from bot.store.writer import BATCH
from tests.bot.store.samples import HOME, remove
from tests.clock import FakeClock


def add(name: str) -> Callable[[Connection], str]:
    def unit(connection: Connection) -> str:
        connection.execute(insert(tenants), {"name": name})
        return name

    return unit


def fail(connection: Connection) -> None:
    connection.execute(insert(tenants), {"name": "half done"})
    raise KeyError("no such thing")


async def names(database: Database) -> set[str]:
    return set(await database.read(lambda c: c.execute(select(tenants.c.name)).scalars().all()))


@pytest.mark.asyncio
async def test_two_hundred_writes_at_once_share_a_few_commits(database: Database) -> None:
    before = database.commits
    wrote = await asyncio.gather(*(database.write(add(f"t{n}")) for n in range(200)))
    assert wrote == [f"t{n}" for n in range(200)]  # each got its own answer
    assert await names(database) == set(wrote)
    assert database.commits - before == -(-200 // BATCH)


@pytest.mark.asyncio
async def test_a_lonely_write_does_not_wait_for_company(database: Database) -> None:
    before = database.commits
    for n in range(3):
        await database.write(add(f"t{n}"))
    assert database.commits - before == 3


@pytest.mark.asyncio
async def test_only_the_unit_that_failed_fails(database: Database) -> None:
    units = [add(f"t{n}") for n in range(30)]
    answers = await asyncio.gather(
        *(database.write(u) for u in units[:11]),
        database.write(fail),
        *(database.write(u) for u in units[11:]),
        return_exceptions=True,
    )
    failed = [a for a in answers if isinstance(a, BaseException)]
    assert [repr(f) for f in failed] == [repr(KeyError("no such thing"))]
    assert await names(database) == {f"t{n}" for n in range(30)}  # and nothing half done


@pytest.mark.asyncio
async def test_a_unit_that_fails_alone_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError):
        await database.write(fail)
    assert await names(database) == set()
    await database.write(add("after"))
    assert await names(database) == {"after"}


@pytest.mark.asyncio
async def test_waiters_that_were_cancelled_disturb_nobody(database: Database) -> None:
    tasks = [asyncio.create_task(database.write(add(f"t{n}"))) for n in range(50)]
    await asyncio.sleep(0)  # all have asked, none is answered
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[1::2] == [f"t{n}" for n in range(1, 50, 2)]
    assert all(isinstance(a, asyncio.CancelledError) for a in answers[::2])
    assert {f"t{n}" for n in range(1, 50, 2)} <= await names(database)


@pytest.mark.asyncio
async def test_a_waiter_cancelled_while_its_unit_runs_does_not_stop_the_next(database: Database) -> None:
    loop, running, go_on = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        running.set()
        await go_on.wait()

    def slow(connection: Connection) -> None:
        asyncio.run_coroutine_threadsafe(wait(), loop).result(5)

    first = asyncio.create_task(database.write(slow))
    await running.wait()
    second = asyncio.create_task(database.write(add("second")))
    await asyncio.sleep(0)
    first.cancel()
    go_on.set()
    assert await second == "second"
    with pytest.raises(asyncio.CancelledError):
        await first


@pytest.mark.asyncio
async def test_nobody_waits_for_ever_when_the_thread_is_gone(database: Database) -> None:
    class Leaving(BaseException):
        pass

    def leave(connection: Connection) -> None:
        raise Leaving

    leaving = asyncio.create_task(database.write(leave))
    waiting = [asyncio.create_task(database.write(add(f"t{n}"))) for n in range(BATCH + 5)]
    done, pending = await asyncio.wait([leaving, *waiting], timeout=5)
    assert not pending
    assert all(task.cancelled() for task in done)
    assert await database.write(add("after")) == "after"
    assert await names(database) == {"after"}


@pytest.mark.asyncio
async def test_the_event_loop_never_touches_the_disk(data_dir: Path, clock: FakeClock) -> None:
    with blockbuster_ctx("bot.store"):
        async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
            await remove(store)
            await store.ledger.cases(HOME)
            await store.db.changed()
            await store.db.backup(data_dir / "copy.db")


@pytest.mark.asyncio
async def test_closing_writes_what_was_asked_for(database: Database) -> None:
    tasks = [asyncio.create_task(database.write(add(f"t{n}"))) for n in range(300)]
    await asyncio.sleep(0)
    await database.close()
    assert len(await asyncio.gather(*tasks)) == 300
    with pytest.raises(StoreError, match="closed"):
        await database.write(add("late"))


@pytest.mark.asyncio
async def test_readers_see_what_is_committed_and_cannot_write(database: Database) -> None:
    await database.write(add("t"))
    assert await database.read(lambda c: c.execute(select(func.count()).select_from(tenants)).scalar()) == 1
    with pytest.raises(StoreError, match="cannot be written"):
        await database.read(add("sneaky"))
    assert await names(database) == {"t"}
