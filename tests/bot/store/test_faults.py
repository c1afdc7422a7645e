"""The database fails in every way it can. Nothing is half written, and every error says its cure."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy import event as events

from bot.store import driver, errors
from bot.store.database import NAME, Database
from bot.store.disk import Ballast
from bot.store.errors import Corrupt, DiskFault, DiskFull, Locked, ReadOnly, StoreError, TooNew, explained
from bot.store.prepared import Prepared
from bot.store.store import Store
from bot.store.tables import tenants
from tests.bot.store.conftest import SMALL_BALLAST
from tests.bot.store.samples import HOME, START, event, lease, ruling
from tests.clock import FakeClock

ROOT = Path(__file__).parents[3]


def bulky(connection: Connection) -> None:
    connection.execute(insert(tenants), [{"name": f"{n}-{'x' * 900}"} for n in range(200)])


async def count(database: Database) -> int:
    return len(await database.read(lambda c: c.execute(select(tenants.c.id)).all()))


def size(path: Path) -> int | None:
    return path.stat().st_size if path.exists() else None


def full(database: Database) -> bool:
    return isinstance(database.trouble, DiskFull)


async def limit_pages(database: Database, pages: int) -> None:
    await database.write(lambda c: c.execute(text(f"PRAGMA max_page_count = {pages}")))


# --- full -------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_full_disk_is_said_and_nothing_is_half_written(database: Database) -> None:
    await limit_pages(database, 1)  # the smallest it will take: what there is now
    with pytest.raises(DiskFull, match=r"the disk of .*beholder\.db is full; free some space"):
        await database.write(bulky)
    assert full(database)
    assert await count(database) == 0


def pragma(database: Database, setting: str) -> None:
    with database._writer._driver.engine.connect() as connection:
        connection.connection.cursor().execute(f"PRAGMA {setting}")


@pytest.mark.asyncio
async def test_the_ballast_lets_the_case_be_written(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages come free exactly when the ballast goes, as on a real disk."""
    await limit_pages(database, 1)
    ballast, drop = Path(f"{database.path}-ballast"), Ballast.drop

    def drop_and_make_room(self: Ballast) -> bool:
        pragma(database, "max_page_count = 100000")  # already in the writer's thread
        return drop(self)

    monkeypatch.setattr(Ballast, "drop", drop_and_make_room)
    monkeypatch.setattr("bot.store.disk.free", lambda folder: 0)
    await database.write(bulky)
    assert await count(database) == 200
    assert size(ballast) is None
    assert full(database)  # unhealthy until there is room again
    await database.write(lambda c: c.execute(insert(tenants), {"name": "more"}))
    assert full(database)
    monkeypatch.undo()
    for _ in range(30):  # noticed without anybody writing
        if not full(database):
            break
        await asyncio.sleep(0.1)
    assert database.trouble is None
    assert size(ballast) == SMALL_BALLAST


@pytest.mark.asyncio
async def test_a_full_disk_costs_a_burst_only_what_does_not_fit(database: Database) -> None:
    pages = await database.write(lambda c: c.execute(text("PRAGMA page_count")).scalar())
    await limit_pages(database, int(pages or 0) + 3)

    def small(connection: Connection) -> None:
        connection.execute(insert(tenants), {"name": "small"})

    small_one, big_one = await asyncio.gather(database.write(small), database.write(bulky), return_exceptions=True)
    assert small_one is None
    assert isinstance(big_one, DiskFull)
    assert await count(database) == 1


def test_a_file_size_limit_is_a_full_disk_too(data_dir: Path) -> None:
    code = """
    import asyncio, resource, sys
    from pathlib import Path
    from bot.clock import SystemClock
    from bot.store.errors import StoreError
    from bot.store.store import Store
    from tests.bot.store.samples import HOME, remove

    async def main():
        store = await Store.open(None, data_dir=Path(sys.argv[1]), clock=SystemClock())
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        done = 0
        try:
            for n in range(2000):
                await remove(store, str(n))
                done += 1
        except StoreError as error:
            print(done, type(error).__name__, error)
        print(len(await store.ledger.cases(HOME, limit=5000)))
        await store.close()

    asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(data_dir)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    said, left = ended.stdout.splitlines()
    done, kind, *_ = said.split()
    assert (kind, int(done)) == ("DiskFull", int(left)), ended.stderr
    assert int(done) > 0
    with closing(sqlite3.connect(data_dir / NAME)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# --- locked, read-only ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_lock_held_too_long_is_said_and_passes(
    data_dir: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "BUSY_TIMEOUT", 0.05)
    monkeypatch.setattr(Ballast, "take", lambda self: False)  # a disk too small for one
    async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
        job = await lease(store, event())
        with closing(sqlite3.connect(data_dir / NAME, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Locked, match="locked by another process; close what else has it open"):
                await store.ledger.conclude(job, ruling(event()))
            assert isinstance(store.db.trouble, Locked)
            assert await store.ledger.cases(HOME) == []  # readers go on
            other.execute("ROLLBACK")
        assert (await store.ledger.conclude(job, ruling(event()))).case == 1
        assert store.db.trouble is None


@pytest.mark.asyncio
async def test_a_short_lock_is_waited_for(data_dir: Path, clock: FakeClock) -> None:
    async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
        with closing(sqlite3.connect(data_dir / NAME, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.create_task(store.db.tenants.ensure(HOME))
            await asyncio.sleep(0.1)
            assert not writing.done()
            other.execute("ROLLBACK")
            assert await writing == 1


AS_NOBODY = """
import asyncio, concurrent.futures.thread, os, sys
from pathlib import Path
from typing import Any
import alembic.command, bot.store.migrations, sqlalchemy.dialects.sqlite
from bot.clock import SystemClock
from bot.store.errors import StoreError
from bot.store.store import Store

async def main():
    if os.geteuid() == 0:
        os.setuid(65534)  # root may write everywhere
    try:
        store = await Store.open(None, data_dir=Path(sys.argv[1]), clock=SystemClock())
        await store.close()
        print("opened")
    except StoreError as error:
        print(type(error).__name__, error)

asyncio.run(main())
"""


@contextmanager
def folder_of_nobody() -> Iterator[Path]:
    """A directory that an unprivileged process can get at, unlike pytest's own."""
    top = Path(tempfile.mkdtemp())
    top.chmod(0o755)
    folder = top / "data"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(top)


def give_to_nobody(folder: Path, mode: int) -> None:
    for path in (*folder.iterdir(), folder):
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
    folder.chmod(mode)


@pytest.mark.parametrize("what", ["directory", "file", "both"])
def test_what_may_not_be_written_is_said_with_the_cure(what: str, template: Path) -> None:
    with folder_of_nobody() as folder:
        if what != "directory":
            shutil.copy(template, folder / NAME)
            (folder / NAME).chmod(0o400)
            if os.geteuid() == 0:
                os.chown(folder / NAME, 65534, 65534)
        give_to_nobody(folder, 0o700 if what == "file" else 0o500)
        command = [sys.executable, "-c", AS_NOBODY, str(folder)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        folder.chmod(0o700)
    assert ended.stdout.startswith("ReadOnly "), ended.stderr
    assert f"give the bot's user write access to {folder}" in ended.stdout


@pytest.mark.asyncio
async def test_turning_read_only_while_running_is_said(database: Database) -> None:
    await database._writer._driver.run(lambda: pragma(database, "query_only = ON"))
    with pytest.raises(ReadOnly, match="give the bot's user write access"):
        await database.write(bulky)
    assert isinstance(database.trouble, ReadOnly)


@pytest.mark.asyncio
async def test_a_data_directory_that_cannot_be_made_is_said(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReadOnly, match="choose another BEHOLDER_DATA_DIR"):
        await Database.open(None, data_dir=tmp_path / "file" / "data", clock=clock)


# --- damaged ----------------------------------------------------------------------------------------


def open_files() -> list[str]:
    return [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]


async def refused(data_dir: Path, clock: FakeClock) -> str:
    with pytest.raises(Corrupt) as error:
        await Database.open(None, data_dir=data_dir, clock=clock, ballast=SMALL_BALLAST)
    return str(error.value)


@pytest.mark.asyncio
async def test_a_file_that_is_no_database_is_refused_and_left_alone(data_dir: Path, clock: FakeClock) -> None:
    (data_dir / NAME).write_bytes(b"dear diary, " * 1000)
    said = await refused(data_dir, clock)
    assert "is not a SQLite database; stop the bot and put a backup back" in said
    assert f"cp BACKUP {data_dir / NAME}" in said
    assert (data_dir / NAME).read_bytes() == b"dear diary, " * 1000


@pytest.mark.asyncio
async def test_flipped_bytes_are_found_at_the_start(data_dir: Path, clock: FakeClock) -> None:
    async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
        await store.db.write(bulky)
    content = bytearray((data_dir / NAME).read_bytes())
    for page in range(4096 * 3, len(content), 4096):
        content[page : page + 8] = b"\xff" * 8
    (data_dir / NAME).write_bytes(content)
    assert "is damaged" in await refused(data_dir, clock)


@pytest.mark.asyncio
async def test_a_torn_file_is_found_at_the_start(data_dir: Path, clock: FakeClock) -> None:
    content = (data_dir / NAME).read_bytes()
    (data_dir / NAME).write_bytes(content[: len(content) // 2])
    assert "rm -f" in await refused(data_dir, clock)


@pytest.mark.asyncio
async def test_a_refused_database_leaves_nothing_open(data_dir: Path, clock: FakeClock) -> None:
    (data_dir / NAME).write_bytes(b"dear diary, " * 1000)
    await refused(data_dir, clock)
    assert [name for name in open_files() if str(data_dir) in name] == []


@pytest.mark.asyncio
async def test_the_database_of_a_newer_version_is_refused(data_dir: Path, clock: FakeClock) -> None:
    with closing(sqlite3.connect(data_dir / NAME)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    with pytest.raises(TooNew, match=r"made by a newer version of the bot .*9999.*; upgrade the bot"):
        await Database.open(None, data_dir=data_dir, clock=clock, ballast=SMALL_BALLAST)


# --- fail the Nth statement, for every N ------------------------------------------------------------


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("injected")
    error.sqlite_errorcode = code
    return error


class FailNth:
    """Raises before the `nth` statement from now on, once: SQLAlchemy's own or a prepared one."""

    def __init__(self, database: Database, nth: int, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.code = nth, code
        run = Prepared.run

        def watched(prepared: Prepared, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
            self.look()
            return run(prepared, connection, values)

        events.listen(database._writer._driver.engine, "before_cursor_execute", self.look)
        monkeypatch.setattr(Prepared, "run", watched)

    def look(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise sqlite_error(self.code)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("code", "kind"),
    [(sqlite3.SQLITE_FULL, DiskFull), (sqlite3.SQLITE_BUSY, Locked), (sqlite3.SQLITE_IOERR_FSYNC, DiskFault)],
)
async def test_whichever_statement_fails_the_case_is_whole_or_not_there(
    store: Store, code: int, kind: type[StoreError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ballast, "drop", lambda self: False)
    await store.db.tenants.ensure(HOME)
    for nth in range(1, 40):
        happened = event(str(nth))
        job = await lease(store, happened)
        fault = FailNth(store.db, nth, code, monkeypatch)
        failed = False
        try:
            await store.ledger.conclude(job, ruling(happened))
        except kind:
            failed = True
            assert len(await store.ledger.cases(HOME, limit=100)) == nth - 1
            assert (await store.journal.backlog())[0] == 1  # still ours to do
        fault.left = 0
        concluded = await store.ledger.conclude(job, ruling(happened))
        assert concluded.case == nth  # no number was lost
        assert concluded.duplicate is not failed
        if not failed:
            break
    assert nth > 8  # begin, decision, number, case, subjects, effects, strikes, removals, job
    assert len(await store.ledger.unsettled()) == 3 * nth
    assert (await store.ledger.history(HOME, "ann", START)).strikes == 1


def test_an_error_of_the_statement_is_no_error_of_the_database(tmp_path: Path) -> None:
    assert explained(sqlite_error(sqlite3.SQLITE_CONSTRAINT), tmp_path) is None
    assert explained(sqlite3.ProgrammingError("no code"), tmp_path) is None


@pytest.mark.parametrize("kind", StoreError.__subclasses__())
def test_every_kind_of_error_is_in_the_picture(kind: type[StoreError]) -> None:
    assert f"── {kind.__name__} " in (errors.__doc__ or "")
