"""What happened, as `Event`s free of SDK objects: who did what where, and which images it shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import discord

from bot.model import Author, AuthorKind, Event, EventKind, Media, Tenant
from bot.platforms.discord.direct import DIRECT
from bot.platforms.discord.walker import Found, digest
from policies.model import Context, Place

PLATFORM = "discord"


def tenant_of(guild_id: int) -> Tenant:
    """The tenant of a guild."""
    return Tenant(PLATFORM, str(guild_id))


def guild_id_of(message: discord.Message) -> int | None:
    """The guild a message was posted in, also where the guild itself is not cached; None for a direct message."""
    if message.guild is not None:
        return message.guild.id
    return getattr(message.channel, "guild_id", None)


def whose(message: discord.Message) -> Tenant:
    """The tenant that a message belongs to."""
    guild = guild_id_of(message)
    return DIRECT if guild is None else tenant_of(guild)


def event_of(
    message: discord.Message, found: Iterable[Found], kind: EventKind, *, emptied: bool = False
) -> Event | None:
    """The event that shows `found`, or None if it shows nothing. `emptied`: it did show something before the edit,
    and what is being judged of that must not be held against what is left."""
    media = tuple(f.media for f in found)
    if not media and not emptied:
        return None
    return Event(
        tenant=whose(message),
        kind=kind,
        place=place_of(message),
        message=str(message.id),
        version=_version(message, media),
        author=author_of(message),
        media=media,
        at=message.edited_at or message.created_at,
    )


def reaction_of(
    payload: discord.RawReactionActionEvent, channel: discord.abc.Snowflake, guild: int, media: Media, at: datetime
) -> Event:
    """Somebody put the custom emoji `media` under a message, at that moment."""
    return Event(
        tenant=tenant_of(guild),
        kind=EventKind.REACTION,
        place=place_in(channel, starts_thread=payload.message_id == payload.channel_id),
        message=str(payload.message_id),
        version=digest(f"{payload.user_id}\n{at.isoformat()}"),
        author=_person(payload.member) if payload.member is not None else Author(str(payload.user_id)),
        media=(media,),
        at=at,
    )


def _version(message: discord.Message, media: Iterable[Media]) -> str:
    """Embeds arrive after the message, without an edit: so the keys of what is shown count, too."""
    edited = message.edited_at.isoformat() if message.edited_at else ""
    return digest("\n".join([edited, *sorted(m.key for m in media)]))


# --- who and where ---------------------------------------------------------------------------------


def author_of(message: discord.Message) -> Author:
    """Who posted a message."""
    if message.webhook_id is not None:
        return Author(str(message.author.id), AuthorKind.WEBHOOK)
    return _person(message.author)


def _person(person: discord.User | discord.Member) -> Author:
    kind = AuthorKind.BOT if person.bot else AuthorKind.MEMBER
    if not isinstance(person, discord.Member):
        return Author(str(person.id), kind)
    return Author(str(person.id), kind, role_ids(person), person.joined_at)


def role_ids(member: discord.Member) -> frozenset[str]:
    """As the payload gave them: `member.roles` fails where the guild itself is not cached."""
    return frozenset(str(role) for role in member._roles)


def place_of(message: discord.Message) -> Place:
    """Where a message stands. A forum post's first message has the id of its thread."""
    if guild_id_of(message) is None:
        return Place(Context.MESSAGE, str(message.channel.id))
    return place_in(message.channel, starts_thread=message.id == message.channel.id)


def place_in(channel: discord.abc.Snowflake, *, starts_thread: bool = False) -> Place:
    """A channel of a guild as a place, with its context by ruling 18."""
    ident = str(channel.id)
    if isinstance(channel, discord.Thread):
        forum_post = starts_thread and isinstance(channel.parent, discord.ForumChannel)
        context = Context.ARTICLE if forum_post else Context.COMMENT
        return Place(context, ident, str(channel.parent_id), channel.is_nsfw())
    return Place(Context.GROUP_MESSAGE, ident, None, _age_restricted(channel))


def _age_restricted(channel: object) -> bool:
    """What is not known to be age-restricted is not: its thresholds are the stricter ones."""
    is_nsfw = getattr(channel, "is_nsfw", None)
    return bool(is_nsfw()) if is_nsfw is not None else False
