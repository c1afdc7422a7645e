"""What a guild removed or blocked, by what it looks like: `bot.ports.Likenesses`."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from sqlalchemy import Connection, text

from bot.likeness import Gallery
from bot.model import CaseState, Origin, Tenant
from bot.store.database import Database
from bot.store.fingerprints import SqlFingerprints, loaded
from policies.merge import TEST_CARD
from policies.model import Category, Listed, Near, ReasonCode
from providers.base import Fingerprint

MOST = 20_000  # images of one guild, the newest; one look at so many takes about 0.13 ms
GUILDS = 1_000  # whose images are in memory

# The rules that spoke in each image of a case for which it was opened. Allowed ones, and flat ones, look like nothing.
_OF_CASES = text(f"""
    SELECT cases.id, cases.number, cases.state, cases.opened_at AS at, subjects.sha256, prints.phash, prints.dhash,
        blocked.sha256 IS NOT NULL AS blocked,
        (SELECT group_concat(DISTINCT json_extract(reason.value, '$.code') || ':' ||
            ifnull(json_extract(reason.value, '$.category'), ''))
        FROM json_each(decisions.images) AS image, json_each(image.value, '$.decision.reasons') AS reason
        WHERE json_extract(image.value, '$.sha256') = subjects.sha256) AS found
    FROM cases
    JOIN decisions ON decisions.id = cases.decision
    JOIN subjects ON subjects."case" = cases.id AND subjects.flagged
    JOIN fingerprints AS prints ON prints.sha256 = subjects.sha256 AND NOT prints.flat
    LEFT JOIN lists AS blocked ON blocked.tenant = cases.tenant AND blocked.sha256 = subjects.sha256
        AND blocked.listed = '{Listed.BLOCKED.value}'
    WHERE cases.tenant = :of AND cases.id > :after
        AND (cases.state = '{CaseState.UPHELD.value}'
            OR (cases.origin = '{Origin.REMOVED.value}' AND cases.state <> '{CaseState.OVERTURNED.value}'))
        AND NOT EXISTS (SELECT 1 FROM lists AS allowed WHERE allowed.tenant = cases.tenant
            AND allowed.sha256 = subjects.sha256 AND allowed.listed = '{Listed.ALLOWED.value}')
    ORDER BY cases.id DESC LIMIT :most
""")  # noqa: S608 - the only things filled in are words of ours
_BLOCKED = text(f"""
    SELECT lists.at, lists.sha256, prints.phash, prints.dhash
    FROM lists JOIN fingerprints AS prints ON prints.sha256 = lists.sha256 AND NOT prints.flat
    WHERE lists.tenant = :of AND lists.listed = '{Listed.BLOCKED.value}' AND NOT EXISTS (
        SELECT 1 FROM verdicts  -- all test cards look alike (ruling 11)
        WHERE verdicts.sha256 = lists.sha256 AND verdicts.provider = '{TEST_CARD}'
        AND json_array_length(verdicts.verdict, '$.labels') > 0
    )
    ORDER BY lists.at DESC LIMIT :most
""")  # noqa: S608 - as above
_NEWEST = text("SELECT ifnull(max(id), 0) FROM cases WHERE tenant = :of")


_UNSURE = frozenset({ReasonCode.UNSCREENED, ReasonCode.NEAR_KNOWN, ReasonCode.BLOCK_LISTED, ReasonCode.NOT_ASSESSED})
"""Rules that say nothing of what is to be seen: an image that they alone took down is known for nothing, unless a
moderator agreed or it is on the block list still."""

Picture = tuple[Near, Fingerprint]


@dataclass(slots=True)
class _Wall:
    """What was loaded of one guild: under which stamp, after how many removals, up to which case."""

    stamp: tuple[int, int]
    removals: int
    newest: int
    gallery: Gallery


class SqlLikenesses:
    """In memory for each guild from its first use: read whole after whatever may take an image back, and for a new
    case only what is new."""

    def __init__(self, database: Database, fingerprints: SqlFingerprints, *, most: int = MOST) -> None:
        self._database = database
        self._fingerprints = fingerprints
        self._most = most
        self._walls: LRUCache[Tenant, _Wall] = LRUCache(GUILDS)
        self._removals: Counter[Tenant] = Counter()
        self._decided: Counter[Tenant] = Counter()
        self._turns: defaultdict[Tenant, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def near(self, tenant: Tenant, fingerprint: Fingerprint, sha256: str) -> Near | None:
        """See `Likenesses.near`."""
        if fingerprint.flat:
            return None
        async with self._turns[tenant]:
            gallery = await self._gallery(tenant)
        return None if gallery is None else gallery.nearest(fingerprint, sha256)

    def removed(self, tenant: Tenant) -> None:
        """A case was opened in this guild for something that is removed."""
        self._removals[tenant] += 1

    def decided(self, tenant: Tenant) -> None:
        """A moderator has said something of a case of this guild."""
        self._decided[tenant] += 1

    async def _gallery(self, tenant: Tenant) -> Gallery | None:
        """As it is now. What changes while it is read is read at the next look."""
        wall, removals = self._walls.get(tenant), self._removals[tenant]
        stamp = (self._database.generation, self._decided[tenant])
        if wall is not None and wall.stamp == stamp and wall.removals == removals:
            return wall.gallery
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return None
        await self._fingerprints.flush()  # those of what was removed a moment ago may be on their way to disk still
        if wall is None or wall.stamp != stamp or len(wall.gallery) > self._most + self._most // 10:
            newest, gallery = await self._database.read(lambda c: _whole(c, ident, self._most))
            wall = self._walls[tenant] = _Wall(stamp, removals, newest, gallery)
            return wall.gallery
        after = wall.newest
        wall.newest, more = await self._database.read(lambda c: _of_cases(c, ident, after, self._most))
        wall.gallery.hang(picture for _, picture in more)
        wall.removals = removals
        return wall.gallery


def _whole(connection: Connection, tenant: int, most: int) -> tuple[int, Gallery]:
    """The newest case there is, and the newest `most` images; those of cases first, since a card can name them."""
    newest, of_cases = _of_cases(connection, tenant, 0, most)
    blocked = _blocked(connection, tenant, most)
    since = sorted((at for at, _ in (*of_cases, *blocked)), reverse=True)[:most]
    gallery = Gallery()
    gallery.hang(picture for at, picture in (*of_cases, *blocked) if at >= since[-1])
    return newest, gallery


def _of_cases(connection: Connection, tenant: int, after: int, most: int) -> tuple[int, list[tuple[int, Picture]]]:
    """The newest case, and what cases beyond `after` know, each with when they were opened; oldest first."""
    newest = int(connection.execute(_NEWEST, {"of": tenant}).scalar_one())
    rows = connection.execute(_OF_CASES, {"of": tenant, "after": after, "most": most}).all()
    return newest, [(row.at, _picture(row, row.number, _found(row))) for row in reversed(rows) if _is_bad(row)]


def _blocked(connection: Connection, tenant: int, most: int) -> list[tuple[int, Picture]]:
    rows = connection.execute(_BLOCKED, {"of": tenant, "most": most}).all()
    return [(row.at, _picture(row)) for row in reversed(rows)]


def _picture(row: Any, case: int | None = None, found: frozenset[Category] = frozenset()) -> Picture:
    return Near(row.sha256, 0, case, found), loaded(row.phash, row.dhash, flat=False)


def _is_bad(row: Any) -> bool:
    """Not a test card (ruling 11), nor what was held only because nobody could judge it."""
    spoke = {ReasonCode(code) for code, _ in _reasons(row)}
    if ReasonCode.TEST_CARD in spoke:
        return False
    return bool(row.blocked or row.state == CaseState.UPHELD or spoke - _UNSURE)


def _found(row: Any) -> frozenset[Category]:
    """What was found in it then; nothing of what a guild blocks whatever it shows."""
    told = {Category(category) for code, category in _reasons(row) if category and code not in _UNSURE}
    return frozenset() if row.blocked else frozenset(told)


def _reasons(row: Any) -> Iterator[tuple[str, str]]:
    for each in row.found.split(",") if row.found else ():
        code, _, category = each.partition(":")
        yield code, category
