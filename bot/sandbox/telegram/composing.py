"""What Telegram makes of a message that a bot sends, and what it refuses of it."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from bot.sandbox.forms import Upload
from bot.sandbox.telegram import wire
from bot.sandbox.telegram.calls import Call
from bot.sandbox.telegram.entities import Chat, Json, Member, Message, Status
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.files import PHOTO_LIMIT, Unreadable
from bot.sandbox.telegram.formatting import CAPTION_LIMIT, TEXT_LIMIT, parse, units

DATA_LIMIT = 64
_ACTIONS = ("url", "callback_data", "web_app", "login_url", "switch_inline_query", "copy_text", "pay")
_KINDS = ("photo", "document", "animation", "video")


def text(source: Json) -> Json:
    """`text` and `entities` of a message; 400 if empty or over 4096 characters."""
    shown, entities = parse(str(source.get("text") or ""), source.get("parse_mode"), source.get("entities"))
    if not shown.strip():
        raise bad("message text is empty")
    if units(shown) > TEXT_LIMIT:
        raise bad("message is too long")
    return {"text": shown, **({"entities": entities} if entities else {})}


def caption(source: Json) -> Json:
    """`caption` and its entities, or nothing; 400 over 1024 characters."""
    given = source.get("caption")
    if not given:
        return {}
    shown, entities = parse(str(given), source.get("parse_mode"), source.get("caption_entities"))
    if units(shown) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return {"caption": shown, **({"caption_entities": entities} if entities else {})}


def media(call: Call, kind: str, source: Json, name: str | None = None) -> Json:
    """The content of a media message of `kind` whose file is the part `name` of the call or of an InputMedia."""
    given = call.upload(name or kind, source.get(name or kind))
    content = _uploaded(call, kind, given) if isinstance(given, Upload) else _again(call, kind, given)
    if str(source.get("has_spoiler", "")).lower() in ("true", "1"):
        content["has_media_spoiler"] = True
    if str(source.get("show_caption_above_media", "")).lower() in ("true", "1"):
        content["show_caption_above_media"] = True
    return content | caption(source)


def _uploaded(call: Call, kind: str, given: Upload) -> Json:
    make = call.world.media
    if not given.content:
        raise bad("file must be non-empty")
    if kind == "photo":
        if len(given.content) > PHOTO_LIMIT:
            size = f"file of size {len(given.content)} bytes"
            raise bad(f"{size} is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes")
        try:
            return make.photo(given.content)
        except Unreadable:
            raise bad("IMAGE_PROCESS_FAILED") from None
    if kind == "animation":
        return make.animation(given.content, name=given.filename, mime=given.content_type or "video/mp4")
    if kind == "video":
        return make.video(given.content)
    name = PurePath(given.filename).name
    return make.document(given.content, name, given.content_type or "application/octet-stream")


def _again(call: Call, kind: str, ident: str) -> Json:
    """A file that is on Telegram already."""
    unique = wire.unique_of(call.bot, ident)
    if unique is None:
        raise bad("wrong file identifier/HTTP URL specified")
    content = call.world.files.shown.get(unique, {})
    if kind not in content:
        raise bad(f"can't use file of another type as {kind.capitalize()}")
    return dict(content)


def keyboard(call: Call) -> Json | None:
    """The inline keyboard of a call; 400 for one that Telegram does not take."""
    markup: Any = call.parsed("reply_markup")
    if not markup or "inline_keyboard" not in markup:
        return None
    for row in markup["inline_keyboard"]:
        for button in row:
            _check_button(button)
    rows = [row for row in markup["inline_keyboard"] if row]
    return {"inline_keyboard": rows} if rows else None


def _check_button(button: Json) -> None:
    if not any(button.get(action) is not None for action in _ACTIONS):
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(data.encode()) <= DATA_LIMIT:
        raise bad("BUTTON_DATA_INVALID")


def send(call: Call, content: Json, chat: Chat | None = None, **about: Any) -> Message:
    """Post it as the bot, if it may write there; 400 or 403 otherwise."""
    chat = chat or call.chat()
    _may_write(call.world.member(chat, call.bot.user), chat, content)
    about |= {"protected": call.flag("protect_content")}
    if thread := call.integer("message_thread_id"):
        if thread not in chat.topics and thread not in chat.messages:
            raise bad("message thread not found")
        about["thread_id"] = thread
    reply: Json = call.parsed("reply_parameters") or {}
    if reply:
        answered = about["reply_to"] = _replied(chat, reply)
        about.setdefault("thread_id", answered and answered.thread_id)
    if chat.kind == "channel":
        return call.world.post(chat, None, content, sender_chat=chat, **about)
    return call.world.post(chat, call.bot.user, content, **about)


def _replied(chat: Chat, reply: Json) -> Message | None:
    found = chat.messages.get(reply["message_id"])
    if found is None or found.deleted_at is not None:
        if reply.get("allow_sending_without_reply"):
            return None
        raise bad("message to be replied not found")
    return found


def _may_write(me: Member, chat: Chat, content: Json) -> None:
    if chat.kind == "channel" and not me.may("can_post_messages"):
        raise bad("need administrator rights in the channel chat")
    if me.status is not Status.RESTRICTED:
        return
    if "text" in content and not me.permissions.get("can_send_messages"):
        raise bad("not enough rights to send text messages to the chat")
    for kind in _KINDS:
        if kind in content and not me.permissions.get("can_send_photos"):
            raise bad(f"not enough rights to send {kind}s to the chat")
