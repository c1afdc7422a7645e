"""Killed in the middle of writing: what was confirmed is there, the rest was never half there."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.store.database import NAME
from bot.store.store import Store
from tests.bot.store.samples import HOME

ROOT = Path(__file__).parents[3]

WRITER = """
import asyncio, sys
from pathlib import Path
from bot.clock import SystemClock
from bot.store.store import Store
from tests.bot.store.samples import entry, event, judged, ruling

async def one(store, name):
    happened = event(name)
    jobs = await store.journal.put([entry(happened)], lease=True)
    print("put", name, flush=True)
    for job in jobs:
        concluded = await store.ledger.conclude(job, ruling(happened, judged(name)))
        print("case", name, concluded.case, flush=True)

async def main():
    store = await Store.open(None, data_dir=Path(sys.argv[1]), clock=SystemClock())
    await store.journal.recover()
    for burst in range(10_000):
        await asyncio.gather(*(one(store, f"{sys.argv[2]}-{burst}-{n}") for n in range(10)))

asyncio.run(main())
"""


def killed_while_writing(data_dir: Path, name: str, seconds: float) -> list[list[str]]:
    """What a writer confirmed before it was killed `seconds` after its first words."""
    command = [sys.executable, "-c", WRITER, str(data_dir), name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
        said = [first, *writer.stdout.read().splitlines(keepends=True)]
    assert writer.returncode == -signal.SIGKILL
    return [line.split() for line in said if line.endswith("\n")]


@pytest.mark.asyncio
async def test_nothing_confirmed_is_lost_and_nothing_is_half_there(data_dir: Path) -> None:
    chance = random.Random(7)
    confirmed: list[list[str]] = []
    for round_ in range(4):
        confirmed += killed_while_writing(data_dir, f"r{round_}", chance.uniform(0.02, 0.25))
    with closing(sqlite3.connect(data_dir / NAME)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        kept = {subject.rpartition("/")[2] for (subject,) in raw.execute("SELECT subject FROM jobs")}
        open_ = raw.execute("SELECT count(*) FROM jobs WHERE state IN ('todo', 'leased')").fetchone()[0]
    put = {line[1] for line in confirmed if line[0] == "put"}
    assert len(put) > 50
    assert put <= kept
    async with await Store.open(None, data_dir=data_dir, clock=SystemClock()) as store:
        cases = await store.ledger.cases(HOME, limit=100_000)
        assert [c.number for c in cases] == list(range(len(cases), 0, -1))  # no gap, none twice
        assert {(line[1], line[2]) for line in confirmed if line[0] == "case"} <= {
            (c.message, str(c.number)) for c in cases
        }
        assert all(len(c.effects) == 3 and len(c.images) == 1 for c in cases)
        assert len({c.message for c in cases}) == len(cases)
        assert len(cases) + open_ == len(kept)  # each job is either concluded or still to be done
        await store.journal.recover()
        assert len(await store.journal.take(100_000)) == open_
