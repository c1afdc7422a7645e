"""`/images`: what is never, and what is always, let through here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, locale_str

from bot.desk.images import AT_ONCE
from bot.model import Answer, Presser, Tenant
from bot.platforms.discord.commands.common import LABEL, MODERATORS, Interaction, of_guild, spoken
from bot.platforms.discord.commands.linked import Unlinked, linked
from bot.platforms.discord.commands.turning import laid
from bot.platforms.discord.extract import tenant_of
from bot.platforms.discord.views import answer, presser_of
from bot.platforms.discord.walker import Found, attachment_found, found_in
from policies.model import Listed

images = app_commands.Group(
    name=locale_str("images"),
    description=locale_str("Exact images that are never, or always, let through here"),
    guild_only=True,
    default_permissions=MODERATORS,
)
NAMED = app_commands.rename(
    image=locale_str("image"), message=locale_str("message"), case=locale_str("case"), why=locale_str("why")
)
DESCRIBED: dict[str, Any] = {
    "image": locale_str("The picture itself"),
    "message": locale_str("Or the link of a message that shows it"),
    "case": locale_str("Or the number of a case about it"),
    "why": locale_str("For the other moderators"),
}


@images.command(name=locale_str("block"), description=locale_str("Let exact copies of an image through no more"))
@NAMED
@app_commands.describe(**DESCRIBED)
async def images_block(
    interaction: Interaction,
    image: discord.Attachment | None = None,
    message: str | None = None,
    case: Range[int, 1, 2_147_483_647] | None = None,
    why: Range[str, 1, 200] | None = None,
) -> None:
    """`/images block [image] [message] [case] [why]`."""
    await _enlist(interaction, Listed.BLOCKED, image, message, case, why)


@images.command(name=locale_str("allow"), description=locale_str("Always let exact copies of an image through"))
@NAMED
@app_commands.describe(**DESCRIBED)
async def images_allow(
    interaction: Interaction,
    image: discord.Attachment | None = None,
    message: str | None = None,
    case: Range[int, 1, 2_147_483_647] | None = None,
    why: Range[str, 1, 200] | None = None,
) -> None:
    """`/images allow [image] [message] [case] [why]`."""
    await _enlist(interaction, Listed.ALLOWED, image, message, case, why)


async def _enlist(
    interaction: Interaction,
    listed: Listed,
    image: discord.Attachment | None,
    message: str | None,
    case: int | None,
    why: str | None,
) -> None:
    async def enlist(tenant: Tenant, presser: Presser) -> Answer:
        found = [*attachment_found(image)] if image is not None else []
        if message is not None:
            try:
                found += found_in(await linked(interaction, tenant, message, await spoken(interaction)))
            except Unlinked as nowhere:
                return Answer(str(nowhere))
        pictures = _streams(interaction, found)
        if not pictures and case is None and (image is not None or message is not None):
            return Answer((await spoken(interaction)).gettext("That shows no picture that I can open."))
        return await interaction.client.desk.images.enlist(
            tenant, presser, listed, pictures=pictures, case=case, why=why or ""
        )

    await answer(interaction, enlist)


def _streams(interaction: Interaction, found: list[Found]) -> list[AsyncIterator[bytes]]:
    stream = interaction.client.source.stream
    return [stream(f.url) for f in found if f.url is not None and f.media.unsupported is None][:AT_ONCE]


@images.command(name=locale_str("list"), description=locale_str("List what is blocked and allowed, the newest first"))
async def images_list(interaction: Interaction) -> None:
    """`/images list`."""
    await answer(interaction, interaction.client.desk.images.listing, lay=laid)


@images.command(name=locale_str("remove"), description=locale_str("Take an image off the lists"))
@app_commands.rename(entry=locale_str("entry"))
@app_commands.describe(entry=locale_str("Its short name, as /images list shows it"))
async def images_remove(interaction: Interaction, entry: str) -> None:
    """`/images remove entry`."""
    desk = interaction.client.desk
    await answer(interaction, lambda tenant, presser: desk.images.remove(tenant, presser, entry))


@images_remove.autocomplete("entry")
async def suggest_entry(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Entries of this guild, for who may see them."""
    tenant = tenant_of(of_guild(interaction.guild).id)
    found = await interaction.client.desk.images.suggest(tenant, presser_of(interaction), typed)
    return [Choice(name=label[:LABEL], value=value) for value, label in found]
