"""One picture posted 500 times within seconds, while the local models are in doubt: what a vendor is paid for it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.report import Bound, Report
from bot.sandbox import marks, pictures
from bot.sandbox.entities import Message
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import running
from bot.sandbox.scenes import files
from bot.sandbox.stage import Stage
from bot.sandbox.vendors import Vendors
from policies.model import Category

COPIES, CHANNELS, WITHIN = 500, 20, 10.0  # in so many channels, posted within so many seconds
PATIENCE = 180.0
START_SECONDS = 60.0
CALLS = 2  # at most so many are paid for


async def run(copies: int = COPIES, vendors: tuple[str, ...] = ("huawei", "hitpaw"), within: float = WITHIN) -> Report:
    """Against each of the paid `vendors`, in a community of its own. `within`: seconds."""
    rows, worst = [], 0
    for name in vendors:
        calls, cost, seconds = await _measured(name, copies, within)
        worst = max(worst, calls)
        rows.append((name, copies, calls, 100 * cost, seconds))  # a dollar's two digits would show none
    return Report(
        name="copies",
        title=f"one picture {copies} times within {within:.0f} s in {CHANNELS} channels, local models in doubt",
        columns=("vendor", "removed", "paid calls", "US cents", "s to the last"),
        rows=tuple(rows),
        bounds=(Bound("paid calls for one picture", float(worst), float(CALLS), ""),),
    )


async def _measured(name: str, copies: int, within: float) -> tuple[int, float, float]:
    """Paid calls, their cost, and seconds from the first post until the last was removed."""
    with tempfile.TemporaryDirectory(prefix="beholder-bench-") as folder:
        async with Loopback() as discord, Vendors.open((name,)) as vendors:
            stage = Stage.build(discord)
            async with running(discord, Path(folder), discord.token, **vendors.settings) as bot:
                await bot.event("commands synchronised", START_SECONDS)
                await vendors.grant(bot, stage.guild.id)
                await stage.set_up()
                began = time.monotonic()
                messages = await _flood(stage, copies, within)
                await discord.until(lambda: all(m.deleted_at is not None for m in messages), PATIENCE)
                seconds = time.monotonic() - began
            books = vendors.books[name]
            return books.answered, books.cost, seconds


async def _flood(stage: Stage, copies: int, within: float) -> list[Message]:
    """Posted evenly, by many people."""
    picture = files(pictures.jpeg(marks.marked(marks.doubtful(), Category.SEXUAL_EXPLICIT, 0.95)))
    discord, guild = stage.discord, stage.guild
    channels = [discord.channel(guild, f"square-{n}") for n in range(CHANNELS)]
    people = [discord.member(guild, f"raider-{n}") for n in range(CHANNELS - 1)]
    messages = []
    for n in range(copies):
        messages.append(discord.post(channels[n % len(channels)], people[n % len(people)], files=picture))
        await asyncio.sleep(0.9 * within / copies)
    return messages
