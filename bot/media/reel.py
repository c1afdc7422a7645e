"""Which frames of an animation to decode, for so much processor time. Runs in the sandbox.

All of them as far as it goes. Where that is not far enough and frames can be leapt over, those that
it pays for are spread over the whole animation, and the last one is among them: a bad frame is put
where nobody is expected to look. For it, what the dearest frame so far has cost is never spent on others.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from math import ceil

# For all frames together: the sandbox kills at 3, and what comes after (still, views, codes) was
# measured to take up to 0.2 for eight frames of 1024 px, and one frame of 25 megapixels up to 0.4.
CPU_SECONDS = 2.4


class Budget:
    """What one file may spend, over all attempts at it, and how many frames that pays for."""

    def __init__(self) -> None:
        self._until = time.process_time() + CPU_SECONDS
        self._spent = self._dearest = 0.0
        self._frames = 0

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Measure what one frame costs."""
        began = time.process_time()
        yield
        cost = time.process_time() - began
        self._spent += cost
        self._dearest = max(cost, self._dearest)
        self._frames += 1

    def affords(self, wanted: int, *, besides: int = 0) -> int:
        """How many of `wanted` more frames like those so far; none if one like the dearest would be too much.

        `besides`: so many frames like the dearest are to be paid for as well, afterwards.
        """
        seconds = self._until - time.process_time() - besides * self._dearest
        if seconds < self._dearest:
            return 0
        mean = self._spent / max(1, self._frames)
        return wanted if seconds - self._dearest >= mean * wanted else 1 + int((seconds - self._dearest) / mean)


def route(total: int, budget: Budget, *, leaping: bool) -> Iterator[int]:
    """The indices of the frames to look at, in order, each timed until the next is asked for.

    `leaping`: whether to get to a frame without those before it costs next to nothing.
    """
    index = 0
    while True:
        with budget.frame():
            yield index
        left = total - 1 - index
        if not left or not budget.affords(1):
            return
        index += ceil(left / (1 + budget.affords(left - 1, besides=1))) if leaping else 1


def walk(budget: Budget) -> Iterator[int]:
    """As `route`, of an animation whose length nobody knows: one by one."""
    for index in count():
        with budget.frame():
            yield index
        if not budget.affords(1):
            return
