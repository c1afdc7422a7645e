"""A process that is really killed in the middle of a job, and another that goes on with it."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from tests.providers.hitpaw.samples import KEY

ROOT = Path(__file__).parents[3]
WORKER = """
import asyncio, sys
from pathlib import Path
from bot.clock import SystemClock
from bot.store.store import Store
from providers.base import Ask
from providers.hitpaw import HitPawProvider, HitPawSettings
from tests.providers.hitpaw.samples import picture

async def main():
    url, key, folder = sys.argv[1:]
    clock = SystemClock()
    async with await Store.open(None, data_dir=Path(folder), clock=clock) as store:
        provider = HitPawProvider(HitPawSettings(key, url=url), tickets=store.tickets, clock=clock)
        verdict = await provider.screen(picture(), Ask())
        await provider.aclose()
    print(verdict.suggestion)

asyncio.run(main())
"""


async def worker(vendor: HitPaw, folder: Path) -> asyncio.subprocess.Process:
    arguments = (sys.executable, "-c", WORKER, vendor.url, KEY, str(folder))
    return await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE)


async def killed_at(vendor: HitPaw, folder: Path, path: str) -> None:
    """A worker that dies as soon as the vendor has heard it at `path`."""
    process = await worker(vendor, folder)
    async with asyncio.timeout(60):
        while not vendor.asked(path):  # noqa: ASYNC110 (another process cannot tell us)
            await asyncio.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    await process.communicate()


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "at_most"), [("/storage", 1), ("/api/image-nsfw", 2), ("/api/task-status", 1)], ids=str
)
async def test_a_killed_process_costs_at_most_one_charge(tmp_path: Path, path: str, at_most: int) -> None:
    """One more only where it died before the receipt could be on disk: by the first question it is."""
    folder = tmp_path / "data"
    async with HitPaw(KEY, clock=SystemClock(), usual=Script(seconds=2, result="high")) as vendor:
        if path == "/storage":
            vendor.fail("/storage", stalled=asyncio.Event())  # it is still uploading when it dies
        await killed_at(vendor, folder, path)
        vendor.well_again()
        after = await worker(vendor, folder)
        said, _ = await asyncio.wait_for(after.communicate(), 60)
        assert said.decode().strip() == "block"
        assert 1 <= len(vendor.charges) <= at_most
