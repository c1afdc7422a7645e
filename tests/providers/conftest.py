"""What tests of vendors stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.providers.vendor import Vendor, served


@pytest_asyncio.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with served() as vendor:
        yield vendor
