"""When providers were out, and who was told: `bot.ports.outages.OutageBook`.

A row of `told` is a debt: the guild heard that the outage began, and is to hear that it ended. Writing and deleting it
share a commit with the message, so that each is said once, also over a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bot.model import Effect, Plan, Tenant
from bot.ports import Clock
from bot.ports.outages import Late, Outage
from bot.store.database import Database
from bot.store.filing import Filed, plan
from bot.store.tables import outages, tenants, told
from bot.store.types import Instant
from policies.model import UnscreenedReason

LATE = timedelta(minutes=1)
"""Posts that were concluded longer after they were seen have waited."""

_o = outages.c
_KEPT = select(_o.id, _o.provider, _o.began_at, _o.ended_at, _o.why)
_LAST = (
    _KEPT.where(_o.provider == bindparam("by"), or_(_o.ended_at.is_(None), _o.ended_at >= bindparam("last")))
    .order_by(_o.id.desc())
    .limit(1)
)
_CURRENT = _KEPT.where(
    or_(_o.ended_at.is_(None), _o.ended_at >= bindparam("last"), exists().where(told.c.outage == _o.id))
).order_by(_o.id)
_OWED = select(tenants.c.name).join(told, told.c.tenant == tenants.c.id).where(told.c.outage == bindparam("which"))
_LATE = text(f"""
    SELECT count(*), coalesce(sum(missing), 0) FROM (
        SELECT decisions.at - jobs.at AS waited, EXISTS (
            SELECT 1 FROM json_each(image.value, '$.decision.reasons') AS reason
            WHERE json_extract(reason.value, '$.code') = 'unscreened'
            AND json_extract(reason.value, '$.detail') = '{UnscreenedReason.OUTAGE.value}'
        ) AS missing
        FROM decisions JOIN jobs ON jobs.id = decisions.job AND jobs.tenant = decisions.tenant,
            json_each(decisions.images) AS image
        WHERE decisions.tenant = :of AND decisions.at >= :since AND NOT decisions.superseded AND jobs.at <= :until
    ) WHERE missing OR waited >= :long
""").bindparams(  # noqa: S608 - the only thing filled in is a word of ours
    bindparam("since", type_=Instant()), bindparam("until", type_=Instant())
)


class SqlOutages:
    """Few rows, seldom written."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def began(self, provider: str, why: str, at: datetime, *, last: datetime) -> tuple[Outage, bool]:
        """See `OutageBook.began`."""

        def write(connection: Connection) -> tuple[Outage, bool]:
            row = connection.execute(_LAST, {"by": provider, "last": last}).first()
            if row is None:
                new = insert(outages).values(provider=provider, began_at=at, why=why).returning(_o.id)
                return Outage(connection.execute(new).scalar_one(), provider, at, None, why), True
            connection.execute(update(outages).where(_o.id == row.id).values(ended_at=None, why=why))
            return Outage(row.id, provider, row.began_at, None, why), False

        return await self._database.write(write)

    async def ended(self, outage: Outage) -> Outage:
        """See `OutageBook.ended`."""
        now = self._clock.now()
        over = update(outages).where(_o.id == outage.id).values(ended_at=now)
        await self._database.write(lambda c: c.execute(over))
        return Outage(outage.id, outage.provider, outage.began, now, outage.why)

    async def current(self, last: datetime) -> Sequence[Outage]:
        """See `OutageBook.current`."""
        rows = await self._database.read(lambda c: c.execute(_CURRENT, {"last": last}).all())
        return [Outage(*row) for row in rows]

    async def told(self, outage: Outage) -> frozenset[Tenant]:
        """See `OutageBook.told`."""
        names = await self._database.read(lambda c: c.execute(_OWED, {"which": outage.id}).scalars().all())
        return frozenset(map(Tenant.parse, names))

    async def tell(self, outage: Outage, tenant: Tenant, plan: Plan) -> tuple[Effect, ...]:
        """See `OutageBook.tell`."""
        of, now = await self._database.tenants.ensure(tenant), self._clock.now()
        debt = insert(told).on_conflict_do_nothing().values(outage=outage.id, tenant=of, at=now)
        return await self._said(debt, Filed(tenant, of, now), plan)

    async def tell_end(self, outage: Outage, tenant: Tenant, plan: Plan | None) -> tuple[Effect, ...]:
        """See `OutageBook.tell_end`."""
        of, now = await self._database.tenants.ensure(tenant), self._clock.now()
        debt = delete(told).where(told.c.outage == outage.id, told.c.tenant == of)
        return await self._said(debt, Filed(tenant, of, now), plan)

    async def late(self, outage: Outage, tenant: Tenant) -> Late:
        """See `OutageBook.late`."""
        of = await self._database.tenants.find(tenant)
        until = outage.ended or self._clock.now()
        long = LATE // timedelta(microseconds=1)
        asked = {"of": of, "since": outage.began, "until": until, "long": long}
        images, missing = await self._database.read(lambda c: c.execute(_LATE, asked).one())
        return Late(images - missing, missing)

    async def _said(self, debt: Any, filed: Filed, message: Plan | None) -> tuple[Effect, ...]:
        def write(connection: Connection) -> tuple[Effect, ...]:
            changed = connection.execute(debt).rowcount
            return plan(connection, filed, [message] if changed and message is not None else [])

        return await self._database.write(write)
