"""The wizard among people: who may, who comes between, what is lost on the way, and whom a private channel lets in."""

from __future__ import annotations

import pytest

from bot.desk import steps
from bot.model import (
    EffectKind,
    Outcome,
    OutcomeState,
    Presser,
)
from bot.texts.firstdays import REMINDER, WELCOME
from policies.model import Category, ChannelRule, Duty, Exemptions, Mode, frozen
from tests.bot.desk.sitting import DAY, OTHER, TUNER, Sitting, begun, versions
from tests.bot.desk.world import AUTHOR, ELSEWHERE, MANAGER, MODERATOR, World


@pytest.mark.asyncio
@pytest.mark.parametrize("presser", [MODERATOR, TUNER, AUTHOR], ids=["moderator", "tuner", "member"])
async def test_only_who_manages_the_guild_may(presser: Presser, world: World) -> None:
    before = await world.policy(staff=frozen({Duty.TUNE: frozenset({"901"})}), mod_channel="9")
    sitting = Sitting(world, presser)
    for page, control in (
        *((page, "next") for page in steps.ORDER),
        (steps.FINISH, "protect"),
        (steps.CHANNEL, "make"),
        (steps.DONE, "own"),
        (WELCOME, "setup"),
        (REMINDER, "protect"),
        (REMINDER, "keep"),
    ):
        answer = await sitting.press(control, page=page)
        assert answer.text == "Only someone who may manage this server can change its settings."
        assert answer.page is None
    assert await world.policy() == before
    assert world.hands.performed == []


@pytest.mark.asyncio
async def test_two_admins_have_a_draft_each_and_neither_loses_the_others_save(world: World) -> None:
    await world.policy(mod_channel="9")
    ada, bea = await begun(world), await begun(world, OTHER)
    await ada.press("preset", "strict")
    assert "So far: preset standard" in (await bea.open()).text
    await bea.press("decide", "900", page=steps.STAFF)
    await bea.press("watch", page=steps.FINISH)
    await ada.press("watch", page=steps.FINISH)
    policy = await world.policy()
    assert policy.preset == "strict"
    assert policy.staff == {Duty.DECIDE: frozenset({"900"})}, "Ada never touched it"


@pytest.mark.asyncio
async def test_a_draft_in_one_guild_is_none_in_another(world: World) -> None:
    sitting = await begun(world)
    await sitting.press("preset", "family")
    other = await world.desk.wizard.open(ELSEWHERE, MANAGER, survey=sitting.survey)
    assert other.page is not None
    assert "So far: preset standard" in other.page.text


@pytest.mark.asyncio
async def test_what_is_the_guilds_own_is_kept(world: World) -> None:
    own = {
        "channels": frozen({"5": ChannelRule(exempt=True)}),
        "exempt": Exemptions(authors=frozenset({"4"})),
        "required": frozenset({Category.HATE}),
        "quarantine_role": "77",
        "language": "de",
        "mod_channel": "9",
    }
    await world.policy(**own)
    sitting = await begun(world)
    await sitting.press("preset", "art")
    await sitting.press("watch", page=steps.FINISH)
    policy = await world.policy()
    assert policy.preset == "art"
    assert {name: getattr(policy, name) for name in own} == own


# --- interrupted -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_lost_message_loses_nothing(world: World) -> None:
    sitting = await begun(world)
    await sitting.press("preset", "family")
    await sitting.walk(steps.STAFF)
    again = await begun(world)
    assert again.page.name == steps.STAFF
    assert again.page.text.startswith("You were in the middle of this")
    assert "preset family" in again.page.text


@pytest.mark.asyncio
async def test_a_draft_older_than_a_day_starts_afresh_and_says_so(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world)
    await sitting.press("preset", "family")
    before = await versions(world)
    await world.clock.advance(DAY)
    await sitting.press("protect", page=steps.FINISH)
    assert sitting.page.name == steps.PRESET
    assert "begun more than a day ago" in sitting.page.text
    assert "So far: preset standard" in sitting.page.text
    assert await versions(world) == before


@pytest.mark.asyncio
async def test_the_end_pressed_twice_saves_once(world: World) -> None:
    await world.policy(mod_channel="9", preset="relaxed")
    sitting = await begun(world)
    await sitting.press("protect", page=steps.FINISH)
    saved = await versions(world)
    await sitting.press("watch", page=steps.FINISH)
    assert await versions(world) == saved
    assert (await world.policy()).mode is Mode.ENFORCE
    assert "That setup is over" in sitting.page.text


@pytest.mark.asyncio
async def test_what_is_given_with_the_command_counts_as_chosen(world: World) -> None:
    sitting = Sitting(world)
    page = await sitting.open(preset="strict", mod_channel="9")
    assert "So far: preset strict · cards: <#9>" in page.text


# --- a private channel -----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_private_channel_is_made_for_who_is_entrusted(world: World) -> None:
    world.hands.outcomes[EffectKind.MAKE_CHANNEL] = Outcome(OutcomeState.DONE, ref="4711")
    sitting = await begun(world)
    await sitting.press("decide", "900", page=steps.STAFF)
    await sitting.press("make", page=steps.CHANNEL)
    assert "I made <#4711>" in sitting.page.text
    [body] = world.hands.bodies(EffectKind.MAKE_CHANNEL)
    assert (body["author"], body["roles"], body["name"]) == (MANAGER.id, ["900"], "image-moderation")
    await sitting.press("make", page=steps.CHANNEL)
    first, second = world.hands.bodies(EffectKind.MAKE_CHANNEL)
    assert first["key"] == second["key"], "asked for twice, also after a restart, it is the same channel"
    await sitting.press("watch", page=steps.FINISH)
    assert (await world.policy()).mod_channel == "4711"


@pytest.mark.asyncio
async def test_a_channel_that_cannot_be_made_says_why(world: World) -> None:
    refused = Outcome(OutcomeState.REFUSED, "I lack “Manage Channels” {or so}")
    world.hands.outcomes[EffectKind.MAKE_CHANNEL] = refused
    sitting = await begun(world)
    await sitting.press("make", page=steps.CHANNEL)
    assert sitting.page.text.startswith(f"I could not make a channel. {refused.detail}")
    assert "no channel yet" in sitting.page.text
