"""The first days: a greeting once, a reminder once, and neither after somebody has chosen."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

import pytest

from bot.desk.amending import Amending
from bot.desk.draft import Draft
from bot.desk.setup import Setup
from bot.model import CaseState, JobKind, Outcome, Page, PostPage, Presser, Tenant
from bot.texts.firstdays import REMINDER, WELCOME
from bot.welcome import greeting, reminder
from policies.model import Mode
from tests.bot.street.world import LATER, MODS, Street, shows
from tests.clock import FakeClock

NEW = Tenant("discord", "300")
ADA = Presser("66", "Ada", rights=frozenset({"manage"}))
THREE_DAYS = 72 * 3600
HALLWAY = "70"


async def join(street: Street, channel: str | None = HALLWAY) -> None:
    await street.store.journal.put([greeting(NEW, channel, street.clock.now())], lease=False)
    await street.work_off()


async def set_up(street: Street, mode: Mode = Mode.OBSERVE, channel: str = MODS, preset: str = "standard") -> None:
    setup = Setup(Amending(street.store.settings), street.store.journal, street.clock, {})
    await setup.save(NEW, ADA, Draft(preset=preset, mod_channel=channel), mode)


def told(street: Street) -> list[tuple[str, str]]:
    """(channel, page) of every page that was posted."""
    return [(a.channel, a.page.name) for a in street.chat.of(PostPage)]


def last(street: Street) -> Page:
    page: Page = street.chat.of(PostPage)[-1].page
    return page


# --- the greeting ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_guild_is_greeted_once_for_each_time_the_bot_joins(street: Street) -> None:
    entry = greeting(NEW, HALLWAY, street.clock.now())
    assert (entry.kind, entry.payload) == (JobKind.GREET, {"channel": HALLWAY})
    for _ in range(3):
        await street.store.journal.put([entry], lease=False)
        await street.work_off()
        await street.restart()
    assert told(street) == [(HALLWAY, WELCOME)]
    await street.clock.advance(60)
    await join(street)
    assert told(street) == [(HALLWAY, WELCOME)] * 2
    assert street.jobs("greet") == ["done", "done"]


@pytest.mark.asyncio
async def test_the_greeting_says_what_i_do_see_and_keep(street: Street) -> None:
    await join(street)
    page = last(street)
    for words in (
        "I only watch: nothing is removed",
        "type /setup",
        "What I can find here:",
        "only channels that my role may see",
        "I never store a picture",
    ):
        assert words in page.text
    assert [c.verb for c in page.controls] == ["setup"]  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_a_guild_that_was_set_up_before_is_told_what_holds(street: Street) -> None:
    await set_up(street, Mode.ENFORCE)
    await join(street)
    assert "I was here before" in last(street).text
    assert "enforce" in last(street).text
    assert street.jobs("remind") == []


@pytest.mark.asyncio
async def test_where_the_bot_may_not_speak_the_log_says_so(
    street: Street, logs: list[MutableMapping[str, Any]]
) -> None:
    await join(street, channel=None)
    assert told(street) == []
    assert street.jobs("greet") == ["done"]
    assert any("no channel where I may speak" in line["event"] for line in logs)


@pytest.mark.asyncio
@pytest.mark.parametrize("lost", [False, True])
async def test_a_greeting_that_was_cut_off_is_looked_for_and_not_said_twice(street: Street, lost: bool) -> None:
    """The process ends between sending and its record; `lost`: the request never arrived."""
    say = street.chat._post

    def cut(action: Any) -> Outcome:
        if not lost:
            say(action)
        raise RuntimeError("cut off")

    street.chat._post = cut  # type: ignore[method-assign]
    await join(street)
    street.chat._post = say  # type: ignore[method-assign]
    await street.restart()
    await street.work_off()
    await street.sweep()
    assert len([kind for kind, _, _ in street.chat.posted if kind is PostPage]) == 1
    assert street.effects_of("page")[0][0] == "done"


@pytest.mark.asyncio
async def test_a_greeting_waits_out_an_outage(street: Street) -> None:
    street.chat.script[PostPage] = [LATER] * 4
    await join(street)
    assert street.effects_of("page") == [("todo", 1)]
    await street.sweep(3600)
    await street.sweep(3600)
    assert street.effects_of("page")[0][0] == "done"


# --- the reminder ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_nobody_set_it_up_so_it_reminds_in_the_greetings_channel_once(street: Street) -> None:
    await join(street)
    await street.later(THREE_DAYS - 10)
    assert told(street) == [(HALLWAY, WELCOME)]
    await street.restart()
    await street.later(20)
    assert told(street) == [(HALLWAY, WELCOME), (HALLWAY, REMINDER)]
    await street.later(THREE_DAYS * 3)
    assert len(told(street)) == 2


@pytest.mark.asyncio
async def test_what_watching_has_shown_is_told_in_the_moderators_channel(street: Street) -> None:
    await set_up(street)
    for picture in (shows("bad", 1), shows("bad", 2), shows("hateful"), shows("doubtful"), shows("fine")):
        await street.post(picture, tenant=NEW)
    await street.post(shows("undecodable"), tenant=NEW)
    await street.store.ledger.decide_case(NEW, 1, CaseState.UPHELD, "55")
    await street.store.ledger.decide_case(NEW, 2, CaseState.OVERTURNED, "55")
    await street.later(THREE_DAYS + 1)
    assert told(street) == [(MODS, REMINDER)]
    text = last(street).text
    assert "• 6 images looked at" in text
    assert "• 3 would have been removed (explicit sexual content: 2; hate: 1)" in text
    assert "• 2 would have been shown to moderators (explicit sexual content: 1)" in text
    assert "moderators called 1 right and 1 wrong" in text
    assert [c.verb for c in last(street).controls] == ["protect", "keep"]  # type: ignore[union-attr]


@pytest.mark.asyncio
@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.PAUSED])
async def test_who_switched_is_not_reminded(street: Street, mode: Mode) -> None:
    await set_up(street)
    await street.policy(NEW, mode=mode)
    await street.later(THREE_DAYS + 1)
    assert told(street) == []
    assert street.jobs("remind") == ["done"]


@pytest.mark.asyncio
async def test_who_switched_there_and_back_has_chosen(street: Street) -> None:
    await set_up(street)
    policy = await street.policy(NEW, mode=Mode.ENFORCE)
    settings = street.store.settings
    await settings.save(NEW, replace(policy, mode=Mode.OBSERVE), "66", "mode observe")
    await street.later(THREE_DAYS + 1)
    assert told(street) == []


@pytest.mark.asyncio
async def test_a_setup_anew_begins_the_three_days_anew(street: Street) -> None:
    await join(street)
    await street.later(THREE_DAYS / 2)
    await set_up(street)
    await street.later(THREE_DAYS / 2)
    await set_up(street, preset="strict")
    await street.later(THREE_DAYS / 2 + 10)
    assert told(street) == [(HALLWAY, WELCOME)]
    await street.later(THREE_DAYS / 2)
    assert told(street)[1:] == [(MODS, REMINDER)]


@pytest.mark.asyncio
async def test_the_same_setup_twice_is_one_reminder(street: Street) -> None:
    for _ in range(2):
        await set_up(street)
    await street.later(THREE_DAYS + 1)
    assert told(street) == [(MODS, REMINDER)]


@pytest.mark.asyncio
async def test_a_limit_that_was_tuned_meanwhile_changes_nothing_about_it(street: Street) -> None:
    await set_up(street)
    await street.policy(NEW, cap=10)
    await street.later(THREE_DAYS + 1)
    assert told(street) == [(MODS, REMINDER)]


@pytest.mark.asyncio
async def test_acting_at_once_is_not_reminded_of(street: Street) -> None:
    await set_up(street, Mode.ENFORCE)
    assert street.jobs("remind") == []


@pytest.mark.asyncio
async def test_a_reminder_may_have_nowhere_to_go(street: Street, logs: list[MutableMapping[str, Any]]) -> None:
    await join(street, channel=None)
    await street.later(THREE_DAYS + 1)
    assert told(street) == []
    assert street.jobs("remind") == ["done"]
    assert any("no reminder" in line["event"] for line in logs)


def test_a_reminder_is_one_for_each_version(clock: FakeClock) -> None:
    entry = reminder(NEW, 3, clock.now())
    assert (entry.key, entry.kind) == ("remind:3", JobKind.REMIND)
    assert entry.run_at is not None
    assert (entry.run_at - clock.now()).total_seconds() == THREE_DAYS
