"""A picture that was judged before: how much longer than the barest client the bot takes to remove it."""

from __future__ import annotations

from benchmarks.duel import COLUMNS, WARM_UP, duel
from benchmarks.report import Bound, Report
from bot.sandbox.scenes import card
from policies.model import Category

LIMIT = 5.0  # milliseconds that the promises of the bot may cost


async def run(rounds: int = 200, *, warm_up: int = WARM_UP) -> Report:
    """The same bytes again and again, each time as another attachment."""
    fought = await duel([card(Category.SEXUAL_EXPLICIT, 0.95)] * (warm_up + rounds), warm_up=warm_up)
    return Report(
        name="known",
        title="A known picture: MESSAGE_CREATE sent to DELETE received",
        columns=COLUMNS,
        rows=fought.rows(("fetch", "decide", "disk")),
        bounds=(Bound("difference of the medians", fought.difference, LIMIT, "ms"),),
        notes=(
            "Before Discord is asked to delete, the post and the case are on disk: two commits, each with its fsync.",
            "The picture is fetched while the first of them is on its way.",
        ),
    )
