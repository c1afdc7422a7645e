"""What a guild says of exact images, and which bytes a platform's id stands for: `bot.ports.Lists`."""

from __future__ import annotations

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from bot.model import ListEntry, Tenant
from bot.ports import Clock
from bot.store.database import Database
from bot.store.remembered import Remembered
from bot.store.tables import lists, media
from policies.model import Listed

_LISTED = select(lists.c.listed).where(lists.c.tenant == bindparam("of"), lists.c.sha256 == bindparam("image"))
_PUT = insert(lists)
_PUT = _PUT.on_conflict_do_update(
    index_elements=["tenant", "sha256"], set_={n: _PUT.excluded[n] for n in ("listed", "by", "why", "at")}
)
_REMOVE = delete(lists).where(lists.c.tenant == bindparam("of"), lists.c.sha256 == bindparam("image"))
_KNOWN = select(media.c.sha256).where(media.c.platform == bindparam("on"), media.c.key == bindparam("under"))
_KNOW = insert(media).on_conflict_do_nothing()

_BEGINS: BindParameter[str] = bindparam("begins")
_ENTRIES = (
    select(lists.c.sha256, lists.c.listed, lists.c.by, lists.c.why, lists.c.at)
    .where(lists.c.tenant == bindparam("of"), func.substr(lists.c.sha256, 1, func.length(_BEGINS)) == _BEGINS)
    .order_by(lists.c.at.desc(), lists.c.sha256)
    .limit(bindparam("most"))
    .offset(bindparam("skipped"))
)

REMEMBERED = 10_000


class SqlLists:
    """Only the SHA-256 of the bytes counts: near is never a pass and never a deletion (ruling 9)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: Remembered[tuple[str, str], str] = Remembered(database, REMEMBERED)
        self._listed: Remembered[tuple[Tenant, str], tuple[Listed | None]] = Remembered(database, REMEMBERED)

    async def listed(self, tenant: Tenant, sha256: str) -> Listed | None:
        """See `Lists.listed`. Remembered, also that it is on no list."""
        remembered = self._listed.get((tenant, sha256))
        if remembered is None:
            generation = self._database.generation
            remembered = (await self._look_up(tenant, sha256),)
            self._listed.put((tenant, sha256), remembered, read_in=generation)
        return remembered[0]

    async def put(self, tenant: Tenant, sha256: str, listed: Listed | None, by: str, why: str) -> None:
        """See `Lists.put`. Raises ValueError for what is no SHA-256."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError(f"{sha256!r} is not a SHA-256; give the 64 small hexadecimal digits shown with the case")
        ident, now = await self._database.tenants.ensure(tenant), self._clock.now()

        def write(connection: Connection) -> None:
            if listed is None:
                connection.execute(_REMOVE, {"of": ident, "image": sha256})
            else:
                entry = {"listed": listed, "by": by, "why": why, "at": now}
                connection.execute(_PUT, {"tenant": ident, "sha256": sha256, **entry})

        await self._database.write(write)
        self._database.expire()

    async def entries(self, tenant: Tenant, *, prefix: str = "", limit: int = 25, offset: int = 0) -> list[ListEntry]:
        """See `Lists.entries`."""
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return []
        where = {"of": ident, "begins": prefix, "most": limit, "skipped": offset}
        rows = await self._database.read(lambda c: c.execute(_ENTRIES, where).all())
        return [ListEntry(*row) for row in rows]

    async def known(self, platform: str, key: str) -> str | None:
        """See `Lists.known`. Remembered, since it never changes."""
        known = self._known.get((platform, key))
        if known is None:
            generation = self._database.generation
            where = {"on": platform, "under": key}
            known = await self._database.read(lambda c: c.execute(_KNOWN, where).scalar())
            if known is not None:
                self._known.put((platform, key), known, read_in=generation)
        return known

    async def know(self, platform: str, key: str, sha256: str) -> None:
        """See `Lists.know`."""
        row = {"platform": platform, "key": key, "sha256": sha256, "at": self._clock.now()}
        await self._database.write(lambda c: c.execute(_KNOW, row))

    async def _look_up(self, tenant: Tenant, sha256: str) -> Listed | None:
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return None
        where = {"of": ident, "image": sha256}
        return await self._database.read(lambda c: c.execute(_LISTED, where).scalar())
