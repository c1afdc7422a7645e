"""`/doctor` and `/pause`."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import locale_str

from bot.model import Answer, Presser, Tenant
from bot.platforms.discord import privileges
from bot.platforms.discord.commands.common import MANAGERS, Interaction, of_guild
from bot.platforms.discord.rights import findings
from bot.platforms.discord.views import answer
from bot.texts.catalogue import Texts


@app_commands.command(
    name=locale_str("doctor"), description=locale_str("Check that everything works here, and how to mend it")
)
@app_commands.default_permissions(MANAGERS)
@app_commands.guild_only()
async def doctor(interaction: Interaction) -> None:
    """`/doctor`."""

    async def examine(tenant: Tenant, presser: Presser) -> Answer:
        guild_policy, _ = await interaction.client.settings.policy(tenant)
        rights = findings(of_guild(interaction.guild), guild_policy)
        found = [*rights, *privileges.findings(interaction.client.intents, Texts(guild_policy.language))]
        return await interaction.client.desk.doctor(tenant, presser, found)

    await answer(interaction, examine)


@app_commands.command(
    name=locale_str("pause"), description=locale_str("Stop looking at pictures at once, or go on again")
)
@app_commands.rename(resume=locale_str("resume"))
@app_commands.describe(resume=locale_str("Go on as before the pause"))
@app_commands.default_permissions(MANAGERS)
@app_commands.guild_only()
async def pause(interaction: Interaction, resume: bool = False) -> None:
    """`/pause [resume]`."""
    desk = interaction.client.desk
    await answer(interaction, lambda tenant, presser: desk.pause(tenant, presser, resume=resume))
