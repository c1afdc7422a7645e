"""The menus of commands that Telegram shows: to everybody in private, in groups to admins alone."""

from __future__ import annotations

from typing import Final

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
    ChatAdministratorRights,
)
from telegram.error import TelegramError

from bot.platforms.telegram.checkup import NEEDED
from bot.platforms.telegram.commands.table import COMMANDS
from bot.texts.catalogue import Texts, languages

log = structlog.get_logger("beholder.telegram")

SHOWN: Final = (BotCommandScopeAllPrivateChats(), BotCommandScopeAllChatAdministrators())


async def publish(bot: Bot) -> None:
    """Tell Telegram which commands there are and which rights we need. What fails is said: the commands work anyhow."""
    try:
        await bot.delete_my_commands(BotCommandScopeDefault())  # members are shown none
        for language in ("", *languages()):
            texts = Texts(language or "en")
            menu = [BotCommand(c.name, texts.gettext(c.description)) for c in COMMANDS]
            for scope in SHOWN:
                await bot.set_my_commands(menu, scope, language_code=language or None)
        await bot.set_my_default_administrator_rights(_rights())
    except TelegramError as error:
        log.warning("commands not published", error=type(error).__name__)


def _rights() -> ChatAdministratorRights:
    """Suggested whenever somebody makes the bot an admin."""
    others = dict.fromkeys(
        (
            "is_anonymous",
            "can_manage_video_chats",
            "can_promote_members",
            "can_change_info",
            "can_invite_users",
            "can_post_stories",
            "can_edit_stories",
            "can_delete_stories",
        ),
        False,
    )
    return ChatAdministratorRights(can_manage_chat=True, **others, **{right.field: True for right in NEEDED})
