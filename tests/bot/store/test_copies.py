"""Before a migration there is a copy, it is whole, and it can be put back."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
from collections.abc import MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import bot.store
from bot.config import Config as Settings
from bot.doctor import files
from bot.store.copies import KEPT, earlier
from bot.store.database import NAME, Database
from bot.store.errors import DiskFull
from bot.store.migrate import bring_up
from bot.store.store import Store
from tests.bot.commandline import Host
from tests.bot.store.conftest import SMALL_BALLAST
from tests.bot.store.samples import HOME
from tests.bot.store.test_migrations import schema
from tests.clock import FakeClock

Rows = dict[str, list[tuple[Any, ...]]]
FIRST = "0001"
SINCE_1970 = 1_793_000_000_000_000
CONTENT = (
    ("tenants", {"id": 1, "name": str(HOME), "cases": 4}),
    ("policies", {"tenant": 1, "version": 1, "by": "mod", "at": SINCE_1970, "why": "", "schema": 1, "body": "{}"}),
    ("lists", {"tenant": 1, "sha256": "a" * 64, "listed": "blocked", "by": "mod", "why": "", "at": SINCE_1970}),
    ("strikes", {"tenant": 1, "author": "77", "sha256": "b" * 64, "hour": 1, "at": SINCE_1970, "state": "alive"}),
    ("media", {"platform": "discord", "key": "attachment:1", "sha256": "c" * 64, "at": SINCE_1970}),
)


def of_first_revision(folder: Path) -> Path:
    """A database as the first version of the bot left it, with rows in it, some of them still in its -wal."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / NAME
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(Path(bot.store.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST)
    engine.dispose()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        for table, row in CONTENT:
            marks = ", ".join("?" * len(row))
            names = ", ".join(f'"{name}"' for name in row)
            raw.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
        raw.commit()
        shutil.copy(f"{path}-wal", folder / "wal")  # closing would fold it in; a killed bot leaves it
        before = path.read_bytes()
    path.write_bytes(before)
    shutil.move(folder / "wal", f"{path}-wal")
    return path


def content(path: Path) -> Rows:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
        names = [n for (n,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {n: raw.execute(f'SELECT * FROM "{n}"').fetchall() for n in names if not n.startswith("sqlite")}


def put_back(copy: Path, path: Path) -> None:
    """As docs/operating.md says it."""
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    shutil.copy(copy, path)


async def opened(path: Path, clock: FakeClock) -> Path | None:
    """Open it, which migrates it, and close it again; returns the copy."""
    async with await Database.open(None, data_dir=path.parent, clock=clock, ballast=SMALL_BALLAST) as database:
        return database.copy


@pytest.mark.asyncio
async def test_the_copy_is_what_the_database_was_in_its_old_form(tmp_path: Path, clock: FakeClock) -> None:
    path = of_first_revision(tmp_path / "d")
    reference = of_first_revision(tmp_path / "reference")
    before, form = content(reference), schema(reference)
    copy = await opened(path, clock)
    assert copy is not None
    assert copy.name == f"{NAME}.before-0001-{clock.now():%Y%m%dT%H%M%SZ}"
    assert copy.parent == path.parent
    assert content(copy) == before
    assert len(before["strikes"]) == 1
    assert schema(copy) == form
    assert "guilds" not in form
    assert "guilds" in schema(path)
    assert {name: rows for name, rows in content(path).items() if name in before and name != "alembic_version"} == {
        name: rows for name, rows in before.items() if name != "alembic_version"
    }


@pytest.mark.asyncio
async def test_it_is_for_its_owner_alone_and_one_file(tmp_path: Path, clock: FakeClock) -> None:
    path = of_first_revision(tmp_path / "d")
    copy = await opened(path, clock)
    assert copy is not None
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not [f for f in path.parent.iterdir() if f.name.startswith(copy.name) and f != copy]


@pytest.mark.asyncio
async def test_put_back_it_is_the_old_database_and_can_be_migrated_again(tmp_path: Path, clock: FakeClock) -> None:
    path = of_first_revision(tmp_path / "d")
    copy = await opened(path, clock)
    assert copy is not None
    was = content(copy)
    async with await Database.open(None, data_dir=path.parent, clock=clock, ballast=SMALL_BALLAST) as database:
        await Store(database, clock).guilds.limit(HOME, 5)
    put_back(copy, path)
    assert content(path) == was
    await clock.advance(1)
    again = await opened(path, clock)
    assert again is not None
    assert content(again) == was
    assert "guilds" in schema(path)


@pytest.mark.asyncio
async def test_a_new_database_and_one_of_today_are_not_copied(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "d" / NAME
    for _ in range(2):
        assert (await bring_up(None, data_dir=path.parent, clock=clock)).copy is None
    assert earlier(path) == []


@pytest.mark.asyncio
async def test_only_the_last_few_copies_are_kept(tmp_path: Path, clock: FakeClock) -> None:
    path = of_first_revision(tmp_path / "d")
    for n in range(KEPT + 1):
        (path.parent / f"{NAME}.before-0000-2020010{n}T000000Z").touch()
    (path.parent / f"{NAME}.mine").touch()
    copy = await opened(path, clock)
    assert [f.name for f in earlier(path)] == [
        copy.name if copy else "",
        f"{NAME}.before-0000-20200103T000000Z",
        f"{NAME}.before-0000-20200102T000000Z",
    ]
    assert (path.parent / f"{NAME}.mine").exists()


@pytest.mark.asyncio
async def test_a_migration_that_fails_leaves_database_and_copies_as_they_were(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of_first_revision(tmp_path / "d")
    older = [path.parent / f"{NAME}.before-0000-2020010{n}T000000Z" for n in range(KEPT)]
    for file in older:
        file.touch()
    was = content(of_first_revision(tmp_path / "reference"))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("alembic.op.create_index", fail)
    with pytest.raises(RuntimeError):
        await opened(path, clock)
    assert content(path) == was
    assert sorted(earlier(path)) == older


@pytest.mark.asyncio
async def test_without_room_for_a_copy_nothing_is_touched_and_the_cure_is_said(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of_first_revision(tmp_path / "d")
    was = content(of_first_revision(tmp_path / "reference"))
    monkeypatch.setattr("bot.store.copies.free", lambda folder: 2**20)
    with pytest.raises(DiskFull, match=r"no room in .*1 MB are free. Free some space and start again"):
        await opened(path, clock)
    assert content(path) == was
    assert earlier(path) == []
    monkeypatch.undo()
    assert await opened(path, clock) is not None


@pytest.mark.asyncio
async def test_the_log_says_where_it_is(tmp_path: Path, clock: FakeClock) -> None:
    path = of_first_revision(tmp_path / "d")
    lines: list[MutableMapping[str, Any]]
    with structlog.testing.capture_logs() as lines:
        copy = await opened(path, clock)
    (line,) = [entry for entry in lines if "copy" in entry]
    assert line["copy"] == str(copy)
    assert line["log_level"] == "warning"


def test_migrate_says_where_it_is_and_doctor_minds_who_can_read_it(tmp_path: Path) -> None:
    host = Host.at(tmp_path)
    path = of_first_revision(tmp_path / "data")
    said = host("migrate")
    assert said.exit_code == 0
    (copy,) = earlier(path)
    assert re.search(rf"is at revision \d+\nwhat it was before is kept in {copy}\n", said.stdout)
    assert "before" not in host.ok("migrate")
    assert all(finding.ok for finding in files(Settings(data_dir=path.parent), None))
    copy.chmod(0o644)
    assert not all(finding.ok for finding in files(Settings(data_dir=path.parent), None))
