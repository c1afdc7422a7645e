"""Receipts of what slow vendors were paid for: `providers.base.Tickets`.

For every tenant alike, as verdicts are: one paid job answers for the same bytes wherever they were posted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.store import codec
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.tables import tickets
from providers.base import Receipt, Spent, Ticket, TicketState
from providers.errors import Unavailable

_t = tickets.c
_KEPT = select(_t.ticket, _t.key, _t.cost, _t.at, _t.delivery, _t.state, _t.answer)
_READABLE = _t.schema == codec.VERSION
_OPENED = insert(tickets).on_conflict_do_nothing()
_CLOSED = (
    update(tickets)
    .where(_t.provider == bindparam("by"), _t.job == bindparam("which"), _t.state == TicketState.OPEN)
    .values(state=bindparam("now"), answer=bindparam("said"))
)
_FIND = _KEPT.where(_t.provider == bindparam("by"), _t.job == bindparam("which"), _READABLE)
_OF = _KEPT.where(
    _t.provider == bindparam("by"),
    _t.sha256 == bindparam("image"),
    _t.key == bindparam("asked"),
    or_(_t.at >= bindparam("then"), _t.state == TicketState.OPEN),
    _READABLE,
).order_by(_t.at)
_WAITING = _KEPT.where(_t.state == TicketState.OPEN, _READABLE).order_by(_t.at)
_SPENT = select(_t.state, func.sum(_t.cost)).group_by(_t.state)


class SqlTickets:
    """Raises Unavailable for whatever the database has: who cannot keep a receipt must not go on paying."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def opened(self, receipt: Receipt) -> None:
        """See `Tickets.opened`."""
        ticket = receipt.ticket
        row = {
            "provider": ticket.provider,
            "job": ticket.job,
            "sha256": ticket.sha256,
            "key": receipt.key,
            "account": ticket.ask.account,
            "schema": codec.VERSION,
            "ticket": ticket,
            "cost": receipt.cost,
            "delivery": receipt.delivery,
            "state": receipt.state,
            "answer": receipt.answer,
            "at": receipt.at,
        }
        with _as_outage():
            await self._database.write(lambda c: c.execute(_OPENED, row))

    async def closed(self, ticket: Ticket, state: TicketState, answer: str = "") -> None:
        """See `Tickets.closed`."""
        end = {"by": ticket.provider, "which": ticket.job, "now": state, "said": answer}
        with _as_outage():
            await self._database.write(lambda c: c.execute(_CLOSED, end))

    async def find(self, provider: str, job: str) -> Receipt | None:
        """See `Tickets.find`."""
        found = await self._receipts(_FIND, {"by": provider, "which": job})
        return found[0] if found else None

    async def of(self, provider: str, sha256: str, key: str, since: datetime) -> tuple[Receipt, ...]:
        """See `Tickets.of`."""
        return await self._receipts(_OF, {"by": provider, "image": sha256, "asked": key, "then": since})

    async def waiting(self, provider: str | None = None) -> tuple[Receipt, ...]:
        """See `Tickets.waiting`."""
        return await self._receipts(_WAITING if provider is None else _WAITING.where(_t.provider == provider), {})

    async def spent(self, since: datetime, *, provider: str | None = None, account: str | None = None) -> Spent:
        """See `Tickets.spent`."""
        query = _SPENT.where(_t.at >= since)
        if provider is not None:
            query = query.where(_t.provider == provider)
        if account is not None:
            query = query.where(_t.account == account)
        with _as_outage():
            rows = await self._database.read(lambda c: c.execute(query).all())
        by_state = {state: float(dollars) for state, dollars in rows}
        doubtful = by_state.pop(TicketState.DOUBTFUL, 0.0)
        return Spent(sum(by_state.values()), doubtful)

    async def _receipts(self, query: Select[Any], where: dict[str, object]) -> tuple[Receipt, ...]:
        with _as_outage():
            rows = await self._database.read(lambda c: c.execute(query, where).all())
        return tuple(Receipt(*row) for row in rows)


@contextmanager
def _as_outage() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise Unavailable(f"The receipts of paid jobs cannot be kept or read: {error}") from error
