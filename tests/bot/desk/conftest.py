from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.store.database import NAME, Database
from bot.store.migrate import migrate
from bot.store.store import Store
from tests.bot.cases import START
from tests.bot.desk.world import World
from tests.clock import FakeClock

SMALL_BALLAST = 64 * 1024


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once for all tests."""
    folder = tmp_path_factory.mktemp("template")
    await migrate(None, data_dir=folder, clock=FakeClock())
    return folder / NAME


@pytest_asyncio.fixture
async def world(tmp_path: Path, template: Path) -> AsyncIterator[World]:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(template, folder / NAME)
    clock = FakeClock(START)
    async with await Database.open(None, data_dir=folder, clock=clock, ballast=SMALL_BALLAST) as database:
        yield World(Store(database, clock), clock)
