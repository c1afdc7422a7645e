"""The provider `rekognition`: AWS Rekognition's DetectModerationLabels."""

from __future__ import annotations

import asyncio
import hashlib
from decimal import Decimal
from functools import partial

from policies.model import Category, Screening, Verdict, Versions
from providers.base import Ask, Image, Ticket
from providers.bills import answered, dollars
from providers.errors import BadRequest, Unavailable
from providers.guard import Clock
from providers.http import Http, Reply, retried
from providers.rekognition import codes, still, taxonomy, wire
from providers.rekognition.settings import RekognitionSettings
from providers.rekognition.signing import Keys, signed
from providers.unknown import UnknownLabels

NAME = "rekognition"
MODEL = "moderation-7"


class RekognitionProvider:
    """Sends the still inside a signed request: no address of it exists anywhere, and the secret stays here.

    One call looks for everything and has one price, so it is made unless nobody wants any of what it can find; then it
    costs nothing and assesses nothing.
    """

    name = NAME
    covers: frozenset[Category] = wire.COVERS
    version = "/".join((MODEL, taxonomy.VERSION, still.VERSION))
    per_second = 4.5  # smaller regions allow five, us-east-1 and us-west-2 fifty (general reference, rekognition)

    def __init__(self, settings: RekognitionSettings, *, clock: Clock, http: Http | None = None) -> None:
        self._settings = settings
        self._keys = Keys(settings.access_key_id, settings.secret_access_key, settings.session_token)
        self._clock = clock
        self._http = http or Http("Rekognition")
        self._unknown = UnknownLabels(self.name)

    def cache_key(self, ask: Ask) -> str:
        """It is told nothing but the picture, so all that are asked about share one answer."""
        return "" if ask.categories & self.covers else "nothing"

    async def price(self, image: Image, ask: Ask) -> Decimal:
        """See `providers.paid.Priced`: one price for a call, whatever is looked for."""
        return self._cost if ask.categories & self.covers else Decimal(0)

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """Judge the still. Raises ProviderError.

        What may work later is tried again. An unreadable success is not: it was charged, and would be again.
        """
        if not ask.categories & self.covers:
            return Verdict(self.name, (), frozenset(), self._versions(MODEL), frames=image.frames)
        body, digest = await asyncio.to_thread(_body, image.still)
        call = partial(self._asked, body, digest)
        answer = await retried(call, clock=self._clock, again=(Unavailable,))
        for finding in answer.unknown:
            self._unknown.count(finding.name, above=finding.above, model=answer.model)
        return Verdict(
            provider=self.name,
            labels=answer.labels,
            assessed=self.covers,
            versions=self._versions(answer.model),
            medium=answer.medium,
            frames=image.frames,
            request_id=answer.request_id,
            cost=self._settings.price,
        )

    async def resume(self, ticket: Ticket) -> Screening:
        """Raises Refused: it answers at once and leaves nothing pending."""
        raise BadRequest(f"{self.name} has no pending jobs: screen the image again.")

    async def aclose(self) -> None:
        """Closes the connections. Idempotent."""
        await self._http.aclose()

    async def _asked(self, body: bytes, digest: str) -> wire.Answer:
        """Signed anew each time: a signature holds for five minutes."""
        url, region = self._settings.endpoint, self._settings.region
        headers = {"Content-Type": wire.CONTENT_TYPE, "X-Amz-Target": wire.TARGET}
        proven = signed(url, headers, digest, self._keys, region, self._clock.now())
        return await answered(self._http.send("POST", url, headers=proven, content=body), self._read, self._cost)

    def _read(self, reply: Reply) -> wire.Answer:
        if reply.status != 200:
            raise codes.error(reply, self._clock.now())
        return wire.answer(reply)

    @property
    def _cost(self) -> Decimal:
        return dollars(self._settings.price)

    @staticmethod
    def _versions(model: str) -> Versions:
        return Versions(model, taxonomy.VERSION, still.VERSION)


def _body(picture: bytes) -> tuple[bytes, str]:
    """The request's body and its SHA-256. Raises TooLarge or UnsupportedFormat. Megabytes: not for the event loop."""
    body = wire.request(still.fitted(picture))
    return body, hashlib.sha256(body).hexdigest()
