"""What vendors still work on, asked about again until each job has ended: also after a restart, for days.

Nothing here is kept in memory that matters: which jobs are open is on disk (`Tickets`). A crash between an answer
and the telling of it loses the telling alone: whoever screens the same bytes again is given the answer, unpaid.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from policies.model import Screening, Verdict
from providers.base import Provider, Receipt, Ticket, Tickets, TicketState
from providers.errors import ProviderError, unscreened
from providers.guard import Clock

Ended = Callable[[Ticket, Screening], Awaitable[None]]
"""Hears how a job ended: a verdict, or `Unscreened` for one that will never have one."""

log = structlog.get_logger("beholder.providers")

ROUND = 5.0  # seconds between two looks at what is open
FIRST, GROWTH, LONGEST = 5.0, 1.5, 30.0  # seconds between two questions about one job
AT_ONCE = 100  # jobs asked about in one round


@dataclass(slots=True)
class _Due:
    at: float
    wait: float


class Latecomers:
    """`run` until cancelled; `look` is one round. A provider that nobody knows keeps its jobs for later."""

    def __init__(self, providers: Mapping[str, Provider], tickets: Tickets, clock: Clock, ended: Ended) -> None:
        self._providers = providers
        self._tickets = tickets
        self._clock = clock
        self._ended = ended
        self._due: dict[tuple[str, str], _Due] = {}

    async def run(self) -> None:
        """Look again and again. Trouble is logged by its type, and looked at again in the next round."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - a named supervisor: late answers must not stop coming
                log.error("late_answers_failed", error=type(error).__name__)
            await self._clock.sleep(ROUND)

    async def look(self) -> int:
        """Ask about every job whose time has come. Returns how many ended."""
        waiting = await self._tickets.waiting()
        names = [(r.ticket.provider, r.ticket.job) for r in waiting]
        self._due = {name: self._due.get(name) or self._new() for name in names}
        now = self._clock.monotonic()
        due = [r for r, name in zip(waiting, names, strict=True) if self._due[name].at <= now]
        return sum([await self._ask(receipt) for receipt in due[:AT_ONCE]])

    def _new(self) -> _Due:
        """One just heard of: whoever submitted it may be asking too, for some seconds yet."""
        return _Due(self._clock.monotonic() + FIRST, FIRST)

    async def _ask(self, receipt: Receipt) -> bool:
        ticket = receipt.ticket
        provider = self._providers.get(ticket.provider)
        self._later(ticket)
        if provider is None:
            return False
        try:
            screening = await provider.resume(ticket)
        except ProviderError as error:
            screening = unscreened(provider.name, error)
        if not isinstance(screening, Verdict) and await self._is_open(ticket):
            return False
        await self._ended(ticket, screening)
        return True

    def _later(self, ticket: Ticket) -> None:
        due = self._due[(ticket.provider, ticket.job)]
        due.at, due.wait = self._clock.monotonic() + due.wait, min(due.wait * GROWTH, LONGEST)

    async def _is_open(self, ticket: Ticket) -> bool:
        kept = await self._tickets.find(ticket.provider, ticket.job)
        return kept is not None and kept.state is TicketState.OPEN
