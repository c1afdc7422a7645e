"""What a bot gets to see (Telegram, "Privacy mode" and "Bot-to-bot communication")."""

from __future__ import annotations

from bot.sandbox.telegram.entities import Bot, Json, Member, Message


def sees(bot: Bot, member: Member, message: Message) -> bool:
    """Whether `bot`, which stands to the chat as `member` says, is told of `message`."""
    if message.service:
        return member.present
    if message.sender is bot.user or not member.present:
        return False
    sees_all = member.is_admin or not bot.privacy
    if message.sender and message.sender.is_bot and message.sender_chat is None:
        return bot.hears_bots and sees_all
    return not message.chat.is_group or sees_all or _meant(bot, message)


def _meant(bot: Bot, message: Message) -> bool:
    """A command that is not another bot's, or a reply to one of its messages."""
    if message.reply_to and message.reply_to.sender is bot.user:
        return True
    return any(_command(bot, message.content, field) for field in ("text", "caption"))


def _command(bot: Bot, content: Json, field: str) -> bool:
    entities = content.get("entities" if field == "text" else "caption_entities", ())
    text = content.get(field, "").encode("utf-16-le")
    for entity in entities:
        if entity["type"] == "bot_command":
            start = entity["offset"] * 2
            _, _, named = text[start : start + entity["length"] * 2].decode("utf-16-le").partition("@")
            if not named or named == bot.user.username:
                return True
    return False
