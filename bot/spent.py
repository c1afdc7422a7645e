"""The moderators of a guild hear once a month that the money for paid providers is used up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from bot.budget import month_of
from bot.desk.announcing import Announcing
from bot.model import Judged, Tenant
from bot.ports import Clock
from bot.texts import notices
from bot.texts.catalogue import Texts
from policies.model import Policy
from providers.plans import is_spent

log = structlog.get_logger("beholder.spent")


class Said(Protocol):
    """Who remembers what a guild's moderators were told."""

    async def said(self, tenant: Tenant, what: str, since: datetime) -> bool:
        """Whether a message of ours that is on record under `what` was planned since then."""
        ...


class SpentNotice:
    """That it was told is known by the message's own effect on disk, so no restart tells it again."""

    def __init__(self, announcing: Announcing, said: Said, clock: Clock) -> None:
        self._announcing = announcing
        self._said = said
        self._clock = clock
        self._told: dict[Tenant, str] = {}

    async def tell(self, tenant: Tenant, policy: Policy, images: Sequence[Judged]) -> None:
        """If a paid provider was not asked about one of the `images` for want of money. Never raises: what was
        judged is done, and the next such image tells it."""
        if policy.mod_channel is None or not any(is_spent(s) for i in images for s in i.screenings):
            return
        now = self._clock.now().astimezone(UTC)
        month = month_of(now)
        if self._told.get(tenant) == month:
            return
        self._told[tenant] = month  # before anything is awaited: two posts judged at once tell it once
        try:
            await self._tell(tenant, policy.mod_channel, policy, now)
        except Exception as error:  # noqa: BLE001 - a named supervisor: the post itself has been dealt with
            self._told.pop(tenant, None)
            log.error("notice_of_spent_budget_failed", guild=str(tenant), error=type(error).__name__)

    async def _tell(self, tenant: Tenant, channel: str, policy: Policy, now: datetime) -> None:
        what = f"spent:{month_of(now)}"
        begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        if not await self._said.said(tenant, what, begin):
            text = notices.spent(policy.when_spent, Texts(policy.language))
            await self._announcing.say(tenant, channel, text, said=what)
