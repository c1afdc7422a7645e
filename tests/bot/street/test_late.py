"""What a slow vendor still works on: nothing is done meanwhile that need not be, and the late verdict acts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.waiting import AWAITED_LONGEST, GIVE_UP
from policies.model import Category, Label, Remedy, Screening, Unscreened, UnscreenedReason, Verdict, Versions
from providers.base import Ask, Image, Ticket
from tests.bot.street.world import Judge, Street, shows


class Slow(Judge):
    """Takes pictures in, and answers once it is `ready`."""

    def __init__(self, name: str = "slow", ticket: str | None = "job-1") -> None:
        super().__init__(name)
        self.ready = False
        self.ticket = ticket

    async def screen(self, image: Image, ask: Ask) -> Screening:
        if self.ready:
            return await super().screen(image, ask)
        self.asked.append(image.sha256)
        return Unscreened(self.name, UnscreenedReason.PENDING, "it still works on it", self.ticket)


async def judged_by(street: Street, *judges: Judge) -> None:
    street.judges = judges
    await street.restart()


@pytest.mark.asyncio
async def test_the_late_verdict_acts_as_any_other_also_after_a_restart(street: Street) -> None:
    slow = Slow()
    await judged_by(street, slow)
    await street.post(shows("bad"))
    await street.later(60)
    assert (street.jobs(), street.suggestions, street.chat.done) == (["todo"], [], [])
    await street.restart()
    slow.ready = True
    await street.later(3600)
    assert (street.jobs(), street.suggestions) == (["done"], ["block"])
    assert street.chat.done == ["Delete", "Warn", "PostCard"]


@pytest.mark.asyncio
async def test_one_that_never_answers_is_left_alone_and_on_record_in_the_end(street: Street) -> None:
    slow = Slow()
    await judged_by(street, slow)
    await street.post(shows("bad"))
    for _ in range(GIVE_UP // AWAITED_LONGEST):
        assert street.jobs() == ["todo"]
        await street.later(AWAITED_LONGEST / timedelta(seconds=1))
    assert (street.jobs(), street.suggestions, street.chat.done) == (["done"], ["unscreened"], [])
    assert len(slow.asked) == 1 + GIVE_UP // AWAITED_LONGEST


@pytest.mark.asyncio
async def test_what_another_saw_is_acted_upon_at_once(street: Street) -> None:
    await judged_by(street, Judge("local"), Slow())
    await street.post(shows("bad"))
    assert (street.jobs(), street.suggestions) == (["done"], ["block"])


@pytest.mark.asyncio
async def test_a_guild_that_wants_to_look_meanwhile_is_shown_the_picture_at_once(street: Street) -> None:
    await street.policy(unscreened={UnscreenedReason.PENDING: Remedy.REVIEW})
    await judged_by(street, Slow())
    await street.post(shows("bad"))
    assert (street.jobs(), street.chat.done) == (["done"], ["PostCard"])


@pytest.mark.asyncio
async def test_without_a_receipt_there_is_nothing_to_wait_for(street: Street) -> None:
    await judged_by(street, Slow(ticket=None))
    await street.post(shows("bad"))
    assert (street.jobs(), street.suggestions) == (["done"], ["unscreened"])


@pytest.mark.asyncio
async def test_an_answer_found_in_the_background_is_what_the_waiting_post_finds(street: Street) -> None:
    slow = Slow()
    await judged_by(street, slow)
    await street.post(shows("bad"))
    (sha256,) = slow.asked
    late = street.late
    ticket = Ticket("slow", "job-1", Ask(), sha256)
    await late(ticket, Unscreened("slow", UnscreenedReason.OUTAGE, "it broke the job off"))
    await late(Ticket("gone", "job-2", Ask(), sha256), Unscreened("gone", UnscreenedReason.OUTAGE))
    labels = (Label(Category.SEXUAL_EXPLICIT, "high", 0.95),)
    await late(ticket, Verdict("slow", labels, slow.covers, Versions("1", "1", "1"), cost=0.005))
    await street.later(60)
    assert (street.jobs(), street.suggestions) == (["done"], ["block"])
    assert slow.asked == [sha256], "it was not asked again"
