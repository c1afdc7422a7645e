"""How people and chats look: asked for, since Telegram tells no bot when somebody changes a profile photo.

Looked at when somebody joins, asks to join or writes, and again once a day as long as they write; a chat's photo
likewise, beside the service message that tells of a new one.

sight ──▶ looked at today, by memory? ──▶ by the disk? ──▶ ask Telegram ──▶ a photo not seen here? ──▶ event ──▶ noted
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from cachetools import LRUCache
from telegram import Bot

from bot.model import Author, AuthorKind, Event, EventKind, Media, MediaKind, Tenant
from bot.platforms.telegram.extract import DIRECT, person_of, tenant_of, version_of, whose
from bot.platforms.telegram.files import told
from bot.platforms.telegram.walker import Json, picture
from bot.platforms.wanted import wanted_of
from bot.ports import Clock, Faces, Unfetchable
from policies.model import Context, Place, Policy, Surface

AGAIN: Final = timedelta(days=1)
REMEMBERED: Final = 50_000  # people and chats, at some 200 bytes each
PHOTO, LOOKED = "photo", "looked"  # slots of `Faces`: what was seen, and on which day
INSIDE: Final = frozenset({"creator", "administrator", "member"})

Submit = Callable[[Sequence[Event]], Awaitable[None]]


class Sightings:
    """Tells `submit` of what somebody shows, once.

    Raises what the disk or `submit` raise; what Telegram does not answer is asked again at the next sight.
    """

    def __init__(self, bot: Bot, faces: Faces, clock: Clock, submit: Submit, remembered: int = REMEMBERED) -> None:
        self._bot = bot
        self._faces = faces
        self._clock = clock
        self._submit = submit
        self._looked: LRUCache[tuple[Tenant, str], str] = LRUCache(remembered)

    async def see_author(self, message: Json, policy: Policy) -> None:
        """Somebody wrote in a chat: their face, and the chat's own photo."""
        if whose(message) == DIRECT:
            return
        await self.see_chat(message["chat"], policy)
        if (person := message.get("from")) is not None and "sender_chat" not in message:
            await self._see_person(message["chat"], person, policy)

    async def see_member(self, changed: Json, policy: Policy) -> None:
        """A `chat_member` update: somebody who was not there before."""
        before, now = changed["old_chat_member"], changed["new_chat_member"]
        if is_inside(now) and not is_inside(before):
            await self._see_person(changed["chat"], now["user"], policy, joined=True)

    async def see_applicant(self, request: Json, policy: Policy) -> None:
        """A `chat_join_request` update."""
        await self._see_person(request["chat"], request["from"], policy, joined=True)

    async def see_chat(self, chat: Json, policy: Policy) -> None:
        """The photo of a chat: when the bot comes there, and once a day while people write."""
        if Surface.COVERS in wanted_of(policy, Context.ROOM_COVER):
            owner = Author(str(chat["id"]), AuthorKind.GUILD)
            await self._see(tenant_of(chat), owner, Place(Context.ROOM_COVER, str(chat["id"])), self._chat_photo)

    async def _see_person(self, chat: Json, user: Json, policy: Policy, *, joined: bool = False) -> None:
        """Nobody but the bot itself is exempt. Whoever joins is looked at whether or not they were today."""
        if Surface.AVATARS in wanted_of(policy, Context.HEAD_IMAGE) and user["id"] != self._bot.id:
            author = person_of(user)
            if author.kind is not AuthorKind.GUILD:
                place = Place(Context.HEAD_IMAGE)
                await self._see(tenant_of(chat), author, place, self._profile_photo, joined=joined)

    async def _see(
        self,
        tenant: Tenant,
        owner: Author,
        place: Place,
        ask: Callable[[str], Awaitable[Media | None]],
        *,
        joined: bool = False,
    ) -> None:
        whom, day = (tenant, owner.id), self._day(owner.id)
        if not joined and self._looked.get(whom) == day:
            return
        self._looked[whom] = day  # before anything is awaited: what they write meanwhile is not looked up again
        done = False
        try:
            if joined or (await self._faces.news(tenant, owner.id, {LOOKED: day})).slots:
                with suppress(Unfetchable):
                    await self._tell(tenant, owner, place, await ask(owner.id), day)
                    done = True
            else:
                done = True
        finally:
            if not done:
                self._looked.pop(whom, None)

    async def _tell(self, tenant: Tenant, owner: Author, place: Place, photo: Media | None, day: str) -> None:
        """What was taken off is told too: it supersedes the verdict on what was there."""
        shown = {PHOTO: photo.key if photo else ""}
        news = await self._faces.news(tenant, owner.id, shown)
        if news.slots:
            since = "" if news.since is None else news.since.isoformat()
            await self._submit([self._event(tenant, owner, place, (photo,) if photo else (), since)])
        await self._faces.note(tenant, owner.id, {**shown, LOOKED: day})

    def _event(self, tenant: Tenant, owner: Author, place: Place, media: tuple[Media, ...], since: str) -> Event:
        return Event(
            tenant=tenant,
            kind=EventKind.COVER if owner.kind is AuthorKind.GUILD else EventKind.AVATAR,
            place=place,
            message="",
            version=version_of(media, since),
            author=owner,
            media=media,
            at=self._clock.now(),
        )

    def _day(self, owner: str) -> str:
        """Which day it is for `owner`, a number: not everybody's begins at once."""
        length = int(AGAIN.total_seconds())
        return str((int(self._clock.now().timestamp()) + int(owner) % length) // length)

    # --- asking Telegram --------------------------------------------------------------------------

    async def _profile_photo(self, user: str) -> Media | None:
        """None where there is none, or privacy shows it to no bot. Raises Unfetchable."""
        with told():
            photos = await self._bot.get_user_profile_photos(int(user), limit=1)
        sizes: list[dict[str, Any]] = [size.to_dict() for size in photos.photos[0]] if photos.photos else []
        return picture(sizes, MediaKind.AVATAR).media if sizes else None

    async def _chat_photo(self, chat: str) -> Media | None:
        """In 640 pixels a side, which is all that a bot is shown. Raises Unfetchable."""
        with told():
            photo = (await self._bot.get_chat(int(chat))).photo
        if photo is None:
            return None
        size = {"file_id": photo.big_file_id, "file_unique_id": photo.big_file_unique_id, "width": 640, "height": 640}
        return picture([size], MediaKind.COVER).media


def is_inside(member: Json) -> bool:
    """Whether a `ChatMember` is in the chat."""
    return member["status"] in INSIDE or bool(member["status"] == "restricted" and member.get("is_member"))
