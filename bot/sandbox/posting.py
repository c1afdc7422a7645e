"""From the form of a request to a message: files, embeds, components, nonce, reply, kept attachments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox import acts
from bot.sandbox.entities import Channel, Json, Message, User
from bot.sandbox.errors import EMPTY_MESSAGE, ApiError, invalid_form
from bot.sandbox.forms import IS_COMPONENTS_V2, Upload, check
from bot.sandbox.wire_messages import OWN
from bot.sandbox.world import World

EPHEMERAL, SUPPRESS_EMBEDS = 1 << 6, 1 << 2
_SETTABLE = SUPPRESS_EMBEDS | EPHEMERAL | 1 << 12 | IS_COMPONENTS_V2
REPLY = 19


def compose(
    world: World, channel: Channel, author: User, form: Json, files: Mapping[str, Upload], **more: Any
) -> Message:
    """Draft the message that `form` describes. Raises `ApiError` as Discord would refuse it."""
    check(form)
    uploads = [described(upload, form, name) for name, upload in files.items()]
    if not (form.get("content") or form.get("embeds") or form.get("components") or uploads or form.get("sticker_ids")):
        raise EMPTY_MESSAGE
    message = acts.draft(
        world,
        channel,
        author,
        content=form.get("content") or "",
        files=uploads,
        embeds=form.get("embeds") or (),
        components=form.get("components") or (),
        nonce=form.get("nonce"),
        flags=int(form.get("flags") or 0) & _SETTABLE,
        **more,
    )
    message.mentions = _allowed(message.mentions, form.get("allowed_mentions"))
    if reference := form.get("message_reference"):
        _reply(world, message, reference)
    return message


def described(upload: Upload, form: Json, part: str) -> Upload:
    """`upload` with what `attachments` says of the part `files[n]`: name, description, spoiler."""
    number = part.removeprefix("files[").removesuffix("]")
    for said in form.get("attachments") or ():
        if str(said["id"]) == number:
            name, spoiler = said.get("filename") or upload.filename, bool(said.get("is_spoiler"))
            return Upload(name, upload.content, upload.content_type, said.get("description"), spoiler)
    return upload


def _allowed(mentions: list[User], allowed: Json | None) -> list[User]:
    if allowed is None or "users" in allowed.get("parse", ()):
        return mentions
    named = {int(ident) for ident in allowed.get("users") or ()}
    return [user for user in mentions if user.id in named]


def _reply(world: World, message: Message, reference: Json) -> None:
    ident = int(reference["message_id"])
    replied = message.channel.messages.get(ident)
    if replied is None and reference.get("fail_if_not_exists", True):
        raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    if replied is None:
        return
    message.type, message.replied = REPLY, replied
    message.reference = {"type": 0, "channel_id": str(message.channel.id), "message_id": str(ident)}
    if message.channel.guild:
        message.reference["guild_id"] = str(message.channel.guild.id)


def repeated(world: World, form: Json, author: User) -> Message | None:
    """The message that already came with this nonce, if the form asks to look (`enforce_nonce`)."""
    nonce = form.get("nonce")
    if nonce is None or not form.get("enforce_nonce"):
        return None
    return world.nonces.get((author.id, str(nonce)))


def remember_nonce(world: World, message: Message) -> None:
    """So that a repetition is recognised."""
    if message.nonce is not None:
        world.nonces[message.author.id, str(message.nonce)] = message


def apply_edit(world: World, message: Message, form: Json, files: Mapping[str, Upload]) -> None:
    """Change `message` as the form says; `attachments` lists what is kept and what is new."""
    check(form)
    kept = _kept(message, form)
    content = form["content"] or "" if "content" in form else message.content
    embeds, components = form.get("embeds", message.embeds), form.get("components", message.components)
    if not (content or embeds or components or kept or files or message.stickers):
        raise EMPTY_MESSAGE
    message.content = content
    _drop(message, kept)
    for name, upload in files.items():
        message.attachments.append(
            acts.upload(world, message.channel.id, described(upload, form, name), ephemeral=message.ephemeral)
        )
    message.mentions = _allowed(acts.mentioned(world, content), form.get("allowed_mentions"))
    if form.get("flags") is not None:
        message.flags = message.flags & ~_SETTABLE | int(form["flags"]) & _SETTABLE | message.flags & EPHEMERAL
    acts.unfold(
        world,
        message,
        form["embeds"] or () if "embeds" in form else _still_there(message),
        form["components"] or () if "components" in form else None,
    )


def _kept(message: Message, form: Json) -> set[int]:
    mine = {a.id for a in message.attachments}
    if form.get("attachments") is None:
        return mine
    named = {int(said["id"]) for said in form["attachments"]}
    unknown = {ident for ident in named if ident > 100} - mine
    if unknown:
        raise ApiError(400, 50146, "Invalid file uploaded")
    return named & mine


def _drop(message: Message, kept: set[int]) -> None:
    for attachment in message.attachments:
        attachment.alive = attachment.alive and attachment.id in kept
    message.attachments = [a for a in message.attachments if a.id in kept]


def _still_there(message: Message) -> list[Json] | None:
    """Embeds that were not sent again lose a picture whose attachment was removed."""
    paths = {OWN + a.path for a in message.attachments}
    lost = [name for e in message.embeds for name in ("image", "thumbnail") if _gone(e.get(name), paths)]
    if not lost:
        return None
    return [{k: v for k, v in e.items() if not _gone(v, paths)} for e in message.embeds]


def _gone(part: Any, paths: set[str]) -> bool:
    return isinstance(part, dict) and str(part.get("url", "")).startswith(OWN) and part["url"] not in paths
