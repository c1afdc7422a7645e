"""A loopback Telegram, PTB's application with our handlers, and a real desk with its store behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest_asyncio
from telegram import Update
from telegram.ext import Application, ApplicationBuilder

from bot.media.fetch import Allow, Fetcher
from bot.model import ABLE, Author, Event, Media, Origin, Tenant
from bot.platforms.telegram.checkup import Checkup
from bot.platforms.telegram.commands import register
from bot.platforms.telegram.config import ALLOWED_UPDATES
from bot.platforms.telegram.files import Files
from bot.platforms.telegram.reception import Reception
from bot.platforms.telegram.request import AiohttpRequest
from bot.platforms.telegram.rights import Members
from bot.sandbox.telegram.entities import Chat, Json, Message, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.sandbox.telegram.world import Query
from bot.store.database import Database
from bot.store.store import Store
from policies.model import Context, Place
from tests.bot.cases import START
from tests.bot.desk.world import World
from tests.clock import FakeClock

SMALL_BALLAST = 64 * 1024


@dataclass
class Hall:
    """One group and who is in it. `ada` manages it, `mo` may delete messages, `sam` may do nothing."""

    t: LoopbackTelegram
    world: World
    application: Application[Any, Any, Any, Any, Any, Any]
    reception: Reception
    members: Members
    chat: Chat
    mods: Chat
    ada: User
    mo: User
    sam: User
    read: int = field(default=0)

    @property
    def tenant(self) -> Tenant:
        return Tenant("telegram", str(self.chat.id))

    def private(self, who: User) -> Chat:
        return self.t.world.private_chat(self.t.bot, who)

    async def heard(self) -> None:
        """Every update that there is by now is handled."""
        while self.read < len(self.t.updates):
            raw = self.t.updates[self.read]
            self.read += 1
            if changed := raw.get("chat_member") or raw.get("my_chat_member"):  # as the reader of updates does
                self.members.forget(changed["chat"]["id"], changed["new_chat_member"]["user"]["id"])
            await self.application.process_update(Update.de_json(raw, self.application.bot))

    async def says(self, who: User, text: str, chat: Chat | None = None, **about: Any) -> Message:
        """In the group, unless `chat` says where."""
        message = self.t.say(chat or self.chat, who, text, **about)
        await self.heard()
        return message

    async def writes(self, who: User, text: str) -> Message:
        """To the bot, in private. Returns the bot's latest message there."""
        self.t.say(self.private(who), who, text)
        await self.heard()
        return self.latest(self.private(who))

    async def starts(self, who: User, payload: str = "") -> Message:
        self.t.start(who, payload)
        await self.heard()
        return self.latest(self.private(who))

    async def presses(self, who: User, message: Message, label: str) -> Json:
        return await self._answered(self.t.press(message, who, label))

    async def forges(self, who: User, message: Message, data: str) -> Json:
        return await self._answered(self.t.press_forged(message, who, data))

    async def shares(self, who: User, chat: Chat, request: int) -> Message:
        """Through a button of the keyboard that lists chats."""
        shared = {"request_id": request, "chat_id": chat.id, "title": chat.title}
        self.t.post(self.private(who), who, {"chat_shared": shared})
        await self.heard()
        return self.latest(self.private(who))

    async def _answered(self, query: Query) -> Json:
        await self.heard()
        assert query.answer is not None, "a press was left without an answer"
        return query.answer

    def latest(self, chat: Chat) -> Message:
        return self.t.posts(chat)[-1]

    async def case(self, origin: Origin = Origin.REVIEW, author: str = "42") -> int:
        place = Place(Context.GROUP_MESSAGE, str(self.chat.id))
        return await self.world.open(origin, author=Author(author), place=place, tenant=self.tenant)


def labels(message: Message) -> list[str]:
    return [b["text"] for row in (message.keyboard or {}).get("inline_keyboard", []) for b in row]


def data(message: Message, label: str) -> str:
    rows = (message.keyboard or {}).get("inline_keyboard", [])
    return next(str(b.get("callback_data") or b["url"]) for row in rows for b in row if b["text"] == label)


@pytest_asyncio.fixture
async def hall(t: LoopbackTelegram, folder: Path) -> AsyncIterator[Hall]:
    clock = FakeClock(START)
    requests = AiohttpRequest(), AiohttpRequest(connections=1)
    application = (
        ApplicationBuilder()
        .token(t.token)
        .base_url(f"{t.root}/bot")
        .base_file_url(f"{t.root}/file/bot")
        .request(requests[0])
        .get_updates_request(requests[1])
        .updater(None)
        .job_queue(None)
        .build()
    )
    async with (
        await Database.open(None, data_dir=folder, clock=clock, ballast=SMALL_BALLAST) as database,
        Fetcher([Allow.parse(f"{t.root}/file/bot{t.token}")]) as source,
        application,
    ):
        store = Store(database, clock)
        world = World(store, clock)
        world.able["telegram"] = replace(ABLE, roles=False, rooms=False)
        files = Files(application.bot, source)

        def fetch(event: Event, media: Media) -> AsyncIterator[bytes]:
            return files.fetch(event, media)

        members = Members(application.bot, clock)
        reception = Reception(
            bot=application.bot,
            desk=world.desk,
            settings=store.settings,
            drafts=store.drafts,
            journal=store.journal,
            clock=clock,
            vouch=members.presser,
            checkup=Checkup(application.bot),
            fetch=fetch,
        )
        register(application, reception)
        await application.bot.get_updates(timeout=0, allowed_updates=ALLOWED_UPDATES)
        chat = t.supergroup("Town")
        t.add_bot(chat, "can_delete_messages", "can_restrict_members", "can_change_info")
        ada, mo, sam = t.member(chat, "ada"), t.member(chat, "mo"), t.member(chat, "sam")
        mods = t.supergroup("Mods", owner=ada)
        t.add_bot(mods)
        t.promote(chat, ada, "can_delete_messages", "can_restrict_members", "can_change_info", "can_promote_members")
        t.promote(chat, mo, "can_delete_messages")
        t.join(mods, mo)
        hall = Hall(t, world, application, reception, members, chat, mods, ada, mo, sam)
        hall.read = len(t.updates)
        yield hall
