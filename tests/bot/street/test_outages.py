"""A provider is out: what waits costs nothing, is judged when it is back, and everybody hears of it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.model import Event, MediaKind, Say
from bot.ports import Unfetchable
from bot.waiting import GIVE_UP, TRIES
from policies.model import Category, Listed, Mode, Policy, Remedy, Screening, UnscreenedReason
from providers.base import Ask, Image
from providers.errors import BadCredentials, Garbled, RateLimited, ServerFault
from tests.bot.street.world import AWAY, HOME, MODS, Bytes, Judge, Street, sha, shows
from tests.clock import FakeClock

DAY = GIVE_UP.total_seconds()


@pytest_asyncio.fixture
async def street(folder: Path, clock: FakeClock) -> AsyncIterator[Street]:
    """A guild in `enforce`, whose providers stand behind guards."""
    made = Street(folder, clock)
    made.guarded = True
    async with made as street:
        await street.policy()
        yield street


async def post(street: Street, *pictures: Bytes, **changes: Any) -> Event:
    """As Discord shows attachments: an id stands for the same bytes for ever."""
    media = tuple(street.media(p, immutable=True) for p in pictures)
    event = street.event(media=media, **changes)
    await street.see(event)
    return event


async def goes_down(street: Street, pictures: int = 5) -> None:
    """So many posts find out."""
    street.judge.down = True
    for n in range(pictures):
        await post(street, shows("fine", 1000 + n))
    assert street.guards["local"].paused


async def until_judged(street: Street, seconds: float = 1200) -> None:
    for _ in range(round(seconds / 20)):
        await street.rounds(20, step=20)
        if set(street.jobs()) == {"done"}:
            return
    raise AssertionError(street.jobs())


# --- waiting ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_is_posted_in_an_outage_is_neither_decoded_nor_shown_to_anybody(street: Street) -> None:
    await goes_down(street)
    opened, asked = street.intake.opened, len(street.judge.asked)
    await post(street, shows("bad", 50))
    await street.rounds(20)
    assert (street.intake.opened, len(street.judge.asked)) == (opened, asked)
    assert street.jobs() == ["todo"] * 6
    [(tries,)] = street.rows("SELECT attempts FROM jobs ORDER BY id DESC LIMIT 1")
    assert tries == 0, "nobody has looked at it"


@pytest.mark.asyncio
async def test_all_of_it_is_judged_once_the_provider_is_back_each_acted_upon_once(street: Street) -> None:
    await goes_down(street)
    for n in range(20):
        await post(street, shows("bad", 50 + n))
    await street.rounds(300)
    street.judge.down = False
    await until_judged(street)
    assert Counter(street.suggestions) == {"pass": 5, "block": 20}
    assert street.chat.done.count("Delete") == street.chat.done.count("PostCard") == 20
    assert max(Counter(street.judge.asked).values()) <= TRIES


@pytest.mark.asyncio
async def test_nobody_needs_to_post_for_it_to_be_tried_out_by_the_post_that_was_tried_least(street: Street) -> None:
    await goes_down(street)
    await post(street, shows("fine", 77))
    before = len(street.judge.asked)
    await street.rounds(35, step=1)
    assert street.judge.asked[before:] == [sha(shows("fine", 77))], "one call after half a minute, and no other"
    await street.rounds(60, step=1)
    assert len(street.judge.asked) == before + 2
    street.judge.down = False
    await street.rounds(121, step=1)
    assert set(street.jobs()) == {"done"}


@pytest.mark.asyncio
async def test_looking_again_while_it_is_still_out_fetches_nothing(street: Street) -> None:
    await goes_down(street)
    event = await post(street, shows("bad", 50))
    await street.store.journal.hasten("provider:local")
    await street.work_off()
    assert street.chat.fetched.count(event.media[0].key) == 1
    assert set(street.jobs()) == {"todo"}


@pytest.mark.asyncio
async def test_lists_and_known_verdicts_hold_in_an_outage(street: Street) -> None:
    await post(street, shows("bad", 1))
    await street.store.lists.put(HOME, sha(shows("fine", 2)), Listed.BLOCKED, "mo", "a test")
    await street.store.lists.put(HOME, sha(shows("bad", 3)), Listed.ALLOWED, "mo", "a test")
    await goes_down(street)
    for picture in (shows("bad", 1), shows("fine", 2), shows("bad", 3)):
        await post(street, picture)
    assert street.suggestions == ["block", "block", "block", "pass"]
    assert all(card.card.picture for card in street.chat.cards), "also what was never decoded is shown as evidence"


@pytest.mark.asyncio
async def test_what_is_listed_meanwhile_is_removed_with_its_evidence_when_it_is_looked_at_again(street: Street) -> None:
    await goes_down(street)
    await post(street, shows("fine", 2))
    await street.store.lists.put(HOME, sha(shows("fine", 2)), Listed.BLOCKED, "mo", "a test")
    await street.store.journal.hasten("provider:local")
    await street.work_off()
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert street.chat.cards[0].card.picture


@pytest.mark.asyncio
async def test_a_restart_in_the_middle_finds_out_by_a_few_calls(street: Street) -> None:
    await goes_down(street)
    for n in range(12):
        await post(street, shows("bad", 50 + n))
    before = len(street.judge.asked)
    await street.restart()
    await street.work_off()
    assert len(street.judge.asked) - before == 5, "then the breaker is open again"
    street.judge.down = False
    await until_judged(street)
    assert Counter(street.suggestions) == {"pass": 5, "block": 12}


@pytest.mark.asyncio
async def test_after_five_calls_for_it_an_image_is_left_to_the_guilds_remedy(street: Street) -> None:
    await street.policy(unscreened={UnscreenedReason.OUTAGE: Remedy.REVIEW})
    street.judge.down = True
    await post(street, shows("bad"))
    await street.rounds(7200, step=90)
    assert len(street.judge.asked) == TRIES
    assert (street.suggestions, street.chat.done) == (["review"], ["Say", "PostCard"])


class Allergic(Judge):
    """Fails at one picture, however well it answers for the others."""

    async def screen(self, image: Image, ask: Ask) -> Screening:
        if image.sha256 == sha(shows("weak", 1)):
            self.asked.append(image.sha256)
            raise ServerFault("boom")
        return await super().screen(image, ask)


@pytest.mark.parametrize("beside", [(), (shows("fine", 2),)])
@pytest.mark.asyncio
async def test_what_a_provider_fails_at_while_it_answers_others_comes_before_moderators(
    street: Street, beside: tuple[bytes, ...]
) -> None:
    street.judges = (Allergic("local"),)
    await street.restart()
    await post(street, shows("weak", 1), *beside)
    for n in range(60):
        await post(street, shows("fine", 100 + n))
        await street.rounds(60, step=30)
    assert street.judge.asked.count(sha(shows("weak", 1))) == TRIES
    assert Counter(street.suggestions) == {"pass": 60, "review": 1}
    [card] = street.chat.cards
    assert card.card.picture, "nobody can judge what is not shown"


@pytest.mark.asyncio
async def test_nothing_waits_longer_than_a_day(street: Street) -> None:
    await goes_down(street)
    await post(street, shows("bad", 50))
    await street.clock.advance(DAY + 1)
    await street.work_off()
    assert street.suggestions == ["unscreened"] * 6


@pytest.mark.asyncio
async def test_an_account_that_is_denied_is_tried_by_one_post_every_five_minutes(street: Street) -> None:
    street.judge.fails = BadCredentials("renew the key")
    for n in range(3):
        await post(street, shows("bad", n))
    await street.rounds(1500, step=20)
    assert len(street.judge.asked) <= 6
    assert [a for (a,) in street.rows("SELECT attempts FROM jobs")] == [0, 0, 0], "that was no try of any image"
    street.judge.fails = None
    await until_judged(street)
    assert street.suggestions == ["block"] * 3


@pytest.mark.asyncio
async def test_a_wish_to_wait_is_heeded_by_all_and_counts_for_none(street: Street) -> None:
    street.judge.fails = RateLimited("slower", 45.0)
    for n in range(3):
        await post(street, shows("bad", n))
    assert len(street.judge.asked) == 1
    street.judge.fails = None
    await street.rounds(40, step=5)
    assert street.suggestions == []
    await street.rounds(10, step=5)
    assert street.suggestions == ["block"] * 3


@pytest.mark.parametrize("seconds", [0.0, 1.0])
@pytest.mark.asyncio
async def test_one_that_turns_everybody_away_and_wants_them_again_at_once_is_tried_out_by_one_post(
    street: Street, seconds: float
) -> None:
    street.judge.fails = RateLimited("slower", seconds)
    for n in range(6):
        await post(street, shows("bad", n))
    assert len(street.judge.asked) == 1
    fetched = len(street.chat.fetched)
    await street.rounds(600, step=1)
    assert 5 <= len(street.judge.asked) <= 8, "less and less often"
    assert len(street.chat.fetched) - fetched <= 8, "nobody else was looked at again"
    street.judge.fails = None
    await until_judged(street)
    assert street.suggestions == ["block"] * 6


@pytest.mark.asyncio
async def test_whoever_of_several_is_back_first_ends_the_wait(street: Street) -> None:
    street.judges = (Judge("local"), Judge("second"))
    await street.restart()
    for judge in street.judges:
        judge.down = True
    for n in range(6):
        await post(street, shows("bad", n))
    street.judges[1].down = False
    await until_judged(street)
    assert street.suggestions == ["block"] * 6


@pytest.mark.asyncio
async def test_beside_an_image_that_needs_a_look_the_other_is_waited_for_half_a_minute_and_judged_later(
    street: Street,
) -> None:
    await post(street, shows("doubtful", 1), message="71")
    await goes_down(street)
    await post(street, shows("doubtful", 1), shows("bad", 2), message="72")
    assert street.suggestions == ["review"]
    await street.rounds(40, step=5)
    assert street.suggestions == ["review", "review"]
    street.judge.down = False
    await until_judged(street)
    await street.rounds(20)
    assert street.chat.done.count("Delete") == 1
    assert (street.cases, len(street.chat.cards), len(street.chat.edits)) == (2, 2, 1)


@pytest.mark.asyncio
async def test_the_platforms_own_trouble_keeps_the_clock_of_each_post(street: Street) -> None:
    event = street.event(Unfetchable(UnscreenedReason.OUTAGE, "the host says 503"))
    await street.see(event)
    tries = [len(street.chat.fetched)]
    for _ in range(5):
        await street.later(5 * 2 ** len(tries))
        tries.append(len(street.chat.fetched))
    assert tries == [1, 2, 3, 4, 5, 6]
    street.chat.pictures[event.media[0].key] = shows("bad")
    await street.later(1800)
    assert street.suggestions == ["block"]
    assert event.media[0].kind is MediaKind.ATTACHMENT


# --- telling ----------------------------------------------------------------------------------------


def said(street: Street, channel: str = MODS) -> list[str]:
    return [s.text for s in street.chat.of(Say) if s.channel == channel]


def lines(logs: list[MutableMapping[str, Any]], event: str) -> list[MutableMapping[str, Any]]:
    return [line for line in logs if line["event"] == event]


@pytest.mark.asyncio
async def test_moderators_hear_once_that_it_began_and_once_that_it_is_over(
    street: Street, logs: list[MutableMapping[str, Any]]
) -> None:
    await goes_down(street)
    await street.rounds(50)
    assert said(street) == [], "it may be over in a minute"
    await street.rounds(300)
    [began] = said(street)
    assert "local" in began
    assert "5 images here wait" in began
    assert street.outages.ongoing["local"].waiting == 5
    street.judge.down = False
    await street.rounds(590)
    assert (len(said(street)), street.outages.ongoing) == (1, {})
    await street.rounds(700, step=50)
    [_, ended] = said(street)
    assert "answers again" in ended
    assert "5 images of the outage were judged late" in ended
    assert "left unjudged" not in ended
    assert [line["log_level"] for line in lines(logs, "provider_out")] == ["error"]
    assert [line["log_level"] for line in lines(logs, "provider_back")] == ["warning"]
    await street.rounds(1200, step=60)
    assert len(said(street)) == 2


@pytest.mark.asyncio
async def test_a_restart_neither_repeats_nor_forgets_it(street: Street) -> None:
    await goes_down(street)
    await street.rounds(100)
    await street.restart()
    await street.rounds(200)
    assert len(said(street)) == 1
    street.judge.down = False
    await until_judged(street)
    await street.restart()
    await street.rounds(1300, step=50)
    assert len(said(street)) == 2
    await street.restart()
    await street.rounds(1300, step=50)
    assert len(said(street)) == 2
    assert street.rows("SELECT count(*), count(ended_at) FROM outages") == [(1, 1)]


@pytest.mark.asyncio
async def test_of_one_that_nobody_asks_any_more_nobody_says_that_it_answers(street: Street) -> None:
    for n in range(15):
        await post(street, shows("fine", n))  # so that the breaker does not open
    street.judge.down = True
    await post(street, shows("bad"))
    await street.rounds(4800, step=60)
    assert (street.suggestions[15:], street.outages.ongoing) == (["unscreened"], {})
    [_, ended] = said(street)
    assert "whether it answers again is not known" in ended
    assert "1 image could not be judged in time" in ended


@pytest.mark.asyncio
async def test_one_that_comes_and_goes_is_one_outage(street: Street, logs: list[MutableMapping[str, Any]]) -> None:
    await goes_down(street)
    await street.rounds(100)
    for _ in range(2):
        street.judge.down = False
        await until_judged(street)
        street.judge.down = True
        for n in range(20):
            await post(street, shows("fine", 2000 + n + len(street.jobs())))
        assert street.guards["local"].paused
        await street.rounds(100)
    assert len(said(street)) == len(lines(logs, "provider_out")) == 1
    street.judge.down = False
    await until_judged(street)
    await street.rounds(700, step=50)
    assert len(said(street)) == 2
    await goes_down(street, 20)
    await street.rounds(100)
    assert len(said(street)) == 3, "after that it is another"


@pytest.mark.asyncio
async def test_each_guild_that_waits_hears_of_its_own_images_also_one_that_only_watches(street: Street) -> None:
    await street.policy(AWAY, mode=Mode.OBSERVE, mod_channel="88")
    await goes_down(street)
    await post(street, shows("bad", 60), shows("bad", 61), tenant=AWAY)
    await street.rounds(100)
    assert "5 images" in said(street)[0]
    assert "2 images" in said(street, "88")[0]
    street.judge.down = False
    await street.rounds(1500, step=50)
    assert "2 images of the outage were judged late" in said(street, "88")[1]


@pytest.mark.asyncio
async def test_a_guild_without_a_moderators_channel_or_without_waiting_images_is_not_told(street: Street) -> None:
    await street.policy(AWAY)
    await street.policy(mod_channel=None)
    await goes_down(street)
    await street.rounds(200)
    assert said(street) == []
    assert "local" in street.outages.ongoing


@pytest.mark.asyncio
async def test_what_was_left_unjudged_is_said_in_the_end(street: Street) -> None:
    await goes_down(street)
    await street.rounds(100)
    await street.clock.advance(DAY)
    await street.work_off()
    street.judge.down = False
    await post(street, shows("fine", 99))
    await street.rounds(1500, step=50)
    assert "5 images could not be judged in time and were left unjudged" in said(street)[1]


@pytest.mark.asyncio
async def test_a_single_image_that_fails_in_a_quiet_guild_is_an_outage_too(street: Street) -> None:
    street.judge.down = True
    await post(street, shows("bad"))
    await street.rounds(100)
    assert not street.guards["local"].paused
    assert "1 image here waits" in said(street)[0]
    street.judge.down = False
    await until_judged(street)
    assert street.suggestions == ["block"]


@pytest_asyncio.fixture
async def pair(street: Street) -> Street:
    """Two providers: where one fails, the other answers, and nothing waits."""
    street.judges = (Judge("local"), Judge("second"))
    await street.restart()
    return street


async def fails_once(street: Street, n: int) -> None:
    street.judge.fails = Garbled("no JSON")
    await post(street, shows("fine", n))
    street.judge.fails = None


@pytest.mark.asyncio
async def test_one_call_that_failed_and_for_which_nothing_waits_is_no_outage(pair: Street) -> None:
    await fails_once(pair, 1)
    await pair.rounds(600, step=20)
    assert pair.outages.ongoing == {}
    assert pair.rows("SELECT count(*) FROM outages") == [(0,)]


@pytest.mark.asyncio
async def test_two_over_a_minute_apart_are_one_until_it_answers_or_nobody_has_asked_for_minutes(pair: Street) -> None:
    for n in range(10, 20):
        await post(pair, shows("fine", n))  # so that the breaker does not open
    for n in (1, 2):
        await fails_once(pair, n)
        await pair.rounds(70)
    assert set(pair.outages.ongoing) == {"local"}
    await pair.rounds(200, step=20)
    assert set(pair.outages.ongoing) == {"local"}
    await pair.rounds(60, step=20)
    assert pair.outages.ongoing == {}, "nobody knows"
    for n in (3, 4):
        await fails_once(pair, n)
        await pair.rounds(70)
    assert set(pair.outages.ongoing) == {"local"}
    await post(pair, shows("fine", 5))
    await pair.rounds(10)
    assert pair.outages.ongoing == {}


@pytest.mark.asyncio
async def test_a_restart_alone_ends_no_outage(pair: Street) -> None:
    pair.judge.down = True
    for n in range(6):
        await post(pair, shows("fine", n))
    await pair.rounds(100)
    await pair.restart()
    await pair.rounds(100)
    assert set(pair.outages.ongoing) == {"local"}
    await pair.rounds(250, step=50)
    assert pair.outages.ongoing == {}, "nobody asked it again: nobody knows"


class Narrow(Judge):
    """Looks for hate alone."""

    covers = frozenset({Category.HATE})


@pytest.mark.asyncio
async def test_a_guild_that_requires_a_look_that_cannot_be_had_hears_why(street: Street) -> None:
    street.judges = (Judge("local"), Narrow("narrow"))
    await street.restart()
    await _requires(street, Category.SEXUAL_EXPLICIT)
    street.judges[0].down = True
    for n in range(6):
        await post(street, shows("fine", n))
    assert set(street.jobs()) == {"done"}
    await street.rounds(100)
    assert "nobody looks for here until it is back" in said(street)[0]


@pytest.mark.asyncio
async def test_a_look_denied_before_an_outage_is_none_of_it(street: Street) -> None:
    street.judges = (Judge("local"), Narrow("narrow"))
    await street.restart()
    await _requires(street, Category.SEXUAL_EXPLICIT)
    await street.policy(AWAY, mod_channel="88", required=frozenset({Category.SEXUAL_EXPLICIT}))
    street.judge.fails = ServerFault("once")
    await post(street, shows("fine", 1))
    street.judge.fails = None
    await post(street, shows("fine", 2))
    await street.rounds(1300, step=50)
    street.judge.down = True
    for n in range(6):
        await post(street, shows("fine", 10 + n), tenant=AWAY)
    await street.rounds(100)
    assert (len(said(street)), len(said(street, "88"))) == (0, 1)


async def _requires(street: Street, category: Category) -> Policy:
    return await street.policy(required=frozenset({category}))


class Half(Judge):
    """Cannot be had for one of the pictures, until it is `ready`."""

    def __init__(self, hard: str) -> None:
        super().__init__()
        self.hard, self.ready = hard, False

    async def screen(self, image: Image, ask: Ask) -> Screening:
        if image.sha256 != self.hard or self.ready:
            return await super().screen(image, ask)
        raise ServerFault("not now")


@pytest.mark.asyncio
@pytest.mark.parametrize("changes", [{"mode": Mode.OBSERVE}, {"cap": 0}], ids=["observed", "over the cap"])
async def test_beside_one_that_is_bad_but_stays_up_the_other_is_looked_at_too(
    street: Street, changes: dict[str, Any]
) -> None:
    """Only where the post really goes does nothing else in it matter any more."""
    half = Half(sha(shows("bad", 2)))
    street.judges = (half,)
    await street.restart()
    await street.policy(**changes)
    await street.post(shows("bad", 1), shows("bad", 2))
    half.ready = True
    await street.later(60)
    assert half.hard in half.asked
    assert "Delete" not in street.chat.done
