"""Work on a disk that fails, and callers that go away: nothing that is on disk is forgotten until a restart."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.store.errors import DiskFull
from bot.work import BURY_AFTER
from tests.bot.street.test_app import until
from tests.bot.street.world import Street, shows

FULL = DiskFull("the disk is full; make room")


class Fails:
    """A coroutine function that raises while `broken`."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.broken = True
        self.calls = 0

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.broken:
            raise FULL
        return await self._real(*args, **kwargs)


@pytest.mark.asyncio
async def test_a_disk_that_fails_for_a_while_stops_neither_the_process_nor_a_post(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    await street.policy(notice_seconds=0)
    ports = [(street.store.journal, name) for name in ("take", "retry", "bury")]
    faults = []
    for port, name in [*ports, (street.store.ledger, "conclude")]:
        faults.append(Fails(getattr(port, name)))
        monkeypatch.setattr(port, name, faults[-1])
    working = asyncio.create_task(street.work.run())
    await street.work.submit([street.event(shows("bad"))])
    await until(lambda: faults[-1].calls > 3)
    assert not working.done()
    assert (street.jobs(), street.chat.actions) == (["leased"], [])
    for fault in faults:
        fault.broken = False
    await until(lambda: street.chat.cards)
    street.work.close()
    await asyncio.wait_for(working, 20)
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert street.jobs() == ["done"]


@pytest.mark.asyncio
async def test_a_caller_that_goes_away_leaves_nothing_behind(street: Street) -> None:
    submitting = asyncio.create_task(street.work.submit([street.event(shows("bad"))]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    submitting.cancel()
    await asyncio.wait([submitting])
    assert submitting.cancelled()
    await until(lambda: street.jobs() == ["leased"])
    await until(lambda: len(street.work._turns) == 1)
    await street.work_off()
    assert street.jobs() == ["done"]


@pytest.mark.asyncio
async def test_an_error_after_a_long_outage_does_not_bury_the_post(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.judge.down = True
    await street.post(shows("bad"))
    for seconds in (10, 60, 360):
        await street.later(seconds)
    street.judge.down = False
    conclude = Fails(street.store.ledger.conclude)
    monkeypatch.setattr(street.store.ledger, "conclude", conclude)
    await street.later(2160)
    assert conclude.calls == 1
    conclude.broken = False
    await street.later(1800)
    assert street.jobs() == ["done"]
    assert street.suggestions == ["block"]


@pytest.mark.asyncio
async def test_a_post_that_always_breaks_is_set_aside(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    conclude = Fails(street.store.ledger.conclude)
    monkeypatch.setattr(street.store.ledger, "conclude", conclude)
    await street.post(shows("bad"))
    for _ in range(BURY_AFTER + 5):
        await street.later(601)
    assert conclude.calls == BURY_AFTER
    assert street.jobs() == ["dead"]
    assert street.chat.actions == []
