"""Flood control: how many messages a bot may send. Deletions and bans are not counted.

Telegram's FAQ for bots: about 30 messages a second in all, 20 a minute into one group. The exact
numbers are not published.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

from bot.ports import Clock
from bot.sandbox.telegram.errors import flood

SECOND, MINUTE = 1.0, 60.0


@dataclass(slots=True)
class Flood:
    """Counts one bot's sends and edits."""

    clock: Clock
    per_second: int = 30
    per_minute_in_group: int = 20
    _all: deque[float] = field(default_factory=deque)
    _in_group: defaultdict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def count(self, chat: int, *, group: bool, messages: int = 1) -> None:
        """So many more messages into `chat`; 429 with the seconds to wait if that is too many."""
        now = self.clock.monotonic()
        windows = [(self._all, SECOND, self.per_second)]
        if group:
            windows.append((self._in_group[chat], MINUTE, self.per_minute_in_group))
        waits = [0.0]
        for times, length, most in windows:
            while times and now >= times[0] + length:
                times.popleft()
            if times and len(times) + messages > most:
                waits.append(times[0] + length - now)
        if any(waits):
            raise flood(max(1, math.ceil(max(waits))))
        for times, _, _ in windows:
            times.extend([now] * messages)
