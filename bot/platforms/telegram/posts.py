"""From raw messages to the events of posts: albums put together, edits that change no picture left out.

message ──▶ what it shows ──▶ is that new? ──▶ (journal) ──▶ the rest of its album ──▶ Event
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cachetools import LRUCache

from bot.model import Event, EventKind
from bot.platforms.telegram.extract import digest, event_of, version_of
from bot.platforms.telegram.spots import post_of
from bot.platforms.telegram.walker import Found, Json, chosen, found_in, is_wanted
from bot.ports import Albums, Part
from policies.model import Surface

REMEMBERED: Final = 50_000  # messages that showed pictures, and as many posts that are commented on


@dataclass(frozen=True, slots=True)
class _Look:
    """What a message showed when it was last told of, in short, and by which update."""

    shown: str
    update: int


class Posts:
    """Makes events of messages: `notice` and `persist` before updates are journalled, `event` once they are.

    What it keeps in memory may be lost: then an edit that changes no picture is judged once more, without a call to
    anybody, and a comment deep in a thread is taken for a message of the group.
    """

    def __init__(self, albums: Albums, remembered: int = REMEMBERED) -> None:
        self._albums = albums
        self._looks: LRUCache[tuple[int, int], _Look] = LRUCache(remembered)
        self._roots: LRUCache[tuple[int, int], None] = LRUCache(remembered)
        self._joining: list[Part] = []

    def notice(self, message: Json, kind: EventKind, *, update: int) -> bool:
        """Whether an update is to be journalled as a newer version of its post.

        Called in the order in which updates came. An edit that changes no picture is none, and must not be journalled
        as one: it would supersede the verdict on what is there. The same update is told the same again. Raises
        KeyError, TypeError or ValueError for what is no message.
        """
        message, kind = meant(message, kind)
        self._follow_discussion(message)
        found = found_in(message)
        album = message.get("media_group_id")
        if not self._is_news(message, kind, found, update, part=bool(album)):
            return False
        if album:
            event = event_of(message, kind, found)
            self._joining.append(Part(event.tenant, _channel(event), event.album, message["message_id"], event.media))
        return True

    async def persist(self) -> None:
        """Parts of albums that were noticed go to disk, in one commit. To be awaited before the journal is given the
        updates: whichever of them is read last must find every part, or one would be superseded unseen."""
        joining, self._joining = self._joining, []
        try:
            await self._albums.join(joining)
        except BaseException:
            self._joining = [*joining, *self._joining]
            raise

    async def event(
        self, message: Json, kind: EventKind, surfaces: Collection[Surface], *, update: int
    ) -> Event | None:
        """The event of an update that was noticed, None where there is nothing to be judged (any more).

        Of an album it is the whole as far as it is known by now: each late part makes a newer version of the same
        post. Raises KeyError, TypeError or ValueError for what is no message.
        """
        message, kind = meant(message, kind)
        wanted = chosen(found_in(message), surfaces)
        if not message.get("media_group_id"):
            return event_of(message, kind, wanted, update=update, roots=self._roots) if wanted else None
        return await self._whole(event_of(message, kind, wanted, roots=self._roots), surfaces, update)

    async def _whole(self, event: Event, surfaces: Collection[Surface], update: int) -> Event | None:
        """With all parts, also those that show nothing: what is removed is removed whole."""
        parts = await self._albums.parts(event.tenant, _channel(event), event.album)
        parts = {int(event.message): event.media, **parts}
        shown = dict.fromkeys(m for part in sorted(parts) for m in parts[part] if is_wanted(m, surfaces))
        if not shown:
            return None
        media, message = tuple(shown), post_of(parts)
        return replace(event, message=message, media=media, version=version_of(media, message, str(update)))

    def _is_news(self, message: Json, kind: EventKind, found: Sequence[Found], update: int, *, part: bool) -> bool:
        which, shown = (message["chat"]["id"], message["message_id"]), _look(found)
        known = self._looks.get(which)
        if known is None and not found:
            return part and kind is not EventKind.EDIT
        same = known is not None and known.shown == shown and known.update != update
        if kind is EventKind.EDIT and same:
            return False
        self._looks[which] = _Look(shown, update)
        return True

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
    return event_of(message, EventKind.MESSAGE, found_in(message)).subject


def _channel(event: Event) -> str:
    return event.place.channel or ""


def _look(found: Sequence[Found]) -> str:
    return digest("\n".join(sorted(f.media.key for f in found)))
