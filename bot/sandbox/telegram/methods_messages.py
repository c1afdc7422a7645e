"""What a bot posts, edits and deletes, and how it answers a press."""

from __future__ import annotations

from datetime import timedelta
from secrets import randbits

from bot.sandbox.telegram import composing, wire
from bot.sandbox.telegram.calls import Call, Methods
from bot.sandbox.telegram.entities import Chat, Json, Message
from bot.sandbox.telegram.errors import NOT_MODIFIED, QUERY_TOO_OLD, bad
from bot.sandbox.telegram.formatting import units

methods = Methods()
ALBUM = range(2, 11)
AT_ONCE = 100
DELETABLE_FOR = timedelta(hours=48)
QUERY_LASTS = timedelta(seconds=60)
ANSWER_LIMIT = 200
_UNDELETABLE = ("supergroup_chat_created", "channel_chat_created", "forum_topic_created")
_MEDIA = ("photo", "document", "animation", "video")


@methods.add("sendMessage", sends=True)
def send_message(call: Call) -> Json:
    """Message."""
    content = composing.text(_source(call))
    return wire.message(composing.send(call, content, keyboard=composing.keyboard(call)))


def _source(call: Call) -> Json:
    """The parameters, with the entities parsed."""
    return {**call.params, **{name: call.parsed(name) for name in ("entities", "caption_entities")}}


def _send_media(call: Call, kind: str) -> Json:
    chat = call.chat()
    content = composing.media(call, kind, _source(call))
    return wire.message(composing.send(call, content, chat, keyboard=composing.keyboard(call)))


@methods.add("sendPhoto", sends=True)
def send_photo(call: Call) -> Json:
    """Message."""
    return _send_media(call, "photo")


@methods.add("sendDocument", sends=True)
def send_document(call: Call) -> Json:
    """Message."""
    return _send_media(call, "document")


@methods.add("sendAnimation", sends=True)
def send_animation(call: Call) -> Json:
    """Message."""
    return _send_media(call, "animation")


@methods.add("sendVideo", sends=True)
def send_video(call: Call) -> Json:
    """Message."""
    return _send_media(call, "video")


@methods.add("sendMediaGroup", cost=lambda call: len(call.objects("media")))
def send_media_group(call: Call) -> list[Json]:
    """Array of Message: an album."""
    items = call.objects("media")
    if len(items) not in ALBUM:
        raise bad("group send failed: wrong number of media")
    chat = call.chat()
    contents = [composing.media(call, item["type"], item, "media") for item in items]
    album = str(randbits(62))
    return [wire.message(composing.send(call, content, chat, album=album)) for content in contents]


# --- editing ------------------------------------------------------------------------------------------


def _own(call: Call) -> Message:
    message = call.world.message(call.chat(), call.integer("message_id"), "edit")
    posted = message.sender is call.bot.user or (message.chat.kind == "channel" and _may_edit(call, message.chat))
    if not posted:
        raise bad("message can't be edited")
    return message


def _may_edit(call: Call, channel: Chat) -> bool:
    return call.world.member(channel, call.bot.user).may("can_edit_messages")


def _edit(call: Call, message: Message, content: Json) -> Json:
    markup = composing.keyboard(call)
    if content == message.content and markup == message.keyboard:
        raise bad(NOT_MODIFIED)
    message.keyboard = markup
    call.world.edited(message, content)
    return wire.message(message)


@methods.add("editMessageText", sends=True)
def edit_message_text(call: Call) -> Json:
    """Message."""
    message = _own(call)
    if "text" not in message.content:
        raise bad("there is no text in the message to edit")
    return _edit(call, message, composing.text(_source(call)))


@methods.add("editMessageCaption", sends=True)
def edit_message_caption(call: Call) -> Json:
    """Message."""
    message = _own(call)
    if not any(kind in message.content for kind in _MEDIA):
        raise bad("there is no caption in the message to edit")
    kept = {key: value for key, value in message.content.items() if not key.startswith("caption")}
    return _edit(call, message, kept | composing.caption(_source(call)))


@methods.add("editMessageMedia", sends=True)
def edit_message_media(call: Call) -> Json:
    """Message."""
    message, item = _own(call), call.parsed("media")
    if not isinstance(item, dict) or item.get("type") not in _MEDIA:
        raise bad("can't parse InputMedia: type is unsupported")
    return _edit(call, message, composing.media(call, item["type"], item, "media"))


@methods.add("editMessageReplyMarkup", sends=True)
def edit_message_reply_markup(call: Call) -> Json:
    """Message."""
    message = _own(call)
    return _edit(call, message, message.content)


# --- deleting -----------------------------------------------------------------------------------------


def _deletable(call: Call, message: Message) -> None:
    chat, own = message.chat, message.sender is call.bot.user
    if call.world.clock.now() - message.sent_at > DELETABLE_FOR:
        raise bad("message can't be deleted for everyone")
    if any(kind in message.content for kind in _UNDELETABLE):
        raise bad("message can't be deleted")
    me = call.world.member(chat, call.bot.user)
    allowed = chat.user is not None or own or (me.is_admin if chat.kind == "group" else me.may("can_delete_messages"))
    if not allowed:
        raise bad("message can't be deleted")


@methods.add("deleteMessage")
def delete_message(call: Call) -> bool:
    """True."""
    message = call.world.message(call.chat(), call.integer("message_id"), "delete")
    _deletable(call, message)
    call.world.delete(message, call.bot.user)
    return True


@methods.add("deleteMessages")
def delete_messages(call: Call) -> bool:
    """True, also where some were not there: it is no proof."""
    idents, chat = call.objects("message_ids"), call.chat()
    if not 1 <= len(idents) <= AT_ONCE:
        raise bad("too many message identifiers specified" if idents else "message identifiers are not specified")
    there = [m for ident in idents if (m := chat.messages.get(ident)) and m.deleted_at is None]
    for message in there:
        _deletable(call, message)
    for message in there:
        call.world.delete(message, call.bot.user)
    return True


# --- the rest -----------------------------------------------------------------------------------------


@methods.add("answerCallbackQuery")
def answer_callback_query(call: Call) -> bool:
    """True; once, and soon after the press."""
    query = call.world.queries.get(call.needed("callback_query_id"))
    late = query is None or call.world.clock.now() - query.pressed_at > QUERY_LASTS
    if query is None or late or query.answer is not None or query.bot is not call.bot:
        raise bad(QUERY_TOO_OLD)
    text = call.text("text") or ""
    if units(text) > ANSWER_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    query.answer = {"text": text, "show_alert": call.flag("show_alert"), "url": call.text("url")}
    return True


@methods.add("pinChatMessage")
def pin_chat_message(call: Call) -> bool:
    """True."""
    chat = call.chat()
    message = call.world.message(chat, call.integer("message_id"), "pin")
    if chat.user is None:
        right = "can_edit_messages" if chat.kind == "channel" else "can_pin_messages"
        call.world.require(call.bot, chat, right, "not enough rights to manage pinned messages in the chat")
    chat.pinned = message
    return True
