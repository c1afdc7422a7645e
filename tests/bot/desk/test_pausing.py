"""A pause is said where moderators are, and shown with since when and by whom."""

from __future__ import annotations

import pytest

from bot.model import EffectKind, Outcome, OutcomeState, Presser
from policies.model import Duty, Mode, frozen
from tests.bot.cases import GUILD, START
from tests.bot.desk.world import MANAGER, World

SINCE = f"paused since <t:{int(START.timestamp())}:f>, by <@66>"
TUNER = Presser("78", "Tuna", roles=frozenset({"901"}))


def said(world: World) -> list[str]:
    assert all(b["channel"] == "9" and b["author"] is None for b in world.hands.bodies(EffectKind.SAY))
    return [str(body["text"]) for body in world.hands.bodies(EffectKind.SAY)]


@pytest.mark.asyncio
async def test_the_moderators_are_told_of_a_pause_and_of_its_end(world: World) -> None:
    await world.policy(mode=Mode.ENFORCE, mod_channel="9")
    await world.desk.pause(GUILD, MANAGER, resume=False)
    assert said(world) == ["<@66> has paused me: I look at no image until somebody gives /pause resume:True."]
    await world.desk.pause(GUILD, MANAGER, resume=False)
    assert len(said(world)) == 1, "a second pause is none"
    await world.desk.pause(GUILD, MANAGER, resume=True)
    assert said(world)[1:] == ["<@66> has ended the pause. The mode is: enforce (I act on what I find)."]
    await world.desk.set_mode(GUILD, MANAGER, "observe")
    assert len(said(world)) == 2, "other modes are the policy's business"
    await world.desk.set_mode(GUILD, MANAGER, "paused")
    await world.desk.set_mode(GUILD, MANAGER, "enforce")
    assert len(said(world)) == 4
    assert await world.store.ledger.unsettled() == ()


@pytest.mark.asyncio
async def test_without_a_channel_nobody_is_told_and_it_pauses_all_the_same(world: World) -> None:
    await world.desk.pause(GUILD, MANAGER, resume=False)
    assert said(world) == []
    assert (await world.policy()).mode is Mode.PAUSED


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("outcome", "warned"),
    [
        (Outcome(OutcomeState.REFUSED, "no right"), True),
        (Outcome(OutcomeState.UNKNOWN), True),
        (Outcome(OutcomeState.FAILED, "503", retry=True), False),
    ],
)
async def test_a_channel_that_cannot_be_written_to_is_named(world: World, outcome: Outcome, warned: bool) -> None:
    await world.policy(mod_channel="9")
    world.hands.outcomes[EffectKind.SAY] = outcome
    told = await world.desk.pause(GUILD, MANAGER, resume=False)
    assert ("I could not say so in <#9>" in told.text) is warned
    assert (await world.policy()).mode is Mode.PAUSED


@pytest.mark.asyncio
async def test_policy_and_doctor_say_since_when_and_by_whom(world: World) -> None:
    await world.policy(mode=Mode.ENFORCE)
    await world.desk.pause(GUILD, MANAGER, resume=False)
    await world.desk.set_threshold(GUILD, MANAGER, "hate", "0.5", None)
    await world.desk.rules.require(GUILD, MANAGER, "hate", on=True)
    for told in (await world.desk.show_policy(GUILD, MANAGER), await world.desk.doctor(GUILD, MANAGER, [])):
        assert SINCE in told.text
    await world.desk.pause(GUILD, MANAGER, resume=True)
    for told in (await world.desk.show_policy(GUILD, MANAGER), await world.desk.doctor(GUILD, MANAGER, [])):
        assert "paused" not in told.text


@pytest.mark.asyncio
async def test_a_pause_by_a_file_is_shown_without_what_nobody_knows(world: World) -> None:
    await world.policy(mode=Mode.PAUSED)
    told = await world.desk.show_policy(GUILD, MANAGER)
    assert "Mode: paused (I look at nothing)." in told.text


@pytest.mark.asyncio
async def test_who_was_entrusted_with_the_rules_may_pause(world: World) -> None:
    await world.policy(mode=Mode.ENFORCE, staff=frozen({Duty.TUNE: frozenset({"901"})}))
    assert (await world.desk.pause(GUILD, TUNER, resume=False)).done
    assert (await world.desk.pause(GUILD, TUNER, resume=True)).done
