"""Everything that is kept, opened together."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from bot.model import Tenant
from bot.ports import Clock
from bot.store.albums import SqlAlbums
from bot.store.database import Database
from bot.store.drafts import SqlDrafts
from bot.store.faces import SqlFaces
from bot.store.fingerprints import SqlFingerprints
from bot.store.guilds import SqlGuilds
from bot.store.journal import SqlJournal
from bot.store.ledger import SqlLedger
from bot.store.likenesses import SqlLikenesses
from bot.store.lists import SqlLists
from bot.store.moving import rekey
from bot.store.outages import SqlOutages
from bot.store.settings import SqlSettings
from bot.store.spending import SqlSpending
from bot.store.tickets import SqlTickets
from bot.store.verdicts import SqlVerdicts


class Store:
    """`async with await Store.open(url, data_dir=..., clock=...) as store`: the ports over one database."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db = db
        self.clock = clock
        self.journal = SqlJournal(db, clock)
        self.fingerprints = SqlFingerprints(db, clock)
        self.likenesses = SqlLikenesses(db, self.fingerprints)
        self.ledger = SqlLedger(db, clock, self.likenesses)
        self.settings = SqlSettings(db, clock)
        self.lists = SqlLists(db, clock)
        self.drafts = SqlDrafts(db, clock)
        self.guilds = SqlGuilds(db, clock)
        self.verdicts = SqlVerdicts(db, clock)
        self.faces = SqlFaces(db, clock)
        self.albums = SqlAlbums(db, clock)
        self.tickets = SqlTickets(db)
        self.spending = SqlSpending(db)
        self.outages = SqlOutages(db, clock)

    @classmethod
    async def open(cls, url: str | None, *, data_dir: Path, clock: Clock) -> Store:
        """Open the database, making and migrating it where needed. Raises a `StoreError`."""
        return cls(await Database.open(url, data_dir=data_dir, clock=clock), clock)

    async def rekey(self, old: Tenant, new: Tenant) -> None:
        """See `bot.ports.register.Moves`."""
        await rekey(self.db, old, new, self.clock.now())

    async def close(self) -> None:
        """Write what was asked for, then let go."""
        await self.fingerprints.flush()
        await self.db.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()
