"""The main job, to be watched: the real bot as a process of its own, against a Discord on loopback.

Members post pictures; a live table shows what became of each. Everything between is the product:
discord.py, the journal, the sandbox for pixels, both models, SQLite, the effects.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from itertools import chain, count
from pathlib import Path

from aiohttp import ClientSession
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.rule import Rule

from bot.sandbox.fates import CARD, Scene, play
from bot.sandbox.first_hour import walk
from bot.sandbox.interactions import words
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import BotProcess, running
from bot.sandbox.programme import programme, show_direct_messages
from bot.sandbox.scenes import own
from bot.sandbox.stage import Stage
from bot.sandbox.table import Row, table

START_SECONDS = 60.0
SCENE_SECONDS = 20.0
PAUSE_SECONDS = 2.0  # between two posts, once the scenes are over
COUNTED = ("beholder_images_total", "beholder_guilds", "beholder_backlog_jobs")
TOKEN = "bG9vcGJhY2s.G00d00.opens-nothing-but-the-loopback"


async def demo(once: bool, images: Path | None) -> int:
    """Play every scene, then (unless `once`) go on until stopped. 0 if all that had to happen happened."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 118)
    began = time.monotonic()
    _end_on_signals()
    with tempfile.TemporaryDirectory(prefix="beholder-demo-") as folder:
        async with Loopback(token=TOKEN) as discord:
            stage = Stage.build(discord)
            console.print(f"A Discord listens on {discord.api_url}; the bot starts, with its data in {folder} …")
            async with running(discord, Path(folder), TOKEN) as bot:
                await bot.event("commands synchronised", START_SECONDS)
                ready = time.monotonic()
                await _set_up(console, stage, bot)
                rows = await _show(console, stage, bot, chain(programme(stage), own(stage, images) if images else ()))
                pressed = await _press(console, stage, rows)
                counted = await _metrics(console, bot)
                ok = _summary(console, rows, pressed and counted, ready - began, time.monotonic() - ready)
                if not once:
                    await _go_on(console, stage, bot)
    return 0 if ok else 1


def _end_on_signals() -> None:
    """However it is asked to end, the bot it started ends with it."""
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def _set_up(console: Console, stage: Stage, bot: BotProcess) -> None:
    """From the invitation to a protected community. Raises TimeoutError where a greeting or an answer stays away."""
    hello = await stage.discord.posted(stage.general, START_SECONDS, having="Hello, I am Beholder")
    greeting, *below = words(hello).strip("# ").splitlines()
    console.print(f"\nInvited, it says in #general: [italic]{escape(greeting)}. {escape(' '.join(below[:2]))}[/italic]")
    console.print("\n[bold]/setup[/bold], as the owner goes through it:")
    async for page in walk(stage):
        console.print(f"  {escape(page.title)} → [cyan]{escape(stage.named(page.chosen))}[/cyan]")
    console.print("\nand what the community wants beyond the preset:")
    for command, answer in dict(await stage.furnish()).items():
        said = stage.named(answer).partition(" Before:")[0]
        console.print(f"  /{command}: [italic]{escape(said)}[/italic]")
    console.print(f"  the host: [cyan]{await show_direct_messages(stage, bot)}[/cyan]")


async def _show(
    console: Console, stage: Stage, bot: BotProcess, played: Iterable[Scene], *, pause: float = 0.0
) -> list[Row]:
    """Each scene's row is printed once it is over; until then it stands below the others, alive."""
    console.print("\n[bold]Beholder at work on a Discord of its own[/bold]", Rule(style="dim"), table([], header=True))
    console.print(Rule(style="dim"))
    rows: list[Row] = []
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for scene in played:
            rows.append(Row(scene))
            live.update(table(rows[-1:]), refresh=True)
            rows[-1].played = await play(stage, bot, scene, SCENE_SECONDS)
            live.update("")
            console.print(table(rows[-1:]), Rule(style="dim"))
            await asyncio.sleep(pause)
    return rows


async def _press(console: Console, stage: Stage, rows: Sequence[Row]) -> bool:
    """Two people at once find the first removal wrong, after somebody who may not decide."""
    line = next((r.played.line for r in rows if r.played and r.played.line and CARD in r.scene.fate.expects), None)
    if line is None:
        return False
    card = await stage.discord.posted(stage.mods, having=f"Case {line['case']} ")
    button = "Wrong, give back"
    answers = {"a member": await stage.discord.press(card, button, stage.members[0])}
    two = {"a moderator": stage.moderator, "the owner": stage.owner}
    both = await asyncio.gather(*(stage.discord.press(card, button, who) for who in two.values()))
    answers |= sorted(zip(two, both, strict=True), key=lambda pair: "lready" in pair[1].text)
    await stage.discord.until(lambda: not card.components and not card.attachments)
    console.print(f"\n“{button}” on case {line['case']}, pressed by")
    for who, answered in answers.items():
        console.print(f"  {who}: [italic]{stage.named(answered.text)}[/italic]")
    return all(a.ephemeral for a in answers.values()) and sum("lready" in a.text for a in both) == 1


async def _metrics(console: Console, bot: BotProcess) -> bool:
    """A few lines of what Prometheus would read; whether the images were counted."""
    web = await bot.event("web")
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{web['port']}/metrics") as answer:
        text = await answer.text()
    shown = [line for line in text.splitlines() if line.startswith(COUNTED) and not line.endswith(" 0.0")]
    console.print("\nOf [bold]/metrics[/bold]:")
    for line in shown:
        console.print(f"  {escape(line)}")
    return any(line.startswith("beholder_images_total") for line in shown)


def _summary(console: Console, rows: Sequence[Row], pressed: bool, starting: float, playing: float) -> bool:
    good = sum(row.ok for row in rows)
    ok = good == len(rows) and pressed
    verdict = "[green]all as it should be[/green]" if ok else "[bold red]NOT as it should be[/bold red]"
    console.print(
        f"\n{good} of {len(rows)} scenes ended as they had to, the card's buttons "
        f"and /metrics {'worked' if pressed else 'did NOT work'}: {verdict}. "
        f"Start {starting:.1f} s, scenes {playing:.1f} s."
    )
    return ok


async def _go_on(console: Console, stage: Stage, bot: BotProcess) -> None:
    console.print("Members go on posting. Ctrl-C ends it.")
    for serial in count(1):
        await _show(console, stage, bot, programme(stage, serial), pause=PAUSE_SECONDS)
