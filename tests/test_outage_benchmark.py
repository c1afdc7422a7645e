"""An outage with a flood, scaled down, in the whole bot: nothing is lost, nothing done twice, everybody told once."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from benchmarks import outage
from benchmarks.outage import Flood
from bot import outages
from bot.waiting import TRIES


@pytest.mark.asyncio
async def test_an_outage_loses_nothing_and_is_caught_up_with_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "SETTLED", outages.LASTED / 4)
    flood = Flood(seconds=62, arrivals=3, pace=30, guilds=3, after=25)
    with capture_logs():
        found = await outage.measured(flood)
    assert found.images >= 180
    assert (found.lost, found.unjudged, found.undeleted, found.twice) == (0, 0, 0, 0)
    assert found.tries <= TRIES
    assert found.calls_in_vain <= 10
    assert found.caught_up <= flood.limit
    assert sorted(found.told.values()) == [2, 2, 2], "each guild that it began, and that it is over"
    assert all(bound.held for bound in outage.report(flood, found).bounds)
