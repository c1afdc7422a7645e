"""Where else pictures show: stickers, emoji, reactions, components, faces, covers, direct messages; and a raid."""

from __future__ import annotations

from collections.abc import Iterator

from bot.sandbox.entities import Json, Message
from bot.sandbox.fates import CARD, NOTICE, REMOVED, Course, Deed, Expect, Fate, Scene
from bot.sandbox.scenes import CARD_WIDTH, card, files
from bot.sandbox.stage import Stage
from policies.model import Category

COPIES = 12
DELETE = ("DELETE", "/channels/{channel_id}/messages/{message_id}")
BULK = ("POST", "/channels/{channel_id}/messages/bulk-delete")
ROUND_TRIP = 0.1  # seconds: what Discord's answers take outside of a loopback


def sights(stage: Stage, serial: int = 0) -> Iterator[Scene]:
    """After `stage.furnish()`; each is made when its turn comes."""
    d, general, guild = stage.discord, stage.general, stage.guild
    ann, ben, _, emil = stage.members
    bad = card(Category.SEXUAL_EXPLICIT, 0.96, CARD_WIDTH + 2 * serial)

    sticker = d.sticker(guild, "wave", bad)
    yield Scene("a sticker", general, lambda: d.post(general, ann, stickers=[sticker]), REMOVED)
    yield Scene("a picture deep in components", stage.pictures, lambda: _nested(stage, bad), REMOVED)
    emoji = d.emoji(guild, "smile", bad)
    yield Scene("a custom emoji among words", general, lambda: d.post(general, ben, f"hello {emoji}"), REMOVED)
    reacted = Fate("block", (CARD, TAKEN_OFF), stays=True)
    yield Scene("a reaction with it", general, lambda: _reacted(stage, emoji), reacted)
    face = card(Category.SEXUAL_EXPLICIT, 0.97, 512 + 2 * serial)
    yield Scene("fay joins with a bad avatar", None, lambda: joins(stage, called("fay", serial), face), SHOWN)
    icon = card(Category.HATE, 0.96, 512 + 2 * serial)
    yield Scene("the server gets a bad icon", None, lambda: _icon(stage, icon), SHOWN)
    dm = d.direct(emil)
    told = Fate("block", (NOTICE, CARD), stays=True)
    yield Scene("a direct message to the bot", dm, lambda: d.post(dm, emil, files=files(bad)), told)
    flood = card(Category.EXTREMISM, 0.98, CARD_WIDTH + 2 * serial)
    raid = Fate("block", (ALL_GONE, IN_BULK, CARD))
    yield Scene(f"a raid: {COPIES} copies at once", general, lambda: _raid(stage, flood, serial), raid)


def _nested(stage: Stage, picture: bytes) -> Message:
    """A gallery in a container, as bots post them."""
    inside: list[Json] = [
        {"type": 10, "content": "Today's offers"},
        {"type": 12, "items": [{"media": {"url": "attachment://offer.png"}}]},
    ]
    return stage.discord.post(
        stage.pictures,
        stage.discord.webhook("Offers"),
        files=[("offer.png", picture, "image/png")],
        components=[{"type": 17, "components": inside}],
        webhook=True,
    )


def _reacted(stage: Stage, emoji: str) -> Deed:
    message = stage.discord.post(stage.general, stage.members[2], "I have a new bicycle")
    stage.discord.react(message, stage.members[3], emoji)
    return Deed.reacted(message)


def called(name: str, serial: int) -> str:
    """Of somebody who joins each time."""
    return f"{name}{serial or ''}"


def joins(stage: Stage, name: str, face: bytes) -> Deed:
    """Somebody joins who wears `face`."""
    newcomer = stage.discord.world.add_user(name)
    stage.discord.avatar(newcomer, face)
    stage.discord.member(stage.guild, name, user=newcomer)
    return Deed.worn(stage.guild)


def _icon(stage: Stage, icon: bytes) -> Deed:
    stage.discord.icon(stage.guild, icon)
    return Deed.covered(stage.guild)


def _raid(stage: Stage, picture: bytes, serial: int) -> Message:
    """By three accounts that joined for it. The first deletion takes as long as on the real Discord."""
    d = stage.discord
    raiders = [d.member(stage.guild, f"raider{serial}{n}") for n in range(3)]
    d.fail(*DELETE, delay=ROUND_TRIP)
    first, *_ = [d.post(stage.general, raiders[n % 3], files=files(picture)) for n in range(COPIES)]
    return first


# --- what has to be seen --------------------------------------------------------------------------------


async def _taken_off(course: Course) -> None:
    await course.stage.discord.until(lambda: not course.message.reacted, course.seconds)


async def _all_gone(course: Course) -> None:
    channel = course.message.channel

    def gone() -> bool:
        return not [m for m in channel.messages.values() if m.author.name.startswith("raider")]

    await course.stage.discord.until(gone, course.seconds)


async def _in_bulk(course: Course) -> None:
    def asked() -> bool:
        return any(e.at >= course.since and e.status == 204 for e in course.stage.discord.requests_to(*BULK))

    await course.stage.discord.until(asked, course.seconds)


SHOWN = Fate("block", (CARD,))
TAKEN_OFF = Expect("the reaction is still there", _taken_off)
ALL_GONE = Expect("some are still there", _all_gone)
IN_BULK = Expect("no bulk deletion", _in_bulk)
