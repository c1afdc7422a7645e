"""The SQLite database: opened with care, one writer, a few readers, other processes noticed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from bot.ports import Clock
from bot.store import codec
from bot.store.copies import back_up
from bot.store.disk import BALLAST, Ballast, ProcessLock, private_directory, private_file
from bot.store.driver import Driver
from bot.store.errors import BadUrl, Corrupt, StoreError, in_words, restore_hint
from bot.store.schema import upgrade
from bot.store.tenants import Tenants
from bot.store.writer import Unit, Writer

__all__ = ["Database", "ProcessLock", "database_path"]

T = TypeVar("T")

NAME = "beholder.db"
READERS = 2
WATCH_SECONDS = 0.5  # real ones: other processes do not live by our clock


def database_path(url: str | None, data_dir: Path) -> Path:
    """The file that `url` names; by default in `data_dir`. Raises `BadUrl`, without repeating the URL:
    one for another database may hold a password."""
    if not url:
        return data_dir / NAME
    cure = "write it as sqlite:////var/lib/beholder/beholder.db, or leave it out"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadUrl(f"BEHOLDER_DATABASE_URL is not a database URL; {cure}") from None
    if parsed.get_backend_name() != "sqlite":
        raise BadUrl(f"BEHOLDER_DATABASE_URL names a {parsed.get_backend_name()} database; only SQLite works: {cure}")
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise BadUrl(f"BEHOLDER_DATABASE_URL must name a file, since cases must outlive the process; {cure}")
    return Path(parsed.database)


class Database:
    """`async with await Database.open(url, data_dir=..., clock=...) as db`."""

    def __init__(self, path: Path, clock: Clock, *, ballast: int) -> None:
        self.path = path
        self.clock = clock
        self.generation = 0
        """Changes when another process has written, or we expired it: what was remembered may be stale."""
        self.copy: Path | None = None
        """What it was before this opening migrated it, if it had to."""
        self._ballast = Ballast(Path(f"{path}-ballast"), ballast)
        self._drivers: list[Driver] = []
        self._idle: asyncio.LifoQueue[Driver] = asyncio.LifoQueue()  # readers; last in, first out: warm caches
        self._writer: Writer
        self._watcher: asyncio.Task[None]
        self._seen = 0
        self.tenants = Tenants(self)

    @classmethod
    async def open(cls, url: str | None, *, data_dir: Path, clock: Clock, ballast: int = BALLAST) -> Database:
        """Open, check and migrate it, making it where there is none. `ballast` is in bytes.

        Raises a `StoreError` whose text is the cure.
        """
        path = database_path(url, data_dir)
        await asyncio.to_thread(_prepare, path, data_dir)
        database = cls(path, clock, ballast=ballast)
        try:
            await database._connect()
        except BaseException:
            await database._dispose()
            raise
        database._watcher = asyncio.create_task(database._watch(), name="database-watcher")
        return database

    @property
    def trouble(self) -> StoreError | None:
        """What is wrong with the disk at the moment: for the health check."""
        return self._writer.trouble

    @property
    def commits(self) -> int:
        """How many transactions were committed so far."""
        return self._writer.commits

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in a transaction that it may share with others; see `Writer.write`."""
        return await self._writer.write(unit)

    async def read(self, unit: Unit[T]) -> T:
        """Run `unit` on a read-only connection, on one snapshot. Raises a `StoreError`."""
        reader = await self._idle.get()
        try:
            with in_words(self.path):
                return await reader.run(partial(_read, reader, unit))
        finally:
            self._idle.put_nowait(reader)

    async def changed(self) -> bool:
        """Look now whether another process has written since the last look."""
        version = await self._writer.data_version()
        changed, self._seen = version != self._seen, version
        if changed:
            self.expire()
        return changed

    def expire(self) -> None:
        """Whatever was remembered is looked up again: after a change of ours that is not followed one by one."""
        self.generation += 1

    async def backup(self, target: Path) -> None:
        """A consistent copy in one file with mode 0600, while everything goes on.

        Raises FileExistsError for a target that is there, `StoreError` where it cannot be written.
        """
        await asyncio.to_thread(back_up, self.path, target)

    async def close(self) -> None:
        """Write what was asked for, then let go. Idempotent."""
        self._watcher.cancel()
        with suppress(asyncio.CancelledError):
            await self._watcher
        await self._writer.close()
        await self._dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def _connect(self) -> None:
        with in_words(self.path):
            writer = await self._driver(write=True)
            self.copy = await writer.run(partial(_make_sound, writer, self.path, self.clock.now()))
            for _ in range(READERS):
                self._idle.put_nowait(await self._driver(write=False))
        self._writer = Writer(writer, self.path, self._ballast)
        await asyncio.to_thread(self._ballast.take)
        codec.prepare()
        self._seen = await self._writer.data_version()

    async def _driver(self, *, write: bool) -> Driver:
        driver = await Driver.open(self.path, write=write)
        self._drivers.append(driver)
        return driver

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with suppress(StoreError):  # whoever reads or writes next is told
                await self.changed()
                await self._writer.recover()

    async def _dispose(self) -> None:
        """The writer last: only the last connection to close folds the -wal into the file, and it must be able to."""
        for driver in reversed(self._drivers):
            await driver.close()


def _read(reader: Driver, unit: Unit[T]) -> T:
    with reader.engine.connect() as connection:
        return unit(connection)


def _make_sound(writer: Driver, path: Path, now: datetime) -> Path | None:
    """Checked, then migrated; returns the copy that was made before, if one was."""
    with writer.engine.connect() as connection:
        _check(connection, path)
    return upgrade(writer.engine, path, now)


def _prepare(path: Path, data_dir: Path) -> None:
    private_directory(data_dir)
    private_file(path)


def _check(connection: Connection, path: Path) -> None:
    cursor = connection.connection.cursor()  # not through SQLAlchemy, which would begin a transaction
    cursor.execute("PRAGMA quick_check(1)")
    (said,) = cursor.fetchone() or ("no answer",)
    cursor.close()
    if said != "ok":
        raise Corrupt(f"{path} is damaged ({said}); {restore_hint(path)}")
