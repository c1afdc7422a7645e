"""What can happen to messages, members and guilds: each act changes the world and tells about it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.sandbox import wire
from bot.sandbox.cdn import dimensions
from bot.sandbox.entities import DM, Attachment, Ban, Channel, Guild, Json, Member, Message, User
from bot.sandbox.forms import Unfolding, Upload
from bot.sandbox.world import World

_MENTION = re.compile(r"<@!?(\d+)>")
_UNSAFE = re.compile(r"[^\w.\-]+")
MEMBER_KICK, MEMBER_BAN_ADD, MEMBER_BAN_REMOVE, MEMBER_UPDATE, MEMBER_ROLE_UPDATE = 20, 22, 23, 24, 25
MESSAGE_DELETE, MESSAGE_BULK_DELETE = 72, 73


def upload(world: World, channel: int, file: Upload, *, ephemeral: bool = False) -> Attachment:
    """Put a file on the CDN."""
    ident = world.ids.next()
    name = _UNSAFE.sub("_", file.filename) or "unknown"
    head = "ephemeral-attachments" if ephemeral else "attachments"
    width, height = dimensions(file.content) or (None, None)
    stored = Attachment(
        ident,
        name,
        file.content,
        file.content_type,
        f"{head}/{channel}/{ident}/{name}",
        width,
        height,
        description=file.description,
        flags=1 << 3 if file.spoiler else 0,
        ephemeral=ephemeral,
    )
    world.attachments[ident] = stored
    return stored


def draft(
    world: World,
    channel: Channel,
    author: User,
    *,
    content: str = "",
    files: Sequence[Upload] = (),
    embeds: Sequence[Json] = (),
    components: Sequence[Json] = (),
    at: datetime | None = None,
    **more: Any,
) -> Message:
    """A message that nobody sees yet. `more`: further fields of `Message`."""
    attachments = [upload(world, channel.id, f, ephemeral=bool(more.get("flags", 0) & 1 << 6)) for f in files]
    message = Message(world.ids.next(at), channel, author, at or world.clock.now(), content, attachments, **more)
    unfold(world, message, embeds, components)
    message.mentions = mentioned(world, content)
    return message


def unfold(world: World, message: Message, embeds: Sequence[Json] | None, components: Sequence[Json] | None) -> None:
    """Set what is given of a message's embeds and components, as Discord would show them."""
    unfolding = Unfolding(message.attachments, world.signer.external, world.at.cdn)
    if embeds is not None:
        message.embeds = unfolding.embeds(embeds)
    if components is not None:
        message.former += message.components
        message.components = unfolding.components(components)


def mentioned(world: World, content: str) -> list[User]:
    """Users whom the text mentions, each once."""
    if "<@" not in content:
        return []
    idents = dict.fromkeys(int(found) for found in _MENTION.findall(content))
    return [world.users[ident] for ident in idents if ident in world.users]


def publish(world: World, message: Message) -> Message:
    """Show a drafted message to everybody."""
    message.channel.messages[message.id] = message
    message.sent_at = time.perf_counter()
    world.emit("MESSAGE_CREATE", payload(world, message), **_about(message))
    return message


def payload(world: World, message: Message) -> Json:
    """The `d` of MESSAGE_CREATE and MESSAGE_UPDATE: guild and member added."""
    body = world.render(message)
    body["channel_type"] = message.channel.type
    if guild := message.channel.guild:
        body["guild_id"] = str(guild.id)
        if message.author.id in guild.members and not message.webhook_id:
            body["member"] = wire.partial_member(guild.members[message.author.id])
    return body


def _about(message: Message) -> dict[str, Any]:
    return {"guild": message.channel.guild, "channel": message.channel, "message": message}


def updated(world: World, message: Message, *, edited: bool = True) -> None:
    """Tell that a message looks different now. `edited` False: only its embeds arrived."""
    if edited:
        message.edited_at = world.clock.now()
    if message.id in message.channel.messages:
        world.emit("MESSAGE_UPDATE", payload(world, message), **_about(message))


def clear_reaction(world: World, message: Message, name: str, ident: str | None) -> None:
    """Take one emoji off a message, whoever reacted with it; `ident` of a custom one."""
    message.reacted.pop(ident or name, None)
    about = {"channel_id": str(message.channel.id), "message_id": str(message.id), **_guild_id(message.channel)}
    world.emit("MESSAGE_REACTION_REMOVE_EMOJI", {**about, "emoji": {"id": ident, "name": name}}, **_about(message))


def delete(world: World, message: Message) -> None:
    """Delete one message; its files leave the CDN."""
    _remove(message)
    gone = {"id": str(message.id), "channel_id": str(message.channel.id), **_guild_id(message.channel)}
    world.emit("MESSAGE_DELETE", gone, **_about(message))


def bulk_delete(world: World, channel: Channel, messages: Sequence[Message]) -> None:
    """Delete several at once."""
    for message in messages:
        _remove(message)
    gone = {"ids": [str(m.id) for m in messages], "channel_id": str(channel.id), **_guild_id(channel)}
    world.emit("MESSAGE_DELETE_BULK", gone, guild=channel.guild, channel=channel)


def _remove(message: Message) -> None:
    message.channel.messages.pop(message.id, None)
    message.deleted_at = time.perf_counter()
    for attachment in message.attachments:
        attachment.alive = False


def _guild_id(channel: Channel) -> Json:
    return {"guild_id": str(channel.guild.id)} if channel.guild else {}


# --- members ------------------------------------------------------------------------------------------


def join(world: World, guild: Guild, user: User, **more: Any) -> Member:
    """`user` becomes a member."""
    member = Member(user, more.pop("joined_at", world.clock.now()), **more)
    guild.members[user.id] = member
    world.emit("GUILD_MEMBER_ADD", {**wire.member(member), "guild_id": str(guild.id)}, guild=guild)
    return member


def leave(world: World, guild: Guild, user: User) -> None:
    """`user` is no member any more."""
    del guild.members[user.id]
    world.emit("GUILD_MEMBER_REMOVE", {"guild_id": str(guild.id), "user": wire.user(user)}, guild=guild)


def change_member(world: World, guild: Guild, member: Member, changes: Mapping[str, Any]) -> None:
    """Set attributes of `member` and tell."""
    for name, value in changes.items():
        setattr(member, name, value)
    world.emit("GUILD_MEMBER_UPDATE", {**wire.member(member), "guild_id": str(guild.id)}, guild=guild)


def ban(world: World, guild: Guild, user: User, reason: str | None, delete_seconds: int = 0) -> None:
    """Ban, kick out, and delete what the user posted in the last `delete_seconds`."""
    guild.bans[user.id] = Ban(user, reason)
    if user.id in guild.members:
        leave(world, guild, user)
    world.emit("GUILD_BAN_ADD", {"guild_id": str(guild.id), "user": wire.user(user)}, guild=guild)
    world.record(guild, MEMBER_BAN_ADD, user.id, reason)
    if delete_seconds:
        _delete_recent(world, guild, user, delete_seconds)


def _delete_recent(world: World, guild: Guild, user: User, seconds: int) -> None:
    since = world.clock.now().timestamp() - seconds
    for channel in [*guild.channels.values(), *guild.threads.values()]:
        mine = [m for m in channel.messages.values() if m.author is user and m.at.timestamp() >= since]
        if mine:
            bulk_delete(world, channel, mine)


def unban(world: World, guild: Guild, user: User, reason: str | None) -> None:
    """Lift a ban."""
    del guild.bans[user.id]
    world.emit("GUILD_BAN_REMOVE", {"guild_id": str(guild.id), "user": wire.user(user)}, guild=guild)
    world.record(guild, MEMBER_BAN_REMOVE, user.id, reason)


# --- channels and guilds ------------------------------------------------------------------------------


def open_channel(world: World, channel: Channel) -> Channel:
    """A channel or thread comes to be."""
    world.channels[channel.id] = channel
    if channel.guild is None:
        return channel
    (channel.guild.threads if channel.is_thread else channel.guild.channels)[channel.id] = channel
    name = "THREAD_CREATE" if channel.is_thread else "CHANNEL_CREATE"
    body = wire.channel(channel) | ({"newly_created": True} if channel.is_thread else {})
    world.emit(name, body, guild=channel.guild, channel=channel)
    return channel


def change_channel(world: World, channel: Channel) -> None:
    """Tell that a channel looks different now."""
    name = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
    world.emit(name, wire.channel(channel), guild=channel.guild, channel=channel)


def close_channel(world: World, channel: Channel) -> None:
    """A channel or thread is deleted with all its messages."""
    name = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
    world.emit(name, wire.channel(channel), guild=channel.guild, channel=channel)
    del world.channels[channel.id]
    if channel.guild:
        channel.guild.channels.pop(channel.id, None)
        channel.guild.threads.pop(channel.id, None)
    for message in tuple(channel.messages.values()):
        _remove(message)


def direct(world: World, user: User) -> Channel:
    """The direct messages between the bot and `user`."""
    for channel in world.channels.values():
        if channel.recipient is user:
            return channel
    return open_channel(world, Channel(world.ids.next(), user.name, DM, recipient=user))


def add_guild(world: World, guild: Guild) -> None:
    """The bot is in `guild` now."""
    world.guilds[guild.id] = guild
    world.emit("GUILD_CREATE", wire.guild_create(guild, world.bot.id), guild=guild)


def remove_guild(world: World, guild: Guild) -> None:
    """The bot is thrown out."""
    del guild.members[world.bot.id]
    world.emit("GUILD_DELETE", {"id": str(guild.id)}, guild=guild)
