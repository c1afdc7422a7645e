"""The books of vendors beside what the bot counted."""

from __future__ import annotations

import pytest

from bot.sandbox.accounts import compared
from bot.sandbox.vendors import Books

METRICS = 'beholder_provider_cost_total{{provider="huawei"}} {counted}\n'


@pytest.mark.parametrize(
    ("counted", "doubtful", "agrees"),
    [
        (0.018, 0.0, True),
        (0.019, 0.0, False),
        (0.017, 0.01, False),  # what was charged for certain is never left out
        (0.028, 0.01, True),
        (0.029, 0.01, False),
    ],
)
def test_the_bot_counts_what_was_charged_and_no_more_than_it_had_to_doubt(
    counted: float, doubtful: float, agrees: bool
) -> None:
    books = {"huawei": Books(5, 5, "15 categories", 0.018, doubtful), "openai": Books(1, 1, "nothing", 0.0)}
    huawei, openai = compared(books, METRICS.format(counted=counted))
    assert huawei.agrees is agrees
    assert openai.agrees
