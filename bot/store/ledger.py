"""Decisions, cases, strikes and effects: `bot.ports.Ledger`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, case, func, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bot.model import (
    CardRef,
    Case,
    CaseState,
    Concluded,
    Effect,
    EffectState,
    History,
    Job,
    Origin,
    Outcome,
    Plan,
    Ruling,
    Tenant,
    Watched,
)
from bot.ports import Clock
from bot.store.conclude import conclude
from bot.store.counts import counts
from bot.store.database import Database
from bot.store.filing import Filed, hour_of, plan
from bot.store.journal import FINISH
from bot.store.likenesses import SqlLikenesses
from bot.store.prepared import Prepared
from bot.store.rows import CASES, cases_of, effect_of
from bot.store.tables import StrikeState, cards, cases, effects, lists, removals, strikes, subjects, tenants
from bot.store.watched import watched
from policies.model import Listed

_OF: BindParameter[int] = bindparam("of")
_HERS = (strikes.c.tenant == _OF, strikes.c.author == bindparam("author"), strikes.c.at >= bindparam("since"))
_HISTORY = Prepared(
    select(
        select(func.count()).where(*_HERS, strikes.c.state != StrikeState.VOIDED).scalar_subquery().label("strikes"),
        select(func.count()).where(*_HERS, strikes.c.state == StrikeState.UPHELD).scalar_subquery().label("upheld"),
        select(func.count())
        .where(cases.c.tenant == _OF, cases.c.author == bindparam("author"))
        .scalar_subquery()
        .label("cases"),
        select(func.group_concat(strikes.c.sha256))
        .where(*_HERS, strikes.c.hour == bindparam("hour"), strikes.c.state != StrikeState.VOIDED)
        .scalar_subquery()
        .label("struck"),
    )
)
_REMOVED = (
    select(removals.c.sha256, func.min(removals.c.at))
    .where(removals.c.tenant == _OF, removals.c.at >= bindparam("since"))
    .group_by(removals.c.sha256)
    .order_by(func.min(removals.c.at), removals.c.sha256)
)
_CASE_ROW = select(cases.c.id).where(cases.c.tenant == _OF, cases.c.number == bindparam("number"))
_UNSETTLED = (
    select(effects, tenants.c.name, cases.c.number)
    .join(tenants, tenants.c.id == effects.c.tenant)
    .outerjoin(cases, cases.c.id == effects.c.case)
    .where(text("effects.state IN ('todo', 'sending')"))
    .order_by(effects.c.id)
)
_SETTLE = (
    update(effects)
    .where(effects.c.tenant == _OF, effects.c.id == bindparam("effect"), effects.c.state != EffectState.DONE)
    .values(
        state=bindparam("becomes"),
        outcome=bindparam("came_to"),
        settled_at=bindparam("ended"),
        attempts=effects.c.attempts + case((bindparam("again"), 1), else_=0),
    )
)
_SENDING = (
    update(effects)
    .where(effects.c.tenant == _OF, effects.c.id.in_(bindparam("some", expanding=True)))
    .where(effects.c.state == EffectState.TODO)
    .values(state=EffectState.SENDING)
)
_CLOSED = {CaseState.UPHELD: StrikeState.UPHELD, CaseState.OVERTURNED: StrikeState.VOIDED, CaseState.EXPIRED: None}


class SqlLedger:
    """What must be written together is written in one commit."""

    def __init__(self, database: Database, clock: Clock, likenesses: SqlLikenesses) -> None:
        self._database = database
        self._clock = clock
        self._likenesses = likenesses

    async def history(self, tenant: Tenant, author: str, since: datetime) -> History:
        """See `Ledger.history`."""
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return History()
        asked = {"of": ident, "author": author, "since": since, "hour": hour_of(self._clock.now())}
        ((alive, upheld, known, struck),) = await self._database.read(lambda c: _HISTORY.run(c, asked))
        return History(alive, upheld, known, frozenset(struck.split(",")) if struck else frozenset())

    async def conclude(self, job: Job, ruling: Ruling, *, done: bool = True) -> Concluded:
        """See `Ledger.conclude`. Raises ValueError if the job is not of the ruling's tenant."""
        if job.tenant != ruling.event.tenant:
            raise ValueError(f"job {job.key!r} of {job.tenant} cannot conclude an event of {ruling.event.tenant}")
        tenant, now = await self._database.tenants.ensure(job.tenant), self._clock.now()
        concluded = await self._database.write(lambda c: conclude(c, tenant, job, ruling, now, done=done))
        if concluded.case is not None and ruling.origin is Origin.REMOVED:
            joined = ruling.follows is not None or bool(ruling.event.album)  # to a case that is no new one
            (self._likenesses.decided if joined else self._likenesses.removed)(job.tenant)
        return concluded

    async def removed_since(self, tenant: Tenant, since: datetime) -> list[tuple[str, datetime]]:
        """See `Ledger.removed_since`. Each image once, with the time of its first removal since then."""
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return []
        rows = await self._database.read(lambda c: c.execute(_REMOVED, {"of": ident, "since": since}).all())
        return [(sha256, at) for sha256, at in rows]

    async def counts(self, tenant: Tenant, since: datetime) -> Mapping[str, int]:
        """See `Ledger.counts`."""
        ident = await self._database.tenants.find(tenant)
        return {} if ident is None else await self._database.read(lambda c: counts(c, ident, since))

    async def watched(self, tenant: Tenant, since: datetime) -> Watched:
        """See `Ledger.watched`."""
        ident = await self._database.tenants.find(tenant)
        return Watched() if ident is None else await self._database.read(lambda c: watched(c, ident, since))

    async def follow(self, job: Job, plans: Sequence[Plan]) -> tuple[Effect, ...]:
        """See `Ledger.follow`."""
        ident, now = await self._database.tenants.ensure(job.tenant), self._clock.now()

        def write(connection: Connection) -> tuple[Effect, ...]:
            finished = connection.execute(FINISH, {"job": job.id, "of": ident}).rowcount
            return plan(connection, Filed(job.tenant, ident, now), plans if finished else ())

        return await self._database.write(write)

    async def plan(self, tenant: Tenant, case: int | None, plans: Sequence[Plan]) -> tuple[Effect, ...]:
        """See `Ledger.plan`. Raises LookupError if this tenant has no such case."""
        ident, now = await self._database.tenants.ensure(tenant), self._clock.now()

        def write(connection: Connection) -> tuple[Effect, ...]:
            row = None if case is None else _row_of(connection, tenant, ident, case)
            return plan(connection, Filed(tenant, ident, now, row, case), plans)

        return await self._database.write(write)

    async def sending(self, effects: Sequence[Effect]) -> None:
        """See `Ledger.sending`."""
        for tenant in {e.tenant for e in effects}:
            ids = [e.id for e in effects if e.tenant == tenant]
            values = {"of": await self._database.tenants.find(tenant), "some": ids}
            await self._database.write(partial(Connection.execute, statement=_SENDING, parameters=values))

    async def settle(self, effect: Effect, outcome: Outcome, *, state: EffectState = EffectState.DONE) -> None:
        """See `Ledger.settle`. What is done stays as it was."""
        values = {
            "of": await self._database.tenants.find(effect.tenant),
            "effect": effect.id,
            "becomes": EffectState.TODO if outcome.retry else state,
            "came_to": outcome,
            "ended": None if outcome.retry else self._clock.now(),
            "again": outcome.retry,
        }
        await self._database.write(lambda c: c.execute(_SETTLE, values))

    async def unsettled(self) -> tuple[Effect, ...]:
        """See `Ledger.unsettled`."""
        rows = await self._database.read(lambda c: c.execute(_UNSETTLED).mappings().all())
        return tuple(effect_of(row, Tenant.parse(row["name"]), row["number"]) for row in rows)

    async def case(self, tenant: Tenant, number: int) -> Case | None:
        """See `Ledger.case`."""
        found = await self._cases(tenant, CASES.where(cases.c.number == number))
        return found[0] if found else None

    async def cases(
        self,
        tenant: Tenant,
        state: CaseState | None = None,
        limit: int = 25,
        *,
        author: str | None = None,
        before: int | None = None,
        after: int | None = None,
    ) -> list[Case]:
        """See `Ledger.cases`."""
        wanted = (
            () if state is None else (cases.c.state == state,),
            () if author is None else (cases.c.author == author,),
            () if before is None else (cases.c.number < before,),
            () if after is None else (cases.c.number > after,),
        )
        query = CASES.where(*chain.from_iterable(wanted)).limit(limit)
        if after is None:
            return await self._cases(tenant, query.order_by(cases.c.number.desc()))
        return (await self._cases(tenant, query.order_by(cases.c.number)))[::-1]

    async def decide_case(
        self, tenant: Tenant, number: int, state: CaseState, by: str, note: str = "", *, plans: Sequence[Plan] = ()
    ) -> Case | None:
        """See `Ledger.decide_case`. Raises ValueError for a state that closes nothing."""
        if state not in _CLOSED:
            raise ValueError(f"a case cannot be closed as {state.value!r}")
        ident, now = await self._database.tenants.find(tenant), self._clock.now()
        if ident is None:
            return None
        closing = {"state": state, "decided_by": by, "decided_at": now, "note": note}

        def write(connection: Connection) -> bool:
            row = _close(connection, ident, number, closing)
            if row is not None:
                plan(connection, Filed(tenant, ident, now, row, number), plans)
            return row is not None

        closed = await self._database.write(write)
        if closed:
            self._likenesses.decided(tenant)
        if closed and state is CaseState.OVERTURNED:
            self._database.expire()  # its images are on a list now
        return await self.case(tenant, number) if closed else None

    async def card_posted(self, tenant: Tenant, case: int, card: CardRef) -> None:
        """See `Ledger.card_posted`; twice is once. Raises LookupError if this tenant has no such case."""
        ident, now = await self._database.tenants.ensure(tenant), self._clock.now()

        def write(connection: Connection) -> None:
            row = _row_of(connection, tenant, ident, case)
            posted = {"channel": card.channel, "message": card.message, "evidence": card.evidence, "at": now}
            connection.execute(insert(cards).on_conflict_do_nothing(), {"tenant": ident, "case": row, **posted})

        await self._database.write(write)

    async def _cases(self, tenant: Tenant, query: Any) -> list[Case]:
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return []
        mine = query.where(cases.c.tenant == ident)
        return await self._database.read(lambda c: cases_of(c, tenant, c.execute(mine).mappings().all()))


def _row_of(connection: Connection, tenant: Tenant, ident: int, number: int) -> int:
    row = connection.execute(_CASE_ROW, {"of": ident, "number": number}).scalar()
    if row is None:
        raise LookupError(f"{tenant} has no case {number}")
    return int(row)


def _close(connection: Connection, tenant: int, number: int, closing: dict[str, Any]) -> int | None:
    """Close it if it is open, with all that follows. Returns its row, or None if it was not open."""
    open_ = (cases.c.tenant == tenant, cases.c.number == number, cases.c.state == CaseState.OPEN)
    closed = connection.execute(
        update(cases).where(*open_).values(closing).returning(cases.c.id, cases.c.author, cases.c.opened_at)
    ).first()
    if closed is None:
        return None
    images = select(subjects.c.sha256).where(subjects.c.case == closed.id, subjects.c.sha256 != "")
    becomes = _CLOSED[closing["state"]]
    if becomes is not None:
        earned = (strikes.c.tenant == tenant, strikes.c.author == closed.author, strikes.c.sha256.in_(images))
        this_hour = strikes.c.hour == hour_of(closed.opened_at)
        connection.execute(update(strikes).where(*earned, this_hour).values(state=becomes))
    if closing["state"] is CaseState.OVERTURNED:
        allowed = connection.execute(images.where(subjects.c.flagged).distinct()).scalars().all()
        _allow(connection, tenant, allowed, number, closing)
    return int(closed.id)


def _allow(connection: Connection, tenant: int, images: Sequence[str], number: int, closing: dict[str, Any]) -> None:
    if not images:
        return
    entry = {"listed": Listed.ALLOWED, "by": closing["decided_by"], "why": f"case {number} was overturned"}
    new = insert(lists)
    replace = {name: new.excluded[name] for name in ("listed", "by", "why", "at")}
    rows = [{"tenant": tenant, "sha256": s, "at": closing["decided_at"], **entry} for s in images]
    connection.execute(new.on_conflict_do_update(index_elements=["tenant", "sha256"], set_=replace), rows)
