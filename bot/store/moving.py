"""A tenant gets another name: everything that is kept of it goes along, in one commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import sqlite

from bot.model import Tenant
from bot.store.database import Database
from bot.store.tables import cases, decisions, former_names, metadata, policies, spending, tenants

BY: Final = "telegram"
WHY: Final = "group became a supergroup"
_FIND = select(tenants.c.id).where(tenants.c.name == bindparam("of"))
_NAME = update(tenants).where(tenants.c.id == bindparam("of")).values(name=bindparam("to"))
_FORMER = sqlite.insert(former_names).on_conflict_do_update(
    index_elements=["name"], set_={"tenant": sqlite.insert(former_names).excluded.tenant}
)
_LATEST = select(func.max(policies.c.id)).group_by(policies.c.tenant)
_POLICIES = select(policies).where(policies.c.id.in_(_LATEST))
_LAST_CASE = select(tenants.c.cases).where(tenants.c.id == bindparam("of"))
_LAST_VERSION = select(func.coalesce(func.max(policies.c.version), 0)).where(policies.c.tenant == bindparam("of"))


async def rekey(database: Database, old: Tenant, new: Tenant, now: datetime) -> None:
    """See `bot.ports.register.Moves`."""

    def write(connection: Connection) -> None:
        _rename(connection, str(old), str(new))
        _point(connection, old.id, new.id, now)

    await database.write(write)
    database.expire()


def _rename(connection: Connection, old: str, new: str) -> None:
    kept = connection.execute(_FIND, {"of": old}).scalar()
    other = connection.execute(_FIND, {"of": new}).scalar()
    if kept is None:
        kept = other if other is not None else connection.execute(insert(tenants).values(name=new)).lastrowid
    elif other is not None:
        _join(connection, kept, other)
    connection.execute(_NAME, {"of": kept, "to": new})
    connection.execute(_FORMER, {"name": old, "tenant": kept})


def _join(connection: Connection, kept: int, other: int) -> None:
    """What `other` has becomes `kept`'s. Of what both have, such as a member's face, that of `kept` stays."""
    _renumber(connection, kept, other)
    _add_up(connection, kept, other)
    owned = [t for t in metadata.sorted_tables if "tenant" in t.c]
    for table in owned:
        connection.execute(update(table).prefix_with("OR IGNORE").where(table.c.tenant == other).values(tenant=kept))
    for table in reversed(owned):
        connection.execute(delete(table).where(table.c.tenant == other))
    connection.execute(delete(tenants).where(tenants.c.id == other))


def _renumber(connection: Connection, kept: int, other: int) -> None:
    """Cases and versions of `other` come after those of `kept`. Highest first: no two may have one number meanwhile."""
    last_case = connection.execute(_LAST_CASE, {"of": kept}).scalar_one()
    more_cases = connection.execute(_LAST_CASE, {"of": other}).scalar_one()
    last_version = connection.execute(_LAST_VERSION, {"of": kept}).scalar_one()
    for table, column, by in ((cases, cases.c.number, last_case), (policies, policies.c.version, last_version)):
        _shift(connection, table, column.name, other, by)
    ruled = decisions.c.policy_version
    connection.execute(
        update(decisions).where(decisions.c.tenant == other, ruled > 0).values(policy_version=ruled + last_version)
    )
    connection.execute(update(tenants).where(tenants.c.id == kept).values(cases=last_case + more_cases))


def _shift(connection: Connection, table: Table, column: str, tenant: int, by: int) -> None:
    if not by:
        return
    rows = select(table.c.id, table.c[column]).where(table.c.tenant == tenant).order_by(table.c[column].desc())
    for ident, number in connection.execute(rows).all():
        connection.execute(update(table).where(table.c.id == ident).values({column: number + by}))


def _add_up(connection: Connection, kept: int, other: int) -> None:
    """Money that was spent under both names was spent twice."""
    for row in connection.execute(select(spending).where(spending.c.tenant == other)).mappings().all():
        new = sqlite.insert(spending).values(**{**row, "tenant": kept})
        sums = {name: spending.c[name] + new.excluded[name] for name in ("calls", "micros")}
        keys = ["tenant", "provider", "month"]
        connection.execute(new.on_conflict_do_update(index_elements=keys, set_=sums))
    connection.execute(delete(spending).where(spending.c.tenant == other))


def _point(connection: Connection, old: str, new: str, now: datetime) -> None:
    """Policies that name the chat, as their moderators' or as one with rules of its own, name the new one."""
    for row in connection.execute(_POLICIES).mappings().all():
        body = _pointed(row["body"], old, new)
        if body != row["body"]:
            made = {"version": row["version"] + 1, "by": BY, "at": now, "why": WHY, "body": body}
            kept = {"tenant": row["tenant"], "schema": row["schema"]}
            connection.execute(insert(policies), kept | made)


def _pointed(body: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    made = dict(body)
    if made.get("mod_channel") == old:
        made["mod_channel"] = new
    channels: Mapping[str, Any] = made.get("channels") or {}
    if old in channels:
        made["channels"] = {(new if name == old else name): rule for name, rule in channels.items()}
    return made
