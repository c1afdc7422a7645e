"""Commands, buttons, menus and forms: what the bot is told and what of its answer is collected."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from bot.sandbox.entities import Channel, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.presses import NotOffered
from tests.bot.sandbox.barest import Barest
from tests.bot.sandbox.pictures import PNG
from tests.clock import FakeClock

pytestmark = pytest.mark.asyncio


def scene(d: Loopback) -> tuple[Channel, User]:
    guild = d.guild()
    return d.channel(guild), d.member(guild, "ann")


async def a_card(d: Loopback, bot: Barest, channel: Channel, **buttons: str) -> Any:
    """The bot posts a message with a button for each `custom_id=label`."""
    view = discord.ui.View(timeout=None)
    for custom_id, label in buttons.items():
        view.add_item(discord.ui.Button(custom_id=custom_id, label=label, disabled=label == "grey"))
    there = bot.get_channel(channel.id)
    assert isinstance(there, discord.TextChannel)
    sent = await there.send("card", view=view)
    view.stop()
    return channel.messages[sent.id]


def answering(bot: Barest, answer: Any) -> None:
    """Every interaction is answered by `answer(interaction)`."""
    bot.on_interaction = answer  # type: ignore[attr-defined]


async def test_a_command_is_registered_given_and_answered(d: Loopback, bot: Barest) -> None:
    channel, ann = scene(d)
    got: dict[str, Any] = {}
    group = app_commands.Group(name="policy", description="The policy")

    @group.command(description="Set a threshold")
    async def threshold(
        interaction: discord.Interaction,
        category: str,
        remove: app_commands.Range[float, 0, 1],
        who: discord.Member,
        where: discord.TextChannel,
        sample: discord.Attachment,
    ) -> None:
        got.update(category=category, remove=remove, who=who, where=where, content=await sample.read())
        await interaction.response.send_message("saved", ephemeral=True)

    @threshold.autocomplete("category")
    async def suggest(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{typed}…", value=typed)]

    bot.tree.add_command(group)
    await bot.login_to(d)
    synced = await bot.tree.sync()
    again = await bot.tree.sync()
    assert [c.id for c in synced] == [c.id for c in again]
    answer = await d.command(
        "policy threshold",
        ann,
        channel,
        options={"category": "other", "remove": 0.5, "who": ann, "where": channel},
        attachments={"sample": ("a.png", PNG, "image/png")},
    )
    assert (answer.text, answer.ephemeral, answer.kind) == ("saved", True, 4)
    assert (got["category"], got["remove"], got["who"].id, got["where"].id) == ("other", 0.5, ann.id, channel.id)
    assert got["content"] == PNG
    assert channel.messages == {}
    assert await d.autocomplete("policy threshold", ann, channel, "category", "sex") == [
        {"name": "sex…", "value": "sex"}
    ]


async def test_what_is_not_offered_cannot_be_asked(d: Loopback, bot: Barest) -> None:
    channel, ann = scene(d)

    @bot.tree.command(description="Settings")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    @app_commands.choices(mode=[app_commands.Choice(name="observe", value="observe")])
    async def setup(interaction: discord.Interaction, mode: str) -> None:
        await interaction.response.send_message(mode)

    await bot.login_to(d)
    await bot.tree.sync()
    owner = d.owner(channel.guild) if channel.guild else ann
    wrong: list[tuple[str, User, Channel, dict[str, object], str]] = [
        ("nothing", owner, channel, {}, "no command 'nothing'"),
        ("setup", ann, channel, {"mode": "observe"}, "ann may not use"),
        ("setup", owner, channel, {}, r"\['mode'\] are required"),
        ("setup", owner, channel, {"mode": "observe", "x": 1}, r"no options \['x'\]"),
        ("setup", owner, channel, {"mode": "loud"}, "not 'loud'"),
        ("setup mode", owner, channel, {}, "no subcommand 'mode'"),
        ("setup", owner, d.direct(owner), {"mode": "observe"}, "not offered in direct messages"),
    ]
    for name, user, place, options, words in wrong:
        with pytest.raises(NotOffered, match=words):
            await d.command(name, user, place, options=options)
    assert (await d.command("setup", owner, channel, options={"mode": "observe"})).text == "observe"
    assert next(reversed(channel.messages.values())).content == "observe"


async def test_commands_of_one_guild_stay_there(d: Loopback, bot: Barest) -> None:
    channel, ann = scene(d)
    other, bob = scene(d)

    @bot.tree.command(description="Ping", guild=discord.Object(channel.guild.id if channel.guild else 0))
    async def ping(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.edit_original_response(content="pong")

    await bot.login_to(d)
    await bot.tree.sync(guild=discord.Object(channel.guild.id if channel.guild else 0))
    answer = await d.command("ping", ann, channel)
    assert (answer.text, answer.ephemeral, answer.kind) == ("pong", True, 5)
    with pytest.raises(NotOffered):
        await d.command("ping", bob, other)


async def test_a_context_menu_shows_the_message_even_without_the_content_intent(d: Loopback) -> None:
    intents = discord.Intents.all()
    intents.message_content = False
    bot = Barest(intents=intents)
    channel, ann = scene(d)

    @bot.tree.context_menu(name="Check images")
    async def check(interaction: discord.Interaction, message: discord.Message) -> None:
        picture = await message.attachments[0].read()
        await interaction.response.send_message(f"{len(picture)} bytes", ephemeral=True)

    @bot.tree.context_menu(name="Who")
    async def who(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(member.name)

    try:
        await bot.login_to(d)
        await bot.tree.sync()
        post = d.post(channel, ann, files=[("a.png", PNG, "image/png")])
        assert (await d.context_menu("Check images", ann, channel, post)).text == f"{len(PNG)} bytes"
        assert (await d.context_menu("Who", ann, channel, ann)).text == "ann"
    finally:
        await bot.end()


async def test_buttons_are_pressed_by_id_or_label_and_updates_are_seen(d: Loopback, bot: Barest) -> None:
    channel, ann = scene(d)
    await bot.login_to(d)

    async def answer(interaction: discord.Interaction) -> None:
        assert interaction.data is not None
        if interaction.data.get("custom_id") == "right":
            await interaction.response.edit_message(content=f"upheld by {interaction.user.name}", view=None)
        else:
            await interaction.response.send_message("sure?", ephemeral=True)
            await interaction.followup.send("really?", ephemeral=True)

    answering(bot, answer)
    card = await a_card(d, bot, channel, right="Right", wrong="Wrong, give back", off="grey")
    asked = await d.press(card, "Wrong, give back", ann)
    await asked.wait(messages=2)
    assert ([m.content for m in asked.messages], asked.ephemeral) == (["sure?", "really?"], True)
    upheld = await d.press(card, "right", ann)
    assert (upheld.kind, card.content, card.components) == (7, "upheld by ann", [])
    await d.wait_for(lambda e: e.name == "MESSAGE_UPDATE" and e.payload["content"] == "upheld by ann")
    with pytest.raises(NotOffered, match="no button 'right'"):
        await d.press(card, "right", ann)
    assert (await d.press(card, "right", ann, stale=True)).kind == 7


async def test_a_grey_button_cannot_be_pressed(d: Loopback, bot: Barest) -> None:
    channel, ann = scene(d)
    await bot.login_to(d)
    card = await a_card(d, bot, channel, off="grey")
    with pytest.raises(NotOffered, match="greyed out"):
        await d.press(card, "off", ann)


async def test_an_ephemeral_confirmation_can_be_pressed_too(d: Loopback, bot: Barest) -> None:
    channel, ann = scene(d)
    await bot.login_to(d)

    async def answer(interaction: discord.Interaction) -> None:
        assert interaction.data is not None
        if interaction.data.get("custom_id") == "yes":
            await interaction.response.edit_message(content="done", view=None)
            return
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(custom_id="yes", label="Yes"))
        await interaction.response.send_message("sure?", view=view, ephemeral=True)
        view.stop()

    answering(bot, answer)
    asked = await d.press(await a_card(d, bot, channel, ban="Ban"), "Ban", ann)
    done = await d.press(asked.last, "Yes", ann)
    assert (done.text, asked.last.content) == ("done", "done")


async def test_a_form_is_opened_filled_in_and_sent(d: Loopback, bot: Barest) -> None:
    channel, ann = scene(d)
    await bot.login_to(d)

    class Note(discord.ui.Modal, title="Note"):
        words: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Words", custom_id="words")

        async def on_submit(self, interaction: discord.Interaction, /) -> None:
            await interaction.response.send_message(f"noted: {self.words.value}", ephemeral=True)

    async def answer(interaction: discord.Interaction) -> None:
        if interaction.type is discord.InteractionType.component:
            await interaction.response.send_modal(Note())

    answering(bot, answer)
    opened = await d.press(await a_card(d, bot, channel, note="Note"), "note", ann)
    assert opened.modal is not None
    assert opened.modal["title"] == "Note"
    noted = await d.submit(opened, ann, {"words": "a cat"})
    assert noted.text == "noted: a cat"
    with pytest.raises(NotOffered, match="opened no form"):
        await d.submit(noted, ann, {})


async def test_answering_twice_and_pressing_in_vain(d: Loopback, bot: Barest) -> None:
    channel, ann = scene(d)
    await bot.login_to(d)
    failure: asyncio.Future[discord.HTTPException] = asyncio.get_running_loop().create_future()

    async def answer(interaction: discord.Interaction) -> None:
        assert interaction.data is not None
        if interaction.data.get("custom_id") == "mute":
            return
        await interaction.response.defer()
        interaction.response._response_type = None
        try:
            await interaction.response.send_message("twice")
        except discord.HTTPException as error:
            failure.set_result(error)

    answering(bot, answer)
    card = await a_card(d, bot, channel, two="Two", mute="Mute")
    quiet = await d.press(card, "two", ann, acknowledged=True)
    assert (quiet.kind, quiet.answered) == (6, False)
    assert (await asyncio.wait_for(failure, 20)).code == 40060
    with pytest.raises(TimeoutError, match="no answer to 'Mute' within"):
        await d.press(card, "Mute", ann, timeout=0.05)


async def test_an_answer_after_three_seconds_or_fifteen_minutes_is_too_late() -> None:
    clock = FakeClock()
    async with Loopback(clock=clock) as d, aiohttp.ClientSession() as http:
        channel, ann = scene(d)
        pressed = [d.interactions.begin(3, ann, channel, "x") for _ in range(2)]

        async def callback(n: int) -> tuple[int, Any]:
            url = f"{d.api_url}/interactions/{pressed[n].id}/{pressed[n].token}/callback"
            async with http.post(url, json={"type": 4, "data": {"content": "x"}}) as answer:
                return answer.status, await answer.json() if answer.status != 204 else None

        async def follow_up() -> tuple[int, Any]:
            url = f"{d.api_url}/webhooks/{d.world.app_id}/{pressed[0].token}"
            async with http.post(url, json={"content": "y"}) as answer:
                return answer.status, await answer.json()

        await clock.advance(2.9)
        assert await callback(0) == (204, None)
        await clock.advance(0.2)
        assert await callback(1) == (404, {"message": "Unknown interaction", "code": 10062})
        assert d.interactions.late == 1
        assert (await follow_up())[0] == 200
        await clock.advance(timedelta(minutes=15).total_seconds())
        assert (await follow_up())[1]["code"] == 50027
