"""What came of a guild's images, as numbers: `Ledger.counts`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, text

from bot.allowance import LIMITED
from bot.store.tables import cases, removals
from bot.store.types import Instant

JUDGED = "judged"
REMOVED = "removed"
CASES = "cases"
UNSCREENED = "unscreened:"
"""What the name of a count begins with that ends in an `UnscreenedReason`."""

# Images by why they have no verdict, '' for those that have one. They lie in JSON, so SQLite opens it.
_IMAGES = text("""
    SELECT coalesce(
        (SELECT json_extract(reason.value, '$.detail') FROM json_each(image.value, '$.decision.reasons') AS reason
        WHERE json_extract(reason.value, '$.code') = 'unscreened' LIMIT 1), '') AS why, count(*)
    FROM decisions, json_each(decisions.images) AS image
    WHERE decisions.tenant = :of AND decisions.at >= :since AND NOT decisions.superseded
    GROUP BY why
""").bindparams(bindparam("since", type_=Instant()))

# Images that nobody looked at since the host's limit was reached: such a decision has no images, but its event has.
_LIMITED = text("""
    SELECT coalesce(sum(json_array_length(event, '$.media')), 0) FROM decisions
    WHERE tenant = :of AND at >= :since AND NOT superseded AND suggestion = 'unscreened'
    AND json_extract(decision, '$.reasons[0].code') = 'host_limit'
""").bindparams(bindparam("since", type_=Instant()))


def counts(connection: Connection, tenant: int, since: datetime) -> dict[str, int]:
    """See `Ledger.counts`."""
    found = connection.execute(_IMAGES, {"of": tenant, "since": since})
    by_reason: dict[str, int] = {row[0]: row[1] for row in found}
    judged = by_reason.pop("", 0)
    removed = select(func.count()).where(removals.c.tenant == tenant, removals.c.at >= since)
    limited = connection.execute(_LIMITED, {"of": tenant, "since": since}).scalar_one()
    opened = select(func.count()).where(cases.c.tenant == tenant, cases.c.opened_at >= since)
    return {
        JUDGED: judged,
        REMOVED: connection.execute(removed).scalar_one(),
        CASES: connection.execute(opened).scalar_one(),
        **{f"{UNSCREENED}{why}": count for why, count in sorted(by_reason.items())},
        **({LIMITED: limited} if limited else {}),
    }
