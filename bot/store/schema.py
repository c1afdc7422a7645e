"""The form that `tables` describes: which one a database has, and how it gets there.

A new database is made from the tables at once; an older one is migrated (`bot.store.migrating`), step by step. That
both end the same, a test holds. Alembic is loaded only where there is something to migrate: a start should be quick.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, insert, inspect, select

from bot.store.tables import metadata

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_ALEMBICS: Final = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
_STEP = re.compile(r"v(\d{4})_\w+")


def latest() -> str:
    """The revision that `tables` describes: the last of the steps, by their files' names."""
    return max(found[1] for file in (MIGRATIONS / "versions").glob("v*.py") if (found := _STEP.fullmatch(file.stem)))


def revision_of(connection: Connection) -> str | None:
    """The revision that the database is at; None for an empty one."""
    if not inspect(connection).has_table(_ALEMBICS.name):
        return None
    found: str | None = connection.execute(select(_ALEMBICS)).scalar()
    return found


def upgrade(engine: Engine, path: Path, now: datetime) -> Path | None:
    """Make it what `tables` describes, in one transaction. Returns the copy that was made of an older form before.

    Raises `TooNew` for a later version's database, `DiskFull` where there is no room for the copy.
    """
    with engine.begin() as connection:
        current = revision_of(connection)
        if current is None:
            _make(connection)
        if current in (None, latest()):
            return None
    from bot.store.migrating import migrate

    return migrate(engine, path, now)


def _make(connection: Connection) -> None:
    metadata.create_all(connection)
    _ALEMBICS.create(connection)
    connection.execute(insert(_ALEMBICS), {"version_num": latest()})
