"""What moderators and the owner do: act from a card, ask for cases and rules, block an image, pause."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bot.sandbox.entities import Message, User
from bot.sandbox.fates import CARD, REMOVED, Course, Deed, Expect, Fate, Scene, answers
from bot.sandbox.first_hour import select_of
from bot.sandbox.interactions import words
from bot.sandbox.scenes import card, files, view
from bot.sandbox.sights import called, joins
from bot.sandbox.stage import ANSWER_SECONDS, Stage
from policies.model import Category


def desk(stage: Stage, serial: int = 0) -> Iterator[Scene]:
    """After `stage.furnish()`; each is made when its turn comes. Nobody is ever punished for a test card, so the
    picture that punishment follows from is an ordinary one that the community blocks."""
    yield from _from_a_card(stage, view(70 + serial), called("gil", serial))
    yield from _on_faces(stage, called("fay", serial), called("hal", serial))
    yield from _by_command(stage, serial)


def _from_a_card(stage: Stage, picture: bytes, name: str) -> Iterator[Scene]:
    mods, cleo = stage.mods, stage.moderator
    docket = _Docket(stage, picture, name)
    blocked = Fate(expects=(answers("is blocked"),))
    yield Scene("/images block, of a landscape", mods, lambda: _block(stage, image=picture), blocked)
    yield Scene("gil posts that exact image", stage.general, docket.opened, REMOVED)
    refused = Fate(expects=(answers("you need the right to kick members"), docket.expect("was kicked", docket.there)))
    yield Scene("card: cleo, who may not, picks Kick", mods, lambda: docket.choose("Kick", cleo), refused)
    timed_out = Fate(expects=(answers("timed out"), docket.expect("was not timed out", docket.timed_out)))
    hour = "Time out for 1 hour"
    yield Scene(f"card: cleo picks {hour}", mods, lambda: docket.choose(hour, cleo), timed_out)
    asked = Fate(expects=(answers("This cannot be taken back."), docket.expect("was kicked", docket.there)))
    yield Scene("card: the owner picks Kick", mods, lambda: docket.choose("Kick", stage.owner), asked)
    kicked = Fate(expects=(answers("kicked"), docket.expect("was not kicked", lambda: not docket.there())))
    yield Scene("the owner says yes", mods, docket.confirm, kicked)


def _on_faces(stage: Stage, before: str, name: str) -> Iterator[Scene]:
    """Of an avatar Discord shows copies of its own making: it is blocked by its case."""
    blocked = Fate(expects=(answers("is blocked"),))
    yield Scene(f"/images block, of {before}'s avatar", stage.mods, lambda: _block(stage, case_of=before), blocked)
    worn = Fate("block", (CARD, _role_given(stage, name)))
    yield Scene(f"{name} joins with the same one", None, lambda: joins(stage, name, _face(stage, before)), worn)


def _by_command(stage: Stage, serial: int) -> Iterator[Scene]:
    mods, general = stage.mods, stage.general
    exported = Fate(expects=(answers("policy"), Expect("no file", _has_file)))
    yield Scene("/policy export", mods, lambda: _command(stage, "policy export"), exported)
    listed = Fate(expects=(answers("explicit sexual content"),))
    yield Scene("/case list", mods, lambda: _command(stage, "case list"), listed)
    paused = Fate(expects=(answers("To go on: /pause resume:True."),))
    yield Scene("/pause", mods, lambda: _command(stage, "pause"), paused)
    bad = card(Category.SEXUAL_EXPLICIT, 0.99, 640 + 2 * serial)
    yield Scene("a bad picture meanwhile", general, lambda: _unseen(stage, bad), Fate(stays=True))
    resumed = Fate(expects=(answers("From now on"),))
    yield Scene("/pause resume:True", mods, lambda: _command(stage, "pause", resume=True), resumed)


@dataclass(slots=True)
class _Docket:
    """One author's case, from the post to the end of their membership."""

    stage: Stage
    picture: bytes
    name: str
    author: User | None = None
    cards: list[Message] = field(default_factory=list)
    questions: list[Message] = field(default_factory=list)

    async def opened(self) -> Message:
        """Somebody joins, posts it, and a card comes of it."""
        d, since = self.stage.discord, time.perf_counter()
        self.author = d.member(self.stage.guild, self.name)
        message = d.post(self.stage.general, self.author, files=files(self.picture))
        mention = f"<@{self.author.id}>"
        self.cards.append(await d.posted(self.stage.mods, ANSWER_SECONDS, since=since, having=mention))
        return message

    async def choose(self, label: str, who: User) -> Deed:
        """`who` picks an entry of the card's select."""
        (shown,) = self.cards
        select = select_of(shown)
        value = next(o["value"] for o in select["options"] if o["label"] == label)
        answered = await self.stage.discord.press(
            shown, select["custom_id"], who, values=[value], timeout=ANSWER_SECONDS
        )
        self.questions.append(answered.last)
        return Deed.asked(answered)

    async def confirm(self) -> Deed:
        """The owner, who was asked last, presses once more."""
        return Deed.asked(
            await self.stage.discord.press(self.questions[-1], "Yes, do it", self.stage.owner, timeout=ANSWER_SECONDS)
        )

    def there(self) -> bool:
        """Whether the author is still a member."""
        return self.author is not None and self.author.id in self.stage.guild.members

    def timed_out(self) -> bool:
        """Whether the author may only read now."""
        members, now = self.stage.guild.members, self.stage.discord.world.clock.now()
        return self.author is not None and members[self.author.id].in_timeout(now)

    def expect(self, otherwise: str, true: Callable[[], bool]) -> Expect:
        """That it becomes true."""
        return Expect(otherwise, lambda course: self.stage.discord.until(true, course.seconds))


async def _command(stage: Stage, name: str, **options: object) -> Deed:
    return Deed.asked(
        await stage.discord.command(name, stage.owner, stage.mods, options=options, timeout=ANSWER_SECONDS)
    )


async def _block(stage: Stage, *, image: bytes | None = None, case_of: str = "") -> Deed:
    """An image, or that of the case about somebody."""
    answered = await stage.discord.command(
        "images block",
        stage.owner,
        stage.mods,
        options={"why": "used by raiders", **({"case": _case_of(stage, case_of)} if case_of else {})},
        attachments={"image": files(image)[0]} if image else {},
        timeout=ANSWER_SECONDS,
    )
    return Deed.asked(answered)


def _somebody(stage: Stage, name: str) -> User:
    return next(m.user for m in stage.guild.members.values() if m.user.name == name)


def _case_of(stage: Stage, name: str) -> int:
    """The number of the newest case about somebody, from its card."""
    mention = f"<@{_somebody(stage, name).id}>"
    shown = [words(m) for m in stage.mods.messages.values() if mention in words(m)]
    found = [number for text in shown if (number := re.search(r"Case (\d+)", text))]
    return int(found[-1][1])


def _face(stage: Stage, name: str) -> bytes:
    """The picture that somebody wears."""
    user = _somebody(stage, name)
    return stage.discord.world.assets[f"avatars/{user.id}/{user.avatar}"][0]


def _unseen(stage: Stage, picture: bytes) -> Deed:
    message = stage.discord.post(stage.general, stage.members[0], files=files(picture))
    return Deed({"event": "paused", "message": str(message.id)}, message)


def _role_given(stage: Stage, name: str) -> Expect:
    def worn() -> bool:
        return any(stage.quarantine.id in m.roles for m in stage.guild.members.values() if m.user.name == name)

    return Expect("no quarantine role", lambda course: stage.discord.until(worn, course.seconds))


async def _has_file(course: Course) -> None:
    answered = course.deed.answered
    if answered is None or not answered.last.attachments:
        raise TimeoutError
