"""`/policy export` and `/policy import`: the rules as a file."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.desk.exchange import LARGEST
from bot.model import Answer, Presser, Tenant
from bot.platforms.discord.commands.common import Interaction, spoken
from bot.platforms.discord.commands.policy import policy
from bot.platforms.discord.commands.turning import laid
from bot.platforms.discord.views import answer
from bot.ports import Gone, Unfetchable


@policy.command(name=locale_str("export"), description=locale_str("This server's policy as a YAML file"))
async def policy_export(interaction: Interaction) -> None:
    """`/policy export`."""
    await answer(interaction, interaction.client.desk.exchange.export)


@policy.command(
    name=locale_str("import"),
    description=locale_str("Take over a policy from a YAML file; shows first what would change"),
)
@app_commands.rename(file=locale_str("file"))
@app_commands.describe(file=locale_str("As /policy export writes it"))
async def policy_import(interaction: Interaction, file: discord.Attachment) -> None:
    """`/policy import file`."""

    async def read(tenant: Tenant, presser: Presser) -> Answer:
        try:
            content = await _beginning(interaction, file.url)
        except (Gone, Unfetchable):
            return Answer((await spoken(interaction)).gettext("I could not load that file. Try again in a minute."))
        return await interaction.client.desk.exchange.read_in(tenant, presser, content)

    await answer(interaction, read, lay=laid)


async def _beginning(interaction: Interaction, url: str) -> bytes:
    """The file, or of one that is too large enough to see that."""
    content = b""
    async for chunk in interaction.client.source.stream(url):
        content += chunk
        if len(content) > LARGEST:
            break
    return content
