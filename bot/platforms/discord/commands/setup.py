"""`/setup`: from an invited bot to a protected server."""

from __future__ import annotations

from dataclasses import replace

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.model import Answer, Presser, Tenant
from bot.platforms.discord.commands.common import MANAGERS, PRESET_CHOICES, Interaction, choices
from bot.platforms.discord.pages import open_page, surveying
from bot.texts.catalogue import mark

MODES = {mark("Protect now"): "enforce", mark("Watch first"): "observe"}


@app_commands.command(
    name=locale_str("setup"), description=locale_str("Set up image moderation for this server, step by step")
)
@app_commands.rename(preset=locale_str("preset"), channel=locale_str("channel"), mode=locale_str("mode"))
@app_commands.describe(
    preset=locale_str("How strict to be; every number can be changed later with /policy"),
    channel=locale_str("A private channel where moderators see what was found"),
    mode=locale_str("Protect now: act. Watch first: only show what I would do"),
)
@app_commands.choices(
    preset=PRESET_CHOICES,
    mode=choices(MODES.items()),
)
@app_commands.default_permissions(MANAGERS)
@app_commands.guild_only()
async def setup(
    interaction: Interaction,
    preset: str | None = None,
    channel: discord.TextChannel | None = None,
    mode: str | None = None,
) -> None:
    """`/setup [preset] [channel] [mode]`: the wizard; with all three given, its end at once."""
    desk, survey = interaction.client.desk, surveying(interaction)
    chosen = None if channel is None else str(channel.id)

    async def begin(tenant: Tenant, presser: Presser) -> Answer:
        if preset is None or chosen is None or mode is None:
            return await desk.wizard.open(tenant, presser, survey=survey, preset=preset, mod_channel=chosen)
        policy, _ = await interaction.client.settings.policy(tenant)
        found = await survey(replace(policy, mod_channel=chosen))
        return await desk.setup(tenant, presser, preset=preset, mod_channel=chosen, mode=mode, findings=found)

    await open_page(interaction, begin)
