"""How the sandbox's things look as JSON of the Bot API."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any

from bot.sandbox.telegram.entities import PERMISSIONS, RIGHTS, RIGHTS_OF, Bot, Chat, Json, Member, Message, Status, User

_PREFIX = "AgAC"


def stamp(at: datetime) -> int:
    """Unix seconds."""
    return int(at.timestamp())


def file_id(bot: Bot, unique: str) -> str:
    """The name of a file for this bot: no other bot can use it."""
    return _PREFIX + urlsafe_b64encode(f"{bot.id}:{unique}".encode()).decode().rstrip("=")


def unique_of(bot: Bot, ident: str) -> str | None:
    """The file_unique_id behind a file_id of this bot's; None if it is not one."""
    packed = ident.removeprefix(_PREFIX)
    try:
        owner, _, unique = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode().partition(":")
    except ValueError:
        return None
    return unique if ident.startswith(_PREFIX) and owner == str(bot.id) else None


def for_bot(tree: Any, bot: Bot) -> Any:
    """`tree` with a `file_id` of this bot's beside every `file_unique_id` that has none."""
    if isinstance(tree, list):
        return [for_bot(part, bot) for part in tree]
    if not isinstance(tree, dict):
        return tree
    out = {key: for_bot(part, bot) for key, part in tree.items()}
    if "file_unique_id" in out and "file_id" not in out:
        out["file_id"] = file_id(bot, out["file_unique_id"])
    return out


def user(who: User) -> Json:
    """User."""
    body: Json = {"id": who.id, "is_bot": who.is_bot, "first_name": who.name}
    if who.username:
        body["username"] = who.username
    if who.language:
        body["language_code"] = who.language
    return body


def me(bot: Bot) -> Json:
    """User, as getMe shows it."""
    return {
        **user(bot.user),
        "can_join_groups": True,
        "can_read_all_group_messages": not bot.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def chat(of: Chat) -> Json:
    """Chat."""
    body: Json = {"id": of.id, "type": of.kind}
    if of.user:
        body["first_name"] = of.user.name
        if of.user.username:
            body["username"] = of.user.username
        return body
    body["title"] = of.title or ""
    if of.username:
        body["username"] = of.username
    if of.forum:
        body["is_forum"] = True
    return body


def full_chat(of: Chat, bot: Bot) -> Json:
    """ChatFullInfo, as `bot` is shown it."""
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    body = {
        **chat(of),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
    sizes = of.photo if of.user is None else next(iter(of.user.photos), None)
    if sizes:
        body["photo"] = chat_photo(sizes, bot)
    if of.is_group:
        body["permissions"] = dict.fromkeys(PERMISSIONS, True)
    if of.linked:
        body["linked_chat_id"] = of.linked.id
    if of.pinned:
        body["pinned_message"] = message(of.pinned, deep=False)
    return body


def chat_photo(sizes: list[Json], bot: Bot) -> Json:
    """ChatPhoto of the smallest and largest of `sizes`."""
    small, big = sizes[0]["file_unique_id"], sizes[-1]["file_unique_id"]
    return {
        "small_file_id": file_id(bot, small),
        "small_file_unique_id": small,
        "big_file_id": file_id(bot, big),
        "big_file_unique_id": big,
    }


def member(who: Member, of: Chat) -> Json:
    """ChatMember."""
    body: Json = {"status": str(who.status), "user": user(who.user)}
    until = stamp(who.until) if who.until else 0
    if who.is_admin:
        body["is_anonymous"] = who.anonymous
        if who.title:
            body["custom_title"] = who.title
    if who.status is Status.ADMIN:
        rights = (*RIGHTS, *RIGHTS_OF[of.kind])
        body |= {"can_be_edited": False} | {right: right in who.rights for right in rights}
    if who.status is Status.BANNED:
        body["until_date"] = until
    if who.status is Status.RESTRICTED:
        body |= {"is_member": who.inside, "until_date": until}
        body |= {permission: who.permissions.get(permission, False) for permission in PERMISSIONS}
    return body


def message(of: Message, *, deep: bool = True) -> Json:
    """Message; `deep`: with the one it replies to. Files have no `file_id` yet: `for_bot`."""
    reply = of.reply_to if deep and of.reply_to and of.reply_to.deleted_at is None else None
    optional = {
        "from": of.sender and user(of.sender),
        "sender_chat": of.sender_chat and chat(of.sender_chat),
        "message_thread_id": of.thread_id,
        "is_topic_message": of.thread_id in of.chat.topics,
        "media_group_id": of.album,
        "is_automatic_forward": of.automatic_forward,
        "has_protected_content": of.protected,
        "edit_date": of.edited_at and stamp(of.edited_at),
        "reply_to_message": reply and message(reply, deep=False),
        "reply_markup": of.keyboard,
    }
    body: Json = {"message_id": of.id, "date": stamp(of.sent_at), "chat": chat(of.chat)}
    return body | {key: value for key, value in optional.items() if value} | of.content
