"""What somebody is in the middle of setting: `bot.ports.Drafts`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from bot.model import Tenant
from bot.ports import Clock
from bot.store.database import Database
from bot.store.tables import drafts

LASTS: Final = timedelta(days=1)
"""Older ones are as good as gone: what they were begun on may have changed."""

_THIS = (
    drafts.c.tenant == bindparam("of"),
    drafts.c.owner == bindparam("whose"),
    drafts.c.name == bindparam("called"),
)
_KEPT = select(drafts.c.body).where(*_THIS, drafts.c.at > bindparam("since"))
_DROP = delete(drafts).where(*_THIS)
_KEEP = insert(drafts)
_KEEP = _KEEP.on_conflict_do_update(
    index_elements=["tenant", "owner", "name"], set_={n: _KEEP.excluded[n] for n in ("body", "at")}
)


class SqlDrafts:
    """One for each person, guild and name; it lasts a day from its last change."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def kept(self, tenant: Tenant, owner: str, name: str) -> Mapping[str, Any] | None:
        """See `Drafts.kept`."""
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return None
        this = {"of": ident, "whose": owner, "called": name, "since": self._clock.now() - LASTS}
        found: Mapping[str, Any] | None = await self._database.read(lambda c: c.execute(_KEPT, this).scalar())
        return found

    async def keep(self, tenant: Tenant, owner: str, name: str, body: Mapping[str, Any]) -> None:
        """See `Drafts.keep`."""
        ident = await self._database.tenants.ensure(tenant)
        row = {"tenant": ident, "owner": owner, "name": name, "body": body, "at": self._clock.now()}
        await self._database.write(lambda c: c.execute(_KEEP, row))

    async def drop(self, tenant: Tenant, owner: str, name: str) -> None:
        """See `Drafts.drop`."""
        ident = await self._database.tenants.find(tenant)
        if ident is not None:
            this = {"of": ident, "whose": owner, "called": name}
            await self._database.write(lambda c: c.execute(_DROP, this))
