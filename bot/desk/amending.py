"""Change a guild's policy: one change at a time, each a version with who made it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from bot.model import Tenant
from bot.ports import Settings
from policies.model import Policy


@dataclass(frozen=True, slots=True)
class Amendment:
    """A policy before and after, and the version it now has."""

    before: Policy
    after: Policy
    version: int


class Amending:
    """Read, change and save as one turn, so that of two admins neither loses the other's change."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turns: WeakValueDictionary[Tenant, asyncio.Lock] = WeakValueDictionary()

    async def amend(self, tenant: Tenant, change: Callable[[Policy], Policy], by: str, why: str) -> Amendment:
        """Save what `change` makes of the present policy; nothing is saved if it changes nothing.

        Whatever `change` raises passes through, and nothing is saved.
        """
        async with self._turns.setdefault(tenant, asyncio.Lock()):
            before, version = await self._settings.policy(tenant)
            after = change(before)
            if after != before:
                version = await self._settings.save(tenant, after, by, why)
            return Amendment(before, after, version)
