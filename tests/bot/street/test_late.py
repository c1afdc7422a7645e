"""What a slow vendor still works on: nothing is done meanwhile that need not be, and the late verdict acts."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from bot.model import CaseState, EventKind, Origin
from bot.waiting import AWAITED_LONGEST, GIVE_UP
from policies.model import Category, Label, Mode, Remedy, Screening, Unscreened, UnscreenedReason, Verdict, Versions
from providers.base import Ask, Image, Ticket
from tests.bot.street.world import HOME, Judge, Street, sha, shows


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


# --- an answer that comes after the post was concluded ------------------------------------------------


class Vendor(Judge):
    """Takes every picture in under a ticket of its own, for good; a new one where it lost the last."""

    def __init__(self, name: str = "slow") -> None:
        super().__init__(name)
        self.lost: Counter[str] = Counter()  # by SHA-256

    async def screen(self, image: Image, ask: Ask) -> Screening:
        self.asked.append(image.sha256)
        ticket = f"{image.sha256[:8]}-{1 + self.lost[image.sha256]}"
        return Unscreened(self.name, UnscreenedReason.PENDING, "it still works on it", ticket)


BAD = (Label(Category.SEXUAL_EXPLICIT, "high", 0.95),)


async def answered(street: Street, sha256: str, labels: tuple[Label, ...] = BAD, number: int = 1) -> None:
    """The vendor's answer about these bytes, heard in the background."""
    ticket = Ticket("slow", f"{sha256[:8]}-{number}", Ask(), sha256)
    await street.late(ticket, Verdict("slow", labels, frozenset(Category), Versions("1", "1", "1"), cost=0.005))
    await street.work_off()


async def concluded(street: Street, *pictures: bytes, **changes: Any) -> None:
    """A post about which the local model alone has something to say for now."""
    await judged_by(street, Judge("local"), Vendor())
    media = tuple(street.media(p, immutable=True) for p in pictures)
    await street.see(street.event(media=media, **changes))
    assert street.jobs("follow_up") == ["todo"] * len(pictures)


@pytest.mark.asyncio
async def test_a_waiting_post_is_due_at_once_when_the_answer_comes(street: Street) -> None:
    await judged_by(street, Vendor())
    await street.see(street.event(media=(street.media(shows("bad"), immutable=True),)))
    fetched = len(street.chat.fetched)
    await answered(street, sha(shows("bad")))
    assert (street.jobs(), street.suggestions) == (["done"], ["block"])
    assert len(street.chat.fetched) - fetched == 1, "for the evidence alone"


@pytest.mark.asyncio
async def test_an_answer_that_comes_between_the_look_and_the_commit_is_not_waited_for(street: Street) -> None:
    await judged_by(street, Vendor())
    event = street.event(media=(street.media(shows("bad"), immutable=True),))
    retry = street.store.journal.retry

    async def slowly(*args: Any, **kwargs: Any) -> None:
        street.store.journal.retry = retry  # type: ignore[method-assign]
        ticket = Ticket("slow", f"{sha(shows('bad'))[:8]}-1", Ask(), sha(shows("bad")))
        await street.late(ticket, Verdict("slow", BAD, frozenset(Category), Versions("1", "1", "1")))
        await retry(*args, **kwargs)

    street.store.journal.retry = slowly  # type: ignore[method-assign]
    await street.see(event)
    await street.work_off()
    assert street.suggestions == ["block"]


@pytest.mark.asyncio
async def test_what_ended_without_a_verdict_is_screened_again(street: Street) -> None:
    vendor = Vendor()
    await judged_by(street, vendor)
    await street.see(street.event(media=(street.media(shows("bad"), immutable=True),)))
    of = sha(shows("bad"))
    vendor.lost[of] += 1
    await street.late(Ticket("slow", f"{of[:8]}-1", Ask(), of), Unscreened("slow", UnscreenedReason.OUTAGE, "lost"))
    await street.work_off()
    assert (street.jobs(), vendor.asked) == (["todo"], [of, of])
    await answered(street, of, number=2)
    assert street.suggestions == ["block"]


@pytest.mark.asyncio
async def test_a_stronger_late_answer_joins_the_open_case_and_adds_what_was_not_done(street: Street) -> None:
    await concluded(street, shows("doubtful"))
    assert (street.suggestions, street.chat.done) == (["review"], ["PostCard"])
    await answered(street, sha(shows("doubtful")))
    assert street.chat.done == ["PostCard", "Delete", "Warn", "EditCard"]
    assert (street.cases, street.strikes) == (1, 1)
    case = await street.case()
    assert (case.origin, case.decision.suggestion) == (Origin.REMOVED, "block")
    [edit] = street.chat.edits
    assert (edit.message, edit.drop_picture) == (case.cards[0].message, False)
    assert [b.verb for b in edit.card.buttons] != [b.verb for b in street.chat.cards[0].card.buttons]


@pytest.mark.asyncio
async def test_it_is_done_once_also_where_the_process_ends_in_between(street: Street) -> None:
    await concluded(street, shows("doubtful"))
    run, of = street.effects.run, sha(shows("doubtful"))

    async def end(*args: Any, **kwargs: Any) -> Any:
        raise asyncio.CancelledError

    street.effects.run = end  # type: ignore[method-assign]
    with suppress(asyncio.CancelledError):
        await answered(street, of)
    street.effects.run = run  # type: ignore[method-assign]
    await street.restart()
    await street.work_off()
    await street.sweep()
    await answered(street, of)
    assert street.chat.done.count("Delete") == street.chat.done.count("Warn") == len(street.chat.cards) == 1
    assert (street.cases, street.strikes, len(street.chat.edits)) == (1, 1, 1)


@pytest.mark.asyncio
async def test_a_milder_late_answer_changes_nothing(street: Street) -> None:
    await concluded(street, shows("doubtful"))
    await answered(street, sha(shows("doubtful")), ())
    assert (street.chat.done, street.cases) == (["PostCard"], 1)
    assert (await street.case()).origin is Origin.REVIEW


@pytest.mark.asyncio
async def test_of_several_each_answer_acts_by_itself_on_one_case(street: Street) -> None:
    one, two = shows("doubtful", 1), shows("doubtful", 2)
    await concluded(street, one, two)
    await answered(street, sha(two))
    assert street.chat.done == ["PostCard", "Delete", "Warn", "EditCard"]
    assert street.strikes == 1
    await answered(street, sha(one))
    assert street.chat.done.count("Delete") == 1
    assert (street.cases, street.jobs("follow_up")) == (1, ["done", "done"])


@pytest.mark.asyncio
async def test_a_clean_picture_beside_one_under_review_joins_its_case_once_it_is_known_to_be_bad(
    street: Street,
) -> None:
    await concluded(street, shows("doubtful", 1), shows("fine", 2))
    await answered(street, sha(shows("fine", 2)))
    assert (street.cases, len(street.chat.cards), street.chat.done.count("Delete")) == (1, 1, 1)
    assert street.rows("SELECT count(*) FROM subjects WHERE flagged") == [(2,)]
    assert street.rows("SELECT sha256 FROM strikes") == [(sha(shows("fine", 2)),)]


@pytest.mark.asyncio
async def test_a_case_that_moderators_have_closed_is_not_opened_again(street: Street) -> None:
    await concluded(street, shows("doubtful"))
    await street.store.ledger.decide_case(HOME, 1, CaseState.OVERTURNED, "55")
    await answered(street, sha(shows("doubtful")))
    assert (street.chat.done.count("Delete"), street.cases, street.strikes) == (0, 1, 0)


@pytest.mark.asyncio
async def test_an_edited_post_is_not_punished_for_what_it_showed_before(street: Street) -> None:
    await concluded(street, shows("doubtful"), message="7001")
    await street.see(street.event(message="7001", version="1", kind=EventKind.EDIT, media=()))
    await answered(street, sha(shows("doubtful")))
    assert "Delete" not in street.chat.done
    assert street.rows("SELECT superseded FROM decisions ORDER BY id DESC LIMIT 1") == [(1,)]


@pytest.mark.asyncio
async def test_each_image_counts_once_in_the_statistics(street: Street) -> None:
    since = street.clock.now()
    await concluded(street, shows("doubtful"))
    await answered(street, sha(shows("doubtful")))
    counts = await street.store.ledger.counts(HOME, since)
    assert (counts["judged"], counts["removed"], counts["cases"]) == (1, 1, 1)


@pytest.mark.asyncio
async def test_in_observe_the_late_answer_is_shown_and_nothing_is_done(street: Street) -> None:
    await street.policy(mode=Mode.OBSERVE)
    await concluded(street, shows("doubtful"))
    await answered(street, sha(shows("doubtful")))
    assert street.chat.done == ["PostCard", "EditCard"]
    assert (street.cases, street.strikes) == (1, 0)
    assert (await street.case()).origin is Origin.OBSERVED


@pytest.mark.asyncio
async def test_a_guild_that_was_paused_meanwhile_is_left_alone(street: Street) -> None:
    await concluded(street, shows("doubtful"))
    await street.policy(mode=Mode.PAUSED)
    await answered(street, sha(shows("doubtful")))
    assert (street.chat.done, street.jobs("follow_up")) == (["PostCard"], ["done"])


@pytest.mark.asyncio
async def test_a_restart_looks_again_and_goes_on_waiting(street: Street) -> None:
    await concluded(street, shows("doubtful"))
    await street.restart()
    await street.work_off()
    assert street.jobs("follow_up") == ["todo"]
    await answered(street, sha(shows("doubtful")), number=1)
    assert street.chat.done.count("Delete") == 1


@pytest.mark.asyncio
async def test_an_answer_that_never_comes_is_not_waited_for_longer_than_a_day(street: Street) -> None:
    await concluded(street, shows("doubtful"))
    for _ in range(3):
        await street.later(GIVE_UP.total_seconds())
    assert street.jobs("follow_up") == ["done"] * len(street.jobs("follow_up"))
    assert (street.cases, street.chat.done) == (1, ["PostCard"])


@pytest.mark.asyncio
async def test_what_was_only_watched_is_really_done_once_the_guild_enforces(street: Street) -> None:
    """What was simulated stands for nothing that was done."""
    await street.policy(mode=Mode.OBSERVE)
    await concluded(street, shows("bad"))
    assert street.chat.done == ["PostCard"]
    await street.policy(mode=Mode.ENFORCE)
    await answered(street, sha(shows("bad")))
    assert street.chat.done == ["PostCard", "Delete", "Warn", "EditCard"]
    assert street.rows("select origin, state from cases") == [("removed", "open")]


@pytest.mark.asyncio
async def test_a_moderator_who_was_quicker_than_the_answer_is_no_reason_to_punish_twice(street: Street) -> None:
    await concluded(street, shows("bad", 1), shows("weak", 2))
    done = list(street.chat.done)
    await street.store.ledger.decide_case(HOME, 1, CaseState.UPHELD, "moderator")
    await street.later(3700)  # another hour: the first picture would earn a strike anew
    await answered(street, sha(shows("weak", 2)))
    assert [act for act in street.chat.done[len(done) :] if act != "Retract"] == ["EditCard"]
    assert street.rows("select number, origin, state from cases") == [(1, "removed", "upheld")]
    struck = [sha256 for (sha256,) in street.rows("select sha256 from strikes order by id")]
    assert struck == [sha(shows("bad", 1)), sha(shows("weak", 2))]
