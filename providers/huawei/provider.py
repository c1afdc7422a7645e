"""The provider `huawei`: Huawei Cloud Image Moderation V3."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from io import BytesIO
from typing import Any

import structlog
from PIL import Image as Pillow

from policies.model import Category, Screening, Verdict
from providers.base import Ask, Image, Publisher, Ticket
from providers.errors import BadRequest, TooLarge, UnsupportedFormat
from providers.guard import Clock
from providers.http import Http
from providers.huawei.access import LARGE
from providers.huawei.client import HuaweiClient
from providers.huawei.codes import NotFetched
from providers.huawei.question import COVERS, Question, question
from providers.huawei.settings import HuaweiSettings
from providers.huawei.wire import VERSIONS, Answer, answer
from providers.unknown import UnknownLabels

log = structlog.get_logger("beholder.providers")

SIDES = range(20, 6001)  # pixels (productdesc-moderation/moderation_01_0004)
MOST = 10_000_000  # bytes of base64
PUBLISHED = 60.0  # seconds that Huawei has to fetch a picture


class HuaweiProvider:
    """Sends the still and maps what comes back.

    `pace` (calls a second), `concurrency` and `deadline` (seconds) are for its `Guard`: Huawei takes ten calls a
    second from one account, whoever they are for, and they do not arrive as evenly as they leave; the deadline
    leaves room for three tries. Each category of a picture is charged, so no
    more are asked for than somebody wants, and none at all costs nothing and assesses nothing.
    """

    name = "huawei"
    version = "/".join((VERSIONS.model, VERSIONS.mapping, VERSIONS.preprocessing))
    pace = 9.5
    concurrency = 20
    deadline = 60.0

    def __init__(
        self, settings: HuaweiSettings, *, clock: Clock, publisher: Publisher | None = None, http: Http | None = None
    ) -> None:
        """Raises ValueError if images are to be fetched from a URL and nobody publishes them."""
        if settings.delivery == "url" and publisher is None:
            raise ValueError("Huawei cannot fetch pictures without a public address: give them as base64 instead.")
        self._settings = settings
        self._publisher = publisher if settings.delivery == "url" else None
        self._client = HuaweiClient(settings, http or Http("Huawei"), clock)
        self._covers = frozenset({Category.OTHER}).union(*(COVERS[c] for c in settings.categories))
        self._unknown = UnknownLabels(self.name)

    @property
    def covers(self) -> frozenset[Category]:
        """What its categories look for; `other` is what it may find under a name that we do not know."""
        return self._covers

    def cache_key(self, ask: Ask) -> str:
        """The question itself: context, categories, language, policy and word lists."""
        return question(ask, self._settings).key

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """Judge the still. Raises ProviderError."""
        asked = question(ask, self._settings)
        if not asked.categories:
            return Verdict(self.name, (), frozenset(), VERSIONS, frames=image.frames)
        check_size(image.still)
        said = answer(await self._judged(image, asked))
        self._count(said)
        labels = said.labels
        return Verdict(
            provider=self.name,
            labels=labels,
            assessed=asked.assesses | {label.category for label in labels},
            versions=VERSIONS,
            suggestion=said.suggestion,
            frames=image.frames,
            request_id=said.request_id,
            cost=len(asked.categories) * self._settings.price,
            details=said.details,
        )

    async def resume(self, ticket: Ticket) -> Screening:
        """Raises Refused: it answers at once and leaves nothing pending."""
        raise BadRequest(f"{self.name} has no pending jobs: screen the image again.")

    async def aclose(self) -> None:
        """Closes the connections. Idempotent."""
        await self._client.aclose()

    async def _judged(self, image: Image, asked: Question) -> Mapping[str, Any]:
        """By URL where that was chosen; the bytes themselves where Huawei could not fetch it."""
        if self._publisher is not None:
            try:
                async with self._publisher.publish(image, seconds=PUBLISHED) as url:
                    return await self._client.check(asked.body(url=url))
            except NotFetched as error:
                log.warning("huawei_could_not_fetch", why=str(error))
        body = partial(asked.body, still=image.still)
        return await self._client.check(body() if len(image.still) < LARGE else await asyncio.to_thread(body))

    def _count(self, said: Answer) -> None:
        for finding in said.findings:
            if not finding.is_known:
                self._unknown.count(f"{finding.category}/{finding.name}", suggestion=finding.suggestion.value)


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
