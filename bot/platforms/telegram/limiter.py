"""The pace at which we write, so that Telegram need not stop us; what removes waits for nobody.

Telegram's FAQ for bots names about 30 messages a second in all and 20 a minute into one group; edits are counted as
messages. Deletions, bans and questions are not (tdlib/telegram-bot-api#572), and here they overtake whatever waits.
PTB's own limiter counts every call into a group: the last of thirty bad images would stand for half a minute.

https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, Final

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bot.platforms.telegram.outcomes import seconds_of
from bot.ports import Clock

PER_SECOND, PER_MINUTE_IN_A_GROUP = 30, 20
SECOND, MINUTE = 1.0, 60.0
TRIES: Final = 3

Json = dict[str, Any]
Callback = Callable[..., Coroutine[Any, Any, bool | Json | list[Json]]]


class Lane(StrEnum):
    """`write`: what puts words or pictures before people. `act`: all else."""

    WRITE = "write"
    ACT = "act"


PATIENCE: Final = {Lane.WRITE: 0.25, Lane.ACT: 5.0}
"""Seconds that a call waits here. Whoever would have to wait for longer is told so by a RetryAfter, without a call:
the effects table has more patience, and a worker that waits keeps others from deleting."""

_WRITES: Final = ("send", "edit", "copy", "forward")
_NO_MESSAGE: Final = frozenset({"sendChatAction"})


def lane_of(endpoint: str) -> Lane:
    """Which lane a method of the Bot API takes."""
    return Lane.WRITE if endpoint.startswith(_WRITES) and endpoint not in _NO_MESSAGE else Lane.ACT


class Pace(BaseRateLimiter[None]):
    """PTB's hook around every call of a bot. A 429 closes one lane into one chat, not the whole bot."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._written: deque[float] = deque()
        self._into: defaultdict[str, deque[float]] = defaultdict(deque)  # by group
        self._closed: dict[tuple[str, Lane], float] = {}  # until when

    async def initialize(self) -> None:
        """Nothing to be done."""

    async def shutdown(self) -> None:
        """Nothing to be done."""

    async def process_request(
        self, callback: Callback, args: Any, kwargs: Json, endpoint: str, data: Json, rate_limit_args: None
    ) -> bool | Json | list[Json]:
        """Call it when its turn has come. Raises RetryAfter, before or after the call, where that is too far off."""
        chat, lane = str(data.get("chat_id", "")), lane_of(endpoint)
        for left in reversed(range(TRIES)):
            await self._turn(chat, lane)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                self._close(chat, lane, seconds_of(error))
                if not left:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    async def _turn(self, chat: str, lane: Lane) -> None:
        """Until it may be sent. Whoever sleeps looks again afterwards: another may have been quicker."""
        asked = self._clock.monotonic()
        while (wait := self._wait(chat, lane)) > 0:
            if self._clock.monotonic() + wait - asked > PATIENCE[lane]:
                raise RetryAfter(max(1, math.ceil(wait)))
            await self._clock.sleep(wait)
        if lane is Lane.WRITE:
            now = self._clock.monotonic()
            self._written.append(now)
            if _is_group(chat):
                self._into[chat].append(now)

    def _wait(self, chat: str, lane: Lane) -> float:
        """Seconds until the next one may be sent, as far as is known now."""
        now = self._clock.monotonic()
        waits = [self._closed.get((chat, lane), now) - now]
        if lane is Lane.WRITE:
            waits.append(_room(self._written, now, SECOND, PER_SECOND))
            if _is_group(chat):
                waits.append(_room(self._into[chat], now, MINUTE, PER_MINUTE_IN_A_GROUP))
        return max(waits)

    def _close(self, chat: str, lane: Lane, seconds: float) -> None:
        now = self._clock.monotonic()
        self._closed = {key: until for key, until in self._closed.items() if until > now}
        self._closed[chat, lane] = now + seconds
        for group in [g for g, times in self._into.items() if not times or times[-1] <= now - MINUTE]:
            del self._into[group]


def _is_group(chat: str) -> bool:
    return chat.startswith("-")


def _room(times: deque[float], now: float, window: float, most: int) -> float:
    """Seconds until one more fits into the window."""
    while times and times[0] <= now - window:
        times.popleft()
    return 0.0 if len(times) < most else times[0] + window - now
