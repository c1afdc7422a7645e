"""HitPaw's jobs on a simulated clock: our questions against those of the sample on the vendor's own page."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.report import Bound, Report
from providers.hitpaw.polling import Budget, Poller
from providers.hitpaw.wire import Progress, Stage

RUNNING = Progress("CONVERTING", Stage.RUNNING)
DONE = Progress("COMPLETED", Stage.ANSWERED, "low")
SAMPLE_SECONDS = 2.0
SAMPLE_ATTEMPTS = 60
TRIP = 0.05  # seconds that a question takes to the vendor and back


@dataclass(frozen=True, slots=True)
class Load:
    """Jobs that take evenly `least` to `most` seconds; what we promise of them."""

    least: float
    most: float
    wait: float | None = None  # ours, as a share of the sample's
    polls: float | None = None

    def __str__(self) -> str:
        return f"{self.least:g}–{self.most:g} s"


LOADS = (Load(0.8, 3.0, wait=0.55), Load(2.0, 8.0, wait=0.7), Load(10.0, 60.0, polls=1.0))
COLUMNS = ("jobs of", "added wait s: sample", "ours", "share", "questions: sample", "ours", "share")


class Simulated:
    """A clock that passes as soon as somebody sleeps."""

    def __init__(self) -> None:
        self._passed = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._passed, UTC)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        self._passed += max(0.0, seconds)


class Vendor:
    """One job that takes `seconds`."""

    def __init__(self, clock: Simulated, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self.questions = 0

    async def ask(self, job: str) -> Progress:
        self.questions += 1
        await self._clock.sleep(TRIP / 2)
        progress = DONE if self._clock.monotonic() >= self._seconds else RUNNING
        await self._clock.sleep(TRIP / 2)
        return progress


async def sample(vendor: Vendor, clock: Simulated, chance: Callable[[], float]) -> None:
    """`wait_for_completion` of the vendor's page: at once, then every two seconds."""
    for _ in range(SAMPLE_ATTEMPTS):
        if (await vendor.ask("job")).stage is Stage.ANSWERED:
            return
        await clock.sleep(SAMPLE_SECONDS)
    raise TimeoutError("the sample gave up")


async def ours(vendor: Vendor, clock: Simulated, chance: Callable[[], float]) -> None:
    """The poller that the provider uses, budget and all."""
    poller = Poller(vendor.ask, clock=clock, budget=Budget(10, clock), chance=chance)
    await poller.follow("job", age=0.0, until=1e9)


Way = Callable[[Vendor, Simulated, Callable[[], float]], Awaitable[None]]


async def run(jobs: int = 4000) -> Report:
    """The same job times for both, drawn from a fixed seed."""
    rows, bounds = [], []
    for load in LOADS:
        times = random.Random(f"{load}")
        seconds = [times.uniform(load.least, load.most) for _ in range(jobs)]
        (their_wait, their_polls), (wait, polls) = await _means(sample, seconds), await _means(ours, seconds)
        rows.append(
            (str(load), their_wait, wait, wait / their_wait, their_polls, polls, polls / their_polls),
        )
        if load.wait is not None:
            bounds.append(Bound(f"added wait of jobs of {load}, ours / sample", wait / their_wait, load.wait, ""))
        if load.polls is not None:
            bounds.append(Bound(f"questions a job of {load}, ours / sample", polls / their_polls, load.polls, ""))
    return Report(
        name="polling",
        title=f"Waiting for HitPaw: {jobs} simulated jobs of each length",
        columns=COLUMNS,
        rows=tuple(rows),
        bounds=tuple(bounds),
        notes=(
            "The sample is the loop on the vendor's page, written by us after it: a question at once, then every 2 s.",
            "Ours: a question every second for six seconds, then 1.25 times as seldom each time, up to 3 s, ±10 %.",
            "Added wait: from the end of the job to the answer in hand. Job times are spread evenly: an assumption.",
        ),
    )


async def _means(way: Way, seconds: list[float]) -> tuple[float, float]:
    """Added wait and questions, a job."""
    chance = random.Random(7).random
    waits, questions = 0.0, 0
    for each in seconds:
        clock = Simulated()
        vendor = Vendor(clock, each)
        await way(vendor, clock, chance)
        waits += clock.monotonic() - each
        questions += vendor.questions
    return waits / len(seconds), questions / len(seconds)
