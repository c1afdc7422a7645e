"""Policies per guild, versioned: `bot.ports.Settings`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select

from bot.model import Tenant
from bot.ports import Clock
from bot.store.database import Database
from bot.store.remembered import Remembered
from bot.store.tables import policies
from policies import form
from policies.model import Policy
from policies.presets import DEFAULT, preset

_LATEST = (
    select(policies.c.version, policies.c.body)
    .where(policies.c.tenant == bindparam("of"))
    .order_by(policies.c.version.desc())
    .limit(1)
)
_NEXT = select(func.coalesce(func.max(policies.c.version), 0) + 1).where(policies.c.tenant == bindparam("of"))
_VERSIONS = (
    select(policies.c.version, policies.c.at, policies.c.by, policies.c.why)
    .where(policies.c.tenant == bindparam("of"))
    .order_by(policies.c.version.desc())
    .limit(bindparam("most"))
)
_SAVE = insert(policies)

REMEMBERED = 5000


class SqlSettings:
    """Read from memory; what another process saves is seen within a second (`Database.generation`)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._remembered: Remembered[Tenant, tuple[Policy, int]] = Remembered(database, REMEMBERED)

    async def policy(self, tenant: Tenant) -> tuple[Policy, int]:
        """See `Settings.policy`. A guild that set nothing has the preset *standard*, and only watches."""
        current = self._remembered.get(tenant)
        if current is None:
            generation = self._database.generation
            current = await self._latest(tenant)
            held = self._remembered.get(tenant)  # saved by us while we read?
            if held is not None and held[1] > current[1]:
                return held
            self._remembered.put(tenant, current, read_in=generation)
        return current

    async def save(self, tenant: Tenant, policy: Policy, by: str, why: str) -> int:
        """See `Settings.save`."""
        ident, now = await self._database.tenants.ensure(tenant), self._clock.now()
        body = form.dump(policy, whole=True)  # a later preset must not change what was decided under this version

        def write(connection: Connection) -> int:
            version = int(connection.execute(_NEXT, {"of": ident}).scalar_one())
            row = {"tenant": ident, "version": version, "by": by, "at": now, "why": why, "schema": form.SCHEMA}
            connection.execute(_SAVE, row | {"body": body})
            return version

        version = await self._database.write(write)
        held = self._remembered.get(tenant)
        if held is None or held[1] < version:
            self._remembered.put(tenant, (policy, version))
        return version

    async def versions(self, tenant: Tenant, limit: int = 20) -> list[tuple[int, datetime, str, str]]:
        """See `Settings.versions`."""
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return []
        rows = await self._database.read(lambda c: c.execute(_VERSIONS, {"of": ident, "most": limit}).all())
        return [(version, at, by, why) for version, at, by, why in rows]

    async def _latest(self, tenant: Tenant) -> tuple[Policy, int]:
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return preset(DEFAULT), 0
        row = await self._database.read(lambda c: c.execute(_LATEST, {"of": ident}).first())
        return (preset(DEFAULT), 0) if row is None else (form.load(row.body), row.version)
