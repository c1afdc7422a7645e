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
    """Suggested whenever somebody makes the bot an admin: `checkup.NEEDED`, and no other."""
    needed = {right.name for right in NEEDED}
    return ChatAdministratorRights(
        is_anonymous=False,
        can_manage_chat=True,
        can_delete_messages="delete_messages" in needed,
        can_manage_video_chats=False,
        can_restrict_members="restrict_members" in needed,
        can_promote_members=False,
        can_change_info=False,
        can_invite_users=False,
        can_post_stories=False,
        can_edit_stories=False,
        can_delete_stories=False,
    )
