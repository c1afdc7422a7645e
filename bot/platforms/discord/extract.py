"""Where images hide in a Discord message, as `Event`s free of SDK objects.

Looked at: attachments, embeds and forwarded snapshots of both. An embed's own addresses are chosen
by whoever posted it, so only Discord's proxied copies (`proxy_url`) are ever fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import discord
from discord.asset import Asset

from bot.model import Author, AuthorKind, Event, EventKind, Media, MediaKind, Tenant
from policies.model import Context, Place

PLATFORM = "discord"
VIDEO = "video"
STILL = ":still"  # how the key of a video's still ends
REDUCED_SIDE = 1024  # px: the longer side of the media proxy's smaller copy
IMAGE_SUFFIXES = (
    *(".apng", ".avif", ".bmp", ".gif", ".heic", ".heif", ".ico", ".jfif", ".jpe"),
    *(".jpeg", ".jpg", ".jxl", ".png", ".svg", ".tif", ".tiff", ".webp"),
)
VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
SIGNATURE = ("ex", "is", "hm")  # query of a signed CDN address; new at every look

AnyMessage = discord.Message | discord.MessageSnapshot


@dataclass(frozen=True, slots=True)
class Found:
    """One image and where its bytes are *now*. `url` is None where Discord shows no copy of its own."""

    media: Media
    url: str | None
    reduced: str | None = None


def tenant_of(guild_id: int) -> Tenant:
    """The tenant of a guild."""
    return Tenant(PLATFORM, str(guild_id))


def guild_id_of(message: discord.Message) -> int | None:
    """The guild a message was posted in, also where the guild itself is not cached."""
    if message.guild is not None:
        return message.guild.id
    return getattr(message.channel, "guild_id", None)


def event_of(message: discord.Message, found: Iterable[Found], kind: EventKind) -> Event | None:
    """The event that shows `found`, or None if it shows nothing or belongs to no guild."""
    media, guild = tuple(f.media for f in found), guild_id_of(message)
    if not media or guild is None:
        return None
    return Event(
        tenant=tenant_of(guild),
        kind=kind,
        place=place_of(message),
        message=str(message.id),
        version=_version(message, media),
        author=_author(message),
        media=media,
        at=message.edited_at or message.created_at,
    )


def _version(message: discord.Message, media: Iterable[Media]) -> str:
    """Embeds arrive after the message, without an edit: so the keys of what is shown count, too."""
    edited = message.edited_at.isoformat() if message.edited_at else ""
    return _digest("\n".join([edited, *sorted(m.key for m in media)]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- who and where ---------------------------------------------------------------------------------


def _author(message: discord.Message) -> Author:
    person = message.author
    if message.webhook_id is not None:
        return Author(str(person.id), AuthorKind.WEBHOOK)
    kind = AuthorKind.BOT if person.bot else AuthorKind.MEMBER
    if not isinstance(person, discord.Member):
        return Author(str(person.id), kind)
    return Author(str(person.id), kind, role_ids(person), person.joined_at)


def role_ids(member: discord.Member) -> frozenset[str]:
    """As the payload gave them: `member.roles` fails where the guild itself is not cached."""
    return frozenset(str(role) for role in member._roles)


def place_of(message: discord.Message) -> Place:
    """Where a message stands. A forum post's first message has the id of its thread."""
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


# --- what is shown ---------------------------------------------------------------------------------


def found_in(message: discord.Message) -> tuple[Found, ...]:
    """Every image of a message, each key once. A forward carries its images in its snapshots."""
    parts: list[AnyMessage] = [message, *message.message_snapshots]
    shown = (f for part in parts for f in _parts(part))
    return tuple({f.media.key: f for f in shown}.values())


def _parts(message: AnyMessage) -> Iterator[Found]:
    for attachment in message.attachments:
        yield from attachment_found(attachment)
    for embed in message.embeds:
        yield from _embed(embed)


def attachment_found(attachment: discord.Attachment) -> Iterator[Found]:
    """An attachment; of a video, its still as well. Attachment ids never show other bytes (ruling 9).

    A still claims nothing: whether the media proxy makes one of this video, only its bytes say.
    """
    key = f"attachment:{attachment.id}"
    kind, size = MediaKind.ATTACHMENT, attachment.size
    if _is_video(attachment.content_type, attachment.filename):
        yield Found(Media(kind, key, True, True, size, VIDEO), attachment.url)
        yield Found(Media(kind, f"{key}{STILL}", False, True), _still(attachment.proxy_url))
        return
    claimed = _is_image(attachment.content_type, attachment.filename)
    reduced = _reduced(attachment.proxy_url, attachment.width, attachment.height)
    yield Found(Media(kind, key, claimed, True, size), attachment.url, reduced)


def _is_video(content_type: str | None, name: str) -> bool:
    """Discord derives the type from bytes and name; where it gave none, the name decides."""
    if content_type:
        return content_type.startswith("video/")
    return name.lower().endswith(VIDEO_SUFFIXES)


def _is_image(content_type: str | None, name: str) -> bool:
    return (content_type or "").startswith("image/") or name.lower().endswith(IMAGE_SUFFIXES)


def _embed(embed: discord.Embed) -> Iterator[Found]:
    for slot, shown in (("image", embed.image), ("thumbnail", embed.thumbnail)):
        if shown.url or shown.proxy_url:
            yield _picture(slot, shown.url, shown.proxy_url, shown.width, shown.height)
    for slot, icon in (("author", embed.author), ("footer", embed.footer)):
        proxy = getattr(icon, "proxy_icon_url", None)  # the type of a footer leaves it out
        if icon.icon_url or proxy:
            yield _picture(slot, icon.icon_url, proxy)
    if embed.video.proxy_url:  # without one it is a player of another site; its thumbnail is looked at
        yield from _video(embed)


def _picture(
    slot: str, url: str | None, proxy: str | None, width: int | None = None, height: int | None = None
) -> Found:
    media = Media(MediaKind.EMBED, _embed_key(slot, url or proxy or ""))
    return Found(media, proxy, _reduced(proxy, width, height) if proxy else None)


def _video(embed: discord.Embed) -> Iterator[Found]:
    proxy = str(embed.video.proxy_url)
    key = _embed_key("video", embed.video.url or proxy)
    yield Found(Media(MediaKind.EMBED, key, unsupported=VIDEO), proxy)
    if not embed.thumbnail.proxy_url:
        yield Found(Media(MediaKind.EMBED, f"{key}{STILL}", claimed=False), _still(proxy))


def _embed_key(slot: str, url: str) -> str:
    """Named by what it shows, not by its place among the embeds."""
    return f"embed:{_digest(_unsigned(url))}:{slot}"


def _unsigned(url: str) -> str:
    """Without the signature that Discord's own CDN puts on at every look. Elsewhere a query means something."""
    base, _, query = url.partition("?")
    if not query or not base.startswith(f"{Asset.BASE}/"):
        return url
    kept = [part for part in query.split("&") if part.partition("=")[0] not in SIGNATURE]
    return "?".join([base, "&".join(kept)]) if kept else base


def _still(proxy_url: str) -> str:
    """The media proxy's picture of a video."""
    return _asking(proxy_url, {"format": "webp"})


def _reduced(proxy_url: str, width: int | None, height: int | None) -> str:
    """The media proxy's smaller copy, in its proportions where they are known."""
    query = {"format": "webp"}
    if width and height:
        scale = min(1.0, REDUCED_SIDE / max(width, height))
        query |= {"width": str(max(1, round(width * scale))), "height": str(max(1, round(height * scale)))}
    return _asking(proxy_url, query)


def _asking(url: str, query: dict[str, str]) -> str:
    """`url` with a further query; as text, since it is signed or strangely escaped as it stands."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
