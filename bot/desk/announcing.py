"""Telling the moderators' channel what they must not forget."""

from __future__ import annotations

from bot.model import EffectKind, OutcomeState, Plan, Tenant
from bot.ports import Ledger, Performer


class Announcing:
    """As an effect, so that an outage only delays it."""

    def __init__(self, ledger: Ledger, performer: Performer) -> None:
        self._ledger = ledger
        self._performer = performer

    async def say(self, tenant: Tenant, channel: str, text: str, *, said: str = "") -> bool:
        """Post `text`. False if it did not get there, and will not by itself. `said`: under which name it is on
        record, for what is told only once."""
        named = {"said": said} if said else {}
        body = {"channel": channel, "text": text, "author": None, "real": True, **named}
        effects = await self._ledger.plan(tenant, None, [Plan(EffectKind.SAY, body)])
        outcomes = await self._performer.run(effects)
        return all(o.state is OutcomeState.DONE or o.retry for o in outcomes)
