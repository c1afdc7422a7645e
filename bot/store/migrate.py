"""Make or upgrade a database on demand; `Database.open` does it by itself."""

from __future__ import annotations

from pathlib import Path

from bot.ports import Clock
from bot.store.database import Database
from bot.store.schema import revision_of


async def migrate(url: str | None, *, data_dir: Path, clock: Clock) -> str:
    """Make or upgrade the database that `url` names and say its revision. Raises `StoreError`."""
    async with await Database.open(url, data_dir=data_dir, clock=clock) as database:
        return await database.read(revision_of) or ""
