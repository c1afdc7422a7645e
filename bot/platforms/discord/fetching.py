"""The bytes of an image: from where they were last seen, else from the message fetched anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.media.fetch import Stale, opened
from bot.model import Event, Media
from bot.platforms.discord import assets
from bot.platforms.discord.client import BeholderClient, Source
from bot.platforms.discord.urls import Spot, Urls
from bot.platforms.discord.walker import STILL, VIDEO, Found, found_in
from bot.ports import Gone, Unfetchable
from policies.model import UnscreenedReason

PATIENCE = 30.0  # seconds to fetch a message


def where(urls: Urls, event: Event, media: Media) -> str | None:
    """The address of the original as far as it is known without asking; None where it is not."""
    if media.unsupported is not None or media.key.endswith("/") or media.key.startswith(assets.BANNER_OF):
        return None
    if media.kind in assets.ASSETS:
        return assets.address(media)
    known = urls.find(Spot(event.place.channel or "", event.message, media.key))
    return None if known is None else known.url


class Fetching:
    """`fetch` for one connected client."""

    def __init__(self, client: BeholderClient, *, urls: Urls, source: Source) -> None:
        self._client = client
        self._urls = urls
        self._source = source

    async def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        """Chunks. `Gone` only if the message is gone or shows the image no more: what people still see has to
        be looked at, whatever its host says. Of a video a still that cannot be had is `unsupported` like the
        video."""
        if media.unsupported is not None:
            raise Unfetchable(UnscreenedReason.UNSUPPORTED, f"{media.unsupported} is not decoded")
        stream = self._fetch_asset if media.kind in assets.ASSETS else self._fetch
        try:
            async with opened(stream(event, media, reduced)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except Unfetchable as error:
            if error.reason is UnscreenedReason.UNDECODABLE and media.key.endswith(STILL):
                why = f"Discord makes no still of this {VIDEO}: {error.detail}"
                raise Unfetchable(UnscreenedReason.UNSUPPORTED, why) from None
            raise

    async def _fetch(self, event: Event, media: Media, reduced: bool) -> AsyncIterator[bytes]:
        """A remembered address may have expired, so what its host says is believed only of a fresh one."""
        spot = Spot(event.place.channel or "", event.message, media.key)
        known = self._urls.find(spot)
        if known is not None:
            try:
                async with opened(self._source.stream(_address(known, reduced))) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except (Gone, Stale):  # both are told before the first byte
                pass
        fresh = await self._look_again(spot)
        try:
            async with opened(self._source.stream(_address(fresh, reduced))) as chunks:
                async for chunk in chunks:
                    yield chunk
        except Gone as gone:
            why = f"the message stands, but of its fresh link {gone}"
            raise Unfetchable(UnscreenedReason.OUTAGE, why) from None

    async def _fetch_asset(self, event: Event, media: Media, reduced: bool) -> AsyncIterator[bytes]:
        """What Discord keeps under an id or a hash: no message has to be asked for it, and none shows it alone."""
        if media.key.endswith("/"):
            raise Gone("it was taken off")
        if media.key.startswith(assets.BANNER_OF):
            media = await self._banner(media)
        async with opened(self._source.stream(assets.address(media, reduced=reduced))) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _banner(self, media: Media) -> Media:
        """Whichever banner somebody has now. Raises Gone where there is none."""
        user = media.key.removeprefix(assets.BANNER_OF)
        with told("the user no longer exists"):
            async with asyncio.timeout(PATIENCE):
                found = await self._client.http.get_user(int(user))
        if not (face := found.get("banner")):
            raise Gone("they have no banner")
        return assets.face(media.kind, f"banners/{user}/{face}")

    async def _look_again(self, spot: Spot) -> Found:
        """The image in its message as it is now, with addresses that are freshly signed."""
        found = found_in(await self._message(spot))
        self._urls.remember(spot.channel, spot.message, found)
        for one in found:
            if one.media.key == spot.key:
                return one
        raise Gone(f"{spot.key} is no longer in the message")

    async def _message(self, spot: Spot) -> discord.Message:
        channel = self._client.get_partial_messageable(int(spot.channel))
        with told("the message was deleted"):
            async with asyncio.timeout(PATIENCE):
                return await channel.fetch_message(int(spot.message))


@contextmanager
def told(gone: str) -> Iterator[None]:
    """What Discord's refusals mean for a picture. Raises Gone, with these words, or Unfetchable."""
    try:
        yield
    except discord.NotFound:
        raise Gone(gone) from None
    except discord.Forbidden:
        cure = "its link expired and I may not read the channel: allow “Read Message History” there"
        raise Unfetchable(UnscreenedReason.OUTAGE, cure) from None
    except (TimeoutError, discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise Unfetchable(UnscreenedReason.OUTAGE, f"Discord did not answer: {type(error).__name__}") from None


def _address(found: Found, reduced: bool) -> str:
    address = found.reduced if reduced else found.url
    if address is not None:
        return address
    if reduced:
        raise Unfetchable(UnscreenedReason.UNDECODABLE, "Discord has no smaller copy of it")
    raise Unfetchable(UnscreenedReason.OUTAGE, "Discord has not made its own copy of it yet")
