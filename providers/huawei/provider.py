"""The provider `huawei`: Huawei Cloud Image Moderation V3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any

import structlog
from PIL import Image as Pillow

from policies.model import Category, Screening, Verdict
from providers.base import LINK, Ask, Image, Publisher, Ticket
from providers.bills import dollars
from providers.errors import BadRequest, TooLarge, UnsupportedFormat
from providers.guard import Clock
from providers.http import Http
from providers.huawei.access import LARGE
from providers.huawei.client import HuaweiClient
from providers.huawei.codes import NotFetched
from providers.huawei.question import COVERS, Question, question
from providers.huawei.settings import Delivery, HuaweiSettings
from providers.huawei.wire import Answer, Table, answer
from providers.links import shown
from providers.unknown import UnknownLabels

log = structlog.get_logger("beholder.providers")

SIDES = range(20, 6001)  # pixels (productdesc-moderation/moderation_01_0004)
MOST = 10_000_000  # bytes of base64
ORIGINALS = frozenset({"jpeg", "png", "webp", "gif", "tiff", "heif"})  # as sniffed; the formats of its page
ALLOWED = 10  # calls a second of one account, whoever they are for
PUBLISHED = 60.0  # seconds that Huawei has to fetch a picture


class HuaweiProvider:
    """Sends the still and maps what comes back.

    `pace` (calls a second), `concurrency` and `deadline` (seconds) are for its `Guard`: Huawei takes ten calls a
    second from one account, whoever they are for, and they do not arrive as evenly as they leave; the deadline
    leaves room for three tries. Each category of a picture is charged, so no
    more are asked for than somebody wants, and none at all costs nothing and assesses nothing.
    """

    name = "huawei"
    pace = 9.5
    concurrency = 20
    deadline = 60.0

    def __init__(
        self, settings: HuaweiSettings, *, clock: Clock, publisher: Publisher | None = None, http: Http | None = None
    ) -> None:
        """`publisher` is needed for the delivery `relay` alone. Raises ValueError where it is missing."""
        if settings.delivery is Delivery.RELAY and publisher is None:
            raise ValueError("Huawei cannot fetch pictures without a public address: give them as base64 instead.")
        self._settings = settings
        self._publisher = publisher
        self._table = Table(settings.labels)
        self._versions = self._table.versions
        if settings.delivery is Delivery.DIRECT:  # another picture is looked at, and animations were once, too
            self._versions = replace(self._versions, preprocessing=f"{self._versions.preprocessing}-direct-stills")
        self._client = HuaweiClient(settings, http or Http("Huawei"), clock)
        self._covers = frozenset({Category.OTHER}).union(*(COVERS[c] for c in settings.categories))
        self._unknown = UnknownLabels(self.name)

    @property
    def covers(self) -> frozenset[Category]:
        """What its categories look for; `other` is what it may find under a name that we do not know."""
        return self._covers

    @property
    def version(self) -> str:
        """The host's own labels are part of it."""
        return "/".join((self._versions.model, self._versions.mapping, self._versions.preprocessing))

    def quota(self) -> str:
        """See `Limited`. Huawei has no call that tells; the limit is its page's (moderation_01_0004)."""
        return f"not told by the vendor; it takes {ALLOWED} calls a second, {self._client.sent} made since the start"

    def cache_key(self, ask: Ask) -> str:
        """The question itself: context, categories, language, policy and word lists."""
        return question(ask, self._settings).key

    async def price(self, image: Image, ask: Ask) -> Decimal:
        """See `providers.paid.Priced`: each category that is asked for, once. A request that gets lost is made again
        and may be charged again."""
        return self._cost(question(ask, self._settings))

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """Judge the still. Raises ProviderError."""
        asked = question(ask, self._settings)
        if not asked.categories:
            return Verdict(self.name, (), frozenset(), self._versions, frames=image.frames)
        check_size(image.still)
        said = answer(await self._judged(image, asked, dict(ask.options).get(LINK)), self._table)
        self._count(said)
        labels = said.labels
        return Verdict(
            provider=self.name,
            labels=labels,
            assessed=asked.assesses | {label.category for label in labels},
            versions=self._versions,
            suggestion=said.suggestion,
            frames=image.frames,
            request_id=said.request_id,
            cost=float(self._cost(asked)),
            details=said.details,
        )

    async def resume(self, ticket: Ticket) -> Screening:
        """Raises Refused: it answers at once and leaves nothing pending."""
        raise BadRequest(f"{self.name} has no pending jobs: screen the image again.")

    async def aclose(self) -> None:
        """Closes the connections. Idempotent."""
        await self._client.aclose()

    def _cost(self, asked: Question) -> Decimal:
        return len(asked.categories) * dollars(self._settings.price)

    async def _judged(self, image: Image, asked: Question, link: str | None) -> Mapping[str, Any]:
        """By URL where that was chosen; the bytes themselves where there is none that Huawei could use.

        Behind a link of the platform's lies the original, of which Huawei may take less than of the still.
        """
        try:
            async with self._address(image, link) as url:
                if url:
                    return await self._client.check(asked.body(url=url), self._cost(asked))
        except (NotFetched, TooLarge, UnsupportedFormat) as error:
            log.warning("huawei_could_not_fetch", why=str(error))
        body = partial(asked.body, still=image.still)
        content = body() if len(image.still) < LARGE else await asyncio.to_thread(body)
        return await self._client.check(content, self._cost(asked))

    @asynccontextmanager
    async def _address(self, image: Image, link: str | None) -> AsyncIterator[str]:
        """Where Huawei may fetch the picture while the context is open; '' where it is to be given the bytes."""
        if self._settings.delivery is Delivery.RELAY and self._publisher is not None:
            async with self._publisher.publish(image, seconds=PUBLISHED) as url:
                yield url
        else:
            yield self._link(image, link) if self._settings.delivery is Delivery.DIRECT and link else ""

    def _link(self, image: Image, link: str) -> str:
        """`link`, if Huawei may be shown it and would take what lies there."""
        try:
            shown(link, self._settings.direct_from)
        except BadRequest as error:
            log.warning("huawei_link_not_shown", why=str(error))
            return ""
        return link if _may_be_linked(image) else ""

    def _count(self, said: Answer) -> None:
        for finding in said.findings:
            if not finding.is_known:
                self._unknown.count(f"{finding.category}/{finding.name}", suggestion=finding.suggestion.value)


def _may_be_linked(image: Image) -> bool:
    """Whether Huawei would take the original: a call in vain costs time. Of an animation nobody knows which frames it
    looks at, so that it is given our sheet of them."""
    return image.frames.total == 1 and image.kind in ORIGINALS and image.width in SIDES and image.height in SIDES


def check_size(still: bytes) -> None:
    """Before a call that would be in vain. Raises TooLarge or UnsupportedFormat."""
    if (len(still) + 2) // 3 * 4 > MOST:
        raise TooLarge(f"The picture has {len(still)} bytes: Huawei takes {MOST // 4 * 3} at most; send a smaller one.")
    try:
        with Pillow.open(BytesIO(still), formats=("JPEG", "PNG")) as picture:
            sides = picture.size
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        raise UnsupportedFormat("The picture is no JPEG or PNG: it was not opened by the sandbox.") from None
    if not all(side in SIDES for side in sides):
        raise TooLarge(f"The picture is {sides[0]} x {sides[1]}: Huawei takes 20 to 6000 pixels a side.")
