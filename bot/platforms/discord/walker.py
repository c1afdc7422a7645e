"""Where images hide in a Discord message: one walk over everything that it shows.

Looked at: attachments, embeds, components (however deep), stickers, custom emoji in its words, and all of
these in what it forwards. An embed's or a component's own addresses are chosen by whoever posted them, so
only Discord's proxied copies (`proxy_url`) are ever fetched.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlencode, urlsplit

import discord
from discord.asset import Asset
from discord.components import (
    Component,
    FileComponent,
    MediaGalleryComponent,
    TextDisplay,
    ThumbnailComponent,
    UnfurledMediaItem,
)

from bot.model import Media, MediaKind
from bot.platforms.discord import assets
from policies.model import Surface

VIDEO = "video"
STILL = ":still"  # how the key of a video's still ends
REDUCED_SIDE = 1024  # px: the longer side of the media proxy's smaller copy
EMOJI_LOOKED_AT = 32  # distinct ones of one message; a message has room for some hundred and seventy
TOO_MANY = "emoji_beyond_limit"
IMAGE_SUFFIXES = (
    *(".apng", ".avif", ".bmp", ".gif", ".heic", ".heif", ".ico", ".jfif", ".jpe"),
    *(".jpeg", ".jpg", ".jxl", ".png", ".svg", ".tif", ".tiff", ".webp"),
)
VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
SIGNATURE = ("ex", "is", "hm")  # query of a signed CDN address; new at every look
EMOJI = re.compile(r"<(a?):\w{1,64}:(\d{1,20})>")
BY_CHOICE = {MediaKind.STICKER: Surface.STICKERS, MediaKind.EMOJI: Surface.EMOJI}

AnyMessage = discord.Message | discord.MessageSnapshot


@dataclass(frozen=True, slots=True)
class Found:
    """One image and where its bytes are *now*. `url` is None where Discord shows no copy of its own."""

    media: Media
    url: str | None
    reduced: str | None = None


def may_show(message: discord.Message) -> bool:
    """Whether a walk may find anything: most messages are nothing but words."""
    shown = message.attachments or message.embeds or message.stickers or components_of(message)
    return bool(shown or message.message_snapshots or message.poll or "<" in message.content)


def found_in(message: discord.Message) -> tuple[Found, ...]:
    """Every image of a message, each key once. A forward carries its images in its snapshots."""
    parts: list[AnyMessage] = [message, *message.message_snapshots]
    found: dict[str, Found] = {}
    for one in (*(f for part in parts for f in _parts(part)), *_emoji(parts)):
        found.setdefault(one.media.key, one)
    return tuple(found.values())


def chosen(found: Iterable[Found], surfaces: Collection[Surface]) -> tuple[Found, ...]:
    """Those that a guild wants looked at; attachments, embeds and components always are."""
    return tuple(f for f in found if (by := BY_CHOICE.get(f.media.kind)) is None or by in surfaces)


def _parts(message: AnyMessage) -> Iterator[Found]:
    for attachment in message.attachments:
        yield from attachment_found(attachment)
    for embed in message.embeds:
        yield from _embed(embed)
    for component in _every(components_of(message)):
        yield from _component(component)
    for sticker in message.stickers:
        yield _sticker(sticker)


# --- attachments -----------------------------------------------------------------------------------


def attachment_found(attachment: discord.Attachment) -> Iterator[Found]:
    """An attachment; of a video, its still as well. Attachment ids never show other bytes (ruling 9).

    A still claims nothing: whether the media proxy makes one of this video, only its bytes say.
    """
    media = Media(MediaKind.ATTACHMENT, f"attachment:{attachment.id}", immutable=True, size=attachment.size)
    claims = (attachment.content_type, attachment.filename)
    yield from _file(media, claims, attachment.url, attachment.proxy_url, (attachment.width, attachment.height))


def _file(
    media: Media, claims: tuple[str | None, str], url: str, proxy: str, size: tuple[int | None, int | None]
) -> Iterator[Found]:
    if _is_video(*claims):
        yield Found(replace(media, unsupported=VIDEO), url)
        still = replace(media, key=f"{media.key}{STILL}", claimed=False, size=None)
        yield Found(still, _still(proxy))
        return
    yield Found(replace(media, claimed=_is_image(*claims)), url, _reduced(proxy, *size))


def _is_video(content_type: str | None, name: str) -> bool:
    """Discord derives the type from bytes and name; where it gave none, the name decides."""
    if content_type:
        return content_type.startswith("video/")
    return name.lower().endswith(VIDEO_SUFFIXES)


def _is_image(content_type: str | None, name: str) -> bool:
    return (content_type or "").startswith("image/") or name.lower().endswith(IMAGE_SUFFIXES)


# --- embeds ----------------------------------------------------------------------------------------


def _embed(embed: discord.Embed) -> Iterator[Found]:
    for slot, shown in (("image", embed.image), ("thumbnail", embed.thumbnail)):
        if shown.url or shown.proxy_url:
            yield _picture(slot, shown.url, shown.proxy_url, shown.width, shown.height)
    for slot, icon in (("author", embed.author), ("footer", embed.footer)):
        proxy = getattr(icon, "proxy_icon_url", None)  # the type of a footer leaves it out
        if icon.icon_url or proxy:
            yield _picture(slot, icon.icon_url, proxy)
    if proxy := embed.video.proxy_url:  # without one it is a player of another site; its thumbnail is looked at
        yield from _video(str(embed.video.url or proxy), proxy, still=not embed.thumbnail.proxy_url)


def _picture(
    slot: str, url: str | None, proxy: str | None, width: int | None = None, height: int | None = None
) -> Found:
    media = Media(MediaKind.EMBED, _embed_key(slot, url or proxy or ""))
    return Found(media, proxy, _reduced(proxy, width, height) if proxy else None)


def _video(url: str, proxy: str, *, still: bool) -> Iterator[Found]:
    key = _embed_key(VIDEO, url)
    yield Found(Media(MediaKind.EMBED, key, unsupported=VIDEO), proxy)
    if still:
        yield Found(Media(MediaKind.EMBED, f"{key}{STILL}", claimed=False), _still(proxy))


def _embed_key(slot: str, url: str) -> str:
    """Named by what it shows, not by its place among the embeds."""
    return f"embed:{digest(_unsigned(url))}:{slot}"


def _unsigned(url: str) -> str:
    """Without the signature that Discord's own CDN puts on at every look. Elsewhere a query means something."""
    base, _, query = url.partition("?")
    if not query or not base.startswith(f"{Asset.BASE}/"):
        return url
    kept = [part for part in query.split("&") if part.partition("=")[0] not in SIGNATURE]
    return "?".join([base, "&".join(kept)]) if kept else base


def digest(text: str) -> str:
    """A short name for a long text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- components ------------------------------------------------------------------------------------


def components_of(message: AnyMessage) -> Sequence[Component]:
    """discord.py leaves the attribute out where the payload does, as it may."""
    return getattr(message, "components", ())


def _every(components: Sequence[Component]) -> Iterator[Component]:
    """Every component in the order in which it is shown, however deep: by a list, not by recursion."""
    waiting = list(reversed(components))
    while waiting:
        component = waiting.pop()
        yield component
        beside = getattr(component, "accessory", None)
        below = [*getattr(component, "children", ()), *([] if beside is None else [beside])]
        waiting.extend(reversed(below))


def _component(component: Component) -> Iterator[Found]:
    match component:
        case MediaGalleryComponent():
            for item in component.items:
                yield from _unfurled(item.media)
        case ThumbnailComponent() | FileComponent():
            yield from _unfurled(component.media)


def _unfurled(item: UnfurledMediaItem) -> Iterator[Found]:
    """A file of the message itself is the same media as the attachment; anything else is like an embed's."""
    proxy, size = item.proxy_url, (item.width, item.height)
    claims = (item.content_type, urlsplit(item.url).path)
    if item.attachment_id is not None and (url := proxy or item.url):
        media = Media(MediaKind.ATTACHMENT, f"attachment:{item.attachment_id}", immutable=True)
        yield from _file(media, claims, item.url, url, size)
    elif proxy and _is_video(*claims):
        yield from _video(item.url, proxy, still=True)
    else:
        yield _picture("media", item.url, proxy, *size)


# --- stickers and emoji ----------------------------------------------------------------------------


def _sticker(item: discord.StickerItem) -> Found:
    if item.format is discord.StickerFormatType.lottie:
        return Found(assets.lottie(item.id), None)
    return _asset(assets.sticker(item.id, gif=item.format is discord.StickerFormatType.gif))


def _asset(media: Media) -> Found:
    return Found(media, assets.address(media), assets.address(media, reduced=True))


def _emoji(parts: Sequence[AnyMessage]) -> Iterator[Found]:
    """The first of them; what is beyond is named, so that it is counted as not looked at."""
    every = iter(dict.fromkeys(media for part in parts for media in _written(part)))
    yield from (_asset(media) for media in islice(every, EMOJI_LOOKED_AT))
    yield from (Found(replace(media, unsupported=TOO_MANY), None) for media in every)


def _written(part: AnyMessage) -> Iterator[Media]:
    for text in _texts(part):
        for animated, ident in EMOJI.findall(text) if "<" in text else ():
            yield assets.emoji(int(ident), animated=bool(animated))
    for emoji in _placed(part):
        if isinstance(emoji, discord.PartialEmoji | discord.Emoji) and emoji.id is not None:
            yield assets.emoji(emoji.id, animated=emoji.animated)


def _texts(part: AnyMessage) -> Iterator[str]:
    """Where emoji are shown among words."""
    yield part.content
    yield from (c.content for c in _every(components_of(part)) if isinstance(c, TextDisplay))
    for embed in part.embeds:
        yield from (embed.title or "", embed.description or "")
        yield from (text for field in embed.fields for text in (field.name or "", field.value or ""))


def _placed(part: AnyMessage) -> Iterator[object]:
    """Emoji that stand alone: on buttons, in selects, before a poll's answers."""
    for component in _every(components_of(part)):
        yield getattr(component, "emoji", None)
        yield from (option.emoji for option in getattr(component, "options", ()))
    poll = getattr(part, "poll", None)  # a snapshot has none
    if poll is not None:
        yield from (answer.emoji for answer in poll.answers)


# --- the media proxy -------------------------------------------------------------------------------


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
