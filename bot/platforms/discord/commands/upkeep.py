"""`/doctor` and `/pause`."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import locale_str

from bot.model import Answer, Finding, Presser, Tenant
from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.commands.common import MANAGERS, Interaction, of_guild
from bot.platforms.discord.rights import findings
from bot.platforms.discord.views import answer


@app_commands.command(name="doctor", description=locale_str("Check that everything works here, and how to mend it"))
@app_commands.default_permissions(MANAGERS)
@app_commands.guild_only()
async def doctor(interaction: Interaction) -> None:
    """`/doctor`."""

    async def examine(tenant: Tenant, presser: Presser) -> Answer:
        guild_policy, _ = await interaction.client.settings.policy(tenant)
        found = [*findings(of_guild(interaction.guild), guild_policy), *_connection(interaction.client)]
        return await interaction.client.desk.doctor(tenant, presser, found)

    await answer(interaction, examine)


def _connection(client: BeholderClient) -> list[Finding]:
    flags = client.application_flags
    allowed = flags.gateway_message_content or flags.gateway_message_content_limited
    cure = "The host must switch on “Message Content Intent” in Discord's developer portal (Bot → Privileged Intents)."
    return [Finding("Message Content Intent", allowed, cure)]


@app_commands.command(name="pause", description=locale_str("Stop looking at pictures at once, or go on again"))
@app_commands.describe(resume=locale_str("Go on as before the pause"))
@app_commands.default_permissions(MANAGERS)
@app_commands.guild_only()
async def pause(interaction: Interaction, resume: bool = False) -> None:
    """`/pause [resume]`."""
    desk = interaction.client.desk
    await answer(interaction, lambda tenant, presser: desk.pause(tenant, presser, resume=resume))
