"""Messages as people see them: made from what the API gives, by a client of the real protocol."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import ui

from bot.sandbox.album import Album
from bot.sandbox.entities import Channel, Guild, Json, Message
from bot.sandbox.loopback import Loopback
from bot.sandbox.markdown import Names
from bot.sandbox.parts import Show, component, embed
from bot.sandbox.portrait import Shot, page
from tests.bot.sandbox.barest import Barest
from tests.bot.sandbox.pictures import PNG

NAMES = Names(datetime(2026, 11, 24, tzinfo=UTC), users={1: "Ann"}, channels={2: "general"}, roles={3: "Mods"})
SHOW = Show(NAMES, lambda url: "data:image/png;base64,AA" if "there" in url else "")
EVIL = "<img src=x onerror=alert(1)>\"'&"


def place(d: Loopback) -> tuple[Guild, Channel]:
    guild = d.guild("Meadow")
    return guild, d.channel(guild, "general")


async def sent(d: Loopback, bot: Barest, channel: Channel, **what: Any) -> Message:
    """What the client posts there, as the loopback keeps it."""
    where = bot.get_channel(channel.id)
    assert isinstance(where, discord.TextChannel)
    await where.send(**what)
    return await d.posted(channel)


@pytest.mark.asyncio
async def test_a_card_with_a_spoilered_picture_fields_and_buttons(d: Loopback, bot: Barest, tmp_path: Path) -> None:
    _, channel = place(d)
    await bot.login_to(d)
    (tmp_path / "SPOILER_evidence.png").write_bytes(PNG)
    shown = discord.Embed(title="Case 1 · removed", colour=discord.Colour(0xE74C3C))
    shown.add_field(name="Why", value=f"• **sure** <#{channel.id}>", inline=False).set_footer(text="case 1")
    view = ui.View(timeout=None)
    view.add_item(ui.Button(label="Right", style=discord.ButtonStyle.success, custom_id="a"))
    view.add_item(ui.Button(label="Open the post", url="https://discord.com/channels/1/2/3"))
    message = await sent(d, bot, channel, embed=shown, view=view, file=discord.File(tmp_path / "SPOILER_evidence.png"))
    seen = Album(d).page([Album(d).post(message)], channel)
    assert '<div class="picture spoiler"><img src="data:image/png;base64,' in seen
    assert "<span>SPOILER</span>" in seen
    assert 'style="border-color: #e74c3c"' in seen
    assert '<dd><p>• <strong>sure</strong> <span class="mention">#general</span></p></dd>' in seen
    assert '<span class="button green">Right</span>' in seen
    assert re.search(r'<span class="button grey">Open the post <i class="out">', seen)
    assert '<span class="tag">APP</span>' in seen
    assert "Only you can see this" not in seen


@pytest.mark.asyncio
async def test_the_new_components_one_inside_the_other(d: Loopback, bot: Barest) -> None:
    guild, channel = place(d)
    role = d.role(guild, "Moderators")
    await bot.login_to(d)
    view = ui.LayoutView(timeout=None)
    roles: ui.RoleSelect[ui.LayoutView] = ui.RoleSelect(
        custom_id="r", max_values=3, default_values=[discord.Object(role.id)]
    )
    container: ui.Container[ui.LayoutView] = ui.Container(
        ui.TextDisplay("## Set up\n-# step 1 of 3"),
        ui.Separator(),
        ui.Section("A section", accessory=ui.Button(label="Change", custom_id="c")),
        ui.MediaGallery(discord.MediaGalleryItem("https://a.example/x.png", spoiler=True)),
        ui.ActionRow(
            ui.Select(custom_id="s", placeholder="How strict?", options=[discord.SelectOption(label="standard")])
        ),
        ui.ActionRow(roles),
        ui.ActionRow(ui.ChannelSelect(custom_id="ch")),
        accent_colour=0x5865F2,
    )
    view.add_item(container)
    message = await sent(d, bot, channel, view=view)
    seen = Album(d).page([Album(d).post(message)], channel)
    assert "border-left: 4px solid #5865f2" in seen
    assert "<h2>Set up</h2><small>step 1 of 3</small>" in seen
    assert '<div class="section"><div><div class="content"><p>A section</p></div></div>' in seen
    assert '<div class="select"><span><em>How strict?</em></span>' in seen
    assert "<b>@Moderators</b>" in seen
    assert "<em>Select a channel</em>" in seen
    assert "spoiler" in seen
    assert 'class="unknown"' not in seen


@pytest.mark.asyncio
async def test_a_private_answer_says_who_asked_and_that_nobody_else_sees_it(d: Loopback, bot: Barest) -> None:
    guild, channel = place(d)
    tree = bot.tree

    @tree.command(name="setup", description="Set up")
    async def setup(interaction: discord.Interaction[Barest]) -> None:
        await interaction.response.send_message("Saved.", ephemeral=True)
        await interaction.followup.send("More.", ephemeral=True)

    await bot.login_to(d)
    await tree.sync()
    answered = await d.command("setup", d.owner(guild), channel)
    await answered.wait(messages=2)
    first, second = Album(d).answer(answered, "/setup")
    seen = Album(d).page([first, second], channel)
    assert seen.count("used <i>/setup</i>") == 1
    assert seen.count("Only you can see this") == 2


def test_nothing_of_a_message_reaches_the_page_as_html() -> None:
    message: Json = {
        "id": "1",
        "author": {"id": "1", "username": EVIL, "global_name": EVIL},
        "content": EVIL,
        "timestamp": "2026-11-24T10:00:00+00:00",
        "attachments": [{"filename": EVIL, "size": 5, "url": EVIL, "content_type": "text/html", "description": EVIL}],
        "embeds": [
            {
                "title": EVIL,
                "description": EVIL,
                "author": {"name": EVIL},
                "fields": [{"name": EVIL, "value": EVIL}],
                "footer": {"text": EVIL},
                "image": {"url": EVIL},
            }
        ],
        "components": [
            {
                "type": 1,
                "components": [
                    {"type": 2, "style": 1, "label": EVIL},
                    {"type": 3, "placeholder": EVIL},
                    {"type": 3, "options": [{"label": EVIL, "default": True}], "max_values": 2},
                ],
            }
        ],
        "referenced_message": {"author": {"username": EVIL}, "content": EVIL},
    }
    seen = page([Shot(message)], NAMES, lambda url: None, channel=EVIL)
    assert "<img" not in seen
    assert "onerror=alert(1)&gt;" in seen
    assert "default-src 'none'" in seen, "and if something did, the page may load and run nothing"


def test_a_picture_that_is_gone_leaves_a_mark() -> None:
    assert 'class="lost"' in embed({"image": {"url": "https://gone"}}, SHOW)
    assert "<img" in embed({"image": {"url": "https://there"}}, SHOW)


def test_an_unknown_component_is_seen_to_be_missing() -> None:
    assert component({"type": 99}, SHOW) == '<div class="unknown">component 99</div>'


def test_what_is_greyed_out_looks_so() -> None:
    assert "button red off" in component({"type": 2, "style": 4, "label": "Ban", "disabled": True}, SHOW)


def test_a_select_that_was_clicked_shows_what_it_offers() -> None:
    options = [{"label": "Kick", "value": "kick", "description": EVIL}, {"label": "Ban", "value": "ban"}]
    select: Json = {"type": 3, "custom_id": "mine", "options": options}
    closed = component(select, SHOW)
    assert "Kick" not in closed
    opened = component(select, replace(SHOW, opened="mine"))
    assert opened.count("<li>") == 2
    assert "<li>Ban<small></small></li>" in opened
    assert EVIL not in opened
    assert component(select, replace(SHOW, opened="another")) == closed
