"""How many distinct images each guild had removed within the hour: what the action cap counts (ruling 5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from bot.model import Tenant
from bot.ports import Clock

HOUR = timedelta(hours=1)


class Removals(Protocol):
    """The part of the ledger that remembers removals over a restart."""

    async def removed_since(self, tenant: Tenant, since: datetime) -> list[tuple[str, datetime]]:
        """SHA-256 and time of every image removed since then."""
        ...


class Caps:
    """Counts in memory, seeded from the ledger at a guild's first removal.

    `spent` and `count` do not await between asking and counting once a guild is seeded, so two
    pictures judged at once cannot both take the last place.
    """

    def __init__(self, removals: Removals, clock: Clock) -> None:
        self._removals = removals
        self._clock = clock
        self._guilds: dict[Tenant, dict[str, datetime]] = {}

    async def seed(self, tenant: Tenant) -> None:
        """Load what was removed before this process began. Call before `spent`."""
        if tenant not in self._guilds:
            past = await self._removals.removed_since(tenant, self._clock.now() - HOUR)
            self._guilds.setdefault(tenant, {}).update(past)

    def spent(self, tenant: Tenant) -> int:
        """Distinct images removed within the last hour."""
        return len(self._recent(tenant))

    def is_copy(self, tenant: Tenant, sha256: str) -> bool:
        """Whether this exact image was removed within the hour: copies never count."""
        return sha256 in self._recent(tenant)

    def count(self, tenant: Tenant, sha256: str) -> None:
        """This image is being removed now."""
        self._recent(tenant).setdefault(sha256, self._clock.now())

    def release(self, tenant: Tenant, images: Iterable[str]) -> None:
        """These are not removed after all."""
        for sha256 in images:
            self._recent(tenant).pop(sha256, None)

    def _recent(self, tenant: Tenant) -> dict[str, datetime]:
        since = self._clock.now() - HOUR
        kept = {s: at for s, at in self._guilds.get(tenant, {}).items() if at > since}
        self._guilds[tenant] = kept
        return kept
