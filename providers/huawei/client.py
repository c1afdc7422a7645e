"""Calls to Huawei Cloud Image Moderation V3."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote

from providers.bills import answered
from providers.errors import Unavailable
from providers.guard import Clock
from providers.http import Http, retried
from providers.huawei.access import access
from providers.huawei.codes import StaleToken
from providers.huawei.replies import read
from providers.huawei.settings import HuaweiSettings

TRIES = 3


class HuaweiClient:
    """Sends requests and reads replies; knows nothing of images."""

    def __init__(self, settings: HuaweiSettings, http: Http, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._access = access(settings, http, clock)
        self.sent = 0  # requests for moderation

    async def check(self, content: bytes, cost: Decimal = Decimal(0)) -> Mapping[str, Any]:
        """The response to an image moderation request, at `cost` in US dollars. Raises ProviderError.

        What may work later is tried again. An unreadable success is not: Huawei has charged for it, and would
        again.
        """
        call = partial(self._once, content, cost)
        return await retried(call, clock=self._clock, tries=TRIES, again=(Unavailable,))

    async def aclose(self) -> None:
        """Closes the connections. Idempotent."""
        await self._http.aclose()

    async def _once(self, content: bytes, cost: Decimal) -> Mapping[str, Any]:
        """A token that was withdrawn before its time is renewed, once."""
        url = f"{self._settings.endpoint}/v3/{quote(await self._access.project(), safe='')}/moderation/image"
        headers = await self._access.headers("POST", url, self._headers, content)
        try:
            return await self._sent(url, headers, content, cost)
        except StaleToken:
            if not await self._access.renew(headers):
                raise
        headers = await self._access.headers("POST", url, self._headers, content)
        return await self._sent(url, headers, content, cost)

    @property
    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._settings.enterprise_project_id:
            headers["Enterprise-Project-Id"] = self._settings.enterprise_project_id
        return headers

    async def _sent(self, url: str, headers: Mapping[str, str], content: bytes, cost: Decimal) -> Mapping[str, Any]:
        self.sent += 1
        reply = self._http.send("POST", url, headers=headers, content=content)
        return await answered(reply, partial(read, now=self._clock.now()), cost)
