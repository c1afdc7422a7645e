"""A scene: somebody does something, the bot says a line of it, and something has to be seen on the platform.

What is done may be anything: a post, a reaction, a new avatar, a command. A `Deed` says by what the bot's
line about it is known; a `Fate` says what has to come of it.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.sandbox.entities import Channel, Guild, Message
from bot.sandbox.interactions import Answered
from bot.sandbox.process import BotProcess, Line
from bot.sandbox.stage import Stage


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did. `fields`: of the line `judged` about it; None if there is to be none, as for a command.

    On another platform than Discord `gone` says whether the post is deleted, `said` what a presser was answered.
    """

    fields: Mapping[str, object] | None
    message: Message | None = None
    answered: Answered | None = None
    gone: Callable[[], bool] | None = None
    said: str = ""

    @property
    def deleted(self) -> bool:
        """Whether the post that it is about is gone, or a part of it."""
        if self.gone is not None:
            return self.gone()
        return self.message is not None and self.message.deleted_at is not None

    @classmethod
    def posted(cls, message: Message) -> Deed:
        """A post, or the edit of one."""
        return cls({"message": str(message.id)}, message)

    @classmethod
    def reacted(cls, message: Message) -> Deed:
        """A reaction to `message`."""
        return cls({"kind": "reaction", "message": str(message.id)}, message)

    @classmethod
    def worn(cls, guild: Guild) -> Deed:
        """Somebody of `guild` has another avatar or banner."""
        return cls({"kind": "avatar", "guild": f"discord:{guild.id}"})

    @classmethod
    def covered(cls, guild: Guild) -> Deed:
        """`guild` has another icon or banner."""
        return cls({"kind": "cover", "guild": f"discord:{guild.id}"})

    @classmethod
    def asked(cls, answered: Answered) -> Deed:
        """A command or a press, answered already."""
        return cls(None, answered.message, answered)


@dataclass(frozen=True, slots=True)
class Course:
    """A scene while it is played. `since`: perf_counter seconds of its beginning."""

    stage: Stage
    bot: BotProcess
    deed: Deed
    line: Line | None
    since: float
    seconds: float

    @property
    def message(self) -> Message:
        """The post it is about. LookupError if it is about none."""
        if self.deed.message is None:
            raise LookupError("this scene is about no message")
        return self.deed.message


@dataclass(frozen=True, slots=True)
class Expect:
    """Something that has to be seen on the platform itself, whatever the bot says of it.

    `seen` raises TimeoutError where it is not; then `otherwise` says what is missing.
    """

    otherwise: str
    seen: Callable[[Course], Awaitable[object]]


def _deleted(course: Course) -> Awaitable[object]:
    return course.stage.discord.deleted(course.message, course.seconds)


def _noticed(course: Course) -> Awaitable[object]:
    return course.stage.discord.posted(course.message.channel, course.seconds, since=course.since)


def _carded(course: Course) -> Awaitable[object]:
    having = f"Case {course.line['case']} " if course.line else "Case "
    return course.stage.discord.posted(course.stage.mods, course.seconds, since=course.since, having=having)


DELETED = Expect("was not deleted", _deleted)
NOTICE = Expect("no notice", _noticed)
CARD = Expect("no card", _carded)


def answers(words: str) -> Expect:
    """The bot's answer to a command or press is for the asker alone and has `words`."""

    async def seen(course: Course) -> None:
        answered = course.deed.answered
        if answered is None or not answered.ephemeral or words not in answered.text:
            raise TimeoutError

    return Expect(f"did not answer “{words}”", seen)


@dataclass(frozen=True, slots=True)
class Fate:
    """What has to come of it. `suggestion` None: anything. `stays`: the post must still be there."""

    suggestion: str | None = None
    expects: tuple[Expect, ...] = ()
    stays: bool = False


LEFT = Fate("pass", stays=True)
REMOVED = Fate("block", (DELETED, NOTICE, CARD))
REVIEWED = Fate("review", (CARD,), stays=True)
JUDGED = Fate()

Act = Callable[[], Message | Deed | Awaitable[Message | Deed]]


@dataclass(slots=True)
class Scene:
    """Who does what where, and its fate. `channel` None: it happens to the server; a place elsewhere by its name.
    `act` may return the message that it posted instead of a deed."""

    title: str
    channel: Channel | str | None
    act: Act
    fate: Fate

    @property
    def where(self) -> str:
        """The channel, as people call it."""
        if self.channel is None:
            return "the server"
        if isinstance(self.channel, str):
            return self.channel
        return f"#{self.channel.name}" if self.channel.guild is not None else "in private"


@dataclass(frozen=True, slots=True)
class Played:
    """How a scene ended: what the bot said of it, and what did not happen that had to (empty: all well)."""

    line: Line | None
    missing: tuple[str, ...]
    answer: str = ""


async def play(stage: Stage, bot: BotProcess, scene: Scene, seconds: float) -> Played:
    """Have it happen, and watch until its fate is fulfilled or `seconds` are over."""
    since, spoken = time.perf_counter(), len(bot.lines)
    deed = await _done(scene.act)
    try:
        line = await _line(bot, deed, spoken, seconds)
    except TimeoutError:
        return Played(None, ("was never judged",))
    course = Course(stage, bot, deed, line, since, seconds)
    missing = [_suggested(scene, line), _spared(scene, deed), *[await _happened(e, course) for e in scene.fate.expects]]
    answer = stage.named(deed.answered.text) if deed.answered is not None and deed.answered.messages else deed.said
    return Played(line, tuple(filter(None, missing)), answer)


async def _done(act: Act) -> Deed:
    done = act()
    found = await done if inspect.isawaitable(done) else done
    return Deed.posted(found) if isinstance(found, Message) else found


async def _line(bot: BotProcess, deed: Deed, spoken: int, seconds: float) -> Line | None:
    """What the bot says of it: of lines said before the deed none counts."""
    if deed.fields is None:
        return None
    old = {id(line) for line in bot.lines[:spoken]}
    wanted = {"event": "judged", **deed.fields}
    return await bot.line(
        lambda line: id(line) not in old and all(line.get(k) == v for k, v in wanted.items()), seconds
    )


async def _happened(expect: Expect, course: Course) -> str:
    try:
        await expect.seen(course)
    except TimeoutError:
        return expect.otherwise
    return ""


def _suggested(scene: Scene, line: Line | None) -> str:
    wanted = scene.fate.suggestion
    return "" if wanted is None or (line is not None and line["suggestion"] == wanted) else f"{wanted} expected"


def _spared(scene: Scene, deed: Deed) -> str:
    return "should still be there" if deed.deleted and scene.fate.stays else ""
