"""`/setup`: from an invited bot to a protected server."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.platforms.discord.commands.common import MANAGERS, PRESET_CHOICES, Interaction, choices, of_guild
from bot.platforms.discord.rights import findings
from bot.platforms.discord.views import answer
from bot.texts.catalogue import mark

MODES = {mark("Protect now"): "enforce", mark("Watch first"): "observe"}


@app_commands.command(name=locale_str("setup"), description=locale_str("Set up image moderation for this server"))
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
async def setup(interaction: Interaction, preset: str, channel: discord.TextChannel, mode: str) -> None:
    """`/setup preset channel mode`."""
    found = findings(of_guild(interaction.guild), str(channel.id))
    desk = interaction.client.desk
    await answer(
        interaction,
        lambda tenant, presser: desk.setup(
            tenant, presser, preset=preset, mod_channel=str(channel.id), mode=mode, findings=found
        ),
    )
