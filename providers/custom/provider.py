"""The provider `custom`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from policies.model import Category, Screening, Verdict
from providers.base import Ask, Image, Ticket
from providers.custom import wire
from providers.errors import BadRequest
from providers.guard import Clock
from providers.http import Http, retried


@dataclass(frozen=True, slots=True)
class CustomSettings:
    """Where the model listens, and the token it wants, if any. `covers`: what it says it can find."""

    url: str
    token: str | None = field(default=None, repr=False)
    covers: frozenset[Category] = frozenset(Category)


class CustomProvider:
    """Asks a model of the host's own. What it says it assessed, and nothing else, counts as assessed.

    What was answered is kept by its address: a new model behind the old one needs another (`…/judge?model=4`).
    """

    name = wire.NAME
    per_second = None

    def __init__(self, settings: CustomSettings, *, clock: Clock, http: Http | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._http = http or Http("the custom model")
        self.covers = settings.covers
        address = hashlib.sha256(settings.url.encode()).hexdigest()[:8]
        self.version = "/".join((f"at:{address}", wire.MAPPING, "still-1"))

    def cache_key(self, ask: Ask) -> str:
        """It is told context, language and categories, and may heed them."""
        return "|".join((ask.context, ask.language, ",".join(sorted(ask.categories))))

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """Judge the still. Raises ProviderError."""
        if not image.still:
            raise BadRequest("The image has no still to send: it was not opened by the sandbox.")
        body = wire.request(image, ask)
        return await retried(lambda: self._asked(body, image), clock=self._clock)

    async def resume(self, ticket: Ticket) -> Screening:
        """Raises Refused: it answers at once and leaves nothing pending."""
        raise BadRequest(f"{self.name} has no pending jobs: screen the image again.")

    async def aclose(self) -> None:
        """Closes the connections. Idempotent."""
        await self._http.aclose()

    async def _asked(self, body: bytes, image: Image) -> Verdict:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._settings.token is not None:
            headers["Authorization"] = f"Bearer {self._settings.token}"
        reply = await self._http.send("POST", self._settings.url, headers=headers, content=body)
        if reply.status != 200:
            raise wire.error(reply, reply.retry_after(self._clock.now()))
        return wire.verdict(reply, image.frames)
