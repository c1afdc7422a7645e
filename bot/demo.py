"""The main job, to be watched: the real bot as a process of its own, against a Discord on loopback.

Members post pictures; a live table shows what became of each. Everything between is the product:
discord.py, the journal, the sandbox for pixels, both models, SQLite, the effects.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.live import Live

from bot.sandbox.loopback import Loopback
from bot.sandbox.process import BotProcess, running
from bot.sandbox.scenes import Scene, own, play, scenes
from bot.sandbox.stage import Stage
from bot.sandbox.table import Table

START_SECONDS = 60.0
SCENE_SECONDS = 20.0
PAUSE_SECONDS = 3.0  # between two posts, once the scenes are over
SHOWN = 12  # rows of the endless part
TOKEN = "bG9vcGJhY2s.G00d00.opens-nothing-but-the-loopback"


async def demo(once: bool, images: Path | None) -> int:
    """Play every scene, then (unless `once`) go on until stopped. 0 if all that had to happen happened."""
    console = Console() if sys.stdout.isatty() else Console(width=118)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="beholder-demo-") as folder:
        async with Loopback(token=TOKEN) as discord:
            stage = Stage.build(discord)
            console.print(f"A Discord listens on {discord.api_url}; the bot starts, with its data in {folder} …")
            async with running(discord, Path(folder), TOKEN) as bot:
                await bot.event("commands synchronised", START_SECONDS)
                console.print(f"[dim]/setup answers:[/dim] {stage.named(await stage.set_up())}")
                ready = time.monotonic()
                rows = await _show(console, stage, bot, chain(scenes(stage), own(stage, images) if images else ()))
                pressed = await _press(console, stage, rows)
                ok = _summary(console, rows, pressed, ready - began, time.monotonic() - ready)
                if not once:
                    await _go_on(console, stage, bot)
    return 0 if ok else 1


async def _show(console: Console, stage: Stage, bot: BotProcess, played: Iterable[Scene]) -> Table:
    table = Table()
    with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:
        for scene in played:
            row = table.begin(scene)
            live.update(table.render(), refresh=True)
            row.played = await play(stage, bot, scene, SCENE_SECONDS)
            live.update(table.render(), refresh=True)
    return table


async def _press(console: Console, stage: Stage, table: Table) -> bool:
    """A moderator looks at the first card and finds the removal wrong; a second press comes too late."""
    row = next((r for r in table.rows if r.played and r.played.line and r.scene.fate.card), None)
    if row is None or row.played is None or row.played.line is None:
        return False
    number = row.played.line["case"]
    card = await stage.discord.posted(stage.mods, having=f"Case {number} ")
    button = "Wrong, give back"
    stranger = await stage.discord.press(card, button, stage.members[0])
    console.print()
    pressers = (stage.moderator, stage.owner)
    first, second = await asyncio.gather(*(stage.discord.press(card, button, who) for who in pressers))
    await stage.discord.until(lambda: not card.components and not card.attachments)
    for who, answered in (("a member", stranger), ("a moderator", first), ("the owner at once", second)):
        console.print(f"“{button}” on case {number}, pressed by {who}: [italic]{stage.named(answered.text)}[/italic]")
    return all(answered.ephemeral for answered in (stranger, first, second))


def _summary(console: Console, table: Table, pressed: bool, starting: float, playing: float) -> bool:
    good = sum(row.ok for row in table.rows)
    ok = good == len(table.rows) and pressed
    verdict = "[green]all as it should be[/green]" if ok else "[bold red]NOT as it should be[/bold red]"
    console.print(
        f"{good} of {len(table.rows)} posts ended as they had to, and the card's buttons "
        f"{'worked' if pressed else 'did NOT work'}: {verdict}. "
        f"Start {starting:.1f} s, scenes {playing:.1f} s."
    )
    return ok


async def _go_on(console: Console, stage: Stage, bot: BotProcess) -> None:
    console.print("Members go on posting. Ctrl-C ends it.")
    table = Table()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            scene = random.choice(list(scenes(stage)))
            row = table.begin(scene)
            row.played = await play(stage, bot, scene, SCENE_SECONDS)
            del table.rows[:-SHOWN]
            live.update(table.render(), refresh=True)
            await asyncio.sleep(PAUSE_SECONDS)
