"""Verdicts by the exact bytes they were given for: `providers.base.Verdicts` (ruling 10)."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.ports import Clock
from bot.store import codec
from bot.store.database import Database
from bot.store.remembered import Remembered
from bot.store.tables import verdicts
from policies.model import Verdict

_Key = tuple[str, str, str, str]

_GET = select(verdicts.c.verdict).where(
    verdicts.c.sha256 == bindparam("image"),
    verdicts.c.provider == bindparam("judge"),
    verdicts.c.version == bindparam("made_by"),
    verdicts.c.ask == bindparam("asked"),
    verdicts.c.schema == codec.VERSION,
)
_PUT = insert(verdicts).on_conflict_do_nothing()

REMEMBERED = 4096


class SqlVerdicts:
    """Kept for every tenant alike: what a provider says of the same bytes, asked the same, is the same."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._remembered: Remembered[_Key, Verdict] = Remembered(database, REMEMBERED)

    async def get(self, sha256: str, provider: str, version: str, ask: str) -> Verdict | None:
        """See `Verdicts.get`."""
        key = (sha256, provider, version, ask)
        verdict = self._remembered.get(key)
        if verdict is None:
            generation = self._database.generation
            where = dict(zip(("image", "judge", "made_by", "asked"), key, strict=True))
            verdict = await self._database.read(lambda c: c.execute(_GET, where).scalar())
            if verdict is not None:
                self._remembered.put(key, verdict, read_in=generation)
        return verdict

    async def put(self, sha256: str, version: str, ask: str, verdict: Verdict) -> None:
        """See `Verdicts.put`."""
        row = {
            "sha256": sha256,
            "provider": verdict.provider,
            "version": version,
            "ask": ask,
            "schema": codec.VERSION,
            "verdict": verdict,
            "at": self._clock.now(),
        }
        await self._database.write(lambda c: c.execute(_PUT, row))
