"""A guild's first days: it is greeted, and if it still only watches after three days, told what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from bot.desk.modes import SET
from bot.desk.setup import WHY
from bot.model import Capabilities, Effect, EffectKind, Job, Page, Plan, Recipient, Tenant
from bot.ports import Clock, Journal, Ledger, Performer, Settings
from bot.store.codec import PAGE
from bot.texts import firstdays as words
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.welcome import reminder
from policies.model import Mode

log = structlog.get_logger("beholder.firstdays")

LOOK_BACK: Final = 200  # versions
CHOSE: Final = (WHY, SET)
"""How versions begin after which a reminder of an older one has nothing to say: somebody chose since."""


class FirstDays:
    """Handlers for `JobKind.GREET` and `JobKind.REMIND`. Each is told once: the page is on record with the job."""

    def __init__(
        self,
        *,
        settings: Settings,
        ledger: Ledger,
        journal: Journal,
        performer: Performer,
        clock: Clock,
        coverage: Coverage,
        capabilities: Callable[[Tenant], Capabilities],
        recipients: Sequence[Recipient] = (),
    ) -> None:
        self._capabilities = capabilities
        self._recipients = recipients
        self._settings = settings
        self._ledger = ledger
        self._journal = journal
        self._performer = performer
        self._clock = clock
        self._coverage = coverage

    async def greet(self, job: Job) -> None:
        """Say hello; a guild that nobody has set up is reminded later, in the same channel."""
        channel = job.payload.get("channel")
        policy, version = await self._settings.policy(job.tenant)
        if version == 0:
            await self._journal.put([reminder(job.tenant, 0, self._clock.now(), channel)], lease=False)
        if channel is None:
            log.warning("no greeting: there is no channel where I may speak; /setup works all the same", **_of(job))
        able = self._capabilities(job.tenant)
        page = words.welcome(policy, version, self._coverage, Texts(policy.language), self._recipients, able=able)
        await self._show(job, channel, page)

    async def remind(self, job: Job) -> None:
        """Tell what watching has shown, unless it was switched, set up anew or paused since."""
        policy, _ = await self._settings.policy(job.tenant)
        version = int(job.payload["policy_version"])
        channel = policy.mod_channel or job.payload.get("channel")
        if policy.mode is not Mode.OBSERVE or await self._chose_since(job, version):
            await self._journal.finish(job)
            return
        if channel is None:
            log.warning("no reminder: there is no channel where I may speak", **_of(job))
        watched = await self._ledger.watched(job.tenant, job.at)
        await self._show(job, channel, words.reminder(watched, policy, Texts(policy.language)))

    async def _chose_since(self, job: Job, version: int) -> bool:
        history = await self._settings.versions(job.tenant, LOOK_BACK)
        return any(why.startswith(CHOSE) for number, _, _, why in history if number > version)

    async def _show(self, job: Job, channel: str | None, page: Page) -> None:
        plans = [] if channel is None else [Plan(EffectKind.PAGE, {"channel": channel, "page": PAGE.pack(page)})]
        effects: tuple[Effect, ...] = await self._ledger.follow(job, plans)
        await self._performer.run(effects)


def _of(job: Job) -> dict[str, str]:
    return {"guild": str(job.tenant)}
