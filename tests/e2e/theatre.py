"""The real bot, as a process, on a loopback Discord under the eye of Discord's own specification."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.entities import Channel, Message, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import BotProcess, Line
from bot.sandbox.scenes import card, files
from bot.sandbox.stage import Stage
from policies.model import Category
from tests.openapi import Validator

CANARY = "Y2FuYXJ5LWNhbmFyeQ.G1canA.this-token-must-never-be-written-anywhere"
BAD = card(Category.SEXUAL_EXPLICIT, 0.95)
READY = "commands synchronised"


@dataclass
class Theatre:
    """A community, its bot and the bot's folder; `restart` gives the bot another life."""

    discord: Loopback
    stage: Stage
    folder: Path
    bot: BotProcess
    validator: Validator

    def post(self, picture: bytes = BAD, channel: Channel | None = None, author: User | None = None) -> Message:
        return self.discord.post(channel or self.stage.general, author or self.stage.members[0], files=files(picture))

    async def judged(self, message: Message, seconds: float = 20.0) -> Line:
        return await self.bot.event("judged", seconds, message=str(message.id))

    async def card_of(self, line: Line, seconds: float = 20.0) -> Message:
        return await self.discord.posted(self.stage.mods, seconds, having=f"Case {line['case']} ")

    async def restart(self) -> None:
        if self.bot.process.returncode is None:
            assert await self.bot.stop() == 0
        self.bot = await begin(self.discord, self.folder)

    def database(self) -> sqlite3.Connection:
        """Read-only, beside the running bot."""
        return sqlite3.connect(f"file:{self.folder / 'beholder.db'}?mode=ro", uri=True)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        connection = self.database()
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


async def begin(discord: Loopback, folder: Path, **settings: str) -> BotProcess:
    """Start the bot and wait until it is there."""
    bot = await BotProcess.start(discord, folder, CANARY, **{"log_level": "debug", **settings})
    try:
        await bot.event("discord ready", 60.0)
        await discord.connected()
    except BaseException:
        await bot.kill()
        raise
    return bot


@asynccontextmanager
async def opened(
    folder: Path, *, mode: str = "enforce", intents: tuple[str, ...] | None = None
) -> AsyncIterator[Theatre]:
    """Everything up and set up; at the end the bot stops well and nothing offended or leaked."""
    async with Loopback(token=CANARY) as discord:
        validator = Validator().watch(discord)
        stage = Stage.build(discord)
        bot = await begin(discord, folder)
        theatre = Theatre(discord, stage, folder, bot, validator)
        try:
            await bot.event(READY, 60.0)
            await stage.set_up(mode=mode)
            yield theatre
            if theatre.bot.process.returncode is None:
                assert await theatre.bot.stop() == 0, theatre.bot.tail()
        finally:
            await theatre.bot.kill()
    assert validator.violations() == []
    assert_nothing_leaked(theatre)


def assert_nothing_leaked(theatre: Theatre) -> None:
    """The token is in no line of the log and in no file of the data folder, and no image is either."""
    assert theatre.bot.text, "the log was read"
    assert not [line for line in theatre.bot.text if CANARY in line]
    kept = [f for f in theatre.folder.rglob("*") if f.is_file()]
    assert any(f.suffix == ".db" for f in kept)
    for file in kept:
        content = file.read_bytes()
        assert CANARY.encode() not in content, file
        for magic in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n", b"GIF89a"):
            assert magic not in content, f"an image lies in {file}"
