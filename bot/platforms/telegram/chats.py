"""Which chats the bot is in. Telegram has no list of them: they are learnt from updates, and kept by the register."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog
from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.door import farewell
from bot.model import Presence, Tenant
from bot.platforms.telegram.extract import DIRECT, PLATFORM, tenant_of
from bot.platforms.telegram.walker import Json
from bot.ports import Clock, Settings
from bot.ports.register import Door, Register
from bot.texts.catalogue import Texts

log = structlog.get_logger("beholder.telegram")

AGAIN = 60.0  # seconds until a chat that could not be left is tried again
OUT = frozenset({"left", "kicked"})


class Chats:
    """Every chat that the bot is in, as far as it was ever told."""

    def __init__(self, register: Register, door: Door, settings: Settings, clock: Clock) -> None:
        self._register = register
        self._door = door
        self._settings = settings
        self._clock = clock
        self._here: dict[Tenant, Presence] = {}
        self._told: set[Tenant] = set()
        self._tried: dict[Tenant, float] = {}

    def __len__(self) -> int:
        return len(self._here)

    async def load(self) -> None:
        """What the register knows, at start."""
        for tenant, known in (await self._register.every()).items():
            if tenant.platform == PLATFORM and known.present and tenant not in self._here:
                self._here[tenant] = Presence(tenant, known.name, known.members, known.joined_at)

    def is_news(self, chat: Json) -> bool:
        """Whether the bot is in this chat without knowing it."""
        return tenant_of(chat) not in self._here and tenant_of(chat) != DIRECT

    def seen(self, chat: Json, at: datetime) -> None:
        """Something was heard from there: the bot is in it, since now if that is news. A new name is noted."""
        tenant, name = tenant_of(chat), str(chat.get("title") or "")
        if tenant == DIRECT:
            return
        known = self._here.get(tenant)
        if known is None or (name and known.name != name):
            since = at if known is None else known.joined_at
            self._here[tenant] = Presence(tenant, name, joined_at=since, speaks_in=_speaks_in(chat))

    def moved(self, change: Json, at: datetime) -> None:
        """A `my_chat_member` update: the bot came, went, or got other rights."""
        chat = change["chat"]
        if change["new_chat_member"]["status"] in OUT:
            self._here.pop(tenant_of(chat), None)
            self._told.discard(tenant_of(chat))
            return
        if change["old_chat_member"]["status"] in OUT:
            self._here.pop(tenant_of(chat), None)  # it comes anew, and is greeted anew
        self.seen(chat, at)

    async def round(self, bot: Bot) -> None:
        """Bring the register up to date; leave chats that the host does not want."""
        for unwanted in await self._door.follow(list(self._here.values())):
            now = self._clock.monotonic()
            if now - self._tried.get(unwanted.tenant, -AGAIN) >= AGAIN:
                self._tried[unwanted.tenant] = now
                await self.leave(bot, unwanted.tenant)

    async def leave(self, bot: Bot, tenant: Tenant) -> bool:
        """Say so, once, and go. Returns whether the bot is out; if not, it is tried again later."""
        chat = int(tenant.id)
        if tenant not in self._told and tenant in self._here:
            self._told.add(tenant)
            policy, _ = await self._settings.policy(tenant)
            with contextlib.suppress(TelegramError):  # whether they hear it or not, we go
                await bot.send_message(chat, farewell(Texts(policy.language)))
        try:
            await bot.leave_chat(chat)
        except (BadRequest, Forbidden):  # we are out already, or there is no such chat any more
            pass
        except TelegramError as error:
            log.warning("chat not left", guild=str(tenant), error=type(error).__name__)
            return False
        self._here.pop(tenant, None)
        log.info("chat is left", guild=str(tenant))
        return True


def _speaks_in(chat: Json) -> Callable[[], str | None]:
    """Where the bot greets: in groups; not among the posts of a channel."""
    return partial(_itself, None if chat["type"] == "channel" else str(chat["id"]))


def _itself(channel: str | None) -> str | None:
    return channel
