"""Endpoints of channels and their messages."""

from __future__ import annotations

from datetime import timedelta

from bot.sandbox import acts, wire, wire_messages
from bot.sandbox.entities import FORUM, PUBLIC_THREAD, Channel, Json, Message
from bot.sandbox.errors import (
    NO_DIRECT_MESSAGE,
    NOT_THE_AUTHOR,
    TOO_OLD,
    ApiError,
    invalid_form,
    missing_permissions,
    unknown,
)
from bot.sandbox.permissions import Permission
from bot.sandbox.posting import SUPPRESS_EMBEDS, apply_edit, compose, remember_nonce, repeated
from bot.sandbox.rest import NO_CONTENT, Call, Reply, Routes, snowflake

routes = Routes()
MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = MESSAGES + "/{message_id}"
BULK_AGE = timedelta(days=14)
_AUTHORS_OWN = frozenset({"content", "embeds", "components", "attachments"})


def shown(call: Call, message: Message) -> Json:
    """MessageResponse, emptied where the app lacks the message content intent."""
    body = call.world.render(message)
    if "message_content" in call.world.intents_enabled or message.channel.guild is None:
        return body
    bot = call.world.bot
    return body if message.author is bot or bot in message.mentions else wire_messages.censored(body)


def may_send(call: Call, channel: Channel, form: Json) -> None:
    """403 unless the bot may post such a message there."""
    needed = [Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES]
    if form.get("embeds"):
        needed.append(Permission.EMBED_LINKS)
    if call.files:
        needed.append(Permission.ATTACH_FILES)
    call.world.channel(channel.id, *needed)
    if channel.type == FORUM:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    if channel.recipient and channel.recipient.dms_closed:
        raise NO_DIRECT_MESSAGE
    granted = call.world.granted(channel)
    if form.get("message_reference") and not granted & Permission.READ_MESSAGE_HISTORY:
        raise ApiError(403, 160002, "Cannot reply without permission to read message history")


@routes.add("GET", "/channels/{channel_id}")
def get_channel(call: Call) -> Reply:
    """A channel the bot can see."""
    return Reply(body=wire.channel(call.world.channel(call.id("channel_id"))))


@routes.add("GET", MESSAGES)
def list_messages(call: Call) -> Reply:
    """Newest first; none at all without the right to read history."""
    channel = call.world.channel(call.id("channel_id"))
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise invalid_form("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    if not call.world.granted(channel) & Permission.READ_MESSAGE_HISTORY:
        return Reply(body=[])
    chosen = _window(sorted(channel.messages, reverse=True), call, limit)
    return Reply(body=[shown(call, channel.messages[ident]) for ident in chosen])


def _window(newest_first: list[int], call: Call, limit: int) -> list[int]:
    query = call.query
    if "before" in query:
        return [i for i in newest_first if i < snowflake(query["before"], "before")][:limit]
    if "after" in query:
        return [i for i in newest_first if i > snowflake(query["after"], "after")][-limit:]
    if "around" in query:
        middle = snowflake(query["around"], "around")
        older = [i for i in newest_first if i <= middle][: limit // 2 + 1]
        newer = [i for i in newest_first if i > middle][-(limit // 2) :]
        return (newer + older)[:limit]
    return newest_first[:limit]


@routes.add("GET", MESSAGE)
def get_message(call: Call) -> Reply:
    """One message."""
    channel = call.world.channel(call.id("channel_id"), Permission.READ_MESSAGE_HISTORY)
    return Reply(body=shown(call, call.world.message(channel, call.id("message_id"))))


@routes.add("POST", MESSAGES)
def create_message(call: Call) -> Reply:
    """Post; with `enforce_nonce` a repetition gives the message that is already there."""
    channel = call.world.channel(call.id("channel_id"))
    form = call.form or {}
    may_send(call, channel, form)
    if there := repeated(call.world, form, call.world.bot):
        return Reply(body=call.world.render(there))
    message = compose(call.world, channel, call.world.bot, form, call.files, application_id=call.world.app_id)
    acts.publish(call.world, message)
    remember_nonce(call.world, message)
    return Reply(body=call.world.render(message))


@routes.add("PATCH", MESSAGE)
def edit_message(call: Call) -> Reply:
    """Edit an own message, or hide the embeds of another's."""
    channel = call.world.channel(call.id("channel_id"))
    message = call.world.message(channel, call.id("message_id"))
    form = call.form or {}
    if message.author is not call.world.bot:
        if form.get("flags") is None or call.files or not _AUTHORS_OWN.isdisjoint(form):
            raise NOT_THE_AUTHOR
        call.world.channel(channel.id, Permission.MANAGE_MESSAGES)
        message.flags = message.flags & ~SUPPRESS_EMBEDS | int(form["flags"]) & SUPPRESS_EMBEDS
        acts.updated(call.world, message, edited=False)
    else:
        apply_edit(call.world, message, form, call.files)
        acts.updated(call.world, message)
    return Reply(body=call.world.render(message))


@routes.add("DELETE", MESSAGE)
def delete_message(call: Call) -> Reply:
    """Delete an own message, or another's with the right to manage messages."""
    world = call.world
    channel = world.channel(call.id("channel_id"))
    message = world.message(channel, call.id("message_id"))
    if message.author is world.bot:
        acts.delete(world, message)
        return NO_CONTENT
    if channel.guild is None:
        raise ApiError(403, 50003, "Cannot execute action on a DM channel")
    world.channel(channel.id, Permission.MANAGE_MESSAGES)
    acts.delete(world, message)
    options = {"channel_id": str(channel.id), "count": "1"}
    world.record(channel.guild, acts.MESSAGE_DELETE, message.author.id, call.reason, options=options)
    return NO_CONTENT


@routes.add("DELETE", MESSAGE + "/reactions/{emoji_name}")
def clear_reaction(call: Call) -> Reply:
    """Take one emoji off a message. Of `name:id` Discord reads the id only (discord-api-docs issue 2653)."""
    channel = call.world.channel(call.id("channel_id"), Permission.MANAGE_MESSAGES)
    message = call.world.message(channel, call.id("message_id"))
    name, _, ident = call.ids["emoji_name"].partition(":")
    if ident and not any(snowflake(ident, "emoji_id") in guild.emojis for guild in call.world.guilds.values()):
        raise unknown("Emoji")
    acts.clear_reaction(call.world, message, name, ident or None)
    return NO_CONTENT


@routes.add("POST", MESSAGES + "/bulk-delete")
def bulk_delete(call: Call) -> Reply:
    """Delete 2 to 100 messages that are younger than a fortnight; unknown ones are passed over."""
    world = call.world
    channel = world.channel(call.id("channel_id"), Permission.MANAGE_MESSAGES)
    idents = [snowflake(i, "messages") for i in (call.form or {}).get("messages", ())]
    if channel.guild is None:
        raise ApiError(403, 50003, "Cannot execute action on a DM channel")
    if not 2 <= len(idents) <= 100:
        words = "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages"
        raise ApiError(400, 50016, f"{words} to delete.")
    found = [channel.messages[i] for i in dict.fromkeys(idents) if i in channel.messages]
    if any(world.clock.now() - m.at > BULK_AGE for m in found):
        raise TOO_OLD
    acts.bulk_delete(world, channel, found)
    count = {"count": str(len(found))}
    world.record(channel.guild, acts.MESSAGE_BULK_DELETE, channel.id, call.reason, options=count)
    return NO_CONTENT


@routes.add("POST", "/channels/{channel_id}/typing")
def typing(call: Call) -> Reply:
    """*… is typing*."""
    call.world.channel(call.id("channel_id"), Permission.SEND_MESSAGES)
    return NO_CONTENT


# --- threads ----------------------------------------------------------------------------------------------


@routes.add("POST", "/channels/{channel_id}/threads")
def start_thread(call: Call) -> Reply:
    """A thread without a message; in a forum, a post with one."""
    parent = call.world.channel(call.id("channel_id"), Permission.CREATE_PUBLIC_THREADS)
    if parent.type != FORUM:
        return _thread(call, parent, call.world.ids.next())
    form = call.form or {}
    reply = _thread(call, parent, call.world.ids.next())
    thread = call.world.channels[int(reply.body["id"])]
    starter = compose(call.world, thread, call.world.bot, form.get("message") or {}, call.files)
    call.world.channels[thread.id].messages.pop(starter.id, None)
    starter.id = thread.id
    acts.publish(call.world, starter)
    return Reply(201, {**reply.body, "message": call.world.render(starter)})


@routes.add("POST", MESSAGE + "/threads")
def start_thread_from_message(call: Call) -> Reply:
    """A thread under a message; it has the message's id."""
    parent = call.world.channel(call.id("channel_id"), Permission.CREATE_PUBLIC_THREADS)
    return _thread(call, parent, call.world.message(parent, call.id("message_id")).id)


def _thread(call: Call, parent: Channel, ident: int) -> Reply:
    name = (call.form or {}).get("name")
    if not name or len(name) > 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if parent.guild is None:
        raise missing_permissions()
    if ident in parent.guild.threads:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    thread = Channel(ident, name, PUBLIC_THREAD, parent.guild, parent.id, owner_id=call.world.bot.id)
    acts.open_channel(call.world, thread)
    return Reply(201, wire.channel(thread))
