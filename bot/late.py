"""What becomes of an answer that came late: it is kept, and whoever waits for it is woken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from bot.waiting import of_ticket
from policies.model import Screening, Verdict, kept
from providers.base import Provider, Ticket, Verdicts

log = structlog.get_logger("beholder.providers")


class Late:
    """`providers.latecomers.Ended`: a verdict goes where the router looks for it first."""

    def __init__(
        self, providers: Mapping[str, Provider], verdicts: Verdicts, arrived: Callable[[str], Awaitable[object]]
    ) -> None:
        """`arrived`: see `Waiting.arrived`."""
        self._providers = providers
        self._verdicts = verdicts
        self._arrived = arrived

    async def __call__(self, ticket: Ticket, screening: Screening) -> None:
        """Keep a verdict, then wake. What ended without one is screened again by whoever still waits."""
        log.info("late_answer", provider=ticket.provider, answered=isinstance(screening, Verdict))
        if isinstance(screening, Verdict):
            await self._keep(ticket, screening)
        await self._arrived(of_ticket(ticket.provider, ticket.job))

    async def _keep(self, ticket: Ticket, screening: Verdict) -> None:
        provider = self._providers.get(ticket.provider)
        if provider is None:
            return
        await self._verdicts.put(ticket.sha256, provider.version, provider.cache_key(ticket.ask), kept(screening))
