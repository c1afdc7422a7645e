"""Which messages are one post: `bot.ports.Albums`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.model import Media, Tenant
from bot.ports import Clock
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

    async def join(
        self, tenant: Tenant, channel: str, album: str, message: int, media: Sequence[Media]
    ) -> Mapping[int, tuple[Media, ...]]:
        """See `Albums.join`."""
        ident, now = await self._database.tenants.ensure(tenant), self._clock.now()
        row = {
            "tenant": ident,
            "channel": channel,
            "album": album,
            "message": message,
            "media": tuple(media),
            "at": now,
        }
        this = {"of": ident, "where": channel, "called": album}

        def write(connection: Connection) -> dict[int, tuple[Media, ...]]:
            _NOTED.run(connection, row)
            return dict(_PARTS.run(connection, this))

        return await self._database.write(write)
