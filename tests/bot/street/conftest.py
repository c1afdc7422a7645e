from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog

from bot.store.database import NAME
from bot.store.migrate import migrate
from tests.bot.street.world import Street
from tests.clock import FakeClock


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once for all tests."""
    folder = tmp_path_factory.mktemp("template")
    await migrate(None, data_dir=folder, clock=FakeClock())
    return folder / NAME


@pytest.fixture
def folder(tmp_path: Path, template: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(template, folder / NAME)
    return folder


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged, unrendered: tracebacks of injected faults cost seconds to draw."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=True)


@pytest_asyncio.fixture
async def street(folder: Path, clock: FakeClock) -> AsyncIterator[Street]:
    """A guild in `enforce` with one provider."""
    async with Street(folder, clock) as street:
        await street.policy()
        yield street
