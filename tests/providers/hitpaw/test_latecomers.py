"""Late answers: looked for until each job has ended, and told once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from policies.model import Screening, Suggestion, Unscreened, UnscreenedReason, Verdict
from providers.base import Ticket
from providers.hitpaw import HitPawProvider
from providers.latecomers import LONGEST, ROUND, Latecomers
from providers.tickets import MemoryTickets
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import ASK, Make, picture


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[str, Screening]] = []

    async def __call__(self, ticket: Ticket, screening: Screening) -> None:
        self.heard.append((ticket.job, screening))


class Scene:
    """Jobs left pending by a process that is gone, and another that looks after them."""

    def __init__(self, vendor: HitPaw, make: Make, clock: FakeClock) -> None:
        self.vendor, self.clock, self.tickets, self.ear = vendor, clock, MemoryTickets(), Ear()
        self.make: Callable[[], HitPawProvider] = lambda: make(tickets=self.tickets, soft_deadline=1.0)
        self.late = Latecomers({"hitpaw": self.make()}, self.tickets, clock, self.ear)

    async def leave(self, *scripts: Script) -> None:
        self.vendor.script(*scripts)
        for n, _ in enumerate(scripts):
            assert isinstance(await self.make().screen(picture(n), ASK), Unscreened)

    async def rounds(self, seconds: float) -> int:
        """How many jobs ended in that time."""
        ended, until = 0, self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            ended += await self.late.look()
            await self.clock.sleep(ROUND)
        return ended


@pytest.fixture
def scene(vendor: HitPaw, make: Make, clock: FakeClock) -> Scene:
    return Scene(vendor, make, clock)


@pytest.mark.asyncio
async def test_late_verdicts_are_told_once_and_paid_once(scene: Scene) -> None:
    await scene.leave(Script(seconds=60, result="high"), Script(seconds=600, result="low"))
    assert await scene.rounds(120) == 1
    assert await scene.rounds(600) == 1
    told = [s.suggestion for _, s in scene.ear.heard if isinstance(s, Verdict)]
    assert told == [Suggestion.BLOCK, Suggestion.PASS]
    assert await scene.rounds(300) == 0
    assert len(scene.vendor.charges) == 2


@pytest.mark.asyncio
async def test_it_asks_less_and_less_often(scene: Scene) -> None:
    await scene.leave(Script(seconds=None))
    at: list[float] = []
    ask = scene.late._providers["hitpaw"].resume

    async def noting(ticket: Ticket) -> Screening:
        at.append(scene.clock.monotonic())
        return await ask(ticket)

    scene.late._providers["hitpaw"].resume = noting  # type: ignore[method-assign]
    await scene.rounds(600)
    gaps = [b - a for a, b in pairwise(at)]
    assert gaps[0] < 10
    assert all(LONGEST - 0.001 <= gap <= LONGEST + ROUND + 1 for gap in gaps[-5:])


@pytest.mark.asyncio
async def test_a_job_that_will_never_have_an_answer_is_told_as_unscreened(scene: Scene) -> None:
    await scene.leave(Script(seconds=30, end="ERROR"), Script(seconds=30, end="CANCEL"))
    assert await scene.rounds(120) == 2
    reasons = [s.reason for _, s in scene.ear.heard if isinstance(s, Unscreened)]
    assert reasons == [UnscreenedReason.UNDECODABLE, UnscreenedReason.OUTAGE]


@pytest.mark.asyncio
async def test_an_outage_is_waited_out(scene: Scene) -> None:
    await scene.leave(Script(seconds=10, result="mid"))
    scene.vendor.fail("/api/task-status", status=502, times=None)
    assert await scene.rounds(600) == 0
    scene.vendor.fail("/api/task-status", code=110400000, times=None)
    assert await scene.rounds(60) == 0
    scene.vendor.well_again()
    assert await scene.rounds(120) == 1


@pytest.mark.asyncio
async def test_jobs_of_a_provider_that_is_switched_off_wait(scene: Scene) -> None:
    await scene.leave(Script(seconds=10))
    off = Latecomers({}, scene.tickets, scene.clock, scene.ear)
    for _ in range(5):
        assert await off.look() == 0
        await scene.clock.sleep(30)
    assert await scene.rounds(60) == 1


@pytest.mark.asyncio
async def test_a_bug_does_not_end_the_looking(scene: Scene) -> None:
    await scene.leave(Script(seconds=5))
    heard = asyncio.Event()

    async def broken(ticket: Ticket, screening: Screening) -> None:
        heard.set()
        raise KeyError("hunter2")

    with capture_logs() as logs:
        running = asyncio.create_task(Latecomers(scene.late._providers, scene.tickets, scene.clock, broken).run())
        await asyncio.wait_for(heard.wait(), 10)
        for _ in range(50):
            await asyncio.sleep(0)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert {"event": "late_answers_failed", "log_level": "error", "error": "KeyError"} in logs
    assert "hunter2" not in str(logs)
