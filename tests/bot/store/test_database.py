from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from bot.model import Tenant
from bot.store.database import NAME, Database, database_path
from bot.store.disk import ProcessLock
from bot.store.errors import AlreadyRunning, BadUrl, ReadOnly, StoreError
from bot.store.store import Store
from bot.store.tables import tenants
from policies.presets import preset
from tests.bot.store.conftest import SMALL_BALLAST
from tests.bot.store.samples import HOME, remove
from tests.clock import FakeClock

ROOT = Path(__file__).parents[3]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def run(code: str, *args: object, timeout: float = 30) -> subprocess.CompletedProcess[str]:
    """`code` in a process of its own."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)


# --- where it is ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (None, "/d/beholder.db"),
        ("", "/d/beholder.db"),
        ("sqlite:////var/lib/b.db", "/var/lib/b.db"),
        ("sqlite+aiosqlite:////var/lib/b.db", "/var/lib/b.db"),
    ],
)
def test_a_url_names_a_file(url: str | None, path: str) -> None:
    assert database_path(url, Path("/d")) == Path(path)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://beholder:hunter2@db/beholder",
        "mysql+pymysql://u:hunter2@h/x",
        "hunter2",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_anything_but_a_sqlite_file_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(BadUrl, match=r"^BEHOLDER_DATABASE_URL .*sqlite:////") as refused:
        database_path(url, Path("/d"))
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.asyncio
async def test_odd_characters_in_the_path_are_only_characters(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "50% off? #1 ü"
    async with await Database.open(None, data_dir=folder, clock=clock, ballast=SMALL_BALLAST) as database:
        await database.write(lambda c: c.execute(insert(tenants), {"name": "t"}))
        await database.backup(folder / "copy of it?.db")
    assert {p.name for p in folder.iterdir()} == {NAME, f"{NAME}-ballast", "copy of it?.db"}


# --- who may read it --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_nobody_else_can_read_any_of_it(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "new"
    before = os.umask(0o000)
    try:
        with ProcessLock(folder):
            store = await Store.open(None, data_dir=folder, clock=clock)
            await remove(store)
            await store.db.backup(folder / "beholder.backup")
            seen = {p.name: mode(p) for p in folder.iterdir()}
            await store.close()
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    assert seen == dict.fromkeys(
        [NAME, f"{NAME}-wal", f"{NAME}-shm", f"{NAME}-ballast", "beholder.lock", "beholder.backup"], 0o600
    )


@pytest.mark.asyncio
async def test_what_was_open_to_others_is_closed(tmp_path: Path, template: Path, clock: FakeClock) -> None:
    folder = tmp_path / "old"
    folder.mkdir(mode=0o755)
    shutil.copy(template, folder / NAME)
    (folder / NAME).chmod(0o644)
    async with await Database.open(None, data_dir=folder, clock=clock, ballast=SMALL_BALLAST):
        assert (mode(folder), mode(folder / NAME), mode(folder / f"{NAME}-wal")) == (0o700, 0o600, 0o600)


@pytest.mark.asyncio
async def test_a_directory_that_others_use_too_is_left_as_it_is(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").write_text("dear")
    async with await Database.open(None, data_dir=folder, clock=clock, ballast=SMALL_BALLAST):
        assert (mode(folder), mode(folder / NAME)) == (0o755, 0o600)


# --- how it is set up -------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_commit_survives_a_power_cut_and_references_hold(database: Database) -> None:
    pragmas = ("journal_mode", "synchronous", "foreign_keys")
    set_ = await database.write(lambda c: [c.execute(text(f"PRAGMA {p}")).scalar() for p in pragmas])
    assert set_ == ["wal", 2, 1]  # 2: FULL


@pytest.mark.asyncio
async def test_what_was_written_is_there_after_a_restart(data_dir: Path, clock: FakeClock) -> None:
    for number in (1, 2, 3):
        async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
            assert await remove(store, str(number)) == number


@pytest.mark.asyncio
async def test_closing_twice_is_closing_once(database: Database) -> None:
    await database.close()
    await database.close()
    with pytest.raises(StoreError, match="closed"):
        await database.write(lambda connection: None)


# --- backups ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_backup_made_during_work_is_whole_and_can_be_put_back(
    store: Store, tmp_path: Path, clock: FakeClock
) -> None:
    for n in range(5):
        await remove(store, f"before{n}")
    working = asyncio.gather(*(remove(store, f"during{n}") for n in range(20)))
    copy = tmp_path / "restored" / NAME
    copy.parent.mkdir()
    await store.db.backup(copy)
    await working
    assert [p.name for p in copy.parent.iterdir()] == [NAME]  # one file, nothing beside it
    async with await Store.open(None, data_dir=copy.parent, clock=clock) as restored:
        numbers = [c.number for c in await restored.ledger.cases(HOME, limit=100)]
        assert numbers == list(range(len(numbers), 0, -1))
        assert len(numbers) >= 5


@pytest.mark.asyncio
async def test_a_backup_overwrites_nothing(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "precious.db"
    target.write_text("precious")
    with pytest.raises(FileExistsError):
        await database.backup(target)
    with pytest.raises(FileExistsError):
        await database.backup(database.path)
    assert target.read_text() == "precious"


@pytest.mark.asyncio
async def test_a_backup_into_nowhere_says_so(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ReadOnly, match="name a file in a directory that exists"):
        await database.backup(tmp_path / "nowhere" / "b.db")


# --- other processes --------------------------------------------------------------------------------

APPLY = """
import asyncio, sys
from pathlib import Path
from bot.clock import SystemClock
from bot.model import Tenant
from bot.store.store import Store
from policies.presets import preset

async def main():
    async with await Store.open(None, data_dir=Path(sys.argv[1]), clock=SystemClock()) as store:
        print(await store.settings.save(Tenant("discord", "1"), preset("strict"), "cli", "applied"))

asyncio.run(main())
"""


@pytest.mark.asyncio
async def test_a_policy_applied_by_another_process_is_seen_within_a_second(store: Store, data_dir: Path) -> None:
    with ProcessLock(data_dir):  # which is the bot's, and no hindrance
        assert (await store.settings.policy(HOME))[1] == 0
        applied = await asyncio.to_thread(run, APPLY, data_dir)
        assert applied.stdout.strip() == "1", applied.stderr
        await asyncio.sleep(0.9)
        assert await store.settings.policy(HOME) == (preset("strict"), 1)


@pytest.mark.asyncio
async def test_only_other_processes_count_as_a_change(store: Store, data_dir: Path) -> None:
    await remove(store)
    assert not await store.db.changed()
    other = sqlite3.connect(data_dir / NAME)
    other.execute("INSERT INTO tenants (name) VALUES ('discord:77')")
    other.commit()
    other.close()
    before = store.db.generation
    assert await store.db.changed()
    assert store.db.generation == before + 1
    assert not await store.db.changed()
    assert await store.db.tenants.find(Tenant("discord", "77")) == 2


LOCK = """
import sys
from pathlib import Path
from bot.store.disk import ProcessLock

with ProcessLock(Path(sys.argv[1])):
    pass
"""


def test_one_bot_a_data_directory(tmp_path: Path) -> None:
    with ProcessLock(tmp_path):
        refused = run(LOCK, tmp_path)
        assert f"AlreadyRunning: another bot (process {os.getpid()}) already runs on {tmp_path}" in refused.stderr
        with pytest.raises(AlreadyRunning, match="BEHOLDER_DATA_DIR"), ProcessLock(tmp_path):
            pass
    with ProcessLock(tmp_path):  # given back
        assert (tmp_path / "beholder.lock").read_text() == f"{os.getpid()}\n"


def test_the_lock_of_a_killed_bot_is_free(tmp_path: Path) -> None:
    holder = """
    import os, signal, sys
    from pathlib import Path
    from bot.store.disk import ProcessLock
    ProcessLock(Path(sys.argv[1])).__enter__()
    os.kill(os.getpid(), signal.SIGKILL)
    """
    assert run(holder, tmp_path).returncode == -9
    with ProcessLock(tmp_path):
        pass


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)", "os._exit(3)", "raise RuntimeError"])
def test_a_process_that_never_closed_it_ends_all_the_same(data_dir: Path, ending: str) -> None:
    code = f"""
    import asyncio, os, sys
    from pathlib import Path
    from bot.clock import SystemClock
    from bot.model import Tenant
    from bot.store.store import Store

    async def main():
        store = await Store.open(None, data_dir=Path(sys.argv[1]), clock=SystemClock())
        await store.db.tenants.ensure(Tenant("discord", "1"))
        asyncio.ensure_future(store.db.tenants.ensure(Tenant("discord", "2")))
        await asyncio.sleep(0)
        print("written", flush=True)
        {ending}

    asyncio.run(main())
    """
    ended = run(code, data_dir, timeout=15)
    assert ended.stdout == "written\n", ended.stderr
