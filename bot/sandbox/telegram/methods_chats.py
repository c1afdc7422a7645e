"""Chats and their members: what a bot may learn of them, and how it bans, restricts, admits and leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.sandbox.telegram import wire
from bot.sandbox.telegram.calls import Call, Methods
from bot.sandbox.telegram.entities import PERMISSIONS, Chat, Json, Member, Status, User
from bot.sandbox.telegram.errors import ADMIN_REQUIRED, NO_RESTRICT_RIGHT, bad

methods = Methods()
_SHORTEST, _LONGEST = timedelta(seconds=30), timedelta(days=366)
_MEDIA = PERMISSIONS[1:7]


@methods.add("getChat")
def get_chat(call: Call) -> Json:
    """ChatFullInfo."""
    return wire.full_chat(call.chat(), call.bot)


@methods.add("getChatMember")
def get_chat_member(call: Call) -> Json:
    """ChatMember; `left` for somebody who never was there."""
    chat = call.chat()
    return wire.member(call.world.member(chat, call.world.user(call.integer("user_id"))), chat)


@methods.add("getChatAdministrators")
def get_chat_administrators(call: Call) -> list[Json]:
    """Array of ChatMember: without other bots."""
    chat = call.chat()
    if chat.user:
        raise bad("there are no administrators in the private chat")
    admins = [member for member in chat.members.values() if member.is_admin]
    return [wire.member(m, chat) for m in admins if not m.user.is_bot or m.user is call.bot.user]


@methods.add("getChatMemberCount")
def get_chat_member_count(call: Call) -> int:
    """How many are there now."""
    chat = call.chat()
    return sum(call.world.member(chat, member.user).present for member in tuple(chat.members.values()))


# --- people -------------------------------------------------------------------------------------------


def _target(call: Call) -> tuple[Chat, User, Member]:
    """The chat, the one that the call is about, and how that one stands to it: no admin, else 400."""
    chat = call.chat()
    if chat.user:
        raise bad("can't restrict self" if call.integer("user_id") == call.bot.id else "chat not found")
    me = call.world.member(chat, call.bot.user)
    if not me.is_admin:
        raise bad(ADMIN_REQUIRED if chat.kind == "channel" else NO_RESTRICT_RIGHT)
    if not me.may("can_restrict_members"):
        raise bad(NO_RESTRICT_RIGHT)
    user = call.world.user(call.integer("user_id"))
    member = call.world.member(chat, user)
    if user is call.bot.user:
        raise bad("can't restrict self")
    if member.status is Status.OWNER:
        raise bad("can't remove chat owner")
    if member.status is Status.ADMIN:
        raise bad("user is an administrator of the chat")
    return chat, user, member


def _until(call: Call) -> datetime | None:
    """When it ends; None, for ever: under 30 seconds or over 366 days."""
    seconds = call.integer("until_date")
    until, now = datetime.fromtimestamp(seconds, UTC), call.world.clock.now()
    return until if _SHORTEST <= until - now <= _LONGEST else None


@methods.add("banChatMember")
def ban_chat_member(call: Call) -> bool:
    """True. `revoke_messages` takes the history from the banned one's sight, and nothing from the chat."""
    chat, user, _ = _target(call)
    call.world.change(chat, Member(user, Status.BANNED, until=_until(call)), call.bot.user)
    return True


@methods.add("unbanChatMember")
def unban_chat_member(call: Call) -> bool:
    """True; without `only_if_banned` a member is put out of the chat, and may come back."""
    chat, user, member = _target(call)
    if member.status is Status.BANNED or (member.present and not call.flag("only_if_banned")):
        call.world.change(chat, Member(user, Status.LEFT), call.bot.user)
    return True


@methods.add("restrictChatMember")
def restrict_chat_member(call: Call) -> bool:
    """True; with every permission given the restriction is lifted."""
    if call.chat().kind != "supergroup":
        raise bad("method is available only for supergroups")
    chat, user, member = _target(call)
    granted = _granted(call.parsed("permissions") or {}, independent=call.flag("use_independent_chat_permissions"))
    if all(granted.values()):
        new = Member(user, Status.MEMBER if member.present else Status.LEFT)
    else:
        new = Member(user, Status.RESTRICTED, permissions=granted, until=_until(call), inside=member.present)
    call.world.change(chat, new, call.bot.user)
    return True


def _granted(given: Mapping[str, bool], *, independent: bool) -> dict[str, bool]:
    """Every permission, with what implies what where they are not independent (see `restrictChatMember`)."""
    granted = {name: bool(given.get(name)) for name in PERMISSIONS}
    if not independent:
        if granted["can_send_other_messages"] or granted["can_add_web_page_previews"]:
            granted |= dict.fromkeys(_MEDIA, True)
        if any(granted[name] for name in (*_MEDIA, "can_send_polls")):
            granted["can_send_messages"] = True
    return granted


@methods.add("banChatSenderChat")
def ban_chat_sender_chat(call: Call) -> bool:
    """True; the channel may no longer write here, nor may its owner as any of their channels."""
    chat, sender = _sender_chat(call)
    chat.banned_senders.add(sender)
    return True


@methods.add("unbanChatSenderChat")
def unban_chat_sender_chat(call: Call) -> bool:
    """True."""
    chat, sender = _sender_chat(call)
    chat.banned_senders.discard(sender)
    return True


def _sender_chat(call: Call) -> tuple[Chat, int]:
    chat, sender = call.chat(), call.integer("sender_chat_id")
    call.world.require(call.bot, chat, "can_restrict_members", NO_RESTRICT_RIGHT)
    if sender not in call.world.chats:
        raise bad("chat not found")
    if sender == chat.id or (chat.linked and chat.linked.id == sender):
        raise bad("can't ban the linked chat or the chat itself")
    return chat, sender


# --- doors --------------------------------------------------------------------------------------------


@methods.add("approveChatJoinRequest")
def approve_chat_join_request(call: Call) -> bool:
    """True."""
    chat, user = _asker(call)
    call.world.change(chat, Member(user), call.bot.user)
    return True


@methods.add("declineChatJoinRequest")
def decline_chat_join_request(call: Call) -> bool:
    """True."""
    _asker(call)
    return True


def _asker(call: Call) -> tuple[Chat, User]:
    chat = call.chat()
    call.world.require(call.bot, chat, "can_invite_users", ADMIN_REQUIRED)
    user = chat.join_requests.pop(call.integer("user_id"), None)
    if user is None:
        raise bad("HIDE_REQUESTER_MISSING")
    return chat, user


@methods.add("leaveChat")
def leave_chat(call: Call) -> bool:
    """True."""
    chat = call.chat()
    if chat.user:
        raise bad("chat not found")
    call.world.change(chat, Member(call.bot.user, Status.LEFT), call.bot.user)
    return True


@methods.add("deleteChatPhoto")
def delete_chat_photo(call: Call) -> bool:
    """True."""
    chat = call.chat()
    if chat.user:
        raise bad("can't change private chat photo")
    call.world.require(call.bot, chat, "can_change_info", "not enough rights to change chat photo")
    if chat.photo is None:
        raise bad("CHAT_NOT_MODIFIED")
    chat.photo = None
    channel = chat.kind == "channel"
    call.world.post(
        chat,
        None if channel else call.bot.user,
        {"delete_chat_photo": True},
        service=True,
        sender_chat=chat if channel else None,
    )
    return True
