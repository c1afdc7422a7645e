from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.store.database import NAME, Database
from bot.store.migrate import migrate
from bot.store.store import Store
from tests.bot.store.samples import START
from tests.clock import FakeClock

SMALL_BALLAST = 64 * 1024


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once for all tests."""
    folder = tmp_path_factory.mktemp("template")
    await migrate(None, data_dir=folder, clock=FakeClock())
    return folder / NAME


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def data_dir(tmp_path: Path, template: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(template, folder / NAME)
    return folder


@pytest_asyncio.fixture
async def database(data_dir: Path, clock: FakeClock) -> AsyncIterator[Database]:
    async with await Database.open(None, data_dir=data_dir, clock=clock, ballast=SMALL_BALLAST) as opened:
        yield opened


@pytest.fixture
def store(database: Database, clock: FakeClock) -> Store:
    return Store(database, clock)
