"""One connection that writes, and group commit: what is asked for at the same moment shares one fsync.

Units of work are plain functions of a connection. They run in its thread (`driver.py`), one after another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from bot.store.disk import Ballast
from bot.store.driver import Driver
from bot.store.errors import DiskFull, StoreError, in_words

T = TypeVar("T")

Unit = Callable[[Connection], T]
"""Reads and writes through the connection it is given, and may be run twice: a unit that shared its
commit with one that failed is rolled back with it and run again."""

BATCH = 128  # units in one commit


@dataclass(frozen=True, slots=True)
class _Asked:
    unit: Unit[Any]
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a unit came to: a value or an error."""

    value: Any = None
    error: Exception | None = None

    def give(self, future: asyncio.Future[Any]) -> None:
        if future.done():  # its waiter was cancelled; what is written stays written
            return
        if self.error is None:
            future.set_result(self.value)
        else:
            future.set_exception(self.error)


class Writer:
    """The only one who writes."""

    def __init__(self, driver: Driver, path: Path, ballast: Ballast) -> None:
        self._path = path
        self._ballast = ballast
        self._driver = driver
        self._asked: deque[_Asked] = deque()
        self._flushing: asyncio.Task[None] | None = None
        self._closed = False
        self.commits = 0
        self.trouble: StoreError | None = None

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in a transaction and return what it returned, once that is on disk.

        Raises what the unit raises, or a `StoreError`; then nothing of it was written. A cancelled
        caller does not disturb the others; whether its own unit was written is then open.
        """
        if self._closed:
            raise StoreError("the database is closed; nothing can be written while the bot stops")
        asked = _Asked(unit, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush(), name="group-commit")
        answer: T = await asked.answer
        return answer

    async def data_version(self) -> int:
        """A number that changes when another process commits, but not when we do (PRAGMA data_version)."""
        return await self._driver.run(self._data_version)

    async def recover(self) -> None:
        """Where the disk was full and has room again, take the ballast back and be well."""
        if isinstance(self.trouble, DiskFull):
            await self._driver.run(self._recover)

    async def close(self) -> None:
        """Write what was asked for, then let go. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._flushing is not None:
            await self._flushing

    async def _flush(self) -> None:
        try:
            while batch := self._next_batch():
                try:
                    answers = await self._driver.run(partial(self._commit, [a.unit for a in batch]))
                except BaseException:  # the loop or the interpreter ends: nobody may wait for ever
                    for asked in (*batch, *self._asked):
                        asked.answer.cancel()
                    self._asked.clear()
                    raise
                for asked, answer in zip(batch, answers, strict=True):
                    answer.give(asked.answer)
        finally:
            self._flushing = None

    def _next_batch(self) -> list[_Asked]:
        batch: list[_Asked] = []
        while self._asked and len(batch) < BATCH:
            asked = self._asked.popleft()
            if not asked.answer.cancelled():
                batch.append(asked)
        return batch

    # --- in the writer's thread -----------------------------------------------------------------

    def _commit(self, units: Sequence[Unit[Any]]) -> list[_Answer]:
        answers = self._attempt(units)
        if len(units) > 1 and answers[0].error is not None:
            return [answer for unit in units for answer in self._attempt([unit])]
        return answers

    def _attempt(self, units: Sequence[Unit[Any]]) -> list[_Answer]:
        """All in one commit, or the same error for all."""
        try:
            return [_Answer(value) for value in self._with_ballast(units)]
        except Exception as error:  # noqa: BLE001 - the error belongs to whoever asked, as with an executor
            return [_Answer(error=error)] * len(units)

    def _with_ballast(self, units: Sequence[Unit[Any]]) -> list[Any]:
        try:
            values = self._transaction(units)
        except DiskFull as full:
            self.trouble = full
            if not self._ballast.drop():
                raise
            return self._transaction(units)
        except StoreError as error:
            self.trouble = error
            raise
        if self.trouble is not None:
            self._recover()
        return values

    def _recover(self) -> None:
        """After a success all is well again; a full disk is so only once the ballast has its room back."""
        if not isinstance(self.trouble, DiskFull) or self._ballast.take():
            self.trouble = None

    def _transaction(self, units: Sequence[Unit[Any]]) -> list[Any]:
        with in_words(self._path), self._driver.engine.begin() as connection:
            values = [unit(connection) for unit in units]
        self.commits += 1
        return values

    def _data_version(self) -> int:
        with in_words(self._path), self._driver.engine.connect() as connection:
            cursor = connection.connection.cursor()  # outside of any transaction
            cursor.execute("PRAGMA data_version")
            (version,) = cursor.fetchone() or (0,)
            cursor.close()
            return int(version)
