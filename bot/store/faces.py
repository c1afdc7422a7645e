"""Which pictures members and guilds were last seen with: `bot.ports.Faces`."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.model import Tenant
from bot.ports import UNKNOWN, Clock, News
from bot.store.database import Database
from bot.store.tables import faces

_NOTED = select(faces.c.slot, faces.c.hash, faces.c.at).where(
    faces.c.tenant == bindparam("of"), faces.c.member == bindparam("whom")
)
_NOTE = insert(faces)
_NOTE = _NOTE.on_conflict_do_update(
    index_elements=["tenant", "member", "slot"],
    set_={"hash": _NOTE.excluded.hash, "at": _NOTE.excluded.at},
    where=(faces.c.hash != _NOTE.excluded.hash) & (_NOTE.excluded.hash != UNKNOWN),
)


class SqlFaces:
    """One row for each slot that ever showed something; its time is that of its last change.

    Whoever shows the platform's own defaults has no row at all: most members do.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def news(self, tenant: Tenant, owner: str, shown: Mapping[str, str]) -> News:
        """See `Faces.news`."""
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return News(frozenset(slot for slot, face in shown.items() if face))
        where = {"of": ident, "whom": owner}
        rows = await self._database.read(lambda c: c.execute(_NOTED, where).all())
        noted = {row.slot: row.hash for row in rows}
        new = frozenset(slot for slot, face in shown.items() if _is_news(noted.get(slot), face))
        return News(new, max((row.at for row in rows if row.slot in new), default=None))

    async def note(self, tenant: Tenant, owner: str, shown: Mapping[str, str]) -> None:
        """See `Faces.note`. A default needs noting only where something else was noted before."""
        news = await self.news(tenant, owner, shown)
        if not news.slots:
            return
        ident, now = await self._database.tenants.ensure(tenant), self._clock.now()
        rows = [
            {"tenant": ident, "member": owner, "slot": slot, "hash": shown[slot], "at": now}
            for slot in sorted(news.slots)
        ]

        def write(connection: Connection) -> None:
            connection.execute(_NOTE, rows)

        await self._database.write(write)


def _is_news(noted: str | None, face: str) -> bool:
    if face == UNKNOWN:
        return noted is None
    return (noted or "") != face
