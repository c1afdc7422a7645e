"""After the first hour: the greeting, the reminder and what its buttons do."""

from __future__ import annotations

import pytest

from bot.desk import steps
from bot.model import (
    Button,
    Watched,
)
from bot.texts.catalogue import Texts
from bot.texts.firstdays import REMINDER, WELCOME, reminder
from policies.cautious import cautious
from policies.model import Category, Mode
from policies.presets import preset
from tests.bot.desk.sitting import OTHER, Sitting, fields, versions
from tests.bot.desk.world import World


@pytest.mark.asyncio
async def test_the_reminder_lets_one_act_and_a_second_press_is_harmless(world: World) -> None:
    await world.policy(**{**fields(preset("strict")), "mod_channel": "9"})
    sitting = Sitting(world)
    await sitting.press("protect", page=REMINDER)
    assert sitting.answer.done
    assert sitting.page.controls == ()
    assert "<@66> lets me act." in sitting.page.text
    assert "I remove nothing below 0.85 to begin with" in sitting.page.text
    policy, saved = await world.policy(), await versions(world)
    assert policy.mode is Mode.ENFORCE
    assert policy.thresholds == cautious(preset("strict")).thresholds
    for control in ("protect", "keep"):
        answer = await Sitting(world, OTHER).press(control, page=REMINDER)
        assert not answer.done
        assert "Nothing to change, the mode is: enforce" in answer.text
    assert await versions(world) == saved


@pytest.mark.asyncio
async def test_a_paused_guild_is_not_woken_by_an_old_reminder(world: World) -> None:
    await world.policy(mode=Mode.PAUSED)
    answer = await Sitting(world).press("protect", page=REMINDER)
    assert not answer.done
    assert (await world.policy()).mode is Mode.PAUSED


@pytest.mark.asyncio
async def test_watching_may_go_on(world: World) -> None:
    sitting = Sitting(world)
    before = await versions(world)
    await sitting.press("keep", page=REMINDER)
    assert "<@66> lets me go on watching." in sitting.page.text
    assert sitting.page.controls == ()
    assert await versions(world) == before


@pytest.mark.asyncio
async def test_the_greetings_button_opens_the_wizard(world: World) -> None:
    for page in (WELCOME, REMINDER):
        sitting = Sitting(world)
        await sitting.press("setup", page=page)
        assert sitting.page.name == steps.PRESET


def test_a_reminder_without_a_single_image_says_so() -> None:
    page = reminder(Watched(), preset("standard"), Texts())
    assert [c.verb for c in page.controls if isinstance(c, Button)] == ["setup", "protect", "keep"]
    assert "• 0 images looked at" in page.text
    assert "Moderators have not said yet" in page.text
    some = Watched(9, 3, 2, 1, {Category.HATE: 3}, {Category.OTHER: 2}, 2, 1, 4)
    text = reminder(some, preset("standard"), Texts()).text
    assert "• 3 would have been removed (hate: 3)" in text
    assert "• 2 would have been shown to moderators (other: 2)" in text
    assert "moderators called 2 right and 1 wrong; 4 they have not decided" in text
