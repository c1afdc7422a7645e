"""What somebody was shown and has not confirmed yet: `bot.ports.Pending`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from bot.model import Tenant
from bot.ports import Clock
from bot.store.database import Database
from bot.store.tables import drafts

_WHERE = (
    drafts.c.tenant == bindparam("of"),
    drafts.c.owner == bindparam("whose"),
    drafts.c.name == bindparam("called"),
)
_KEPT = select(drafts.c.body).where(*_WHERE)
_DROP = delete(drafts).where(*_WHERE)
_KEEP = insert(drafts)
_KEEP = _KEEP.on_conflict_do_update(
    index_elements=["tenant", "owner", "name"], set_={n: _KEEP.excluded[n] for n in ("body", "at")}
)


class SqlPending:
    """One at a time for each person, guild and name."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def keep(self, tenant: Tenant, owner: str, name: str, body: Mapping[str, Any]) -> None:
        """See `Pending.keep`."""
        ident = await self._database.tenants.ensure(tenant)
        row = {"tenant": ident, "owner": owner, "name": name, "body": dict(body), "at": self._clock.now()}
        await self._database.write(lambda c: c.execute(_KEEP, row))

    async def kept(self, tenant: Tenant, owner: str, name: str) -> Mapping[str, Any] | None:
        """See `Pending.kept`."""
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return None
        where = {"of": ident, "whose": owner, "called": name}
        found: Mapping[str, Any] | None = await self._database.read(lambda c: c.execute(_KEPT, where).scalar())
        return found

    async def drop(self, tenant: Tenant, owner: str, name: str) -> None:
        """See `Pending.drop`."""
        ident = await self._database.tenants.find(tenant)
        if ident is not None:
            where = {"of": ident, "whose": owner, "called": name}
            await self._database.write(lambda c: c.execute(_DROP, where))
