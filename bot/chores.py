"""Small jobs of the journal that are no events: take back a notice, let evidence expire."""

from __future__ import annotations

from collections.abc import Mapping

from bot.effects import Effects
from bot.model import Case, CaseState, EffectKind, Job, OutcomeState, Plan, Retract
from bot.ports import Journal, Ledger, Platform
from policies.model import Evidence


class Chores:
    """Handlers for `JobKind.RETRACT` and `JobKind.FORGET_EVIDENCE`."""

    def __init__(
        self, *, platforms: Mapping[str, Platform], journal: Journal, ledger: Ledger, effects: Effects
    ) -> None:
        self._platforms = platforms
        self._journal = journal
        self._ledger = ledger
        self._effects = effects

    async def retract(self, job: Job) -> None:
        """Take back a message of ours; already gone is done. Raises to be tried again later."""
        action = Retract(job.tenant, str(job.payload["channel"]), str(job.payload["message"]))
        outcome = await self._platforms[job.tenant.platform].perform(action)
        if outcome.state is OutcomeState.FAILED and outcome.retry:
            raise ConnectionError("the notice could not be taken back yet")
        await self._journal.finish(job)

    async def forget_evidence(self, job: Job) -> None:
        """Drop the picture from every card of a case that still shows it after the evidence's days."""
        number = int(job.payload["case"])
        case = await self._ledger.case(job.tenant, number)
        if case is not None and _shows_pictures(case):
            cards = [c for c in case.cards if c.evidence is not Evidence.NONE]
            plans = [Plan(EffectKind.EDIT_CARD, {"channel": c.channel, "message": c.message}) for c in cards]
            await self._effects.run(await self._ledger.plan(job.tenant, number, plans))
        await self._journal.finish(job)


def _shows_pictures(case: Case) -> bool:
    """Closing a case drops them, unless they were still needed to be given back."""
    kept = any(e.kind is EffectKind.EDIT_CARD and not e.body.get("drop_picture", True) for e in case.effects)
    return kept or case.state is CaseState.OPEN
