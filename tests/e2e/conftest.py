"""One bot for all tests of a file: its start costs seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.theatre import Theatre, opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    """A community in `enforce`, shared by a file's tests: each posts what nobody else posts."""
    async with opened(tmp_path_factory.mktemp("bot")) as theatre:
        yield theatre
