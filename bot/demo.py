"""The main job, to be watched: the real bot as a process of its own, against a Discord and a Telegram on loopback.

Members post pictures; a live table shows what became of each. Everything between is the product:
discord.py, the journal, the sandbox for pixels, both models, SQLite, the effects.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.rule import Rule

from bot.sandbox.accounts import compared, settled
from bot.sandbox.fates import CARD, Scene, play
from bot.sandbox.first_hour import walk
from bot.sandbox.interactions import words
from bot.sandbox.loopback import Loopback
from bot.sandbox.opinions import opinions
from bot.sandbox.process import BotProcess, running
from bot.sandbox.programme import programme, show_direct_messages
from bot.sandbox.scenes import own
from bot.sandbox.stage import Stage
from bot.sandbox.table import Row, table
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.sandbox.telegram.scenes import town_scenes
from bot.sandbox.telegram.town import Town
from bot.sandbox.vendors import Vendors

START_SECONDS = 60.0
SCENE_SECONDS = 20.0
PAUSE_SECONDS = 2.0  # between two posts, once the scenes are over
LISTED = ("case", "list", "--json", "--limit", "8", "--guild")
COUNTED = ("beholder_images_total", "beholder_guilds", "beholder_backlog_jobs")
TOKEN = "bG9vcGJhY2s.G00d00.opens-nothing-but-the-loopback"


async def demo(once: bool, images: Path | None, names: tuple[str, ...] = (), *, local: bool = True) -> int:
    """Play every scene, then (unless `once`) go on until stopped. 0 if all that had to happen happened.

    `names`: vendors, on loopback; then what they change is shown. `local`: whether the local models are asked first.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 118)
    began = time.monotonic()
    _end_on_signals()
    with tempfile.TemporaryDirectory(prefix="beholder-demo-") as folder:
        async with (
            Loopback(token=TOKEN) as discord,
            LoopbackTelegram() as telegram,
            Vendors.open(names, local=local) as vendors,
        ):
            stage, town = Stage.build(discord), Town.build(telegram)
            both = {"telegram_token": telegram.token, "telegram_api_url": telegram.root}
            console.print(
                f"A Discord listens on {discord.api_url}{'' if names else f', a Telegram on {telegram.root}'}"
            )
            console.print(f"The bot starts, with its data in {folder} …")
            async with running(discord, Path(folder), TOKEN, **(vendors.settings if names else both)) as bot:
                await bot.event("commands synchronised", START_SECONDS)
                ready = time.monotonic()
                show = _Show(console, stage, town, bot, vendors)
                await show.set_up()
                rows = await show.play(chain(show.scenes(), own(stage, images) if images else ()))
                pressed = await _press(console, stage, rows)
                if not names:
                    await show.list_cases()
                counted = await show.count()
                ok = _summary(console, rows, pressed and counted, ready - began, time.monotonic() - ready)
                if not once:
                    await show.go_on()
    return 0 if ok else 1


def _end_on_signals() -> None:
    """However it is asked to end, the bot it started ends with it."""
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


@dataclass(frozen=True, slots=True)
class _Show:
    """What is on, and where it is seen. Without names among `vendors` it is the whole programme without any."""

    console: Console
    stage: Stage
    town: Town
    bot: BotProcess
    vendors: Vendors

    def scenes(self, serial: int = 0) -> Iterator[Scene]:
        """All of them, in order. `serial` makes other bytes of the same pictures."""
        if self.vendors.names:
            return opinions(self.stage, self.vendors, serial)
        return chain(programme(self.stage, serial), town_scenes(self.town, self.bot, serial))

    async def set_up(self) -> None:
        """From the invitation to a protected community. Raises TimeoutError where an answer stays away."""
        console, stage = self.console, self.stage
        hello = await stage.discord.posted(stage.general, START_SECONDS, having="Hello, I am Beholder")
        greeting, *below = words(hello).strip("# ").splitlines()
        said = f"{escape(greeting)}. {escape(' '.join(below[:2]))}"
        console.print(f"\nInvited, it says in #general: [italic]{said}[/italic]")
        for command in await self.vendors.grant(self.bot, stage.guild.id):
            console.print(f"  the host: [cyan]{command}[/cyan]")
        console.print("\n[bold]/setup[/bold], as the owner goes through it:")
        async for page in walk(stage):
            console.print(f"  {escape(page.title)} → [cyan]{escape(stage.named(page.chosen))}[/cyan]")
        if not self.vendors.names:
            await self._furnish()
            await self._set_up_town()

    async def _furnish(self) -> None:
        self.console.print("\nand what the community wants beyond the preset:")
        for command, answer in dict(await self.stage.furnish()).items():
            said = self.stage.named(answer).partition(" Before:")[0]
            self.console.print(f"  /{command}: [italic]{escape(said)}[/italic]")
        self.console.print(f"  the host: [cyan]{await show_direct_messages(self.stage, self.bot)}[/cyan]")

    async def _set_up_town(self) -> None:
        self.console.print(f"\n[bold]Telegram[/bold]: the owner of “{self.town.chat.title}” adds the bot there, too:")
        async for heading, chosen in self.town.set_up():
            self.console.print(f"  {escape(heading)} → [cyan]{escape(chosen)}[/cyan]")

    async def list_cases(self) -> None:
        """What the host sees of both communities, out of one database."""
        guilds = {f"discord:{self.stage.guild.id}": self.stage.guild.name, self.town.guild: self.town.chat.title}
        told = await asyncio.gather(*(self.bot.beholder(*LISTED, guild) for guild in guilds))
        self.console.print("\nThe latest cases of both, out of one database ([cyan]beholder case list[/cyan]):")
        for (guild, name), text in zip(guilds.items(), told, strict=True):
            self.console.print(f"  {name} [dim]{guild}[/dim]")
            for case in map(json.loads, text.splitlines()):
                suggestion = case["decision"]["suggestion"]
                done = f"{case['origin']}, {case['state']}"
                self.console.print(
                    f"    case {case['number']:>3}  {suggestion:<7} {done:<18} {case['place']['context']}"
                )

    async def play(self, played: Iterable[Scene], *, pause: float = 0.0) -> list[Row]:
        """Each scene's row is printed once it is over; until then it stands below the others, alive."""
        console = self.console
        console.print("\n[bold]Beholder at work[/bold]", Rule(style="dim"), table([], header=True))
        console.print(Rule(style="dim"))
        rows: list[Row] = []
        with Live(console=console, auto_refresh=False, transient=True) as live:
            for scene in played:
                rows.append(Row(scene))
                live.update(table(rows[-1:]), refresh=True)
                rows[-1].played = await play(self.stage, self.bot, scene, SCENE_SECONDS)
                live.update("")
                console.print(table(rows[-1:]), Rule(style="dim"))
                await asyncio.sleep(pause)
        return rows

    async def count(self) -> bool:
        """A few lines of what Prometheus would read, and what the vendors wrote down; whether the images were counted,
        and the bot counts the same cost as each vendor."""
        text = await self.bot.metrics()
        shown = [line for line in text.splitlines() if line.startswith(COUNTED) and not line.endswith(" 0.0")]
        self.console.print("\nOf [bold]/metrics[/bold]:")
        for line in shown:
            self.console.print(f"  {escape(line)}")
        accounts = compared(self.vendors.books, text)
        if accounts:
            self.console.print("\nWhat the vendors wrote down, and what the bot counted:", settled(accounts))
        return any(line.startswith("beholder_images_total") for line in shown) and all(a.agrees for a in accounts)

    async def go_on(self) -> None:
        """Until stopped."""
        self.console.print("Members go on posting. Ctrl-C ends it.")
        for serial in count(1):
            await self.play(self.scenes(serial), pause=PAUSE_SECONDS)


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
