"""Tokens of IAM: for accounts that have no access key.

A token lives for 24 hours, unless rights, password or an unpaid bill end it before. How long is measured on
our own monotonic clock, so that a wrong time of day does not matter.
Source: api-iam/iam_30_0001, KeystoneCreateUserTokenByPassword.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from providers.errors import Garbled
from providers.flights import Flights
from providers.guard import Clock
from providers.http import Http, Reply
from providers.huawei.codes import BadKey, Unexplained
from providers.huawei.replies import read
from providers.huawei.settings import HuaweiSettings

USED = 0.75  # of a token's life, then it is renewed
UNTOLD = 3600.0  # seconds that a token is taken to live where IAM does not say


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a project; not used any more from `until` on (monotonic seconds)."""

    value: str = field(repr=False)
    project: str
    until: float


class Tokens:
    """The token in use. Whoever waits for a new one waits for the same login."""

    def __init__(self, settings: HuaweiSettings, http: Http, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._token: Token | None = None
        self._logins: Flights[str, Token] = Flights()

    async def get(self) -> Token:
        """A token that still lives. Raises ProviderError."""
        token = self._token
        if token is not None and self._clock.monotonic() < token.until:
            return token
        return await self._logins.join("login", self._login)

    async def renew(self, stale: str) -> None:
        """Another token than `stale`, which was refused: the one that somebody fetched since, or a new one."""
        if self._token is not None and self._token.value == stale:
            self._token = None
        await self.get()

    async def _login(self) -> Token:
        settings = self._settings
        url = f"{settings.iam_endpoint}/v3/auth/tokens?nocatalog=true"
        content = json.dumps(_request(settings), separators=(",", ":")).encode()
        reply = await self._http.send("POST", url, headers={"Content-Type": "application/json"}, content=content)
        try:
            body = read(reply, self._clock.now())
        except Unexplained as error:
            raise _refused(reply) or error from None
        self._token = _token(reply, body, self._clock.monotonic())
        return self._token


def _request(settings: HuaweiSettings) -> dict[str, Any]:
    user = {"name": settings.username, "password": settings.password, "domain": {"name": settings.domain}}
    project = {"id": settings.project_id} if settings.project_id else {"name": settings.region}
    return {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": project},
        }
    }


def _refused(reply: Reply) -> BadKey | None:
    """IAM often gives no code, only the status again: then it is about user, password and account."""
    if reply.status not in (400, 401, 403, 404):
        return None
    return BadKey(
        f"Huawei's IAM refused the login ({reply.status}): check user, password, account name and region; it takes "
        "an IAM user with programmatic access, not a HUAWEI ID."
    )


def _token(reply: Reply, body: Mapping[str, Any], now: float) -> Token:
    value, told = reply.headers.get("x-subject-token", ""), body.get("token")
    if not value or not isinstance(told, Mapping):
        raise Garbled("Huawei's IAM answered without a token; it is asked again.")
    project = told.get("project")
    ident = project.get("id") if isinstance(project, Mapping) else None
    return Token(value, ident if isinstance(ident, str) else "", now + USED * _lifetime(told))


def _lifetime(told: Mapping[str, Any]) -> float:
    """Seconds from issue to end, both by IAM's own clock."""
    try:
        issued, ends = (datetime.fromisoformat(told[name]) for name in ("issued_at", "expires_at"))
        return max(0.0, (ends - issued).total_seconds())
    except (KeyError, TypeError, ValueError):
        return UNTOLD
