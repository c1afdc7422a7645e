"""Consistent copies of the database: a backup on demand, and one before every migration."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from glob import escape
from pathlib import Path
from urllib.parse import quote

import structlog

from bot.store.disk import free, private_file
from bot.store.errors import DiskFull, StoreError, in_words

log = structlog.get_logger("beholder.store")

KEPT = 3
"""How many copies from before migrations are kept, the latest."""
MARGIN = 16 * 2**20  # bytes that must stay free beside the copy, for the migration itself


def back_up(path: Path, target: Path) -> None:
    """A consistent copy of `path` in one file with mode 0600, while everything goes on.

    Raises FileExistsError for a target that is there, `StoreError` where it cannot be written.
    """
    private_file(target, new=True)
    try:
        with (
            in_words(target),
            closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    except (StoreError, sqlite3.Error):
        target.unlink(missing_ok=True)
        raise


@contextmanager
def copied_before(path: Path, revision: str, now: datetime) -> Iterator[Path]:
    """A copy for the time of a migration and after it; where the migration fails, nothing changed and it goes again.

    Raises `DiskFull` before anything is touched if there is no room.
    """
    target = Path(f"{path}.before-{revision}-{now:%Y%m%dT%H%M%SZ}")
    _require_room(path)
    target.unlink(missing_ok=True)  # of the same second: a migration that was cut short
    back_up(path, target)
    try:
        yield target
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    log.warning("the database was migrated; a copy of what it was is kept", copy=str(target))
    for old in earlier(path)[KEPT:]:
        old.unlink(missing_ok=True)


def earlier(path: Path) -> list[Path]:
    """The copies from before migrations, the latest first."""
    copies = path.parent.glob(f"{escape(path.name)}.before-*")
    return sorted(copies, key=lambda copy: copy.name.rpartition("-")[2], reverse=True)


def _require_room(path: Path) -> None:
    files = [Path(f"{path}{end}") for end in ("", "-wal")]
    needed = sum(file.stat().st_size for file in files if file.exists()) + MARGIN
    there = free(path.parent)
    if there < needed:
        raise DiskFull(
            f"{path} must be brought to this version's form, and there is no room in {path.parent} for the copy that "
            f"is made before: {_megabytes(needed)} are needed, {_megabytes(there)} are free. Free some space and start "
            "again; nothing was changed"
        )


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
