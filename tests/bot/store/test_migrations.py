from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bot.store import migrating
from bot.store.database import NAME, Database
from bot.store.migrate import migrate
from bot.store.schema import MIGRATIONS, latest, revision_of
from bot.store.tables import metadata
from tests.bot.store.conftest import SMALL_BALLAST
from tests.bot.store.samples import HOME
from tests.clock import FakeClock


def schema(path: Path) -> dict[str, list[str]]:
    """What SQLite itself says of tables and indexes, clause by clause: also what Alembic does not compare."""
    with closing(sqlite3.connect(path)) as raw:
        rows = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'alembic%'")
        return {name: clauses(" ".join(sql.split())) for name, sql in rows}


def clauses(sql: str) -> list[str]:
    head, _, rest = sql.partition("(")
    body, _, tail = rest.rpartition(")")
    return [head, *sorted(re.split(r", (?![^()]*\))", body.strip())), tail]


def test_the_migrations_make_exactly_what_the_tables_say(template: Path, tmp_path: Path) -> None:
    """A new database never sees them, so that only this holds the two together."""
    engine = create_engine(f"sqlite:///{tmp_path / 'stepwise.db'}")
    migrating.migrate(engine, tmp_path / "stepwise.db", FakeClock().now())
    with engine.connect() as connection:
        assert revision_of(connection) == latest()
    engine.dispose()
    migrated, direct = schema(tmp_path / "stepwise.db"), schema(template)
    assert len([name for name in direct if name.startswith("ix_")]) > 10
    assert migrated == direct


def test_the_latest_revision_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == latest()


@pytest.mark.asyncio
async def test_alembic_sees_no_difference(database: Database) -> None:
    def compare(connection: object) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))  # type: ignore[arg-type]

    assert await database.write(compare) == []


@pytest.mark.asyncio
async def test_opening_migrates_by_itself_and_only_once(tmp_path: Path, clock: FakeClock) -> None:
    for _ in range(2):
        async with await Database.open(None, data_dir=tmp_path / "d", clock=clock, ballast=SMALL_BALLAST) as database:
            assert await database.tenants.ensure(HOME) == 1
    assert await migrate(None, data_dir=tmp_path / "d", clock=clock) == "0006"


@pytest.mark.asyncio
async def test_a_making_that_breaks_off_leaves_nothing_half_there(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a migration is in test_copies."""

    def fail() -> str:
        raise RuntimeError

    monkeypatch.setattr("bot.store.schema.latest", fail)
    with pytest.raises(RuntimeError):
        await Database.open(None, data_dir=tmp_path, clock=clock, ballast=SMALL_BALLAST)
    assert schema(tmp_path / NAME) == {}
    monkeypatch.undo()
    async with await Database.open(None, data_dir=tmp_path, clock=clock, ballast=SMALL_BALLAST):
        assert "cases" in schema(tmp_path / NAME)
