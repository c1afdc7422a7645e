"""Telegram's refusals in its own words, which are all that tells them apart.

PTB takes "Bad Request: " off and writes the first letter large, so they are compared in lower case. The texts are
those of TDLib and telegram-bot-api (`Client.cpp`), as clients meet them.
"""

from __future__ import annotations

from typing import Final

from telegram.error import TelegramError

NOT_FOUND: Final = ("message to delete not found", "message to edit not found", "message_id_invalid")
UNCHANGED: Final = ("message is not modified", "chat_not_modified")
TOO_OLD: Final = ("message can't be deleted for everyone",)
UNDELETABLE: Final = ("message can't be deleted",)
LACKING: Final = ("not enough rights", "chat_admin_required", "need administrator rights", "have no rights")
ABOVE: Final = ("user is an administrator of the chat", "can't remove chat owner")
BASIC_GROUP: Final = ("method is available only for supergroups", "method is available for supergroup")
OWN_CHANNEL: Final = ("can't ban the linked chat or the chat itself",)
NO_PHOTO: Final = ("image_process_failed", "photo_invalid_dimensions", "too big for a photo", "photo_ext_invalid")
NO_CHAT: Final = ("chat not found", "message thread not found", "topic_closed", "topic_deleted")
NO_SUCH_MEMBER: Final = ("user not found", "participant_id_invalid", "member not found", "invalid user_id specified")


def says(error: TelegramError, texts: tuple[str, ...]) -> bool:
    """Whether Telegram answered one of `texts`."""
    answer = error.message.lower()
    return any(text in answer for text in texts)
