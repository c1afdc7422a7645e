"""When to ask how a job stands: soon at first, then less often, and never all jobs at once.

The vendor advises one question every 1 to 3 seconds. Asking every second for six seconds and then more and more
seldom adds less waiting to quick jobs than a fixed two seconds do, and fewer questions to slow ones
(`python -m benchmarks polling`).
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from providers.errors import Denied, ProviderError, RateLimited
from providers.guard import Clock, Pace
from providers.hitpaw.codes import JobFailed, NoSuchJob
from providers.hitpaw.wire import Progress, Stage

EMPTIES = 3  # times that a job may be completed without a result before it is given up
LAG = 30.0  # seconds in which a new job may be unknown to the server that is asked
WIDEST = 30.0  # seconds between two questions after errors
STILL = Progress("", Stage.RUNNING)
GONE = Progress("", Stage.FAILED)


@dataclass(frozen=True, slots=True)
class Cadence:
    """Waits between questions: `steady` times `first`, then `growth` times the last, up to `longest`, in seconds."""

    first: float = 1.0
    steady: int = 6
    growth: float = 1.25
    longest: float = 3.0
    jitter: float = 0.1  # each is up to so much of itself longer or shorter

    def waits(self, age: float = 0.0, chance: Callable[[], float] = random.random) -> Iterator[float]:
        """Of a job that is `age` seconds old: an old one is asked about at once, and then where it had got to."""
        if age > 0:
            yield 0.0
        passed = 0.0
        for wait in self._plain():
            passed += wait
            if passed > age or wait >= self.longest:
                yield wait * (1 + self.jitter * (2 * chance() - 1))

    def _plain(self) -> Iterator[float]:
        for _ in range(self.steady):
            yield self.first
        wait = self.first
        while True:
            wait = min(wait * self.growth, self.longest)
            yield wait


class Budget:
    """Questions of all jobs of one key: at even distances, and none at all while the vendor wants peace."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._pace = Pace(per_second, clock)
        self._clock = clock
        self._peace = 0.0

    @property
    def rests_until(self) -> float:
        """Before this moment (monotonic seconds) the vendor is asked nothing."""
        return self._peace

    async def turn(self) -> None:
        """Wait for the next question's turn."""
        slept = 0.0
        while slept < self._peace and (left := self._peace - self._clock.monotonic()) > 0:
            slept = self._peace  # it may have been prolonged meanwhile; how a clock rounds must not matter
            await self._clock.sleep(left)
        await self._pace.turn()

    def rest(self, seconds: float) -> None:
        """The vendor said: asked too often."""
        self._peace = max(self._peace, self._clock.monotonic() + min(seconds, WIDEST))


class Poller:
    """Follows jobs. `ask` is one question; `noticed` hears every answer."""

    def __init__(
        self,
        ask: Callable[[str], Awaitable[Progress]],
        *,
        clock: Clock,
        budget: Budget,
        cadence: Cadence = Cadence(),
        chance: Callable[[], float] = random.random,
        noticed: Callable[[Progress], object] = lambda progress: None,
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._budget = budget
        self._cadence = cadence
        self._chance = chance
        self._noticed = noticed

    async def follow(self, job: str, *, age: float, until: float) -> Progress:
        """How the job ended, or that it still runs at `until` (monotonic seconds); asked at least once, unless the
        vendor wants peace for longer.

        Trouble in asking widens the distance and never ends the job. Raises Denied, which the host must mend, and
        NoSuchJob once the job is too old to be merely not known yet.
        """
        began = self._clock.monotonic()
        waits, widening, empties = self._cadence.waits(age, self._chance), 1.0, 0
        while True:
            wait = min(next(waits) * widening, WIDEST)
            if empties == 0:  # a job that says it is done is worth waiting for
                wait = min(wait, max(0.0, until - self._clock.monotonic()))
            await self._clock.sleep(wait)
            if self._budget.rests_until > until:
                return STILL
            await self._budget.turn()
            progress, fine = await self._asked(job, age + self._clock.monotonic() - began)
            widening = 1.0 if fine else widening * 2
            empties += progress.stage is Stage.EMPTY
            if progress.stage not in (Stage.RUNNING, Stage.EMPTY) or empties >= EMPTIES:
                return progress
            if progress.stage is Stage.RUNNING and self._clock.monotonic() >= until:
                return progress

    async def _asked(self, job: str, age: float) -> tuple[Progress, bool]:
        """The answer, and whether it was one."""
        try:
            progress = await self._ask(job)
        except Denied:
            raise
        except JobFailed:
            return GONE, True
        except ProviderError as error:
            if isinstance(error, NoSuchJob) and age > LAG:
                raise
            if isinstance(error, RateLimited):
                self._budget.rest(error.retry_after)
            return STILL, False
        self._noticed(progress)
        return progress, True
