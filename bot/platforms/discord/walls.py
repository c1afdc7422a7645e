"""Where Discord keeps forbidding, it is not asked again and again.

Rights are checked before Discord is asked, so a 403 means that our picture of a guild is wrong, and it stays
wrong until somebody changes something. Discord bans an address for an hour or more after 10,000 invalid requests (401,
403, 429) within ten minutes. Ours stay far below, whatever is asked of us: of one kind of act in one place at
most 3 in ten minutes, and one probe every ten minutes after that; of one guild at most 30, so that 300 guilds
that all forbid everything make 9,000; of all together at most 5,000, after which nothing at all is sent until
some are ten minutes old. A guild whose permissions change starts afresh, and none pays for another.

https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans

(interlock's breaker counts shares of calls in a window of calls; this counts refusals in time.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import discord

from bot.platforms.discord.outcomes import Refusal
from bot.ports import Clock
from policies.wording import Worded

WINDOW: Final = 600.0  # seconds in which refusals are counted
PAUSE: Final = 600.0  # seconds until one more try
OF_ONE_KIND, OF_A_GUILD, OF_ALL = 3, 30, 5000

CHANGES: Final = frozenset(
    {
        "CHANNEL_CREATE",
        "CHANNEL_DELETE",
        "CHANNEL_UPDATE",
        "GUILD_CREATE",
        "GUILD_DELETE",
        "GUILD_ROLE_CREATE",
        "GUILD_ROLE_DELETE",
        "GUILD_ROLE_UPDATE",
        "GUILD_UPDATE",
        "THREAD_UPDATE",
    }
)
"""What may have given us a right that we lacked; a change of our own roles does, too."""
MEMBER_CHANGE: Final = "GUILD_MEMBER_UPDATE"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A kind of act in a guild, and where its right is one of the channel, there."""

    guild: str
    kind: str
    channel: str = ""


@dataclass(slots=True)
class _Wall:
    """Refusals of one kind in one place. `until`: when the next may be tried, once it stands."""

    refused: deque[float] = field(default_factory=deque)
    until: float | None = None


class Walls:
    """Counts what Discord forbids, and refuses in its place what it would only forbid again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._walls: dict[str, dict[Wanted, _Wall]] = {}  # by guild
        self._of_guild: dict[str, deque[float]] = {}
        self._of_all: deque[float] = deque()

    @contextmanager
    def watch(self, wanted: Wanted) -> Iterator[None]:
        """Around one request. Raises Refusal, with the cure, where there is no use in sending it."""
        self._check(wanted)
        try:
            yield
        except discord.Forbidden:
            self._forbidden(wanted)
            raise
        except BaseException:
            self._untried(wanted)
            raise
        self._walls.get(wanted.guild, {}).pop(wanted, None)

    def heard(self, name: str, payload: Mapping[str, Any], me: int) -> None:
        """A gateway event: whatever changes what we may do in a guild makes it start afresh."""
        if name == MEMBER_CHANGE:
            if str(payload.get("user", {}).get("id")) == str(me):
                self.forget(str(payload.get("guild_id")))
        elif name in CHANGES:
            self.forget(str(payload.get("guild_id") or payload.get("id")))

    def forget(self, guild: str) -> None:
        """Nothing is known of `guild` any more."""
        self._walls.pop(guild, None)
        self._of_guild.pop(guild, None)

    # --- counting -------------------------------------------------------------------------------

    def _check(self, wanted: Wanted) -> None:
        now = self._clock.monotonic()
        wall = self._walls.get(wanted.guild, {}).get(wanted)
        if wall is not None and wall.until is not None:
            if now < wall.until:
                raise self._refusal(wall.until - now)
            wall.until = now + PAUSE  # this one tries it out, the others go on waiting
        for counted, most in ((self._of_guild.get(wanted.guild), OF_A_GUILD), (self._of_all, OF_ALL)):
            if counted is not None and len(_lately(counted, now)) >= most:
                raise self._refusal(counted[0] + WINDOW - now)

    def _forbidden(self, wanted: Wanted) -> None:
        now = self._clock.monotonic()
        wall = self._walls.setdefault(wanted.guild, {}).setdefault(wanted, _Wall())
        for counted in (wall.refused, self._of_guild.setdefault(wanted.guild, deque()), self._of_all):
            _lately(counted, now).append(now)
        if wall.until is not None or len(wall.refused) >= OF_ONE_KIND:
            wall.until = now + PAUSE

    def _untried(self, wanted: Wanted) -> None:
        """An outage or a refusal of our own says nothing of the wall: the next one tries it out."""
        wall = self._walls.get(wanted.guild, {}).get(wanted)
        if wall is not None and wall.until is not None:
            wall.until = self._clock.monotonic()

    def _refusal(self, seconds: float) -> Refusal:
        at = self._clock.now() + timedelta(seconds=seconds)
        return Refusal(
            Worded(
                "Discord has forbidden this several times, so I do not ask again before {time} UTC: "
                "check my role and the channel's permissions, and run /doctor",
                time=f"{at:%H:%M}",
            )
        )


def _lately(times: deque[float], now: float) -> deque[float]:
    """`times`, without those outside of the window."""
    while times and times[0] <= now - WINDOW:
        times.popleft()
    return times
