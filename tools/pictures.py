"""Pictures of what people see: `python -m tools.pictures [SCENE…] [--out DIR] [--width PX] [--html]`.

The real bot runs against a loopback Discord and is made to say what each scene shows; the page is made
from the JSON of its messages, and headless Chromium takes the picture (`--html` keeps the pages instead,
and needs none).
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

from bot.sandbox import first_hour, pictures
from bot.sandbox.album import DESKTOP, Album
from bot.sandbox.entities import Channel, Message, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.permissions import Permission
from bot.sandbox.portrait import Shot
from bot.sandbox.process import BotProcess, Line
from bot.sandbox.scenes import card, files
from bot.sandbox.stage import Stage
from policies.model import Category

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=2",
)
TALL = 2600  # px of the window; what is empty below is cut off
MARGIN = 24
COLOURS = 192  # of the picture's palette: a screenshot needs no more, and weighs a third
START_SECONDS = 60.0
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a scene has on its page."""

    shots: Sequence[Shot]
    channel: Channel


@dataclass(slots=True)
class Play:
    """A community, its bot, and the album that pictures of them go to."""

    discord: Loopback
    stage: Stage
    bot: BotProcess
    album: Album
    folder: Path
    number: int = 0

    def draw(self, category: Category, confidence: float) -> bytes:
        """A test card that was never posted before."""
        self.number += 1
        return card(category, confidence, width=800 + 2 * self.number)

    async def judged(self, picture: bytes, author: User) -> tuple[Message, Line]:
        """Somebody posts it; what the bot said of it."""
        message = self.discord.post(self.stage.general, author, files=files(picture))
        return message, await self.bot.event("judged", PATIENCE, message=str(message.id))

    async def card_of(self, line: Line) -> Message:
        """The moderators' card."""
        return await self.discord.posted(self.stage.mods, PATIENCE, having=f"Case {line['case']} ")

    async def card(self, category: Category, confidence: float) -> Message:
        """The card of a new case."""
        _, line = await self.judged(self.draw(category, confidence), self.stage.members[1])
        return await self.card_of(line)

    async def days_later(self) -> None:
        """The bot starts again when what it wanted to be reminded of is due."""
        await self.bot.stop()
        with closing(sqlite3.connect(self.folder / "beholder.db")) as database, database:
            database.execute("update jobs set run_at = 0 where kind = 'remind'")
        self.bot = await _begin(self.discord, self.folder, "discord ready")

    async def wizard(self, heading: str) -> Message:
        """The owner's wizard, at the page whose heading begins so."""
        page = await first_hour.begin(self.stage)
        while first_hour.offers(page, "Back"):
            await first_hour.press(self.stage, page, "Back")
        await first_hour.press(self.stage, page, "Next")
        await first_hour.press(self.stage, page, "Back")  # and what was said on opening it is gone
        while not first_hour.title(page).startswith(heading):
            await first_hour.turn(self.stage, page)
        return page

    async def answer(self, command: str, *, used: str = "", **options: object) -> Shown:
        """What the owner is answered to a command."""
        where = self.stage.mods
        answered = await self.discord.command(command, self.stage.owner, where, options=options, timeout=PATIENCE)
        return Shown(self.album.answer(answered, used or f"/{command}"), where)


async def card_removed(play: Play) -> Shown:
    """What moderators see of a removal."""
    return Shown([play.album.post(await play.card(Category.SEXUAL_EXPLICIT, 0.95))], play.stage.mods)


async def card_review(play: Play) -> Shown:
    """What moderators are asked."""
    return Shown([play.album.post(await play.card(Category.SEXUAL_SUGGESTIVE, 0.75))], play.stage.mods)


async def card_observed(play: Play) -> Shown:
    """What moderators see while the bot only watches."""
    for mode in ("observe", "enforce"):
        await play.answer("policy mode", mode=mode)
        if mode == "observe":
            shown = await play.card(Category.HATE, 0.97)
    return Shown([play.album.post(shown)], play.stage.mods)


async def card_closed(play: Play) -> Shown:
    """A card after *Wrong, give back*, and what its presser was answered."""
    shown = await play.card(Category.VIOLENCE_GRAPHIC, 0.94)
    answered = await play.discord.press(shown, "Wrong, give back", play.stage.moderator, timeout=PATIENCE)
    await play.discord.until(lambda: not shown.components)
    return Shown([play.album.post(shown), *play.album.answer(answered)], play.stage.mods)


async def notice(play: Play) -> Shown:
    """What everybody sees of a removal, and what its author alone is told."""
    ann, ben, *_ = play.stage.members
    before = play.discord.post(play.stage.general, ann, "Look at this morning!", files=files(_photo()))
    _, line = await play.judged(play.draw(Category.SEXUAL_EXPLICIT, 0.96), ben)
    public = await play.discord.posted(play.stage.general, PATIENCE, since=before.sent_at, having="was removed")
    await play.card_of(line)
    details = await play.discord.press(public, "Details", ben, timeout=PATIENCE)
    shots = [play.album.post(before), play.album.post(public), *play.album.answer(details)]
    return Shown(shots, play.stage.general)


def _photo() -> bytes:
    """A landscape without much grain: it is there to be seen, not to be weighed."""
    return pictures.jpeg(pictures.landscape(3, (1280, 640)).resize((320, 160)))


async def greeting(play: Play) -> Shown:
    """What a community reads when the bot joins it."""
    hello = await play.discord.posted(play.stage.general, PATIENCE, having="Hello, I am Beholder")
    return Shown([play.album.post(hello)], play.stage.general)


async def setup_preset(play: Play) -> Shown:
    """The wizard's first page."""
    return Shown([play.album.post(await play.wizard("How strict"))], play.stage.general)


async def setup_staff(play: Play) -> Shown:
    """Who may do what; moderators were chosen."""
    page = await play.wizard("Who may do")
    await first_hour.choose(play.stage, page)
    return Shown([play.album.post(page)], play.stage.general)


async def setup_check(play: Play) -> Shown:
    """The check, with a right that is missing."""
    stage = play.stage
    role = play.discord.bot_role(stage.guild)
    held = role.permissions
    role.permissions &= ~int(Permission.MANAGE_MESSAGES)
    play.discord.role_changed(stage.guild, role)
    shown = play.album.post(await play.wizard("Do I have"))
    role.permissions = held
    play.discord.role_changed(stage.guild, role)
    return Shown([shown], stage.general)


async def setup_finish(play: Play) -> Shown:
    """The two ways to begin."""
    return Shown([play.album.post(await play.wizard("Ready"))], play.stage.general)


async def sanctions(play: Play) -> Shown:
    """A card whose select was opened. Nobody is punished for a test card: the picture is one that was blocked."""
    picture = pictures.jpeg(pictures.landscape(play.number + 50))
    (file,) = files(picture)
    where, owner = play.stage.mods, play.stage.owner
    await play.discord.command("images block", owner, where, attachments={"image": file}, timeout=PATIENCE)
    _, line = await play.judged(picture, play.stage.members[2])
    shown = await play.card_of(line)
    return Shown([play.album.post(shown, opened=first_hour.select_of(shown)["custom_id"])], where)


async def reminder(play: Play) -> Shown:
    """After three days of watching."""
    await play.stage.set_up(mode="observe")
    ann, blocked = play.stage.members[0], pictures.jpeg(pictures.landscape(90))
    await play.discord.command(
        "images block",
        play.stage.owner,
        play.stage.mods,
        attachments={"image": files(blocked)[0]},
        timeout=PATIENCE,
    )
    for seed in range(91, 99):
        await play.judged(pictures.jpeg(pictures.landscape(seed)), ann)
    for _ in range(2):
        _, line = await play.judged(blocked, ann)
        shown = await play.card_of(line)
    await play.discord.press(shown, "Would be right", play.stage.moderator, timeout=PATIENCE)
    await play.days_later()
    asked = await play.discord.posted(play.stage.mods, PATIENCE, having="I am still only watching")
    await play.stage.set_up()
    return Shown([play.album.post(asked)], play.stage.mods)


async def policy(play: Play) -> Shown:
    """`/policy show`."""
    return await play.answer("policy show")


async def check(play: Play) -> Shown:
    """`/check` of a picture."""
    where, picture = play.stage.mods, play.draw(Category.SEXUAL_SUGGESTIVE, 0.72)
    answered = await play.discord.command(
        "check", play.stage.moderator, where, attachments={"image": files(picture)[0]}, timeout=PATIENCE
    )
    return Shown(play.album.answer(answered, "/check"), where)


async def doctor(play: Play) -> Shown:
    """`/doctor`."""
    return await play.answer("doctor")


SCENES: Mapping[str, Callable[[Play], Awaitable[Shown]]] = {
    "greeting": greeting,
    "setup-1-preset": setup_preset,
    "setup-2-staff": setup_staff,
    "setup-6-check": setup_check,
    "setup-7-finish": setup_finish,
    "card-removed": card_removed,
    "card-review": card_review,
    "card-observed": card_observed,
    "card-closed": card_closed,
    "notice": notice,
    "policy-show": policy,
    "check": check,
    "doctor": doctor,
    "sanctions": sanctions,
    "reminder": reminder,
}


async def pages(names: Sequence[str], width: int) -> dict[str, str]:
    """The scenes played, each as a page."""
    with tempfile.TemporaryDirectory(prefix="beholder-pictures-") as folder:
        async with Loopback() as discord:
            stage = Stage.build(discord)
            bot = await _begin(discord, Path(folder))
            play = Play(discord, stage, bot, Album(discord), Path(folder))
            try:
                await discord.posted(stage.general, PATIENCE, having="Hello, I am Beholder")
                await stage.set_up()
                return {name: await _page(play, name, width) for name in names}
            finally:
                await play.bot.stop()


async def _begin(discord: Loopback, folder: Path, event: str = "commands synchronised") -> BotProcess:
    """The bot, once it can be asked."""
    bot = await BotProcess.start(discord, folder, discord.token)
    await bot.event(event, START_SECONDS)
    return bot


async def _page(play: Play, name: str, width: int) -> str:
    shown = await SCENES[name](play)
    return play.album.page(shown.shots, shown.channel, width=width)


def photograph(browser: str, html: str, width: int, out: Path) -> None:
    """Have `browser` draw a page, and keep what of it is not empty."""
    with tempfile.TemporaryDirectory(prefix="beholder-browser-") as folder:
        source, raw = Path(folder, "page.html"), Path(folder, "page.png")
        source.write_text(html)
        window = f"--window-size={max(width, 500)},{TALL}"  # narrower ones Chromium does not draw
        command = [browser, *FLAGS, f"--user-data-dir={folder}/profile", window, f"--screenshot={raw}", str(source)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        with Image.open(raw) as picture:
            _cut(picture.convert("RGB"), width).quantize(COLOURS).save(out, optimize=True)


def _cut(picture: Image.Image, width: int) -> Image.Image:
    """Without the empty part below and beside."""
    ground = Image.new("RGB", picture.size, picture.getpixel((picture.width - 1, picture.height - 1)))
    box = ImageChops.difference(picture, ground).getbbox()
    return picture.crop((0, 0, 2 * width, min(picture.height, (box or (0, 0, 0, 0))[3] + MARGIN)))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description=__doc__)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"which: {', '.join(SCENES)}; default all")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where to (default docs/pictures)")
    parser.add_argument("--width", type=int, default=DESKTOP, metavar="PX", help="400 is a phone, 640 a desktop")
    parser.add_argument("--html", action="store_true", help="keep the pages, take no pictures")
    chosen = parser.parse_args()
    if unknown := set(chosen.scenes) - set(SCENES):
        parser.error(f"there is no scene {', '.join(sorted(unknown))}; there are {', '.join(SCENES)}")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None and not chosen.html:
        parser.error(f"there is none of {', '.join(BROWSERS)}; install one, or ask for --html")
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name, html in asyncio.run(pages(chosen.scenes or list(SCENES), chosen.width)).items():
        out = chosen.out / f"{name}.{'html' if chosen.html else 'png'}"
        if chosen.html:
            out.write_text(html)
        else:
            photograph(str(browser), html, chosen.width, out)
        print(f"{out}  {out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
