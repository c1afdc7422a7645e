"""What watching a guild has shown, as numbers: `Ledger.watched`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, text

from bot.model import CaseState, Origin, Watched
from bot.store.tables import cases
from bot.store.types import Instant
from policies.model import Category, ReasonCode, Suggestion

# Images by what came of them and by which rules spoke, in which categories. Test cards are no statistics (ruling 11).
_IMAGES = text(f"""
    SELECT json_extract(image.value, '$.decision.suggestion') AS came_to,
        (SELECT group_concat(DISTINCT json_extract(reason.value, '$.code') || ':' ||
            json_extract(reason.value, '$.category'))
        FROM json_each(image.value, '$.decision.reasons') AS reason) AS found,
        count(*) AS images
    FROM decisions, json_each(decisions.images) AS image
    WHERE decisions.tenant = :of AND decisions.at >= :since AND decisions.observed AND NOT decisions.superseded
        AND NOT EXISTS (SELECT 1 FROM json_each(image.value, '$.decision.reasons') AS reason
        WHERE json_extract(reason.value, '$.code') = '{ReasonCode.TEST_CARD.value}')
    GROUP BY came_to, found
""").bindparams(bindparam("since", type_=Instant()))  # noqa: S608 - the only thing filled in is a word of ours

SPOKE = {
    Suggestion.BLOCK: frozenset({ReasonCode.THRESHOLD_REMOVE, ReasonCode.VENDOR_BLOCK}),
    Suggestion.REVIEW: frozenset({ReasonCode.THRESHOLD_REVIEW, ReasonCode.VENDOR_REVIEW}),
}
"""The rules whose categories made an image what it became."""

_SAID = (
    select(cases.c.state, func.count())
    .where(cases.c.tenant == bindparam("of"), cases.c.opened_at >= bindparam("since"))
    .where(cases.c.origin == Origin.OBSERVED)
    .group_by(cases.c.state)
)


def watched(connection: Connection, tenant: int, since: datetime) -> Watched:
    """See `Ledger.watched`. An image of several categories counts under each of them, once in the sums."""
    asked = {"of": tenant, "since": since}
    images: Counter[Suggestion] = Counter()
    by: dict[Suggestion, Counter[Category]] = {which: Counter() for which in SPOKE}
    for name, found, count in connection.execute(_IMAGES, asked):
        suggestion = Suggestion(name)
        images[suggestion] += count
        for category in _categories(found or "", suggestion):
            by[suggestion][category] += count
    said = {row[0]: int(row[1]) for row in connection.execute(_SAID, asked)}
    return Watched(
        looked=sum(images.values()),
        removed=images[Suggestion.BLOCK],
        shown=images[Suggestion.REVIEW],
        unjudged=images[Suggestion.UNSCREENED],
        removed_by=dict(by[Suggestion.BLOCK]),
        shown_by=dict(by[Suggestion.REVIEW]),
        right=said.get(CaseState.UPHELD, 0),
        wrong=said.get(CaseState.OVERTURNED, 0),
        undecided=said.get(CaseState.OPEN, 0) + said.get(CaseState.EXPIRED, 0),
    )


def _categories(found: str, suggestion: Suggestion) -> set[Category]:
    """Of the rules that made it so; one that would have been content with less says nothing here."""
    spoke = (each.partition(":") for each in found.split(",") if each)
    return {Category(category) for code, _, category in spoke if code in SPOKE.get(suggestion, ())}
