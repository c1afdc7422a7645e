"""The provider `openai`."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.model import Category, Screening, Verdict
from providers.base import Ask, Image, Ticket
from providers.errors import BadRequest
from providers.guard import Clock
from providers.http import Http, retried
from providers.openai import wire

URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class OpenAISettings:
    """`url` is the root of the API, with its version."""

    api_key: str = field(repr=False)
    url: str = URL


class OpenAIProvider:
    """Sends the still, re-encoded and without metadata, inside the request: no address of it exists anywhere."""

    name = wire.NAME
    covers: frozenset[Category] = wire.COVERS
    version = "/".join((wire.MODEL, wire.VERSION, "still-1"))
    per_second = 5.0  # free accounts are held to a few hundred calls a minute

    def __init__(self, settings: OpenAISettings, *, clock: Clock, http: Http | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._http = http or Http("OpenAI")
        self._quota = ""

    def quota(self) -> str:
        """See `Limited`: what its latest answer said."""
        return self._quota

    def cache_key(self, ask: Ask) -> str:
        """Always the same: it is told nothing but the image."""
        return ""

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """Judge the still. Raises ProviderError."""
        if not image.still:
            raise BadRequest("The image has no still to send: it was not opened by the sandbox.")
        body = wire.request(image)
        return await retried(lambda: self._asked(body, image), clock=self._clock)

    async def resume(self, ticket: Ticket) -> Screening:
        """Raises Refused: it answers at once and leaves nothing pending."""
        raise BadRequest(f"{self.name} has no pending jobs: screen the image again.")

    async def aclose(self) -> None:
        """Closes the connections. Idempotent."""
        await self._http.aclose()

    async def _asked(self, body: bytes, image: Image) -> Verdict:
        headers = {"Authorization": f"Bearer {self._settings.api_key}", "Content-Type": "application/json"}
        reply = await self._http.send("POST", f"{self._settings.url}/moderations", headers=headers, content=body)
        self._quota = wire.quota(reply) or self._quota
        if reply.status != 200:
            raise wire.error(reply, reply.retry_after(self._clock.now()))
        return wire.verdict(reply, image.frames)
