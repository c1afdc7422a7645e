"""Scenes of any kind: by what the bot's line is known, and what has to be seen."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.entities import Message
from bot.sandbox.fates import CARD, DELETED, LEFT, NOTICE, REMOVED, Deed, Expect, Fate, Scene, answers, play
from bot.sandbox.interactions import REPLY, Answered
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import BotProcess, Line
from bot.sandbox.stage import Stage

MOMENT = 0.05


class Said(BotProcess):
    """A bot that says what it is told to, as soon as anybody waits for a line."""

    def __init__(self, *past: Line) -> None:
        self.lines: list[Line] = list(past)
        self.next: list[Line] = []

    async def line(self, wanted: object, seconds: float = 20.0) -> Line:
        assert callable(wanted)
        self.lines += self.next
        for line in self.lines:
            if wanted(line):
                return line
        raise TimeoutError


def judged(**fields: object) -> Line:
    return {"event": "judged", "suggestion": "pass", "case": 1, **fields}


@pytest.fixture
def stage() -> Stage:
    return Stage.build(Loopback())


def by_the_bot(stage: Stage, text: str, where: str) -> None:
    channel = stage.mods if where == "mods" else stage.general
    stage.discord.post(channel, stage.discord.world.bot, text)


@pytest.mark.asyncio
async def test_a_post_is_known_by_its_message_and_nothing_older(stage: Stage) -> None:
    bot = Said()

    def post() -> Message:
        message = stage.discord.post(stage.general, stage.members[0], "hi")
        bot.next = [judged(message="other", suggestion="block"), judged(message=str(message.id))]
        return message

    played = await play(stage, bot, Scene("a post", stage.general, post, LEFT), MOMENT)
    assert played.missing == ()
    assert played.line is bot.lines[1]


@pytest.mark.asyncio
async def test_a_reaction_is_not_taken_for_the_post_that_it_is_on(stage: Stage) -> None:
    message = stage.discord.post(stage.general, stage.members[0], "hi")
    about = str(message.id)
    bot = Said(judged(message=about, kind="reaction", suggestion="block"), judged(message=about, kind="message"))
    bot.next = [judged(message=about, kind="reaction")]
    scene = Scene("a reaction", stage.general, lambda: Deed.reacted(message), LEFT)
    played = await play(stage, bot, scene, MOMENT)
    assert played.missing == ()
    assert played.line is bot.lines[2], "a line said before the scene began does not count"


@pytest.mark.asyncio
@pytest.mark.parametrize(("kind", "make"), [("avatar", Deed.worn), ("cover", Deed.covered)])
async def test_what_has_no_message_is_known_by_kind_and_server(stage: Stage, kind: str, make: object) -> None:
    assert callable(make)
    bot = Said()
    here = f"discord:{stage.guild.id}"
    bot.next = [judged(kind=kind, guild="discord:1"), judged(kind=kind, guild=here, suggestion="review")]
    scene = Scene("a face", None, lambda: make(stage.guild), Fate("review"))
    assert scene.where == "the server"
    assert (await play(stage, bot, scene, MOMENT)).missing == ()


@pytest.mark.asyncio
async def test_what_does_not_happen_is_said(stage: Stage) -> None:
    bot = Said()
    bot.next = [judged(message="", suggestion="pass")]

    def post() -> Deed:
        message = stage.discord.post(stage.general, stage.members[0], "hi")
        return Deed({"message": ""}, message)

    monkey = Expect("did not wave", lambda course: asyncio.wait_for(asyncio.Event().wait(), MOMENT))
    fate = Fate("block", (DELETED, NOTICE, CARD, monkey))
    played = await play(stage, bot, Scene("a post", stage.general, post, fate), MOMENT)
    assert played.missing == ("block expected", "was not deleted", "no notice", "no card", "did not wave")


@pytest.mark.asyncio
async def test_what_has_to_happen_counts_only_on_the_platform(stage: Stage) -> None:
    bot = Said()

    def post() -> Message:
        message = stage.discord.post(stage.general, stage.members[0], "hi")
        bot.next = [judged(message=str(message.id), suggestion="block", case=7)]
        stage.discord.delete(message)
        by_the_bot(stage, "An image was removed.", "general")
        by_the_bot(stage, "Case 7 · removed", "mods")
        return message

    scene = Scene("a post", stage.general, post, REMOVED)
    assert (await play(stage, bot, scene, MOMENT)).missing == ()
    assert (await play(stage, bot, Scene("it stays", stage.general, post, LEFT), MOMENT)).missing == (
        "pass expected",
        "should still be there",
    )


@pytest.mark.asyncio
async def test_silence_is_no_pass(stage: Stage) -> None:
    scene = Scene("a post", stage.general, lambda: stage.discord.post(stage.general, stage.members[0]), LEFT)
    played = await play(stage, Said(), scene, MOMENT)
    assert (played.line, played.missing) == (None, ("was never judged",))


@pytest.mark.asyncio
@pytest.mark.parametrize(("words", "flags", "well"), [("Saved.", 64, True), ("Saved.", 0, False), ("Oh.", 64, False)])
async def test_a_command_needs_no_line_but_the_right_answer(stage: Stage, words: str, flags: int, well: bool) -> None:
    async def ask() -> Deed:
        begun: Answered = stage.discord.interactions.begin(2, stage.owner, stage.mods, "setup")
        begun.callbacks.append({"type": REPLY})
        message = stage.discord.post(stage.mods, stage.discord.world.bot, words)
        message.flags = flags
        begun.shows(message)
        return Deed.asked(begun)

    scene = Scene("/setup", stage.mods, ask, Fate(expects=(answers("Saved."),)))
    played = await play(stage, Said(), scene, MOMENT)
    assert played.answer == words
    assert (played.missing == ()) is well
