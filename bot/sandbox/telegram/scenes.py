"""What people of the group on Telegram do, and what has to become of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

from bot.sandbox.fates import Course, Deed, Expect, Fate, Scene
from bot.sandbox.process import BotProcess
from bot.sandbox.scenes import CARD_WIDTH, card, view
from bot.sandbox.telegram.entities import Chat, Message, User
from bot.sandbox.telegram.town import Town, data_of
from policies.model import Category

SECONDS = 20.0
WRONG = "Wrong, give back"


def town_scenes(town: Town, bot: BotProcess, serial: int = 0) -> Iterator[Scene]:
    """All of them, in order; each is made when its turn comes. `serial` makes other bytes of the same pictures."""
    t, chat = town.telegram, town.chat
    ann, ben, dora, emil = town.members
    media, width = t.world.media, CARD_WIDTH + 2 * serial
    here = f"Telegram\n“{chat.title}”"

    def bad(category: Category, confidence: float) -> bytes:
        return card(category, confidence, width)

    def scene(title: str, act: Callable[[], Deed | Awaitable[Deed]], fate: Fate) -> Scene:
        return Scene(title, here, act, fate)

    fine, explicit = view(4 * serial), bad(Category.SEXUAL_EXPLICIT, 0.95)
    yield scene("an ordinary photo", lambda: posted(town, t.photo(chat, ann, fine)), Fate("pass", stays=True))
    first: list[Message] = []

    def shows() -> Deed:
        first.append(t.photo(chat, ben, explicit))
        return posted(town, first[-1])

    yield scene("a test card, explicit 0.95", shows, removed(town, first))
    parts: list[Message] = []
    album = [media.photo(picture) for picture in (view(1 + serial), bad(Category.SELF_HARM, 0.96), view(2 + serial))]

    def shows_album() -> Deed:
        parts.extend(t.album(chat, dora, album))
        return posted(town, *parts)

    yield scene("an album of three, one bad", shows_album, removed(town, parts))
    swapped: list[Message] = []
    hate = media.photo(bad(Category.HATE, 0.97))

    async def swaps() -> Deed:
        swapped.append(t.photo(chat, emil, view(3 + serial)))
        await bot.event("judged", SECONDS, guild=town.guild, message=str(swapped[0].id))
        t.edit(swapped[0], hate)
        return posted(town, *swapped, kind="edit")

    yield scene("an edit that swaps the picture", swaps, removed(town, swapped))
    sent: list[Message] = []

    def sends_file() -> Deed:
        sent.append(t.post(chat, ann, media.document(bad(Category.EXTREMISM, 0.95), "notes.bin")))
        return posted(town, *sent)

    yield scene("a file that says it is no picture", sends_file, removed(town, sent))
    channel, spoken = t.channel(f"Deals {serial}"), list[Message]()

    def as_channel() -> Deed:
        spoken.append(t.photo(chat, ben, bad(Category.VIOLENCE_GRAPHIC, 0.96), as_chat=channel))
        return posted(town, *spoken)

    yield scene("somebody posts as a channel", as_channel, removed(town, spoken))
    yield from _decided(town, scene)


def _decided(town: Town, scene: Callable[[str, Callable[[], Awaitable[Deed]], Fate], Scene]) -> Iterator[Scene]:
    """One card pressed by three people."""
    shown = town.telegram.posts(town.mods, having=WRONG)
    keys = [data_of(message, WRONG) for message in shown[-1:]]

    async def presses(who: User) -> Deed:
        if not keys:
            return Deed(None, said="There is no card to press.")
        return Deed(None, said=await town.pressed(shown[-1], who, keys[0]) or "Nothing.")

    people = (
        ("a member presses “Wrong”", town.members[0], "Only moderators"),
        ("a moderator presses it", town.moderator, "the removal was wrong"),
        ("the owner, too late", town.owner, "lready"),
    )
    for title, who, words in people:
        yield scene(title, partial(presses, who), Fate(expects=(_told(words),)))


def posted(town: Town, *parts: Message, **fields: str) -> Deed:
    """A post of one or several parts, or (`kind`) the edit of one. An album is judged anew with each part that comes:
    the line that counts is of the judgment that was acted on."""
    number = "+".join(str(part.id) for part in parts)
    gone = lambda: any(part.deleted_at is not None for part in parts)  # noqa: E731
    return Deed({"guild": town.guild, "message": number, "superseded": False, **fields}, gone=gone)


def removed(town: Town, parts: Sequence[Message]) -> Fate:
    """Every part is deleted, the group told without a category, and the moderators have one veiled card."""
    return Fate(
        "block",
        (
            Expect("was not deleted", partial(_deleted, town, parts)),
            Expect("no notice", partial(_noticed, town)),
            Expect("no veiled card", partial(_carded, town)),
        ),
    )


async def _deleted(town: Town, parts: Sequence[Message], course: Course) -> None:
    await town.telegram.until(lambda: parts and all(part.deleted_at for part in parts), course.seconds)


async def _noticed(town: Town, course: Course) -> None:
    await town.telegram.until(lambda: _since(town, town.chat, course), course.seconds)
    (notice, *_) = _since(town, town.chat, course)
    named = {category.replace("_", " ") for category in Category}
    if any(name in str(notice.content).lower() for name in named):
        raise TimeoutError("the notice names a category")


async def _carded(town: Town, course: Course) -> None:
    number = course.line["case"] if course.line else None

    def veiled() -> list[Message]:
        cards = [m for m in _since(town, town.mods, course) if f":{number}:" in str(m.keyboard)]
        return [m for m in cards if m.content.get("has_media_spoiler")]

    await town.telegram.until(lambda: len(veiled()) == 1, course.seconds)


def _since(town: Town, chat: Chat, course: Course) -> list[Message]:
    return [m for m in town.telegram.posts(chat) if m.shown >= course.since]


def _told(words: str) -> Expect:
    async def seen(course: Course) -> None:
        if words not in course.deed.said:
            raise TimeoutError

    return Expect(f"was not told “{words}”", seen)
