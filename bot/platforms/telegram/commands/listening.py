"""Commands as Telegram delivers them: in a group, in private, and behind a deep link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

import structlog
from telegram import Message, Update, User
from telegram.error import TelegramError
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from bot.model import Tenant
from bot.platforms.telegram.commands.asked import Asked
from bot.platforms.telegram.commands.table import BY_WAY, COMMANDS, Command
from bot.platforms.telegram.extract import PLATFORM
from bot.platforms.telegram.layout import rich
from bot.platforms.telegram.menu import Menu
from bot.platforms.telegram.pages import Laid
from bot.platforms.telegram.presses import Presses
from bot.platforms.telegram.reception import FAILED, Reception, Way
from bot.texts.catalogue import Texts

log = structlog.get_logger("beholder.telegram")

FRESH: Final = filters.UpdateType.MESSAGE  # an edited command was obeyed when it was new
AnyApplication = Application[Any, Any, Any, Any, Any, Any]
Hear = Callable[[Message, User, tuple[str, ...]], Awaitable[None]]


def register(application: AnyApplication, reception: Reception) -> None:
    """Let PTB hand over commands, presses and shared chats."""
    menu = Menu(reception)
    heard = Listening(reception, menu)
    for command in COMMANDS:
        hear = heard.safely(partial(heard.given, command))
        application.add_handler(CommandHandler(command.name, hear, FRESH))
    application.add_handler(CommandHandler(["start", "help"], heard.safely(heard.started), FRESH))
    shared = filters.StatusUpdate.CHAT_SHARED & filters.ChatType.PRIVATE
    application.add_handler(MessageHandler(shared, heard.safely(heard.shared)))
    application.add_handler(CallbackQueryHandler(Presses(reception, menu).pressed))


class Listening:
    """What comes of each."""

    def __init__(self, reception: Reception, menu: Menu) -> None:
        self._at = reception
        self._menu = menu

    def safely(self, hear: Hear) -> Callable[[Update, Any], Coroutine[Any, Any, None]]:
        """For PTB. Whatever goes wrong, whoever asked in private is told; nothing of it is logged but its kind, since
        errors of the transport may hold the token."""

        async def handle(update: Update, context: Any) -> None:
            message, user = update.message, update.effective_user
            if message is None or user is None:
                return
            try:
                await hear(message, user, tuple(context.args or ()))
            except Exception as error:  # noqa: BLE001 - whatever it is
                log.error("command failed", chat=message.chat.id, error=type(error).__name__)
                await self._sorry(message)

        return handle

    async def given(self, command: Command, message: Message, user: User, words: tuple[str, ...]) -> None:
        """A command. In a group it is about that group, in private about the one that was chosen last."""
        if message.chat.type == "private":
            tenant = await self._at.chosen(user)
            if tenant is None:
                await self._menu.ask_which(user, Texts())
                return
            await self._ask(command, message, user, tenant, words)
            return
        tenant = Tenant(PLATFORM, str(message.chat.id))
        if message.sender_chat is not None:  # an admin unnamed, or a channel: Telegram vouches for nobody's rights
            way = Way(command.way or command.name, tenant, words[0] if words and words[0].isdecimal() else "")
            await self._at.invite(message, way, await self._at.texts(tenant))
            return
        await self._ask(command, message, user, tenant, words)

    async def _ask(
        self, command: Command, message: Message, user: User, tenant: Tenant, words: tuple[str, ...]
    ) -> None:
        presser = await self._at.vouch(tenant, user)
        if message.chat.type != "private" and not presser.rights:
            return  # else every member could make the bot talk
        texts = await self._at.texts(tenant)
        await command.handle(Asked(self._at, self._menu, message, user, tenant, presser, words, texts))

    async def started(self, message: Message, user: User, words: tuple[str, ...]) -> None:
        """`/start` in private: whoever opens the conversation, or comes through a deep link."""
        if message.chat.type != "private":
            return  # whoever added the bot by a link: the greeting comes by itself
        way = Way.of(words[0]) if words else None
        command = BY_WAY.get(way.what) if way is not None else None
        if way is None or command is None:
            await self._menu.greet(user)
            return
        await self._at.choose(user, way.tenant)
        await self._ask(command, message, user, way.tenant, (way.argument,) if way.argument else ())

    async def shared(self, message: Message, user: User, _words: tuple[str, ...]) -> None:
        """A chat was shared."""
        await self._menu.shared(message, user)

    async def _sorry(self, message: Message) -> None:
        if message.chat.type != "private":
            return
        try:
            await self._at.say(message.chat.id, Laid(rich(Texts().gettext(FAILED))))
        except TelegramError as error:
            log.warning("not told", error=type(error).__name__)
