"""SimCord, an independently written Discord, as the second oracle: it refuses what the real one would."""

from __future__ import annotations

import discord
import pytest

from bot.model import Card, Delete, EventKind, OutcomeState, PostCard, Warn
from tests.bot.platforms.discord.world import PNG, simulated, take_rights


@pytest.mark.asyncio
async def test_an_image_is_seen_fetched_and_deleted() -> None:
    async with simulated() as world:
        alice = world.guild.add_member(world.env.create_user("alice"))
        message = await alice.send(world.channel, "look", attachments=[("cat.png", PNG)])
        (event,) = world.events
        assert (event.kind, event.message, event.tenant) == (EventKind.MESSAGE, str(message.id), world.tenant)
        world.source.at[message.attachments[0].url] = PNG
        assert b"".join([c async for c in world.platform.fetch(event, event.media[0])]) == PNG
        outcome = await world.platform.perform(Delete(world.tenant, str(world.channel.id), str(message.id), case=1))
        assert outcome.state is OutcomeState.DONE
        assert world.channel.history() == []


@pytest.mark.asyncio
@pytest.mark.parametrize("right", [True, False])
async def test_deleting_agrees_with_the_simulated_discord(right: bool) -> None:
    async with simulated() as world:
        alice = world.guild.add_member(world.env.create_user("alice"))
        message = await alice.send(world.channel, "look", attachments=[("cat.png", PNG)])
        if not right:
            take_rights(world, "manage_messages")
            await world.env.settle()
        ours = await world.platform.perform(Delete(world.tenant, str(world.channel.id), str(message.id), case=1))
        assert (ours.state is OutcomeState.DONE) == right
        assert [r for r in world.env.http_requests if r.method == "DELETE"] == [] or right
        if not right:
            with pytest.raises(discord.Forbidden):
                await world.client.http.delete_message(world.channel.id, message.id)


@pytest.mark.asyncio
async def test_a_forward_of_an_image_is_seen_through_its_snapshot() -> None:
    async with simulated() as world:
        alice = world.guild.add_member(world.env.create_user("alice"))
        other = world.guild.create_text_channel("other")
        message = await alice.send(world.channel, "look", attachments=[("cat.png", PNG)])
        await alice.forward(message, other)
        first, forward = world.events
        assert forward.media == first.media
        assert (forward.place.channel, forward.message) != (first.place.channel, first.message)


@pytest.mark.asyncio
async def test_our_own_posts_are_not_looked_at_and_those_of_bots_and_webhooks_are() -> None:
    async with simulated() as world:
        card = PostCard(world.tenant, str(world.channel.id), Card(1, "t", (), picture=PNG), "n1")
        assert (await world.platform.perform(card)).state is OutcomeState.DONE
        await world.env.settle()
        assert world.events == []
        robot = world.guild.add_member(world.env.create_user("robot", bot=True))
        await robot.send(world.channel, "x", attachments=[("a.png", PNG)])
        await world.guild.create_webhook(world.channel).send("y", attachments=[("b.png", PNG)])
        assert [e.author.kind.value for e in world.events] == ["bot", "webhook"]


@pytest.mark.asyncio
async def test_without_the_right_to_speak_a_notice_is_refused_before_it_is_sent() -> None:
    async with simulated() as world:
        take_rights(world, "send_messages")
        await world.env.settle()
        outcome = await world.platform.perform(Warn(world.tenant, str(world.channel.id), "5", 1, "n"))
        assert outcome.state is OutcomeState.REFUSED
        assert "Send Messages" in outcome.detail
        assert [r for r in world.env.http_requests if r.method == "POST"] == []


@pytest.mark.asyncio
async def test_commands_work_as_discord_registered_them() -> None:
    async with simulated() as world:
        managers = world.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
        max_ = world.guild.add_member(world.env.create_user("max"), roles=[managers])
        answered = await max_.slash(world.channel, "policy mode", mode="observe")
        assert answered.ephemeral
        (asked,) = world.desk.asked
        assert (asked.what, asked.args) == ("set_mode", {"mode": "observe"})
        assert asked.presser.rights == {"manage"}
