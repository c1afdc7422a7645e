"""`/case`: what was found and what became of it, in words."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range, locale_str

from bot.platforms.discord.commands.common import MODERATORS, Interaction, choices
from bot.platforms.discord.commands.turning import laid
from bot.platforms.discord.views import answer
from bot.texts.records import STATES

case = app_commands.Group(
    name=locale_str("case"),
    description=locale_str("What was found here, and what became of it"),
    guild_only=True,
    default_permissions=MODERATORS,
)


@case.command(name=locale_str("view"), description=locale_str("Show one case, without its picture"))
@app_commands.rename(number=locale_str("number"))
@app_commands.describe(number=locale_str("The number that its card shows"))
async def case_view(interaction: Interaction, number: Range[int, 1, 2_147_483_647]) -> None:
    """`/case view number`."""
    records = interaction.client.desk.records
    await answer(interaction, lambda tenant, presser: records.view(tenant, presser, number), lay=laid)


@case.command(name=locale_str("list"), description=locale_str("List cases, the newest first"))
@app_commands.rename(state=locale_str("state"), author=locale_str("author"))
@app_commands.describe(state=locale_str("Only cases that stand so"), author=locale_str("Only cases of this author"))
@app_commands.choices(state=choices((label, state.value) for state, label in STATES.items()))
async def case_list(interaction: Interaction, state: str | None = None, author: discord.User | None = None) -> None:
    """`/case list [state] [author]`."""
    records, whose = interaction.client.desk.records, None if author is None else str(author.id)
    await answer(
        interaction, lambda tenant, presser: records.listing(tenant, presser, state=state, author=whose), lay=laid
    )
