"""The host's register of the communities on this instance: `bot.ports.register.Register`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.model import Membership, Presence, Tenant
from bot.ports import Clock
from bot.store.database import Database
from bot.store.remembered import Remembered
from bot.store.tables import guilds, tenants

_EVERY = select(guilds, tenants.c.name.label("written"), tenants.c.cases).join(tenants).order_by(guilds.c.tenant)
_GRANTS = select(guilds.c.grants).where(guilds.c.tenant == bindparam("of"))
_ALL = "every"


class SqlGuilds:
    """The whole register is small and asked for at every event, so it is held in memory."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._remembered: Remembered[str, Mapping[Tenant, Membership]] = Remembered(database, 1)
        self._writes = 0  # of our own, which are no new generation

    async def one(self, tenant: Tenant) -> Membership:
        """See `Register.one`."""
        return (await self.every()).get(tenant) or Membership(tenant)

    async def every(self) -> Mapping[Tenant, Membership]:
        """See `Register.every`."""
        known = self._remembered.get(_ALL)
        if known is None:
            generation, writes = self._database.generation, self._writes
            rows = await self._database.read(lambda c: c.execute(_EVERY).mappings().all())
            known = MappingProxyType({m.tenant: m for m in map(_membership, rows)})
            if writes == self._writes:
                self._remembered.put(_ALL, known, read_in=generation)
        return known

    async def arrived(self, present: Sequence[Presence], *, greeted: frozenset[Tenant] = frozenset()) -> None:
        """See `Register.arrived`."""
        now = self._clock.now()
        rows = [
            {
                "tenant": await self._database.tenants.ensure(p.tenant),
                "name": p.name,
                "members": p.members,
                "joined_at": p.joined_at or now,
                "left_at": None,
                "seen_at": now,
                **({"greeted_at": now} if p.tenant in greeted else {}),
            }
            for p in present
        ]
        await self._put(rows)

    async def left(self, tenants: Sequence[Tenant]) -> None:
        """See `Register.left`."""
        now = self._clock.now()
        await self._put([{"tenant": await self._database.tenants.ensure(t), "left_at": now} for t in tenants])

    async def bar(self, tenant: Tenant, barred: bool) -> None:
        """See `Register.bar`."""
        await self._put([{"tenant": await self._database.tenants.ensure(tenant), "barred": barred}])

    async def limit(self, tenant: Tenant, images: int | None) -> None:
        """See `Register.limit`. Raises ValueError below 0."""
        if images is not None and images < 0:
            raise ValueError(f"a limit cannot be {images}; write a whole number of images from 0, or none")
        await self._put([{"tenant": await self._database.tenants.ensure(tenant), "daily_limit": images}])

    async def grant(self, tenant: Tenant, provider: str, ceiling: str | None) -> None:
        """See `Register.grant`."""
        ident = await self._database.tenants.ensure(tenant)

        def write(connection: Connection) -> None:
            held = dict(connection.execute(_GRANTS, {"of": ident}).scalar() or {})
            held.pop(provider, None)
            if ceiling is not None:
                held[provider] = ceiling
            _write(connection, {"tenant": ident, "grants": dict(sorted(held.items()))})

        await self._written(write)

    async def _put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """All in one commit, each row touching only what it names."""

        def write(connection: Connection) -> None:
            for row in rows:
                _write(connection, row)

        if rows:
            await self._written(write)

    async def _written(self, unit: Callable[[Connection], None]) -> None:
        await self._database.write(unit)
        self._writes += 1
        self._remembered.drop(_ALL)


def _write(connection: Connection, row: Mapping[str, Any]) -> None:
    new = insert(guilds)
    changed = {name: new.excluded[name] for name in row if name != "tenant"}
    connection.execute(new.on_conflict_do_update(index_elements=["tenant"], set_=changed), row)


def _membership(row: RowMapping) -> Membership:
    joined: datetime | None = row["joined_at"]
    return Membership(
        tenant=Tenant.parse(row["written"]),
        name=row["name"],
        members=row["members"],
        joined_at=joined,
        left_at=row["left_at"],
        barred=row["barred"],
        limit=row["daily_limit"],
        grants=MappingProxyType(dict(row["grants"])),
        cases=row["cases"],
    )
