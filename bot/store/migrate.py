"""Make or upgrade a database on demand; `Database.open` does it by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.ports import Clock
from bot.store.database import Database
from bot.store.schema import revision_of


@dataclass(frozen=True, slots=True)
class Migrated:
    """Which revision the database is at; `copy`: what it was before, where it had to be migrated."""

    revision: str
    copy: Path | None


async def bring_up(url: str | None, *, data_dir: Path, clock: Clock) -> Migrated:
    """Make or upgrade the database that `url` names. Raises `StoreError`."""
    async with await Database.open(url, data_dir=data_dir, clock=clock) as database:
        revision = await database.read(revision_of)
        return Migrated(revision or "", database.copy)


async def migrate(url: str | None, *, data_dir: Path, clock: Clock) -> str:
    """As `bring_up`; says the revision alone."""
    return (await bring_up(url, data_dir=data_dir, clock=clock)).revision
