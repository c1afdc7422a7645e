"""From Telegram through the journal to the desk and back."""

from __future__ import annotations

import pytest

from bot.sandbox.telegram.entities import Chat
from tests.bot.platforms.telegram.conftest import House, tenant


@pytest.mark.asyncio
async def test_a_command_is_answered_and_a_press_changes_the_rules(house: House, town: Chat) -> None:
    t, owner = house.t, house.t.owner(town)
    t.start(owner, f"doctor_{town.id}")
    private = t.world.private_chat(t.bot, owner)
    await t.posted(private, having="✓ Delete messages")
    t.say(private, owner, "/settings")
    menu = await t.posted(private, having="Go on")
    await t.answered(t.press(menu, owner, "Pause"))
    policy, _ = await house.street.store.settings.policy(tenant(town))
    assert policy.mode == "paused"
    assert t.calls_to("setMyCommands"), "Telegram was told which commands there are"
