"""The four calls of HitPaw, each made once: who asks again, and when, is for others to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.addresses import is_private_to
from providers.errors import Garbled, RateLimited, ServerFault
from providers.guard import Clock
from providers.hitpaw import codes, wire
from providers.hitpaw.settings import HitPawSettings
from providers.hitpaw.wire import Progress, Shelf, Submitted
from providers.http import Http


class Unplaced(ServerFault):
    """The storage did not take the picture; another place has to be asked for."""


class Client:
    """Raises ProviderError only, and never says key, link or what HitPaw wrote."""

    def __init__(self, settings: HitPawSettings, http: Http, clock: Clock) -> None:
        self._url = settings.url.rstrip("/")
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", "Apikey": settings.api_key}
        self._http = http
        self._clock = clock

    async def shelf(self, filename: str, content_type: str, seconds: int) -> Shelf:
        """A place in the vendor's storage (`/api/oss/presign-put`)."""
        found = wire.shelf(await self._post("/api/oss/presign-put", wire.presigning(filename, content_type, seconds)))
        if not (is_private_to(found.upload_url) and is_private_to(found.access_url)):
            raise Garbled("HitPaw offers a place that is not under https; the picture is not sent there.")
        return found

    async def put(self, place: Shelf, content: bytes) -> None:
        """The bytes, to that place; the key stays out of it. Raises Unplaced where they were not taken."""
        reply = await self._http.send(
            "PUT", place.upload_url, headers={"Content-Type": place.content_type}, content=content
        )
        if reply.status == 429:
            wait = reply.retry_after(self._clock.now())
            raise RateLimited("HitPaw's storage is asked too often; it is asked again.", wait or codes.WAIT)
        if not 200 <= reply.status < 300:
            raise Unplaced(f"HitPaw's storage answered {reply.status} to the picture; another place is asked for.")

    async def submit(self, file_url: str) -> Submitted:
        """A job, which costs credits (`/api/image-nsfw`)."""
        return wire.submitted(await self._post("/api/image-nsfw", wire.submission(file_url)))

    async def progress(self, job: str) -> Progress:
        """Where a job stands (`/api/task-status`)."""
        return wire.progress(await self._post("/api/task-status", wire.question(job)), job)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _post(self, path: str, body: bytes) -> Mapping[str, Any]:
        reply = await self._http.send("POST", self._url + path, headers=self._headers, content=body)
        return codes.read(reply, self._clock.now())
