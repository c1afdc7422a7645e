"""What the bot's processes hold: at rest, and in a flood of pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.local import SIZE, numbered
from benchmarks.report import Bound, Report
from benchmarks.street import Street, street
from bot.sandbox import pictures
from bot.sandbox.entities import Channel, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import BotProcess
from bot.sandbox.scenes import files

LIMIT = 1024.0  # MB for everything
REST = 2.0  # seconds after which things have settled
SAMPLE = 0.5  # seconds between two looks
FLOOD_SECONDS = 240.0


async def run(images: int = 2000) -> Report:
    """A flood of `images` into one guild. Many guilds are another benchmark, `scale`."""
    original = pictures.jpeg(pictures.landscape(1, SIZE))
    async with street() as real:
        await _judge(real.discord, real.bot, [(real.stage.general, real.stage.members[0])], [numbered(original, -1)])
        await asyncio.sleep(REST)
        idle = held(real.bot)
        flooded, seconds = await _flood(real, [numbered(original, n) for n in range(images)])
        await asyncio.sleep(REST)
        after = held(real.bot)
    rows = (
        ("at rest, models loaded", idle, idle),
        (f"a flood of {images} pictures of one megapixel in one guild", flooded, flooded - idle),
        ("at rest after it", after, after - idle),
    )
    return Report(
        name="memory",
        title="Memory of the bot and its workers together (PSS)",
        columns=("MB", "held", "over the first"),
        rows=rows,
        bounds=(Bound("most in a flood", flooded, LIMIT, "MB"),),
        notes=(f"The flood was judged in {seconds:.0f} s, {images / seconds:.0f} pictures a second.",),
    )


def held(bot: BotProcess) -> float:
    """Megabytes that the bot and its workers hold: proportional set sizes, shared pages counted once."""
    return sum(map(_pss, _tree(bot.process.pid))) / 1024


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _tree(int(child))


def _pss(pid: int) -> int:
    """Kilobytes; 0 for a process that has just ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


async def _flood(real: Street, shown: Sequence[bytes]) -> tuple[float, float]:
    """Post everything at once; the most that was held until all was judged, and how long that took."""
    where = [(real.stage.general, member) for member in real.stage.members]
    began = time.perf_counter()
    most = await _judge(real.discord, real.bot, where, shown)
    return most, time.perf_counter() - began


async def _judge(
    discord: Loopback, bot: BotProcess, where: Sequence[tuple[Channel, User]], shown: Sequence[bytes]
) -> float:
    """Post `shown` round about, and watch until the bot has said something of each. Returns the most held."""
    before, most = len(_said(bot)), 0.0
    for n, picture in enumerate(shown):
        channel, author = where[n % len(where)]
        discord.post(channel, author, files=files(picture))
        await asyncio.sleep(0)
    async with asyncio.timeout(FLOOD_SECONDS):
        while len(_said(bot)) - before < len(shown):
            if bot.process.returncode is not None:
                raise RuntimeError(f"the bot ended:\n{bot.tail()}")
            await asyncio.sleep(SAMPLE)
            most = max(most, held(bot))
    return most


def _said(bot: BotProcess) -> list[object]:
    return [line for line in bot.lines if line.get("event") == "judged"]
