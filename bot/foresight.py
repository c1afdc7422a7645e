"""Look at a post while it is still on its way to disk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TypeAlias

from bot.allowance import Allowance
from bot.looking import LINKLESS, Eyes
from bot.model import Event, Look, Media, Tenant
from bot.ports import Links, Lists, Platform, Settings
from bot.screening import Screener
from policies.model import Mode, Policy

MOST = 4  # events looked at ahead of time; in a flood looks wait for their turn

Glance: TypeAlias = "asyncio.Task[tuple[Policy | None, dict[Media, Look]]]"


class Foresight(Eyes):
    """Eyes that may begin before the journal has committed.

    Looking does nothing to a post or a person, so it need not wait; only what follows from it must. A
    look that was begun under another policy, or of an event that the journal turns down, is thrown away.
    """

    def __init__(
        self,
        platforms: Mapping[str, Platform],
        screener: Screener,
        lists: Lists,
        settings: Settings,
        allowance: Allowance | None = None,
        *,
        links: Mapping[str, Links] = LINKLESS,
    ) -> None:
        super().__init__(platforms, screener, lists, links=links)
        self._settings = settings
        self._allowance = allowance
        self._begun: dict[tuple[Tenant, str], Glance] = {}

    def begin(self, event: Event) -> None:
        """See `bot.work.Ahead`."""
        if len(self._begun) < MOST and (event.tenant, event.key) not in self._begun:
            task = asyncio.create_task(self._glance(event), name="glance")
            task.add_done_callback(_heard)
            self._begun[event.tenant, event.key] = task

    def forget(self, tenant: Tenant, key: str) -> None:
        """See `bot.work.Ahead`."""
        if (begun := self._begun.pop((tenant, key), None)) is not None:
            begun.cancel()

    async def look(self, event: Event, policy: Policy, *, again: bool = False) -> dict[Media, Look]:
        """See `Eyes.look`."""
        if (begun := self._begun.pop((event.tenant, event.key), None)) is not None:
            under, looks = await begun
            if under is policy:
                return looks
        return await super().look(event, policy, again=again)

    async def _glance(self, event: Event) -> tuple[Policy | None, dict[Media, Look]]:
        """The policy under which was looked, None where nothing was: that look serves nobody."""
        policy, _ = await self._settings.policy(event.tenant)
        if policy.mode is Mode.PAUSED or (self._allowance and await self._allowance.used_up(event.tenant)):
            return None, {}
        return policy, await super().look(event, policy)


def _heard(begun: Glance) -> None:
    """Nobody may be left to await it: what it raised is raised again for whoever does."""
    if not begun.cancelled():
        begun.exception()
