"""Where images hide in a Telegram message: one walk over the message as it came, whatever its fields are called.

The walk goes by shape, not by a list of fields: an object with a `file_id` is a file, a list of such with a width and
a height is one picture in several sizes. So it sees what python-telegram-bot has no types for yet (rich messages,
whatever comes next). Copies of other messages within a message are not walked: they were seen when they came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from bot.model import Media, MediaKind
from policies.model import Surface

Json = Mapping[str, Any]

VIDEO, LOTTIE, STORY, PAID = "video", "lottie", "story", "paid_preview"
LARGE = "over_20_mb"
TOO_MANY = "emoji_beyond_limit"
LARGEST = 20 * 1024 * 1024  # bytes: what getFile gives to bots (core.telegram.org/bots/api#getfile)
EMOJI_LOOKED_AT = 32  # distinct ones of one message; a message has room for a hundred
FILE_KEY, EMOJI_KEY = "file:", "emoji:"
IMAGE_SUFFIXES = (
    *(".apng", ".avif", ".bmp", ".gif", ".heic", ".heif", ".ico", ".jfif", ".jpe"),
    *(".jpeg", ".jpg", ".jxl", ".png", ".svg", ".tif", ".tiff", ".webp"),
)
BY_CHOICE = {
    MediaKind.STICKER: Surface.STICKERS,
    MediaKind.EMOJI: Surface.EMOJI,
    MediaKind.COVER: Surface.COVERS,
}

PLAIN = frozenset(
    {"message_id", "message_thread_id", "date", "chat", "from", "sender_chat", "text", "is_topic_message"}
)
"""A message with nothing else shows no picture: most are."""
_NOT_WALKED = frozenset({"reply_to_message", "pinned_message", "passport_data", "reply_markup", "chat", "from"})
_COPY = frozenset({"message_id", "date", "chat"})  # what every Message has, and an ExternalReplyInfo has not
_PICTURE_LIST = frozenset({"file_id", "file_unique_id", "width", "height"})


@dataclass(frozen=True, slots=True)
class Found:
    """One image. `alike` are the `file_unique_id`s of what shows the same: the other sizes of a photo, the other
    qualities of a video. `media.ref` is its `file_id`, followed by the one of a smaller copy where there is one."""

    media: Media
    alike: frozenset[str] = frozenset()


def may_show(message: Json) -> bool:
    """Whether a walk may find anything."""
    return not message.keys() <= PLAIN


def found_in(message: Json, *, largest: int = LARGEST) -> tuple[Found, ...]:
    """Every image of a message, each key once. `largest`: bytes beyond which a file cannot be had."""
    if not may_show(message):
        return ()
    found: dict[str, Found] = {}
    emoji: dict[str, None] = {}
    for one in _walk(message):
        if isinstance(one, str):
            emoji.setdefault(one)
        else:
            found.setdefault(one.media.key, _bounded(one, largest))
    return (*found.values(), *_emoji(emoji))


def picture(sizes: Sequence[Json], kind: MediaKind, *, largest: int = LARGEST) -> Found:
    """One picture of a non-empty list of its sizes."""
    return _bounded(_picture(sizes, kind), largest)


def chosen(found: Iterable[Found], surfaces: Collection[Surface]) -> tuple[Found, ...]:
    """Those that a guild wants looked at; what is neither sticker, emoji nor cover always is."""
    return tuple(f for f in found if is_wanted(f.media, surfaces))


def is_wanted(media: Media, surfaces: Collection[Surface]) -> bool:
    """Whether a guild that looks at `surfaces` wants this looked at."""
    by = BY_CHOICE.get(media.kind)
    return by is None or by in surfaces


def key_of(file: Json) -> str:
    """The key of a file. Its `file_unique_id` is the same over time and for every bot; its `file_id` is not."""
    return f"{FILE_KEY}{file['file_unique_id']}"


# --- the walk --------------------------------------------------------------------------------------


def _walk(message: Json) -> Iterator[Found | str]:
    """Files, and the ids of custom emoji, in the order in which they stand; by a list, not by recursion."""
    waiting: list[tuple[str, Any]] = _below(message)
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, list):
            if _is_picture(node):
                yield _picture(node, MediaKind.COVER if name == "new_chat_photo" else MediaKind.FILE)
            else:
                waiting.extend((name, part) for part in reversed(node))
        elif isinstance(node, dict) and not node.keys() >= _COPY:
            yield from _object(name, node)
            waiting.extend(_below(node))


def _below(node: Json) -> list[tuple[str, Any]]:
    """What hangs below, the last one first. `animation` fills `document` too: it is read before."""
    inner = [(k, v) for k, v in node.items() if isinstance(v, dict | list) and k not in _NOT_WALKED]
    if "is_animated" in node:
        inner = [(k, v) for k, v in inner if k != "thumbnail"]  # `_sticker` says whether it counts
    elif "file_id" in node:
        inner = [(k, v) for k, v in inner if k != "qualities"]
    inner.sort(key=lambda item: item[0] == "document")
    return inner[::-1]


def _is_picture(node: Sequence[Any]) -> bool:
    return bool(node) and all(isinstance(size, dict) and size.keys() >= _PICTURE_LIST for size in node)


def _object(name: str, node: Json) -> Iterator[Found | str]:
    if "file_id" in node and "file_unique_id" in node:
        yield from _file(name, node)
    elif "custom_emoji_id" in node:
        yield str(node["custom_emoji_id"])
    elif name == "story":
        yield _unseen(f"story:{node.get('chat', {}).get('id')}/{node.get('id')}", STORY)
    elif name == "paid_media" and node.get("type") == "preview":
        yield _unseen(f"paid:{node.get('width')}x{node.get('height')}:{node.get('duration')}", PAID)


def _file(name: str, file: Json) -> Iterator[Found]:
    """By what the file says of itself: a sticker, sound, something that moves, a picture, or a document."""
    if "is_animated" in file:
        yield from _sticker(file)
    elif name == "premium_animation":  # what is played over the chat around a sticker
        yield Found(_media(file, MediaKind.STICKER, unsupported=LOTTIE))
    elif "duration" in file or "codec" in file:
        if file.keys() & {"width", "length"}:  # else it is sound, of which only the cover is a picture
            yield _moving(file)
    elif "width" in file:
        yield Found(_media(file))
    else:
        yield Found(_media(file, claimed=_is_image(file)))


def _sticker(file: Json) -> Iterator[Found]:
    """Of one that is not decoded the still that Telegram shows of it; of another its still says nothing new."""
    thumbnail = file.get("thumbnail")
    unsupported = LOTTIE if file["is_animated"] else VIDEO if file.get("is_video") else None
    same = frozenset({thumbnail["file_unique_id"]}) if thumbnail and unsupported is None else frozenset()
    yield Found(_media(file, MediaKind.STICKER, unsupported=unsupported), same)
    if thumbnail and unsupported is not None:
        yield Found(_media(thumbnail, MediaKind.STICKER))


def _moving(file: Json) -> Found:
    """A video, in all its qualities; a GIF that was not turned into one is a picture like any."""
    if str(file.get("mime_type", "")).startswith("image/"):
        return Found(_media(file))
    qualities = frozenset(quality["file_unique_id"] for quality in file.get("qualities", ()))
    return Found(_media(file, unsupported=VIDEO), qualities)


def _picture(sizes: Sequence[Json], kind: MediaKind) -> Found:
    """The largest, and beside it the next smaller one."""
    ordered = sorted(sizes, key=lambda size: (int(size["width"]) * int(size["height"]), size["file_unique_id"]))
    best, smaller = ordered[-1], ordered[-2:-1]
    media = replace(_media(best, kind), ref=" ".join([best["file_id"], *(size["file_id"] for size in smaller)]))
    return Found(media, frozenset(size["file_unique_id"] for size in sizes) - {best["file_unique_id"]})


# --- what is found ---------------------------------------------------------------------------------


def _media(
    file: Json, kind: MediaKind = MediaKind.FILE, *, claimed: bool = True, unsupported: str | None = None
) -> Media:
    return Media(
        kind,
        key_of(file),
        claimed=claimed,
        immutable=True,
        size=file.get("file_size"),
        unsupported=unsupported,
        ref=str(file["file_id"]),
    )


def _is_image(document: Json) -> bool:
    """Type and name are what the sender says. What does not claim to be an image is one if its bytes are."""
    name, kind = str(document.get("file_name", "")), str(document.get("mime_type", ""))
    return kind.startswith("image/") or name.lower().endswith(IMAGE_SUFFIXES)


def _bounded(found: Found, largest: int) -> Found:
    """What Telegram gives no bot, as far as its size is said."""
    media = found.media
    if media.unsupported is None and (media.size or 0) > largest:
        return replace(found, media=replace(media, unsupported=LARGE))
    return found


def _unseen(key: str, what: str) -> Found:
    """Something that people see and of which bots are told no more than that it is there."""
    return Found(Media(MediaKind.FILE, key, unsupported=what))


def _emoji(idents: Iterable[str]) -> Iterator[Found]:
    """The first of them; what is beyond is named, so that it is counted as not looked at."""
    every = iter(Media(MediaKind.EMOJI, f"{EMOJI_KEY}{ident}", immutable=True) for ident in idents)
    yield from (Found(media) for media in islice(every, EMOJI_LOOKED_AT))
    yield from (Found(replace(media, unsupported=TOO_MANY)) for media in every)
