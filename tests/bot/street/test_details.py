"""What a vendor read from an image is on the card while it is fresh, and never on disk (ruling 21)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policies.model import Detail, DetailKind, Screening, Verdict
from providers.base import Ask, Image
from tests.bot.street.world import Judge, Street, shows
from tests.clock import FakeClock

CANARY = "canary text of a member"


class Reader(Judge):
    """A judge that reads."""

    async def screen(self, image: Image, ask: Ask) -> Screening:
        screening = await super().screen(image, ask)
        assert isinstance(screening, Verdict)
        return replace(screening, details=(Detail(DetailKind.WORDS, CANARY),), request_id="req1")


def on_disk(street: Street) -> bool:
    return any(CANARY.encode() in file.read_bytes() for file in street.folder.iterdir() if file.is_file())


@pytest.mark.asyncio
async def test_the_card_shows_it_and_the_disk_never_sees_it(folder: Path, clock: FakeClock) -> None:
    async with Street(folder, clock, [Reader()]) as street:
        await street.policy()
        await street.post(shows("bad"), shows("doubtful"))
        [card] = street.chat.cards
        assert CANARY in dict(card.card.lines)["Scores"]
        assert "req1" in dict(card.card.lines)["Scores"]
        case = await street.case()
        assert [s.details for i in case.images for s in i.screenings if isinstance(s, Verdict)] == [(), ()]
        await street.router.aclose()
        assert not on_disk(street)


@pytest.mark.asyncio
async def test_a_copy_is_recalled_without_it(folder: Path, clock: FakeClock) -> None:
    async with Street(folder, clock, [Reader()]) as street:
        await street.policy()
        await street.post(shows("bad"))
        await street.post(shows("bad"))
        first, second = street.chat.cards
        assert CANARY in str(first.card.lines)
        assert CANARY not in str(second.card.lines)
        assert "req1" in str(second.card.lines)
        assert len(street.judge.asked) == 1


@pytest.mark.asyncio
async def test_a_card_posted_after_a_restart_goes_without_it(folder: Path, clock: FakeClock) -> None:
    async with Street(folder, clock, [Reader()]) as street:
        await street.policy()
        await street.abandoned(shows("bad"))
        await street.restart()
        await street.sweep()
        [card] = street.chat.cards
        assert CANARY not in str(card.card.lines)
