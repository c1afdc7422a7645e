"""What people of the demo do, and what has to become of it."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bot.sandbox import pictures
from bot.sandbox.entities import Message, User
from bot.sandbox.fates import JUDGED, LEFT, REMOVED, REVIEWED, Deed, Fate, Scene, answers
from bot.sandbox.stage import Stage
from policies.model import Category
from providers.testcard import draw

File = tuple[str, bytes, str]
CARD_WIDTH = 800
ANSWER_SECONDS = 15.0


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
    checked = Fate(expects=(answers("This picture would be shown to the moderators."),))
    yield Scene("a moderator asks /check", stage.mods, lambda: _checked(stage, suggestive), checked)


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


async def _checked(stage: Stage, picture: bytes) -> Deed:
    (file,) = files(picture)
    asked = await stage.discord.command(
        "check", stage.moderator, stage.mods, attachments={"image": file}, timeout=ANSWER_SECONDS
    )
    return Deed.asked(asked)


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
