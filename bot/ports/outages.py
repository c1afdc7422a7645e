"""The record of when providers were out, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model import Effect, Plan, Tenant


@dataclass(frozen=True, slots=True)
class Outage:
    """A provider was out from `began` until `ended`, None while it still is. `why`: the sentence of its last error."""

    id: int
    provider: str
    began: datetime
    ended: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Late:
    """What became of a guild's images that had to wait: `judged` in the end, or left `unscreened`."""

    judged: int
    unscreened: int


class OutageBook(Protocol):
    """Outages on disk."""

    async def began(self, provider: str, why: str, at: datetime, *, last: datetime) -> tuple[Outage, bool]:
        """It is out since `at`; an outage that ended at `last` or later goes on instead. Whether it is a new one."""
        ...

    async def ended(self, outage: Outage) -> Outage:
        """The provider answers again, as of now."""
        ...

    async def current(self, last: datetime) -> Sequence[Outage]:
        """Those that go on, that ended at `last` or later, or of whose end somebody is still to be told."""
        ...

    async def told(self, outage: Outage) -> frozenset[Tenant]:
        """The guilds that were told that it began, and not yet that it ended."""
        ...

    async def tell(self, outage: Outage, tenant: Tenant, plan: Plan) -> tuple[Effect, ...]:
        """`tenant` is told by `plan` that it began, in one commit; nothing if it was before."""
        ...

    async def tell_end(self, outage: Outage, tenant: Tenant, plan: Plan | None) -> tuple[Effect, ...]:
        """`tenant` is told that it ended, in one commit; nothing if it is not owed that. None: there is no channel."""
        ...

    async def late(self, outage: Outage, tenant: Tenant) -> Late:
        """What became of this guild's images that waited because of it."""
        ...
