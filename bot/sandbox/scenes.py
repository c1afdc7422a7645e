"""What members of the demo post, and what has to become of it."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.sandbox import pictures
from bot.sandbox.entities import Channel, Message, User
from bot.sandbox.process import BotProcess, Line
from bot.sandbox.stage import Stage
from policies.model import Category
from providers.testcard import draw

File = tuple[str, bytes, str]
CARD_WIDTH = 800


@dataclass(frozen=True, slots=True)
class Fate:
    """What has to happen to a post. `suggestion` None: anything, as long as it was judged."""

    suggestion: str | None = None
    deleted: bool = False
    notice: bool = False
    card: bool = False


LEFT = Fate("pass")
REMOVED = Fate("block", deleted=True, notice=True, card=True)
REVIEWED = Fate("review", card=True)
JUDGED = Fate()


@dataclass(slots=True)
class Scene:
    """One post: who does what where, and its fate."""

    title: str
    channel: Channel
    post: Callable[[], Message]
    fate: Fate


@dataclass(frozen=True, slots=True)
class Played:
    """How a scene ended: what the bot said of it, and what did not happen that had to (empty: all well)."""

    line: Line | None
    missing: tuple[str, ...]


async def play(stage: Stage, bot: BotProcess, scene: Scene, seconds: float) -> Played:
    """Post it, and watch until its fate is fulfilled or `seconds` are over."""
    since = time.perf_counter()
    message = scene.post()
    try:
        line = await bot.event("judged", seconds, message=str(message.id))
    except TimeoutError:
        return Played(None, ("was never judged",))
    checks = [await _happened(*check) for check in _acts(stage, scene, message, line, since, seconds)]
    return Played(line, tuple(filter(None, [_suggested(scene, line), _spared(scene, message), *checks])))


def _acts(
    stage: Stage, scene: Scene, message: Message, line: Line, since: float, seconds: float
) -> Iterator[tuple[str, Awaitable[object]]]:
    """What has to be seen on the platform itself, whatever the bot says of it."""
    discord, fate = stage.discord, scene.fate
    if fate.deleted:
        yield "was not deleted", discord.deleted(message, seconds)
    if fate.notice:
        yield "no notice", discord.posted(message.channel, seconds, since=since)
    if fate.card:
        yield "no card", discord.posted(stage.mods, seconds, since=since, having=f"Case {line['case']} ")


async def _happened(otherwise: str, awaitable: Awaitable[object]) -> str:
    try:
        await awaitable
    except TimeoutError:
        return otherwise
    return ""


def _suggested(scene: Scene, line: Line) -> str:
    wanted = scene.fate.suggestion
    return "" if wanted in (None, line["suggestion"]) else f"{wanted} expected"


def _spared(scene: Scene, message: Message) -> str:
    gone = message.deleted_at is not None
    return "should still be there" if gone and not scene.fate.deleted and scene.fate is not JUDGED else ""


def scenes(stage: Stage, serial: int = 0) -> Iterator[Scene]:
    """All of them, in order; each is made when its turn comes. `serial` makes other bytes of the same pictures."""
    ann, ben, dora, emil = stage.members
    d, general, photos = stage.discord, stage.general, stage.pictures
    width = CARD_WIDTH + 2 * serial

    def card(category: Category, confidence: float, width: int = width) -> bytes:
        return draw(category, confidence, width=width)

    explicit = card(Category.SEXUAL_EXPLICIT, 0.95)

    yield Scene("an ordinary picture", general, lambda: d.post(general, ann, files=files(view(4 * serial))), LEFT)
    yield Scene("a test card, explicit 0.95", general, lambda: d.post(general, ben, files=files(explicit)), REMOVED)
    yield Scene("the same picture again", photos, lambda: d.post(photos, dora, files=files(explicit)), REMOVED)
    suggestive = card(Category.SEXUAL_SUGGESTIVE, 0.75)
    yield Scene(
        "a test card, suggestive 0.75", general, lambda: d.post(general, ann, files=files(suggestive)), REVIEWED
    )
    yield Scene("an edit that adds an image", photos, lambda: _edited(stage, card(Category.HATE, 0.97)), REMOVED)
    yield Scene(
        "a link whose preview comes late", general, lambda: _late(stage, card(Category.EXTREMISM, 0.93)), REMOVED
    )
    yield Scene("a forwarded picture", photos, lambda: _forwarded(stage, explicit), REMOVED)
    moving = pictures.animation(40, 17, card(Category.VIOLENCE_GRAPHIC, 0.94, width=480 + 2 * serial))
    yield Scene("40 frames, one of them bad", photos, lambda: d.post(photos, emil, files=files(moving)), REMOVED)
    album = [view(1 + 4 * serial), view(2 + 4 * serial), card(Category.SELF_HARM, 0.96), view(3 + 4 * serial)]
    yield Scene("an album of four, one bad", photos, lambda: d.post(photos, ann, files=files(*album)), REMOVED)
    rubbish = [("holiday.png", pictures.rubbish(), "image/png")]
    yield Scene("rubbish called .png", general, lambda: d.post(general, ben, files=rubbish), REVIEWED)
    hook = d.webhook("Deals")
    advert = card(Category.SEXUAL_EXPLICIT, 0.9)
    yield Scene("a webhook's post", general, lambda: d.post(general, hook, files=files(advert), webhook=True), REMOVED)
    thread = stage.help_thread
    yield Scene("a picture in a thread", thread, lambda: d.post(thread, dora, files=files(explicit)), REMOVED)
    dark = stage.after_dark
    yield Scene("the card, age-restricted", dark, lambda: d.post(dark, emil, files=files(explicit)), LEFT)


def own(stage: Stage, folder: Path) -> Iterator[Scene]:
    """The user's own pictures: whatever they show, each has to be judged."""
    author = stage.members[0]
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if kind.startswith("image/"):
            post = partial(_posted, stage, author, (path.name, path.read_bytes(), kind))
            yield Scene(path.name, stage.pictures, post, JUDGED)


def card(category: Category, confidence: float, width: int = CARD_WIDTH) -> bytes:
    """A test card as PNG."""
    return draw(category, confidence, width=width)


def view(seed: int) -> bytes:
    """An ordinary picture as JPEG."""
    return pictures.jpeg(pictures.landscape(seed))


def files(*shown: bytes) -> list[File]:
    """Uploads with plain names."""
    return [_file(f"picture{n}", picture) for n, picture in enumerate(shown)]


def _file(stem: str, picture: bytes) -> File:
    kind = {b"\x89P": "png", b"\xff\xd8": "jpeg", b"GI": "gif"}[picture[:2]]
    return f"{stem}.{kind}", picture, f"image/{kind}"


def _posted(stage: Stage, author: User, file: File) -> Message:
    return stage.discord.post(stage.pictures, author, files=[file])


def _edited(stage: Stage, picture: bytes) -> Message:
    message = stage.discord.post(stage.pictures, stage.members[1], "just words, so far")
    return stage.discord.edit(message, text="and now a picture", add=files(picture))


def _late(stage: Stage, picture: bytes) -> Message:
    url = "https://pictures.example/holiday.png"
    message = stage.discord.post(stage.general, stage.members[2], url)
    return stage.discord.embed_arrives_late(message, stage.discord.embed(url, picture, where="thumbnail", kind="image"))


def _forwarded(stage: Stage, picture: bytes) -> Message:
    elsewhere = stage.discord.post(stage.unseen(), stage.members[3], files=files(picture))
    return stage.discord.post(stage.pictures, stage.members[3], forward_of=elsewhere)
