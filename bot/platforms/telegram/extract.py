"""What happened, as `Event`s free of Telegram's JSON: who did what where, and which images it shows.

Contexts are those of ruling 18: a group's message `group_message`, a channel's post `article`, what is written under
such a post in its discussion group `comment`, whatever comes in private `message`, a chat's photo `room_cover`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable
from datetime import UTC, datetime
from typing import Final

from bot.model import Author, AuthorKind, Event, EventKind, Media, MediaKind, Tenant
from bot.platforms.telegram.spots import Spot
from bot.platforms.telegram.walker import Found, Json
from policies.model import Context, Place

PLATFORM: Final = "telegram"
DIRECT: Final = Tenant(PLATFORM, "dm")
"""The tenant of whoever writes to the bot itself, or through it to somebody else: no guild's, so the host's own."""

ANONYMOUS: Final = 1087968824  # @GroupAnonymousBot: an admin who writes as the group
SERVICE: Final = 777000  # Telegram itself: forwards a channel's posts into its discussion group
NOBODY: Final = frozenset({ANONYMOUS, SERVICE})
_GUESTS = ("business_connection_id", "guest_query_id")

Roots = Container[tuple[int, int]]
"""(chat, message) of channel posts in their discussion group, as far as they are known."""


def tenant_of(chat: Json) -> Tenant:
    """The tenant of a chat: itself, where it is one that can be guarded."""
    if chat["type"] == "private" or chat.get("is_direct_messages"):
        return DIRECT
    return Tenant(PLATFORM, str(chat["id"]))


def whose(message: Json) -> Tenant:
    """The tenant that a message belongs to: nobody asked for a guard where the bot is a guest."""
    if any(message.get(name) for name in _GUESTS):
        return DIRECT
    return tenant_of(message["chat"])


def event_of(
    message: Json,
    kind: EventKind,
    found: Iterable[Found],
    *,
    update: int = 0,
    roots: Roots = (),
) -> Event:
    """The event that shows `found`, which may be nothing any more: what is being judged of it must not be held
    against what is left.

    A new photo of the chat is a cover, whatever `kind` says. `update`: the `update_id`, which tells apart two edits
    within one second. Raises KeyError, TypeError or ValueError for what is no message.
    """
    media = tuple(f.media for f in found)
    is_cover = any(m.kind is MediaKind.COVER for m in media)
    return Event(
        tenant=whose(message),
        kind=EventKind.COVER if is_cover else kind,
        place=Place(Context.ROOM_COVER, _spot(message)) if is_cover else place_of(message, roots),
        message=str(message["message_id"]),
        version=version_of(media, str(update)),
        author=author_of(message),
        media=media,
        at=at(message.get("edit_date") or message["date"]),
        album=str(message.get("media_group_id") or ""),
    )


def version_of(media: Iterable[Media], *seen: str) -> str:
    """A short name for what is shown, and when it was seen to be so."""
    return digest("\n".join([*seen, *sorted(m.key for m in media)]))


def digest(text: str) -> str:
    """A short name for a long text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def at(seconds: int) -> datetime:
    """A moment of Telegram's: Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


# --- who and where ---------------------------------------------------------------------------------


def author_of(message: Json) -> Author:
    """Who posted a message. Nobody is punished for what a chat, its linked channel or Telegram itself posts."""
    chat, channel, person = message["chat"], message.get("sender_chat"), message.get("from")
    if channel is not None:
        own = channel["id"] == chat["id"] or bool(message.get("is_automatic_forward"))
        return Author(str(channel["id"]), AuthorKind.GUILD if own else AuthorKind.CHANNEL)
    if person is None:
        return Author(str(chat["id"]), AuthorKind.GUILD)
    return person_of(person)


def person_of(user: Json) -> Author:
    """Somebody by their `User`."""
    if user["id"] in NOBODY:
        return Author(str(user["id"]), AuthorKind.GUILD)
    return Author(str(user["id"]), AuthorKind.BOT if user.get("is_bot") else AuthorKind.MEMBER)


def place_of(message: Json, roots: Roots = ()) -> Place:
    """Where a message stands. A topic's parent is its forum."""
    spot = _spot(message)
    parent = str(message["chat"]["id"]) if "/" in spot else None
    return Place(_context(message, roots), spot, parent)


def _spot(message: Json) -> str:
    topic = message.get("message_thread_id") if message.get("is_topic_message") else None
    return str(Spot(message["chat"]["id"], topic))


def _context(message: Json, roots: Roots) -> Context:
    if whose(message) == DIRECT:
        return Context.MESSAGE
    if message["chat"]["type"] == "channel":
        return Context.ARTICLE
    return Context.COMMENT if _is_comment(message, roots) else Context.GROUP_MESSAGE


def _is_comment(message: Json, roots: Roots) -> bool:
    """A reply to a channel's post, or within the thread below one."""
    if message.get("reply_to_message", {}).get("is_automatic_forward"):
        return True
    thread = message.get("message_thread_id")
    return thread is not None and (message["chat"]["id"], thread) in roots
