"""Posts as they were judged, for `policies.replay`: all that `judge` was given is on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.model import Tenant
from bot.store.database import Database
from bot.store.tables import decisions
from policies.model import Seen
from policies.replay import Past


async def past(database: Database, tenant: Tenant, since: datetime, limit: int = 10_000) -> list[Past]:
    """What was judged in this guild since then, newest first. Superseded versions of a message are left out."""
    ident = await database.tenants.find(tenant)
    if ident is None:
        return []
    query = (
        select(decisions)
        .where(decisions.c.tenant == ident, decisions.c.at >= since, ~decisions.c.superseded)
        .order_by(decisions.c.id.desc())
        .limit(limit)
    )
    return await database.read(lambda c: [_past(row) for row in c.execute(query).mappings()])


def _past(row: Any) -> Past:
    event = row["event"]
    return Past(
        key=event.key,
        place=event.place,
        standing=row["standing"],
        images=tuple(Seen(i.screenings, i.listed, i.struck, i.near) for i in row["images"]),
        policy_version=row["policy_version"],
        decision=row["decision"],
    )
