"""The bot and the barest client, side by side on loopback: whose bad pictures are gone sooner."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from benchmarks.barest import barest
from benchmarks.report import Spread
from benchmarks.street import Street, milliseconds, removal, street
from bot.sandbox.loopback import Loopback

WARM_UP = 10
PAUSE = 0.02  # between two posts: each finds both processes at rest

Row = tuple[str | float, ...]
COLUMNS = ("ms", "median", "p90", "least", "posts")


@dataclass(slots=True)
class Duel:
    """Milliseconds of each, and the bot's own spans, in the order of the posts."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    spans: list[dict[str, float]] = field(default_factory=list)

    @property
    def difference(self) -> float:
        """Of the medians."""
        return Spread.of(self.ours).median - Spread.of(self.theirs).median

    def rows(self, stations: Sequence[str]) -> tuple[Row, ...]:
        """Both, then what the bot's log says of `stations`."""
        return (
            ("Beholder", *Spread.of(self.ours).cells),
            ("the barest discord.py client", *Spread.of(self.theirs).cells),
            *((f"Beholder: {name}", *Spread.of([each[name] for each in self.spans]).cells) for name in stations),
        )


async def duel(pictures: Sequence[bytes], *, warm_up: int = WARM_UP) -> Duel:
    """Post `pictures` to one and to the other in turns, so that a drift of the machine hits both alike.

    The first `warm_up` are not counted. Each is a new member's: nobody climbs the ladder of strikes.
    """
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(street())
        other = await stack.enter_async_context(Loopback())
        await stack.enter_async_context(barest(other))
        guild = other.guild("Meadow")
        channel = other.channel(guild, "general")
        counted = Duel()
        for n, picture in enumerate(pictures):
            one = counted if n >= warm_up else Duel()
            await _removed(real, picture, one)
            one.theirs.append(milliseconds(await removal(other, channel, other.member(guild, "ann"), picture)))
            other.world.happened.clear()
            await asyncio.sleep(PAUSE)
    return counted


async def _removed(real: Street, picture: bytes, into: Duel) -> None:
    """Until the picture is gone and its notice and card stand: nothing of it runs into the next post."""
    stage = real.stage
    member = real.discord.member(stage.guild, "ann")
    message = await removal(real.discord, stage.general, member, picture)
    line = await real.judged(message)
    into.ours.append(milliseconds(message))
    into.spans.append(dict(line["ms"]))
    real.forget()
