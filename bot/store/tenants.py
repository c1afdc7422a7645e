"""Tenants by their own integer id, and back: `discord:123` is only a name, and a former one is as good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.model import Tenant
from bot.store.remembered import Remembered
from bot.store.tables import former_names, tenants

if TYPE_CHECKING:
    from bot.store.database import Database

_FIND = select(
    func.coalesce(
        select(tenants.c.id).where(tenants.c.name == bindparam("name")).scalar_subquery(),
        select(former_names.c.tenant).where(former_names.c.name == bindparam("name")).scalar_subquery(),
    )
)
_NAMES = select(tenants.c.name).order_by(tenants.c.id)
_MAKE = insert(tenants).on_conflict_do_nothing()


class Tenants:
    """Every query on a tenant's rows carries the id that it got here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: Remembered[Tenant, int] = Remembered(database, 10_000)

    async def ensure(self, tenant: Tenant) -> int:
        """Its id; made at first sight, in a commit of its own, so that it is on disk before it is remembered."""
        return await self.find(tenant) or await self._make(tenant)

    async def find(self, tenant: Tenant) -> int | None:
        """Its id, or None for one that never had anything stored."""
        known = self._ids.get(tenant)
        if known is None:
            generation = self._database.generation
            known = await self._database.read(lambda c: c.execute(_FIND, {"name": str(tenant)}).scalar())
            if known is not None:
                self._ids.put(tenant, known, read_in=generation)
        return known

    async def every(self) -> list[Tenant]:
        """Whoever ever had anything stored, the first first: for what the host asks of the whole."""
        names = await self._database.read(lambda c: c.execute(_NAMES).scalars().all())
        return [Tenant.parse(name) for name in names]

    async def _make(self, tenant: Tenant) -> int:
        def make(connection: Connection) -> int:
            connection.execute(_MAKE, {"name": str(tenant)})
            return int(connection.execute(_FIND, {"name": str(tenant)}).scalar_one())

        made = await self._database.write(make)
        self._ids.put(tenant, made)
        return made
