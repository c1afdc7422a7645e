"""How the processor time of one file is spread over its frames. The time is of the test's own making."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media import reel
from bot.media.reel import CPU_SECONDS, Budget, route, walk


class Stopwatch:
    def __init__(self) -> None:
        self.now = 100.0

    def process_time(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    watch = Stopwatch()
    monkeypatch.setattr(reel, "time", watch)
    return watch


def seen(total: int, cost: float, watch: Stopwatch, *, leaping: bool = True) -> list[int]:
    indices = []
    for index in route(total, Budget(), leaping=leaping):
        indices.append(index)
        watch.now += cost
    return indices


@pytest.mark.parametrize("leaping", [True, False])
def test_what_can_be_paid_for_is_seen_in_full(watch: Stopwatch, leaping: bool) -> None:
    assert seen(100, CPU_SECONDS / 101, watch, leaping=leaping) == list(range(100))
    assert seen(1, 9.0, watch, leaping=leaping) == [0]


@given(st.integers(2, 3000), st.floats(0.001, CPU_SECONDS / 2.1))
def test_first_and_last_are_always_seen_and_the_rest_evenly(total: int, cost: float) -> None:
    watch = Stopwatch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reel, "time", watch)
        indices = seen(total, cost, watch)
    assert (indices[0], indices[-1]) == (0, total - 1)
    assert watch.now <= 100.0 + CPU_SECONDS + 1e-6
    widest = max(later - one for one, later in pairwise(indices))
    assert widest <= 2 * total / len(indices) + 1


@given(st.lists(st.floats(0.0, 0.4), min_size=1, max_size=20), st.booleans())
def test_uneven_frames_are_not_let_beyond_the_budget_by_more_than_one(costs: list[float], leaping: bool) -> None:
    watch = Stopwatch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reel, "time", watch)
        for index in route(300, Budget(), leaping=leaping):
            watch.now += costs[index % len(costs)]
    assert watch.now <= 100.0 + CPU_SECONDS + 0.4


@given(st.integers(2, 400), st.floats(0.01, CPU_SECONDS / 2.1), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=9))
def test_however_uneven_frames_are_the_last_is_seen(total: int, dearest: float, parts: list[float]) -> None:
    """As long as the first was as dear as any: nobody can save up for what was never seen before."""
    watch = Stopwatch()
    seen: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reel, "time", watch)
        for index in route(total, Budget(), leaping=True):
            watch.now += dearest * (parts[len(seen) % len(parts)] if seen else 1.0)
            seen.append(index)
    assert seen[-1] == total - 1
    assert watch.now <= 100.0 + CPU_SECONDS + 1e-6


def test_where_frames_cannot_be_leapt_over_it_is_the_beginning(watch: Stopwatch) -> None:
    indices = seen(100, 0.2, watch, leaping=False)
    assert indices == list(range(len(indices)))
    assert 10 <= len(indices) <= 12


def test_two_attempts_at_one_file_share_one_budget(watch: Stopwatch) -> None:
    budget = Budget()
    first = 0
    for _ in route(4, budget, leaping=False):
        first += 1
        watch.now += 0.3
    second = 0
    for _ in walk(budget):
        second += 1
        watch.now += 0.3
    assert (first, second) == (4, 4)
