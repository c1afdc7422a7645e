"""A loopback Telegram under the eye of Telegram's own specification, and the whole bot beside it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from pydantic import SecretStr
from telegram import Bot

from bot.app import App
from bot.config import Config
from bot.media.fetch import Allow, Fetcher
from bot.model import Tenant
from bot.opening import WORKS, Screening
from bot.platforms.telegram.config import TelegramConfig
from bot.platforms.telegram.files import Files
from bot.platforms.telegram.platform import TelegramPlatform
from bot.sandbox.telegram.entities import Chat, Message, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.store.database import NAME
from bot.store.migrate import migrate
from policies.model import Category, Mode
from tests.bot.street.world import Street, shows
from tests.botapi import specification
from tests.clock import FakeClock


@pytest_asyncio.fixture
async def t() -> AsyncIterator[LoopbackTelegram]:
    async with LoopbackTelegram(specification=specification()) as telegram:
        yield telegram
    assert telegram.violations == []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def bot(t: LoopbackTelegram) -> AsyncIterator[Bot]:
    """python-telegram-bot's own client."""
    async with Bot(t.token, base_url=f"{t.root}/bot", base_file_url=f"{t.root}/file/bot") as client:
        yield client


@pytest_asyncio.fixture
async def files(bot: Bot) -> AsyncIterator[Files]:
    async with Fetcher([Allow.parse(bot.base_file_url)], cap=4 * 1024 * 1024) as fetcher:
        yield Files(bot, fetcher)


def config_of(t: LoopbackTelegram, **more: str) -> TelegramConfig:
    return TelegramConfig(token=t.token, api_url=t.root, **more)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once for all tests."""
    folder = tmp_path_factory.mktemp("template")
    await migrate(None, data_dir=folder, clock=FakeClock())
    return folder / NAME


@pytest.fixture
def folder(tmp_path: Path, template: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(template, folder / NAME)
    return folder


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged, unrendered."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@dataclass
class House:
    """The app over a real store, listening to a loopback Telegram; only pixels and their judge are pretended."""

    t: LoopbackTelegram
    street: Street
    app: App
    task: asyncio.Task[None]
    telegram: TelegramPlatform
    serial: int = field(default=0)

    def post(self, chat: Chat, who: User, what: str = "bad", serial: int | None = None, **about: Any) -> Message:
        """A picture of `what`; a new one each time, unless `serial` says which."""
        self.serial += 1
        picture = shows(what, self.serial if serial is None else serial)
        return self.t.post(chat, who, self.t.world.media.document(picture, "a.png", "image/png"), **about)

    async def gone(self, message: Message) -> None:
        await self.t.until(lambda: message.deleted_at is not None)

    async def settled(self) -> None:
        """Nothing waits, neither at Telegram nor in the journal."""
        await self.t.until(lambda: not self.t.world.inboxes[self.t.bot.id].pending)
        await self.t.until(lambda: not set(self.jobs()) & {"todo", "leased"})

    async def remembered(self) -> None:
        """What a file's id stands for is on disk: only after the post is dealt with, so that nothing waits for it."""
        await self.t.until(lambda: bool(self._read("SELECT sha256 FROM media")))

    def jobs(self) -> list[str]:
        """The state of every job of what Telegram sent, the oldest first."""
        return self._read("SELECT state FROM jobs WHERE kind IN ('raw', 'event') ORDER BY id")

    def _read(self, query: str) -> list[str]:
        with closing(sqlite3.connect(self.street.folder / NAME)) as connection:
            return [value for (value,) in connection.execute(query)]

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task], timeout=10)


@asynccontextmanager
async def house_of(t: LoopbackTelegram, street: Street, **settings: Any) -> AsyncIterator[House]:
    """The app running; stopped at the end."""
    given: dict[str, Any] = {
        "data_dir": street.folder,
        "web_port": 0,
        "discord_token": None,
        "telegram_api_url": t.root,
    } | settings
    config = Config(telegram_token=SecretStr(t.token), **given)

    async def warm() -> None: ...

    screening = Screening(street.screener, {"local": frozenset(Category)}, warm, lambda: {"local": WORKS})
    async with Fetcher([]) as source:
        app = App(config, street.store, screening, source, street.clock)
        telegram = app.platforms["telegram"]
        assert isinstance(telegram, TelegramPlatform)
        task = asyncio.create_task(app.run())
        house = House(t, street, app, task, telegram)
        await t.until(lambda: telegram.ready.is_set() or task.done())
        try:
            yield house
        finally:
            await house.stop()


def tenant(chat: Chat) -> Tenant:
    return Tenant("telegram", str(chat.id))


@pytest.fixture
def town(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup()
    t.add_bot(chat, "can_delete_messages", "can_restrict_members")
    return chat


@pytest.fixture
def ann(t: LoopbackTelegram, town: Chat) -> User:
    return t.member(town, "ann")


@pytest_asyncio.fixture
async def street(folder: Path, town: Chat) -> AsyncIterator[Street]:
    """The town enforces, without a moderators' chat."""
    async with Street(folder, FakeClock()) as street:
        await street.policy(tenant(town), mode=Mode.ENFORCE, mod_channel=None)
        yield street


@pytest_asyncio.fixture
async def house(t: LoopbackTelegram, street: Street) -> AsyncIterator[House]:
    async with house_of(t, street) as house:
        yield house
