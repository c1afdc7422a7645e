"""`/check` and *Check images*: judge pictures without doing anything about them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str

from bot.model import Answer, Presser, Tenant
from bot.platforms.discord.commands.common import MODERATORS, Interaction, spoken
from bot.platforms.discord.commands.linked import Unlinked, linked
from bot.platforms.discord.extract import place_in, place_of
from bot.platforms.discord.limits import clipped
from bot.platforms.discord.views import answer
from bot.platforms.discord.walker import Found, attachment_found, found_in
from bot.texts.catalogue import Texts
from bot.texts.checks import together
from policies.model import Context, Place

CHECKED_AT_ONCE = 4  # images that one answer speaks of
HEADLINE = 45  # characters of a form's title and labels
UPLOAD = "pictures"


@app_commands.command(
    name=locale_str("check"), description=locale_str("Judge a picture without doing anything about it")
)
@app_commands.rename(image=locale_str("image"), message=locale_str("message"))
@app_commands.describe(
    image=locale_str("A picture to judge; only you will see the answer"),
    message=locale_str("Or the link of a message in this server"),
)
@app_commands.default_permissions(MODERATORS)
@app_commands.guild_only()
async def check(interaction: Interaction, image: discord.Attachment | None = None, message: str | None = None) -> None:
    """`/check [image] [message]`; with neither, a form asks for pictures."""
    if image is None and message is None:
        await interaction.response.send_modal(Upload(await spoken(interaction)))
        return

    async def judge(tenant: Tenant, presser: Presser) -> Answer:
        if image is not None:
            return await _judge(interaction, tenant, presser, _here(interaction), [*attachment_found(image)])
        try:
            found = await linked(interaction, tenant, message or "", await spoken(interaction))
        except Unlinked as nowhere:
            return Answer(str(nowhere))
        return await _judge_message(interaction, tenant, presser, found)

    await answer(interaction, judge)


@app_commands.context_menu(name=locale_str("Check images"))
@app_commands.default_permissions(MODERATORS)
@app_commands.guild_only()
async def check_images(interaction: Interaction, message: discord.Message) -> None:
    """A message's menu. Discord sends the message along, so this works without the intent to read messages."""
    await answer(interaction, lambda tenant, presser: _judge_message(interaction, tenant, presser, message))


class Upload(ui.Modal):
    """A form that takes some pictures."""

    def __init__(self, texts: Texts) -> None:
        _ = texts.gettext
        super().__init__(title=clipped(_("Check pictures"), HEADLINE))
        self.pictures: ui.FileUpload[Any] = ui.FileUpload(
            custom_id=UPLOAD, required=True, min_values=1, max_values=CHECKED_AT_ONCE
        )
        self.add_item(
            ui.Label(
                text=clipped(_("Pictures"), HEADLINE),
                description=clipped(_("Only you will see the answer; nothing is done about them."), 100),
                component=self.pictures,
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Judge what was uploaded."""
        shown = [*chain.from_iterable(attachment_found(picture) for picture in self.pictures.values)]
        place = _here(interaction)
        await answer(interaction, lambda tenant, presser: _judge(interaction, tenant, presser, place, shown))


def _here(interaction: Interaction) -> Place:
    channel = interaction.channel
    return Place(Context.GROUP_MESSAGE) if channel is None else place_in(channel)


async def _judge_message(
    interaction: Interaction, tenant: Tenant, presser: Presser, message: discord.Message
) -> Answer:
    shown = [found for found in found_in(message) if found.media.unsupported is None]
    if not shown:
        return Answer((await spoken(interaction)).gettext("That message shows no picture that I can open."))
    return await _judge(interaction, tenant, presser, place_of(message), shown)


async def _judge(
    interaction: Interaction, tenant: Tenant, presser: Presser, place: Place, shown: Sequence[Found]
) -> Answer:
    client, texts = interaction.client, await spoken(interaction)
    looked = [found.url for found in shown if found.url is not None][:CHECKED_AT_ONCE]
    if not looked:
        return Answer(texts.gettext("Discord has no copy of that picture yet. Try again in a moment."))
    answers = [await client.desk.check(tenant, presser, place, client.source.stream(url)) for url in looked]
    text = together([a.text for a in answers], len(shown) - len(looked), texts)
    return Answer(text, picture=answers[0].picture)
