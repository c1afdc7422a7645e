"""From raw messages to the events of posts: albums put together, edits that change no picture left out.

message ──▶ what it shows ──▶ is that new? ──▶ the rest of its album ──▶ Event
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from cachetools import LRUCache

from bot.model import Event, EventKind
from bot.platforms.telegram.extract import digest, event_of, version_of
from bot.platforms.telegram.spots import post_of
from bot.platforms.telegram.walker import Found, Json, chosen, found_in
from bot.ports import Albums
from policies.model import Surface

REMEMBERED: Final = 50_000  # messages that showed pictures, and as many posts that are commented on


@dataclass(frozen=True, slots=True)
class _Look:
    """What a message showed when it was last told of, in short, and by which update."""

    shown: str
    update: int


class Posts:
    """Makes events of messages.

    What it keeps in memory may be lost: then an edit that changes no picture is judged once more, without a call to
    anybody, and a comment deep in a thread is taken for a message of the group.
    """

    def __init__(self, albums: Albums, remembered: int = REMEMBERED) -> None:
        self._albums = albums
        self._looks: LRUCache[tuple[int, int], _Look] = LRUCache(remembered)
        self._roots: LRUCache[tuple[int, int], None] = LRUCache(remembered)

    async def event(
        self, message: Json, kind: EventKind, surfaces: Collection[Surface], *, update: int
    ) -> Event | None:
        """The event of one update, None where there is nothing (new) to be judged.

        `update` is its `update_id`: the same one again gives the same event again, so that an attempt that failed can
        be repeated. Raises KeyError, TypeError or ValueError for what is no message.
        """
        message, kind = meant(message, kind)
        self._follow_discussion(message)
        found = found_in(message)
        known = self._looks.get(_which(message))
        if not self._is_news(message, kind, found, update):
            return None
        if found or known is not None:
            self._looks[_which(message)] = _Look(_look(found), update)
        emptied = kind is EventKind.EDIT and known is not None
        wanted = chosen(found, surfaces)
        grouped = bool(message.get("media_group_id"))
        event = event_of(message, kind, wanted, update=update, roots=self._roots, emptied=emptied or grouped)
        return await self._whole(event, update) if event is not None and event.album else event

    def is_news(self, message: Json, kind: EventKind, *, update: int) -> bool:
        """Whether `event` would make an event of it, without making one: an edit may change no picture, and then it
        must not stand in the journal as a newer version of its post."""
        message, kind = meant(message, kind)
        return self._is_news(message, kind, found_in(message), update)

    def _is_news(self, message: Json, kind: EventKind, found: tuple[Found, ...], update: int) -> bool:
        known = self._looks.get(_which(message))
        if kind is not EventKind.EDIT:
            return bool(found) or bool(message.get("media_group_id"))
        if known is None:
            return bool(found)
        return known.update == update or known.shown != _look(found)

    async def _whole(self, event: Event, update: int) -> Event | None:
        """The album as far as it is known: each late part makes a newer version of the same post."""
        channel = event.place.channel or ""
        parts = await self._albums.join(event.tenant, channel, event.album, int(event.message), event.media)
        media = tuple(dict.fromkeys(chain.from_iterable(parts.values())))
        if not media and event.kind is not EventKind.EDIT:
            return None
        message = post_of(parts)
        return replace(event, message=message, media=media, version=version_of(media, message, str(update)))

    def _follow_discussion(self, message: Json) -> None:
        """Below which messages comments are written: a reply to a reply no longer says whose thread it is in."""
        chat = message["chat"]["id"]
        if message.get("is_automatic_forward"):
            self._roots[chat, message["message_id"]] = None
        elif message.get("reply_to_message", {}).get("is_automatic_forward"):
            self._roots[chat, message["reply_to_message"]["message_id"]] = None


def meant(message: Json, kind: EventKind) -> tuple[Json, EventKind]:
    """The message that shows the pictures: of an option that was added to a poll, the poll, as whoever added it
    left it. A poll that Telegram does not show has none."""
    added = message.get("poll_option_added")
    poll = added.get("poll_message") if added else None
    if not poll or not poll.get("poll"):
        return message, kind
    whom = {name: message[name] for name in ("from", "sender_chat") if name in message}
    plain = {name: value for name, value in poll.items() if name not in ("from", "sender_chat")}
    return {**plain, **whom}, EventKind.EDIT


def subject_of(message: Json) -> str:
    """What `Event.subject` will be of a message, whether or not it shows anything."""
    event = event_of(message, EventKind.MESSAGE, found_in(message), emptied=True)
    return "" if event is None else event.subject


def _which(message: Json) -> tuple[int, int]:
    return message["chat"]["id"], message["message_id"]


def _look(found: Collection[Found]) -> str:
    return digest("\n".join(sorted(f.media.key for f in found)))
