"""What becomes of an answer that came late: it is kept, and whoever waits for it finds it on looking again."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from policies.model import Screening, Verdict, kept
from providers.base import Provider, Ticket, Verdicts

log = structlog.get_logger("beholder.providers")


class Late:
    """`providers.latecomers.Ended`: a verdict goes where the router looks for it first."""

    def __init__(self, providers: Mapping[str, Provider], verdicts: Verdicts) -> None:
        self._providers = providers
        self._verdicts = verdicts

    async def __call__(self, ticket: Ticket, screening: Screening) -> None:
        """Keep a verdict. What ended without one is screened again by whoever still waits."""
        log.info("late_answer", provider=ticket.provider, answered=isinstance(screening, Verdict))
        provider = self._providers.get(ticket.provider)
        if provider is None or not isinstance(screening, Verdict):
            return
        await self._verdicts.put(ticket.sha256, provider.version, provider.cache_key(ticket.ask), kept(screening))
