"""The self-check names what is not well first, each with its cure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.model import Entry, Finding, Funds, JobKind, Origin
from policies.model import Category, Decision, Mode, Reason, ReasonCode, Suggestion, UnscreenedReason, WhenSpent
from tests.bot.cases import GUILD, image
from tests.bot.desk.world import AUTHOR, ELSEWHERE, MANAGER, MODERATOR, World


async def doctor(world: World, *findings: Finding) -> list[str]:
    return (await world.desk.doctor(GUILD, MANAGER, findings)).text.split("\n")


async def wait(world: World, number: int) -> None:
    entry = Entry(GUILD, f"job:{number}", JobKind.RAW, {"d": {"id": str(number)}})
    await world.store.journal.put([entry], lease=False)


@pytest.mark.asyncio
async def test_a_healthy_guild_is_told_so(world: World) -> None:
    await world.policy(mode=Mode.ENFORCE, mod_channel="9")
    head, *lines = await doctor(world, Finding("may delete messages", ok=True))
    assert head == "All is well."
    assert not any(line.startswith("✗ ") for line in lines)
    assert "✓ may delete messages" in lines
    assert "✓ no image waits" in lines


@pytest.mark.asyncio
async def test_what_is_not_well_comes_first_with_its_cure(world: World) -> None:
    head, *lines = await doctor(
        world, Finding("may speak", ok=True), Finding("may delete", ok=False, cure="give me Manage Messages")
    )
    assert head == "2 things need attention."
    assert lines[:2] == [
        "✗ may delete: give me Manage Messages",
        "✗ Moderators' channel: choose one with /setup",
    ]


@pytest.mark.asyncio
async def test_the_channel_that_the_platform_has_looked_at_is_told_of_once(world: World) -> None:
    gone = Finding("Moderators' channel", ok=False, cure="it is gone")
    head, *lines = await doctor(world, gone)
    assert head == "1 thing needs attention."
    assert [line for line in lines if "Moderators' channel" in line] == ["✗ Moderators' channel: it is gone"]


@pytest.mark.asyncio
async def test_one_thing_is_one_thing(world: World) -> None:
    assert (await doctor(world))[0] == "1 thing needs attention."


@pytest.mark.asyncio
async def test_a_paused_guild_is_not_well(world: World) -> None:
    await world.policy(mode=Mode.PAUSED, mod_channel="9")
    head, first, *_ = await doctor(world)
    assert head == "1 thing needs attention."
    assert "no image is looked at" in first


@pytest.mark.asyncio
async def test_what_nobody_looks_for_is_said_and_unwell_only_if_required(world: World) -> None:
    await world.policy(mod_channel="9")
    head, *lines = await doctor(world)
    assert head == "All is well."
    assert any(line.startswith("• not looked for by any provider here: graphic violence; ") for line in lines)
    await world.policy(required=frozenset({Category.HATE, Category.SEXUAL_EXPLICIT}))
    head, first, *_ = await doctor(world)
    assert head == "1 thing needs attention."
    assert first.startswith("✗ required but not looked for by any provider: hate: every image is shown")


@pytest.mark.asyncio
async def test_a_provider_that_does_not_work_is_not_well(world: World) -> None:
    await world.policy(mod_channel="9")
    assert "✓ providers: local" in await doctor(world)
    world.states["local"] = "unavailable: the weights are missing"
    head, first, *lines = await doctor(world)
    assert (head, first) == ("1 thing needs attention.", "✗ provider local: unavailable: the weights are missing")
    assert not any("providers" in line for line in lines)
    world.states["vendor"] = "ok"
    assert "✓ providers: vendor" in await doctor(world)


@pytest.mark.asyncio
async def test_the_last_day_is_counted_with_what_was_left_unjudged(world: World) -> None:
    await world.policy(mod_channel="9")
    assert (
        "• in the last 24 hours: 0 images judged, 0 removed, 0 cases for the moderators, none left unjudged"
        in await doctor(world)
    )
    tiny = Reason(ReasonCode.UNSCREENED, detail=UnscreenedReason.TINY.value)
    missing = Decision(Suggestion.UNSCREENED, reasons=(tiny,))
    await world.open(Origin.REVIEW, images=[image(1), image(2, missing), image(3, missing)])
    assert (
        "• in the last 24 hours: 1 image judged, 0 removed, 1 case for the moderators,"
        " 2 not judged (it is too small to judge: 2)" in await doctor(world)
    )
    await world.clock.advance(timedelta(hours=24, seconds=1).total_seconds())
    assert any(line.startswith("• in the last 24 hours: 0 images judged") for line in await doctor(world))


@pytest.mark.asyncio
async def test_another_guilds_backlog_is_not_counted(world: World) -> None:
    await world.policy(mod_channel="9")
    entry = Entry(ELSEWHERE, "job:1", JobKind.RAW, {"d": {"id": "1"}})
    await world.store.journal.put([entry], lease=False)
    await world.clock.advance(3600)
    assert "✓ no image waits" in await doctor(world)
    assert (await world.store.journal.backlog())[0] == 1


@pytest.mark.asyncio
async def test_a_backlog_is_counted_and_unwell_when_old(world: World) -> None:
    await world.policy(mod_channel="9")
    await wait(world, 1)
    assert "✓ 1 image waits, the oldest 0 minutes" in await doctor(world)
    await wait(world, 2)
    await world.clock.advance(timedelta(minutes=10).total_seconds())
    assert (await doctor(world))[0] == "All is well."
    await world.clock.advance(1)
    head, first, *_ = await doctor(world)
    assert head == "1 thing needs attention."
    assert first.startswith("✗ 2 images wait, the oldest 10 minutes: ")


@pytest.mark.asyncio
async def test_moderators_may_ask_and_members_may_not(world: World) -> None:
    assert "attention" in (await world.desk.doctor(GUILD, MODERATOR, [])).text
    assert "Only moderators" in (await world.desk.doctor(GUILD, AUTHOR, [])).text


@pytest.mark.asyncio
async def test_what_is_left_of_a_budget_is_told_and_what_holds_when_it_is_nothing(world: World) -> None:
    await world.policy(mod_channel="9", when_spent=WhenSpent.REVIEW)
    world.funds.update(huawei=Funds(Decimal("1.5"), Decimal(2)), hitpaw=Funds(Decimal(3), Decimal(3)))
    head, *lines = await doctor(world)
    assert head == "All is well.", "an empty budget is no illness"
    assert "• huawei: 0.50 of 2.00 US dollars left this month" in lines
    assert (
        "• hitpaw: 0.00 of 3.00 US dollars left this month;"
        " now moderators are shown what the free providers leave in doubt" in lines
    )
