"""What can go wrong with the database. Every text is a sentence that says the cure.

StoreError
├── BadUrl          DATABASE_URL names something that is not a SQLite file
├── TooNew          made by a newer version of the bot
├── AlreadyRunning  another process owns this data directory
├── DiskFull        no room left, even after the ballast was given up
├── DiskFault       the disk refused to read or write
├── Locked          another process kept the database locked for too long
├── ReadOnly        may not be written by this user
├── Corrupt         damaged, or not a database at all
└── Unreadable      a stored value that this version cannot read
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError


class StoreError(Exception):
    """The database could not do what was asked; nothing of it was written."""


class BadUrl(StoreError):
    """DATABASE_URL names something that is not a SQLite file."""


class TooNew(StoreError):
    """The database was made by a newer version."""


class AlreadyRunning(StoreError):
    """Another process owns the data directory."""


class DiskFull(StoreError):
    """No room left on the disk."""


class DiskFault(StoreError):
    """The disk refused to read or write."""


class Locked(StoreError):
    """Another process kept the database locked for longer than the busy timeout."""


class ReadOnly(StoreError):
    """The database or its directory may not be written."""


class Corrupt(StoreError):
    """The file is damaged."""


class Unreadable(StoreError):
    """A stored value that this version cannot read."""


_CURES: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (DiskFull, "the disk of {path} is full; free some space, the bot goes on by itself"),
    sqlite3.SQLITE_IOERR: (DiskFault, "the disk refused to read or write {path}; check the disk, its quota and mount"),
    sqlite3.SQLITE_BUSY: (Locked, "{path} is locked by another process; close what else has it open (sqlite3, a copy)"),
    sqlite3.SQLITE_LOCKED: (Locked, "{path} is locked by another connection; try again"),
    sqlite3.SQLITE_READONLY: (ReadOnly, "{path} cannot be written; give the bot's user write access to {folder}"),
    sqlite3.SQLITE_PERM: (ReadOnly, "{path} may not be opened; give the bot's user access to {folder}"),
    sqlite3.SQLITE_CANTOPEN: (ReadOnly, "{path} cannot be opened; give the bot's user write access to {folder}"),
    sqlite3.SQLITE_CORRUPT: (Corrupt, "{path} is damaged; {restore}"),
    sqlite3.SQLITE_NOTADB: (Corrupt, "{path} is not a SQLite database; {restore}"),
}

_NO_ROOM = frozenset({sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
"""Quotas and file size limits come as these instead of SQLITE_FULL (unixWrite in os_unix.c)."""


def restore_hint(path: Path) -> str:
    """How to put a backup back, in words."""
    return f"stop the bot and put a backup back: rm -f {path}-wal {path}-shm && cp BACKUP {path}"


def explained(error: sqlite3.Error, path: Path) -> StoreError | None:
    """The sentence for `error`; None where it is no fault of the database but of the statement."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    if code in _NO_ROOM:
        code = sqlite3.SQLITE_FULL
    known = _CURES.get(code & 0xFF)  # the low byte is the primary code: sqlite.org/rescode.html
    if known is None:
        return None
    kind, text = known
    words = text.format(path=path, folder=path.parent, restore=restore_hint(path))
    return kind(f"{words} (SQLite: {error})")


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn errors of SQLite, bare or wrapped by SQLAlchemy, into `StoreError`s about `path`."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error) and (told := explained(error.orig, path)):
            raise told from None  # the statement's parameters stay out of logs
        raise
    except sqlite3.Error as error:
        if told := explained(error, path):
            raise told from None
        raise
