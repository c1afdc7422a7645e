"""How exact bytes look: `bot.ports.Fingerprints`."""

from __future__ import annotations

import asyncio

import structlog
from cachetools import LRUCache
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.ports import Clock
from bot.store.database import Database
from bot.store.tables import fingerprints
from providers.base import Fingerprint

log = structlog.get_logger("beholder.store")

REMEMBERED = 8192  # as many as the verdicts that the router remembers
UNWRITTEN = 1024  # that wait for a slow disk; beyond that they stay in memory only

_OF = select(fingerprints.c.phash, fingerprints.c.dhash, fingerprints.c.flat).where(
    fingerprints.c.sha256 == bindparam("image")
)
_PUT = insert(fingerprints)
# Of the same bytes it is the same; that they were seen again keeps it as long as the verdict of that moment.
_PUT = _PUT.on_conflict_do_update(
    index_elements=["sha256"], set_={n: _PUT.excluded[n] for n in ("phash", "dhash", "flat", "at")}
)


class SqlFingerprints:
    """The same for every tenant, like verdicts. Written behind the caller's back: one that is lost in a crash is
    only computed again, and no image waits for the disk."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._recent: LRUCache[str, Fingerprint] = LRUCache(REMEMBERED)
        self._writes: set[asyncio.Task[None]] = set()

    def keep(self, sha256: str, fingerprint: Fingerprint) -> None:
        """See `Fingerprints.keep`."""
        self._recent[sha256] = fingerprint
        if len(self._writes) < UNWRITTEN:
            write = asyncio.create_task(self._write(sha256, fingerprint))
            self._writes.add(write)
            write.add_done_callback(self._writes.discard)

    async def of(self, sha256: str) -> Fingerprint | None:
        """See `Fingerprints.of`."""
        known = self._recent.get(sha256)
        if known is None:
            row = await self._database.read(lambda c: c.execute(_OF, {"image": sha256}).first())
            if row is not None:
                known = self._recent[sha256] = loaded(row.phash, row.dhash, row.flat)
        return known

    async def flush(self) -> None:
        """Wait until everything is written."""
        await asyncio.gather(*self._writes)

    async def _write(self, sha256: str, fingerprint: Fingerprint) -> None:
        """The supervisor of writing: what fails is logged by its type."""
        row = {
            "sha256": sha256,
            "phash": _signed(fingerprint.phash),
            "dhash": _signed(fingerprint.dhash),
            "flat": fingerprint.flat,
            "at": self._clock.now(),
        }
        try:
            await self._database.write(lambda c: c.execute(_PUT, row))
        except Exception as error:  # noqa: BLE001 - the named supervisor
            log.error("fingerprint not kept", error=type(error).__name__)


def loaded(phash: int, dhash: int, flat: bool) -> Fingerprint:
    """From a row: SQLite's integers are signed, hashes are not."""
    return Fingerprint(phash % 2**64, dhash % 2**64, flat)


def _signed(bits: int) -> int:
    return bits - 2**64 if bits >= 2**63 else bits
