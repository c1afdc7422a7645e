"""The real bot, as a process, on a loopback Discord under the eye of Discord's own specification."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from bot.config import Config
from bot.model import Tenant
from bot.opening import open_store
from bot.sandbox.entities import Channel, Message, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import BotProcess, Line
from bot.sandbox.scenes import card, files
from bot.sandbox.stage import Stage
from bot.sandbox.vendors import FOLLOWS
from policies.model import Category
from tests.openapi import Validator

CANARY = "Y2FuYXJ5LWNhbmFyeQ.G1canA.this-token-must-never-be-written-anywhere"
BAD = card(Category.SEXUAL_EXPLICIT, 0.95)
READY = "commands synchronised"


@dataclass
class Theatre:
    """A community, its bot and the bot's folder; `restart` gives the bot another life.

    `settings` are the bot's own, in every life. `told` is what was heard of it elsewhere than on Discord and on
    disk: the log of earlier lives, what its web server answered.
    """

    discord: Loopback
    stage: Stage
    folder: Path
    bot: BotProcess
    validator: Validator
    settings: Mapping[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def post(self, picture: bytes = BAD, channel: Channel | None = None, author: User | None = None) -> Message:
        return self.discord.post(channel or self.stage.general, author or self.stage.members[0], files=files(picture))

    async def judged(self, message: Message, seconds: float = 20.0) -> Line:
        return await self.bot.event("judged", seconds, message=str(message.id))

    async def card_of(self, line: Line, seconds: float = 20.0) -> Message:
        return await self.discord.posted(self.stage.mods, seconds, having=f"Case {line['case']} ")

    async def restart(self) -> None:
        if self.bot.process.returncode is None:
            assert await self.bot.stop() == 0
        self.told += self.bot.text
        self.bot = await begin(self.discord, self.folder, **self.settings)

    def database(self) -> sqlite3.Connection:
        """Read-only, beside the running bot."""
        return sqlite3.connect(f"file:{self.folder / 'beholder.db'}?mode=ro", uri=True)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        connection = self.database()
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


async def granted(theatre: Theatre, *names: str) -> None:
    """What `beholder guild grant` does, without its start."""
    tenant = Tenant("discord", str(theatre.stage.guild.id))
    async with open_store(Config(data_dir=theatre.folder)) as store:
        for name in names:
            await store.guilds.grant(tenant, name, "20.00")
    await asyncio.sleep(FOLLOWS)  # a running bot sees it within a second


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
    folder: Path,
    *,
    mode: str = "enforce",
    settings: Mapping[str, str] = {},
    secrets: Callable[[], tuple[str, ...]] = tuple,
) -> AsyncIterator[Theatre]:
    """Everything up and set up; at the end the bot stops well and nothing offended or leaked.

    `settings`: further ones, as `BotProcess.start` takes them. `secrets`: what, beside the token, must be nowhere.
    """
    async with Loopback(token=CANARY) as discord:
        validator = Validator().watch(discord)
        stage = Stage.build(discord)
        bot = await begin(discord, folder, **settings)
        theatre = Theatre(discord, stage, folder, bot, validator, settings)
        try:
            await bot.event(READY, 60.0)
            await stage.set_up(mode=mode)
            yield theatre
            if theatre.bot.process.returncode is None:
                theatre.told += [await theatre.bot.web(path) for path in ("/metrics", "/healthz")]
                assert await theatre.bot.stop() == 0, theatre.bot.tail()
        finally:
            await theatre.bot.kill()
    assert validator.violations() == []
    assert_nothing_leaked(theatre, secrets())


def assert_nothing_leaked(theatre: Theatre, secrets: tuple[str, ...] = ()) -> None:
    """The token and `secrets` are in no line of the log, in nothing that the bot said or answered and in no file of
    the data folder, and no image is either."""
    assert theatre.bot.text, "the log was read"
    world = theatre.discord.world
    shown = [json.dumps(world.render(m)) for c in world.channels.values() for m in c.messages.values()]
    heard = "\n".join((*theatre.bot.text, *theatre.told, *shown))
    kept = [f for f in theatre.folder.rglob("*") if f.is_file()]
    assert any(f.suffix == ".db" for f in kept)
    for secret in (CANARY, *secrets):
        assert len(secret) > 8, "a shorter one would be found by chance"
        for form in {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}:
            assert form not in heard
            assert not [file for file in kept if form.encode() in file.read_bytes()]
    for file in kept:
        content = file.read_bytes()
        for magic in (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n", b"GIF89a"):
            assert magic not in content, f"an image lies in {file}"
