"""Look at every image of a post: fetch it, or recall what its exact bytes were judged to be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TypedDict

from bot.model import Event, EventKind, Look, Media, MediaKind, Tenant
from bot.ports import Gone, Links, Lists, Platform, Unfetchable
from bot.screening import Screener
from policies.model import Policy, Unscreened, UnscreenedReason
from providers.links import holds_token

LINKLESS: Mapping[str, Links] = MappingProxyType({})
MEDIA = "media"  # the name under which "the pixels never came" is filed


class _Whose(TypedDict):
    tenant: Tenant
    joined: datetime | None


class Eyes:
    """Where the bytes come from, and the second try where the first gave none."""

    def __init__(
        self,
        platforms: Mapping[str, Platform],
        screener: Screener,
        lists: Lists,
        *,
        links: Mapping[str, Links] = LINKLESS,
    ) -> None:
        """`links`: the platforms, by name, whose own addresses vendors are shown; where none wants any, nobody."""
        self._links = links
        self._platforms = platforms
        self._screener = screener
        self._lists = lists

    async def look(self, event: Event, policy: Policy, *, again: bool = False) -> dict[Media, Look]:
        """A look at every image of the post that is still there and is one, side by side. `again`: not the first."""
        pairs = zip(event.media, await self._each(event, policy, again), strict=True)
        return {media: look for media, look in pairs if look is not None and not look.skipped}

    def may_wait(self, event: Event) -> bool:
        """Whether the bytes can still be had once the post is deleted, so that the deletion need not wait for them."""
        return self._platforms[event.tenant.platform].capabilities.outlasting

    async def with_bytes(self, event: Event, media: Media, policy: Policy, look: Look) -> Look:
        """`look`, recalled, with the bytes that its verdict is of; as it is where they cannot be had."""
        try:
            fetched = await self._fetch_and_look(event, media, policy)
        except Gone:
            return look
        return fetched if fetched.sha256 == look.sha256 else look

    async def remember(self, event: Event, looks: Mapping[Media, Look]) -> None:
        """Which bytes an immutable id of the platform stands for (ruling 9). Not before acting: it costs a commit."""
        for media, look in looks.items():
            if media.immutable and look.sha256:
                await self._lists.know(event.tenant.platform, media.key, look.sha256)

    async def _each(self, event: Event, policy: Policy, again: bool) -> list[Look | None]:
        if len(event.media) == 1:  # mostly; without a task of its own its request is on its way a little sooner
            return [await self._at(event, event.media[0], policy, again)]
        return await asyncio.gather(*(self._at(event, media, policy, again) for media in event.media))

    async def _at(self, event: Event, media: Media, policy: Policy, again: bool) -> Look | None:
        if media.unsupported:
            return _unseen(UnscreenedReason.UNSUPPORTED, media.unsupported)
        may_be_known = media.immutable and (again or not _new(event, media))
        known = await self._lists.known(event.tenant.platform, media.key) if may_be_known else None
        if known is not None:
            look = await self._screener.recall(known, policy, event.place, **_whose(event))
            if look is not None:
                return look
            out = await self._screener.out(policy, event.place, **_whose(event))
            if out is not None:  # the bytes could be shown to nobody
                return Look(sha256=known, screenings=out, recalled=True)
        try:
            return await self._fetch_and_look(event, media, policy)
        except Gone:
            return None

    async def _fetch_and_look(self, event: Event, media: Media, policy: Policy) -> Look:
        """The original; where that is over our limits, the platform's own reduced copy."""
        platform = self._platforms[event.tenant.platform]
        chunks = platform.fetch(event, media)
        try:
            look = await self._screener.look(
                chunks,
                policy,
                event.place,
                claimed=media.claimed,
                link=partial(self._link, event, media),
                **_whose(event),
            )
        except Unfetchable as error:
            look = _unseen(error.reason, error.detail)
        if not _worth_reducing(look):
            return look
        chunks = platform.fetch(event, media, reduced=True)
        try:
            reduced = await self._screener.look(chunks, policy, event.place, **_whose(event))
        except (Gone, Unfetchable):
            return look
        if _unread(reduced) is not None:
            return look
        # The verdict is the reduced copy's; lists and strikes go by the SHA-256 of the original alone (ruling 9).
        reduced = replace(reduced, sha256=look.sha256)
        self._screener.learn(reduced)
        return reduced

    def _link(self, event: Event, media: Media) -> str | None:
        """Whatever a platform says: nothing that could be a bot's token goes further than here."""
        keeper = self._links.get(event.tenant.platform)
        link = None if keeper is None else keeper.link(event, media)
        return None if link is None or holds_token(link) else link


def _whose(event: Event) -> _Whose:
    return {"tenant": event.tenant, "joined": event.author.joined_at}


def _new(event: Event, media: Media) -> bool:
    """An id that came into the world with this post cannot be known: the disk need not be asked."""
    return event.kind is EventKind.MESSAGE and media.kind is MediaKind.ATTACHMENT


def _unseen(reason: UnscreenedReason, detail: str) -> Look:
    return Look(sha256="", screenings=(Unscreened(MEDIA, reason, detail),))


def _unread(look: Look) -> Unscreened | None:
    """Why no provider ever saw the pixels, if so."""
    return next((s for s in look.screenings if isinstance(s, Unscreened) and s.provider == MEDIA), None)


def _worth_reducing(look: Look) -> bool:
    """Whether a platform's own resized copy may be readable where the original was not."""
    unread = _unread(look)
    return unread is not None and unread.reason is UnscreenedReason.UNDECODABLE
