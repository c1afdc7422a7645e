"""When a job is asked about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import accumulate, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import BadCredentials, BadRequest, Garbled, ProviderError, RateLimited, ServerFault, Timeout
from providers.hitpaw.codes import JobFailed, NoSuchJob
from providers.hitpaw.polling import EMPTIES, LAG, WIDEST, Budget, Cadence, Poller
from providers.hitpaw.wire import Progress, Stage
from tests.clock import FakeClock

RUNNING = Progress("CONVERTING", Stage.RUNNING)
LOW = Progress("COMPLETED", Stage.ANSWERED, "low")
EMPTY = Progress("COMPLETED", Stage.EMPTY)
FAILED = Progress("ERROR", Stage.FAILED)


def middle() -> float:
    """No jitter."""
    return 0.5


class Vendor:
    """Says what it is told to, and notes when it was asked."""

    def __init__(self, clock: FakeClock, *answers: Progress | ProviderError) -> None:
        self.answers = list(answers)
        self.at: list[float] = []
        self._clock = clock

    async def ask(self, job: str) -> Progress:
        self.at.append(self._clock.monotonic())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, ProviderError):
            raise answer
        return answer


def poller(
    vendor: Vendor, clock: FakeClock, *, chance: Callable[[], float] = middle, per_second: float = 1e6
) -> Poller:
    return Poller(vendor.ask, clock=clock, budget=Budget(per_second, clock), chance=chance)


async def follow(
    *answers: Progress | ProviderError, age: float = 0.0, until: float = 1e9
) -> tuple[Progress, list[float]]:
    clock = FakeClock(auto=True)
    vendor = Vendor(clock, *answers)
    progress = await poller(vendor, clock).follow("j", age=age, until=until)
    return progress, [round(at, 3) for at in vendor.at]


# --- the cadence -----------------------------------------------------------------------------------------


def plain(count: int, age: float = 0.0) -> list[float]:
    return [round(w, 4) for w in islice(Cadence().waits(age, middle), count)]


def test_six_seconds_apart_by_one_then_ever_more_up_to_three() -> None:
    assert plain(12) == [1, 1, 1, 1, 1, 1, 1.25, 1.5625, 1.9531, 2.4414, 3, 3]


def test_an_old_job_is_asked_about_at_once_and_then_as_its_age_says() -> None:
    assert plain(4, age=2.5) == [0, 1, 1, 1]
    assert plain(4, age=6.5) == [0, 1.25, 1.5625, 1.9531]
    assert plain(4, age=5000) == [0, 3, 3, 3]


@given(st.lists(st.floats(0, 1), min_size=40, max_size=40), st.floats(0, 1e6))
def test_jitter_keeps_within_a_tenth_and_within_the_vendors_advice(chances: Iterable[float], age: float) -> None:
    drawn = iter(chances)
    waits = list(islice(Cadence().waits(age, lambda: next(drawn)), 40))
    assert all(0.899 <= wait <= 3.301 for wait in waits[1:])
    assert waits[0] == 0 if age > 0 else 0.899 <= waits[0] <= 1.101
    assert list(accumulate(waits)) == sorted(accumulate(waits))


# --- one job ---------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_it_is_asked_until_it_is_answered() -> None:
    assert await follow(RUNNING, RUNNING, LOW) == (LOW, [1, 2, 3])


@pytest.mark.asyncio
async def test_a_failed_job_is_an_end() -> None:
    assert await follow(RUNNING, FAILED) == (FAILED, [1, 2])
    assert (await follow(JobFailed("x")))[0].stage is Stage.FAILED


@pytest.mark.asyncio
async def test_the_deadline_ends_the_following_with_a_last_question() -> None:
    progress, at = await follow(RUNNING, until=10.0)
    assert (progress, at[-1]) == (RUNNING, 10.0)


@pytest.mark.asyncio
async def test_asking_again_later_is_one_question() -> None:
    assert await follow(RUNNING, age=500, until=0.0) == (RUNNING, [0])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "error", [Timeout("x"), ServerFault("x"), Garbled("x"), BadRequest("x"), RateLimited("x", 0.0)]
)
async def test_trouble_in_asking_widens_the_distance_and_fails_nothing(error: ProviderError) -> None:
    progress, at = await follow(error, error, error, LOW)
    assert progress == LOW
    assert at == [1, 3, 7, 15]


@pytest.mark.asyncio
async def test_after_an_answer_the_distance_is_the_usual_one() -> None:
    _, at = await follow(Timeout("x"), Timeout("x"), RUNNING, RUNNING, LOW)
    assert at == [1, 3, 7, 8, 9]


@pytest.mark.asyncio
async def test_the_distance_has_an_end() -> None:
    _, at = await follow(*[Timeout("x")] * 12, LOW)
    assert max(b - a for a, b in pairwise(at)) == WIDEST


@pytest.mark.asyncio
async def test_a_wrong_key_is_said_at_once() -> None:
    with pytest.raises(BadCredentials):
        await follow(BadCredentials("x"))


@pytest.mark.asyncio
async def test_a_new_job_may_not_be_known_yet_and_an_old_one_is_lost() -> None:
    unknown = NoSuchJob("x")
    assert (await follow(unknown, unknown, LOW))[0] == LOW
    with pytest.raises(NoSuchJob):
        await follow(unknown, age=LAG + 1)
    with pytest.raises(NoSuchJob):
        await follow(unknown)


@pytest.mark.asyncio
async def test_completed_without_a_result_is_asked_three_times() -> None:
    progress, at = await follow(EMPTY)
    assert (progress, len(at)) == (EMPTY, EMPTIES)
    assert (await follow(EMPTY, EMPTY, LOW))[0] == LOW
    progress, at = await follow(RUNNING, EMPTY, EMPTY, LOW, until=2.0)
    assert progress == LOW, "one that says it is done is waited for beyond the deadline"


# --- all jobs of a key -------------------------------------------------------------------------------------


async def run(clock: FakeClock, *following: asyncio.Task[Progress]) -> list[Progress]:
    while not all(task.done() for task in following):
        await asyncio.sleep(0)
        await clock.advance(0.05)
    return [task.result() for task in following]


@pytest.mark.asyncio
async def test_many_jobs_share_one_budget() -> None:
    clock = FakeClock()
    vendor = Vendor(clock, *[RUNNING] * 600, LOW)
    ours = poller(vendor, clock, per_second=10)
    jobs = [asyncio.create_task(ours.follow(f"j{n}", age=0.0, until=60.0)) for n in range(100)]
    await run(clock, *jobs)
    gaps = [b - a for a, b in pairwise(vendor.at)]
    assert min(gaps) >= 0.1 - 1e-6, "never more than ten a second, in no burst"
    assert len(vendor.at) > 500


@pytest.mark.asyncio
async def test_one_job_that_is_told_to_wait_quiets_all() -> None:
    clock = FakeClock()
    vendor = Vendor(clock, RateLimited("x", 8.0), LOW)
    ours = poller(vendor, clock, per_second=10)
    jobs = [asyncio.create_task(ours.follow(f"j{n}", age=0.0, until=60.0)) for n in range(5)]
    assert await run(clock, *jobs) == [LOW] * 5
    first, *others = vendor.at
    assert min(others) - first >= 8.0


@pytest.mark.asyncio
async def test_peace_beyond_the_deadline_is_not_waited_for() -> None:
    progress, at = await follow(RateLimited("x", 20.0), LOW, until=6.0)
    assert (progress.stage, at) == (Stage.RUNNING, [1])


@pytest.mark.asyncio
async def test_no_vendor_silences_us_for_ever() -> None:
    clock = FakeClock(auto=True)
    budget = Budget(10, clock)
    budget.rest(1e9)
    await budget.turn()
    assert clock.monotonic() <= WIDEST


@pytest.mark.asyncio
async def test_every_answer_is_noticed() -> None:
    clock, heard = FakeClock(auto=True), list[Progress]()
    vendor = Vendor(clock, RUNNING, Timeout("x"), LOW)
    await Poller(vendor.ask, clock=clock, budget=Budget(10, clock), noticed=heard.append).follow("j", age=0, until=99)
    assert heard == [RUNNING, LOW]
