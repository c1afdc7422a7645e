"""One SQLite connection in the thread of aiosqlite, with SQLAlchemy Core on top of it.

aiosqlite owns thread, connection and their end; a unit of work crosses over to them once, as a whole.
Statement by statement, as SQLAlchemy's own aiosqlite dialect does it, ten statements cost forty
crossings (measured: 8.9 ms against 0.9 ms; docs/decisions/0002).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar, cast
from urllib.parse import quote

import aiosqlite
from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

T = TypeVar("T")

BUSY_TIMEOUT = 5.0  # seconds to wait for another process
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


class Driver:
    """`await Driver.open(path, write=...)`; `run` is the only way to its connection."""

    def __init__(self, connection: aiosqlite.Connection, engine: Engine) -> None:
        self._connection = connection
        self._closed = False
        self._execute: Any = connection._execute  # untyped; what all of aiosqlite's own methods go by
        self.engine = engine
        """Only for functions that `run` carries out: its connections belong to that thread."""

    @classmethod
    async def open(cls, path: Path, *, write: bool) -> Self:
        """Connect. Raises sqlite3.Error."""
        connection = aiosqlite.Connection(partial(_connect, path, write), iter_chunk_size=64)
        connection._thread.daemon = True  # a connection left open must not keep the process from ending
        try:
            await connection
        except BaseException:
            await asyncio.to_thread(connection._thread.join)  # it answers to this loop, so it ends before it
            raise
        return cls(connection, _engine(lambda: connection._conn, write=write))

    async def run(self, function: Callable[[], T]) -> T:
        """What `function` returns, called in the connection's thread; functions wait for each other."""
        value: T = await self._execute(function)
        return value

    async def close(self) -> None:
        """Finish what was asked for, then let go. Idempotent."""
        if not self._closed:
            self._closed = True
            await self.run(self.engine.dispose)
            await self._connection.close()


def bare(connection: Connection) -> sqlite3.Connection:
    """SQLite's own connection below SQLAlchemy's, for what is done so often that every layer counts."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def _connect(path: Path, write: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={'rw' if write else 'ro'}",
        uri=True,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        cached_statements=256,
    )
    try:
        for pragma in PRAGMAS if write else ():
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _engine(connected: Callable[[], sqlite3.Connection], *, write: bool) -> Engine:
    """Transactions begin where SQLAlchemy says so (the driver's own habits are off): a writer takes
    the lock at once, since one that takes it half-way cannot wait for it (sqlite.org/lang_transaction)."""
    engine = create_engine(
        "sqlite://",
        creator=connected,
        poolclass=StaticPool,
        hide_parameters=True,  # what people wrote stays out of errors and logs
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        bare(connection).execute("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
