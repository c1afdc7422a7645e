"""How a picture gets to HitPaw, which takes nothing but a public link.

Only the re-encoded still leaves by `upload` and `relay`, under a random name with its true ending. `direct` hands
on a link of the platform's own; that it can never be one of Telegram's, whose links hold the bot's token,
`providers.links` sees to.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

from providers.base import LINK, Ask, Image, Publisher
from providers.errors import BadRequest, UnsupportedFormat
from providers.guard import Clock
from providers.hitpaw.client import Client
from providers.hitpaw.codes import Unfetched
from providers.hitpaw.settings import Delivery, HitPawSettings
from providers.http import retried
from providers.links import shown

__all__ = ["Courier", "Delivery", "direct_link"]

LINK_SECONDS = 3600.0  # a relayed picture stands at most so long: queues of 15 minutes have been seen
PLACE_SECONDS = 600  # in which an upload has to begin

ENDINGS: Mapping[str, str] = MappingProxyType({"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"})
_TAKEN = re.compile(r"\.(?:jpe?g|png|webp)\Z", re.IGNORECASE)


class Courier:
    """Brings a picture within HitPaw's reach."""

    def __init__(self, client: Client, settings: HitPawSettings, clock: Clock, publisher: Publisher | None) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._publisher = publisher

    @asynccontextmanager
    async def deliver(self, image: Image, ask: Ask, by: Delivery) -> AsyncIterator[str]:
        """A link that holds while the context is open. Raises ProviderError."""
        if by is Delivery.DIRECT:
            if image.frames.total > 1:  # nobody knows which of its frames HitPaw would look at
                raise Unfetched("Of an animation HitPaw is given a sheet of its frames, not the link.")
            yield direct_link(dict(ask.options).get(LINK), self._settings.direct_from)
        elif by is Delivery.RELAY:
            if self._publisher is None:
                raise BadRequest("There is no relay to serve the picture from; choose the delivery upload.")
            ending(image)
            async with self._publisher.publish(image, seconds=LINK_SECONDS) as link:
                yield link
        else:
            yield await retried(lambda: self._upload(image), clock=self._clock)

    async def _upload(self, image: Image) -> str:
        name = f"{secrets.token_hex(16)}.{ending(image)}"
        place = await self._client.shelf(name, image.still_type, PLACE_SECONDS)
        await self._client.put(place, image.still)
        return place.access_url


def ending(image: Image) -> str:
    """The true ending of the still. Raises UnsupportedFormat."""
    found = ENDINGS.get(image.still_type)
    if found is None or not image.still:
        raise UnsupportedFormat("HitPaw takes JPEG, PNG and WebP, and of this image there is none of them.")
    return found


def direct_link(link: str | None, places: tuple[str, ...]) -> str:
    """`link`, if it may be shown to a vendor. Never repeats the link.

    Raises Unfetched where there is none that HitPaw could use, BadRequest where showing it would be wrong.
    """
    if not link:
        raise Unfetched("The platform gives no link that a vendor may see; choose the delivery upload or relay.")
    if not _TAKEN.search(shown(link, places).path):
        raise Unfetched("HitPaw takes links that end in .jpg, .jpeg, .png or .webp; choose upload or relay.")
    return link
