"""How many images of a guild are looked at in a day, where the host has set a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from bot.model import Job, Tenant
from bot.ports import Clock
from bot.ports.register import Register

LIMITED = "limited"
"""The name of a count: images that were not looked at because of the limit (`Ledger.counts`)."""


class Counts(Protocol):
    """The part of the ledger that remembers what came of images."""

    async def counts(self, tenant: Tenant, since: datetime) -> Mapping[str, int]:
        """See `Ledger.counts`."""
        ...


@dataclass(slots=True)
class _Day:
    """One guild's day. `jobs`: those already counted, since one that an outage postponed comes again."""

    day: date
    used: int
    told: bool
    jobs: set[int] = field(default_factory=set)


class Allowance:
    """Counts in memory, seeded from the ledger at a guild's first image of the day.

    Nothing is awaited between asking and counting once a guild is seeded, so that two posts judged at once
    cannot both take the last place. A day is one of UTC.
    """

    def __init__(self, register: Register, ledger: Counts, clock: Clock) -> None:
        self._register = register
        self._ledger = ledger
        self._clock = clock
        self._days: dict[Tenant, _Day] = {}

    async def limit(self, tenant: Tenant) -> int | None:
        """What the host has set, None for no limit. Call before `take`."""
        limit = (await self._register.one(tenant)).limit
        if limit is not None:
            await self._seed(tenant)
        return limit

    async def used_up(self, tenant: Tenant) -> bool:
        """Whether not one image more is looked at today."""
        limit = await self.limit(tenant)
        return limit is not None and self._days[tenant].used >= limit

    def take(self, job: Job, images: int, limit: int) -> bool:
        """Room for all of a post's `images`, or for none."""
        day = self._days[job.tenant]
        if job.id in day.jobs:
            return True
        if day.used + images > limit:
            return False
        day.used += images
        day.jobs.add(job.id)
        return True

    def tell(self, tenant: Tenant) -> bool:
        """Whether the moderators are to be told now: once a day."""
        day = self._days[tenant]
        told, day.told = day.told, True
        return not told

    def untell(self, tenant: Tenant) -> None:
        """They were not told after all."""
        self._days[tenant].told = False

    async def _seed(self, tenant: Tenant) -> None:
        today = self._clock.now().date()
        known = self._days.get(tenant)
        if known is not None and known.day >= today:
            return
        midnight = datetime.combine(today, datetime.min.time(), self._clock.now().tzinfo)
        counts = await self._ledger.counts(tenant, midnight)
        known = self._days.get(tenant)
        if known is None or known.day < today:  # nobody was faster
            used = sum(n for name, n in counts.items() if name == "judged" or name.startswith("unscreened:"))
            self._days[tenant] = _Day(today, used, told=bool(counts.get(LIMITED)))
