"""Receipts in memory: for `screen` on the command line and for tests. Whoever may be restarted keeps them on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from providers.base import Receipt, Spent, Ticket, TicketState


class MemoryTickets:
    """`providers.base.Tickets` for as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Receipt] = {}

    async def opened(self, receipt: Receipt) -> None:
        """See `Tickets.opened`."""
        self._kept.setdefault((receipt.ticket.provider, receipt.ticket.job), receipt)

    async def closed(self, ticket: Ticket, state: TicketState, answer: str = "") -> None:
        """See `Tickets.closed`."""
        at = ticket.provider, ticket.job
        receipt = self._kept.get(at)
        if receipt is not None and receipt.state is TicketState.OPEN:
            self._kept[at] = replace(receipt, state=state, answer=answer)

    async def find(self, provider: str, job: str) -> Receipt | None:
        """See `Tickets.find`."""
        return self._kept.get((provider, job))

    async def of(self, provider: str, sha256: str, key: str, since: datetime) -> tuple[Receipt, ...]:
        """See `Tickets.of`."""
        return tuple(
            r
            for r in self._by_age()
            if (r.ticket.provider, r.ticket.sha256, r.key) == (provider, sha256, key)
            and (r.at >= since or r.state is TicketState.OPEN)
        )

    async def waiting(self, provider: str | None = None) -> tuple[Receipt, ...]:
        """See `Tickets.waiting`."""
        return tuple(r for r in self._by_age() if r.state is TicketState.OPEN and provider in (None, r.ticket.provider))

    async def spent(self, since: datetime, *, provider: str | None = None, account: str | None = None) -> Spent:
        """See `Tickets.spent`."""
        paid = [
            r
            for r in self._kept.values()
            if r.at >= since and provider in (None, r.ticket.provider) and account in (None, r.ticket.ask.account)
        ]
        doubtful = sum(r.cost for r in paid if r.state is TicketState.DOUBTFUL)
        return Spent(sum(r.cost for r in paid if r.state is not TicketState.DOUBTFUL), doubtful)

    def _by_age(self) -> Iterator[Receipt]:
        yield from sorted(self._kept.values(), key=lambda r: r.at)
