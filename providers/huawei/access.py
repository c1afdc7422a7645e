"""How a request proves who sends it: signed with an access key, or with a token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from providers.errors import Garbled
from providers.flights import Flights
from providers.guard import Clock
from providers.http import Http
from providers.huawei.codes import WrongProject
from providers.huawei.replies import read
from providers.huawei.settings import HuaweiSettings
from providers.huawei.signing import Keys, signed
from providers.huawei.tokens import Tokens

LARGE = 512 * 1024  # bytes; hashing more is not for the event loop


class Access(Protocol):
    """Either of them."""

    async def project(self) -> str:
        """The project whose images are judged. Raises ProviderError."""
        ...

    async def headers(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> dict[str, str]:
        """`headers` and the proof. Raises ProviderError."""
        ...

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether another proof than the one in the headers `refused` can be had. Raises ProviderError."""
        ...


def access(settings: HuaweiSettings, http: Http, clock: Clock) -> Access:
    """By key where there is one, else by token."""
    return ByToken(settings, http, clock) if settings.by_token else ByKey(settings, http, clock)


class ByKey:
    """Signed with AK and SK."""

    def __init__(self, settings: HuaweiSettings, http: Http, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._keys = Keys(settings.ak, settings.sk, settings.security_token)
        self._project = settings.project_id
        self._lookups: Flights[str, str] = Flights()

    async def project(self) -> str:
        """As set, else the one that IAM names for the region; asked once."""
        return self._project or await self._lookups.join("project", self._look_up)

    async def headers(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> dict[str, str]:
        """See `Access.headers`. A new signature each time: it holds for 15 minutes."""
        named = {**headers, "X-Project-Id": self._project} if self._project else headers
        now = self._clock.now()
        if len(content) < LARGE:
            return signed(method, url, named, content, self._keys, now)
        return await asyncio.to_thread(signed, method, url, named, content, self._keys, now)

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """No: another signature of the same key is no better."""
        return False

    async def _look_up(self) -> str:
        region = self._settings.region
        url = f"{self._settings.iam_endpoint}/v3/projects?name={quote(region, safe='~')}"
        headers = await self.headers("GET", url, {"Content-Type": "application/json"}, b"")
        body = read(await self._http.send("GET", url, headers=headers), self._clock.now())
        self._project = _only(body, region)
        return self._project


class ByToken:
    """With an X-Auth-Token."""

    def __init__(self, settings: HuaweiSettings, http: Http, clock: Clock) -> None:
        self._settings = settings
        self._tokens = Tokens(settings, http, clock)

    async def project(self) -> str:
        """As set, else the one that the token is for."""
        project = self._settings.project_id or (await self._tokens.get()).project
        if not project:
            raise WrongProject(f"Huawei's token names no project for {self._settings.region}: set the project ID.")
        return project

    async def headers(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> dict[str, str]:
        """See `Access.headers`."""
        return {**headers, "X-Auth-Token": (await self._tokens.get()).value}

    async def renew(self, refused: Mapping[str, str]) -> bool:
        """Logs in again, unless somebody did meanwhile."""
        await self._tokens.renew(refused["X-Auth-Token"])
        return True


def _only(body: Mapping[str, Any], region: str) -> str:
    projects = body.get("projects")
    if not isinstance(projects, list):
        raise Garbled("Huawei's IAM answered without projects; it is asked again.")
    idents = [p["id"] for p in projects if isinstance(p, Mapping) and isinstance(p.get("id"), str)]
    if len(idents) != 1:
        raise WrongProject(f"Huawei has {len(idents)} projects for {region}: set the project ID from My Credentials.")
    return str(idents[0])
