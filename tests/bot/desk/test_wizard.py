"""The first hour, page by page: nothing holds before the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.desk import steps
from bot.model import (
    ABLE,
    Choose,
    Finding,
)
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from policies.cautious import cautious
from policies.model import Category, Duty, Exemptions, Mode, frozen
from policies.presets import PRESETS, preset
from tests.bot.cases import GUILD
from tests.bot.desk.sitting import LACKING, begun, reminders, versions
from tests.bot.desk.world import COVERAGE, MANAGER, World


@pytest.mark.asyncio
@pytest.mark.parametrize(("press", "mode"), [("protect", Mode.ENFORCE), ("watch", Mode.OBSERVE)])
async def test_the_whole_way_to_both_ends(press: str, mode: Mode, world: World) -> None:
    sitting = await begun(world)
    await sitting.press("preset", "family")
    await sitting.walk(steps.STAFF)
    await sitting.press("decide", "900", "901")
    await sitting.press("tune", "902")
    await sitting.walk(steps.CHANNEL)
    await sitting.press("channel", "9")
    await sitting.walk(steps.EXEMPT)
    await sitting.press("suggested")
    await sitting.walk(steps.FINISH)
    assert await versions(world) == 0, "nothing is saved before the end"
    await sitting.press(press)
    assert sitting.answer.done
    assert sitting.page.name == steps.DONE
    chosen = replace(
        preset("family"),
        mode=mode,
        mod_channel="9",
        staff=frozen({Duty.DECIDE: frozenset({"900", "901"}), Duty.TUNE: frozenset({"902"})}),
        exempt=Exemptions(roles=frozenset({"900", "901"})),
    )
    assert await world.policy() == (cautious(chosen) if mode is Mode.ENFORCE else chosen)
    [(version, _, by, why)] = await world.store.settings.versions(GUILD)
    assert (version, by, why) == (1, MANAGER.id, "setup")
    told = [{"policy_version": 1, "channel": None}] if mode is Mode.OBSERVE else []
    assert await reminders(world) == told


@pytest.mark.asyncio
async def test_every_page_can_be_gone_back_from(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world)
    assert "back" not in sitting.buttons
    seen = [sitting.page.name]
    while sitting.page.name != steps.FINISH:
        await sitting.press("next")
        seen.append(sitting.page.name)
    assert tuple(seen) == steps.ORDER
    assert "next" not in sitting.buttons
    back = [sitting.page.name]
    while sitting.page.name != steps.PRESET:
        await sitting.press("back")
        back.append(sitting.page.name)
    assert back == seen[::-1]


@pytest.mark.asyncio
async def test_nobody_gets_on_without_a_channel(world: World) -> None:
    sitting = await begun(world)
    await sitting.walk(steps.CHANNEL)
    await sitting.press("next")
    assert sitting.page.name == steps.CHANNEL
    assert sitting.page.text.startswith("**Choose a channel first**")
    for end in ("protect", "watch"):
        await sitting.press(end, page=steps.FINISH)
        assert sitting.page.name == steps.CHANNEL, "an old last page does not finish it either"
    assert await versions(world) == 0


@pytest.mark.asyncio
async def test_the_choice_of_a_preset_says_what_it_does_and_what_nobody_looks_for(world: World) -> None:
    sitting = await begun(world)
    [choose] = [c for c in sitting.page.controls if isinstance(c, Choose)]
    assert [o.value for o in choose.options] == list(PRESETS)
    assert [o.value for o in choose.options if o.chosen] == ["standard"]
    text = sitting.page.text
    assert "Removed when sure, shown to moderators when in doubt: explicit sexual content." in text
    assert "Only shown to moderators, never removed by me: suggestive sexual content; advertising or scam." in text
    assert "Nobody here looks for: graphic violence" in text
    await sitting.press("preset", "strict")
    assert "**strict**" in sitting.page.text
    assert "never removed by me" not in sitting.page.text


@pytest.mark.asyncio
async def test_what_no_page_offers_changes_nothing(world: World) -> None:
    sitting = await begun(world)
    before = sitting.page
    for control, values, page in (
        ("preset", ["nonsense"], steps.PRESET),
        ("preset", [], steps.PRESET),
        ("manage", ["900"], steps.STAFF),
        ("frobnicate", [], steps.PRESET),
        ("preset", ["family"], "nowhere"),
    ):
        await sitting.press(control, *values, page=page)
    await sitting.press("frobnicate", page=steps.PRESET)
    assert sitting.page == before


@pytest.mark.asyncio
async def test_with_one_provider_there_is_nothing_to_choose(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world)
    page = await sitting.walk(steps.PROVIDERS)
    assert not [c for c in page.controls if isinstance(c, Choose)]
    assert "it costs nothing, and no picture leaves it" in page.text
    assert "There is nothing to choose here" in page.text


def test_with_several_providers_there_is_a_choice() -> None:
    voice, some = Voice.to(GUILD, Texts()), {**COVERAGE, "huawei": frozenset({Category.HATE})}
    policy = replace(preset("standard"), providers=("local",))
    page = steps.page(steps.PROVIDERS, policy, (), some, voice, able=ABLE)
    [choose] = [c for c in page.controls if isinstance(c, Choose)]
    assert [(o.value, o.chosen) for o in choose.options] == [("huawei", False), ("local", True)]
    assert "• huawei: hate. A paid service: pictures are sent to it." in page.text
    everybody = steps.page(steps.PROVIDERS, preset("standard"), (), some, voice, able=ABLE)
    [choose] = [c for c in everybody.controls if isinstance(c, Choose)]
    assert all(o.chosen for o in choose.options), "none named are all of them"


@pytest.mark.asyncio
async def test_all_providers_are_all_that_there_will_be(world: World) -> None:
    await world.policy(mod_channel="9", providers=("gone",))
    sitting = await begun(world)
    await sitting.press("providers", "local", page=steps.PROVIDERS)
    await sitting.press("watch", page=steps.FINISH)
    assert (await world.policy()).providers == ()


# --- the check -------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_check_is_of_what_would_hold_and_can_be_repeated(world: World) -> None:
    sitting = await begun(world, findings=[LACKING, Finding("Send Messages", ok=True)])
    await sitting.walk(steps.CHANNEL)
    await sitting.press("channel", "9")
    page = await sitting.walk(steps.CHECK)
    assert "1 thing is missing." in page.text
    assert "✗ Manage Messages: Without it: posts stay up." in page.text
    assert sitting.surveyed[-1].mod_channel == "9"
    sitting.findings = [Finding("Manage Messages", ok=True)]
    await sitting.press("again")
    assert "I have every right that I need here." in sitting.page.text


@pytest.mark.asyncio
async def test_the_end_says_what_is_still_missing_and_how_carefully_it_begins(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world, findings=[LACKING])
    await sitting.press("preset", "strict")
    page = await sitting.walk(steps.FINISH)
    assert "1 thing is still missing" in page.text
    assert "To begin with I remove nothing below 0.85" in page.text
    await sitting.press("protect")
    assert "✗ Manage Messages" in sitting.page.text
    assert "I remove nothing below 0.85" in sitting.page.text
    assert sitting.buttons == ["own"]
    await sitting.press("own")
    policy = await world.policy()
    assert policy.thresholds == preset("strict").thresholds
    assert policy.newcomers == preset("strict").newcomers
    assert sitting.buttons == []
    assert not (await sitting.press("own")).done, "twice is once"


@pytest.mark.asyncio
async def test_a_preset_that_is_careful_already_says_nothing_of_it(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world)
    page = await sitting.walk(steps.FINISH)
    assert "To begin with" not in page.text
    await sitting.press("protect")
    assert sitting.buttons == []
