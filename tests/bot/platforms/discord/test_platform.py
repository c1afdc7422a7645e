"""Listening, through discord.py's real parsers."""

from __future__ import annotations

import pytest

from bot.model import Delete, EventKind, OutcomeState
from tests.bot.platforms.discord.world import PNG, simulated


@pytest.mark.asyncio
async def test_an_image_is_seen_and_can_be_fetched_and_deleted() -> None:
    async with simulated() as world:
        alice = world.guild.add_member(world.env.create_user("alice"))
        message = await alice.send(world.channel, "look", attachments=[("cat.png", PNG)])
        (event,) = world.events
        assert (event.kind, event.message, event.tenant) == (EventKind.MESSAGE, str(message.id), world.tenant)
        world.source.at[message.attachments[0].url] = PNG
        assert b"".join([c async for c in world.platform.fetch(event, event.media[0])]) == PNG
        action = Delete(world.tenant, str(world.channel.id), str(message.id), case=1)
        outcome = await world.platform.perform(action)
        assert outcome.state is OutcomeState.DONE
        assert world.channel.history() == []
