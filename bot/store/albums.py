"""Which messages are one post: `bot.ports.Albums`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.model import Media, Tenant
from bot.ports import Clock, Part
from bot.store.database import Database
from bot.store.prepared import Prepared
from bot.store.tables import albums

LASTS: Final = timedelta(days=2)
"""After that no platform lets anybody delete a part any more (Telegram: 48 hours), and no late one comes."""

_NOTE = insert(albums)
_NOTE = _NOTE.on_conflict_do_update(
    index_elements=["tenant", "channel", "album", "message"], set_={"media": _NOTE.excluded.media}
)
_NOTED = Prepared(_NOTE)
_PARTS = Prepared(
    select(albums.c.message, albums.c.media)
    .where(
        albums.c.tenant == bindparam("of"),
        albums.c.channel == bindparam("where"),
        albums.c.album == bindparam("called"),
    )
    .order_by(albums.c.message)
)


class SqlAlbums:
    """A row for each message. Its pictures are named as an event names them, never kept."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def join(self, parts: Sequence[Part]) -> None:
        """See `Albums.join`."""
        if not parts:
            return
        now = self._clock.now()
        rows = [
            {
                "tenant": await self._database.tenants.ensure(part.tenant),
                "channel": part.channel,
                "album": part.album,
                "message": part.message,
                "media": part.media,
                "at": now,
            }
            for part in parts
        ]
        await self._database.write(lambda c: _NOTED.each(c, rows))

    async def parts(self, tenant: Tenant, channel: str, album: str) -> Mapping[int, tuple[Media, ...]]:
        """See `Albums.parts`."""
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return {}
        this = {"of": ident, "where": channel, "called": album}
        rows = await self._database.read(lambda c: _PARTS.run(c, this))
        return dict(rows)
