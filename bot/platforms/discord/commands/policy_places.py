"""`/policy context` and `/policy channel`: what differs in some places."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, AppCommandThread, locale_str

from bot.model import Answer, Presser, Tenant
from bot.platforms.discord.commands.common import CATEGORIES, CONTEXTS, Interaction, choices, spoken, suggest_limit
from bot.platforms.discord.commands.policy import policy
from bot.platforms.discord.views import answer
from bot.texts.catalogue import mark

Place = AppCommandChannel | AppCommandThread


class AnyChannel(app_commands.Transformer):
    """Any channel or thread as Discord sends it, also where nobody has cached it.

    discord.py's own list of kinds would name one (media channels) that Discord's specification does not know here.
    """

    @property
    def type(self) -> discord.AppCommandOptionType:
        """What Discord offers."""
        return discord.AppCommandOptionType.channel

    async def transform(self, interaction: discord.Interaction[Any], value: Any, /) -> Place:
        """As it came."""
        place: Place = value
        return place


AS_EVERYWHERE = choices([(mark("as what it is"), "usual")])


@policy.command(
    name=locale_str("context"),
    description=locale_str("A category's thresholds in one context, such as profile pictures"),
)
@app_commands.rename(
    context=locale_str("context"),
    category=locale_str("category"),
    review=locale_str("review"),
    remove=locale_str("remove"),
    reset=locale_str("reset"),
)
@app_commands.describe(
    context=locale_str("Where images are seen"),
    category=locale_str("What was found"),
    review=locale_str("0 to 1, or never: from here on moderators are shown it"),
    remove=locale_str("0 to 1, or never: from here on it is removed"),
    reset=locale_str("Back to the thresholds that hold everywhere"),
)
@app_commands.choices(context=CONTEXTS, category=CATEGORIES)
async def policy_context(
    interaction: Interaction,
    context: str,
    category: str,
    review: str | None = None,
    remove: str | None = None,
    reset: bool = False,
) -> None:
    """`/policy context context category [review] [remove] [reset]`."""
    places = interaction.client.desk.places
    await answer(
        interaction,
        lambda tenant, presser: places.context(tenant, presser, context, category, review, remove, reset=reset),
    )


@policy.command(
    name=locale_str("channel"), description=locale_str("What differs in one channel; nothing given shows it")
)
@app_commands.rename(
    channel=locale_str("channel"),
    exempt=locale_str("exempt"),
    context=locale_str("context"),
    category=locale_str("category"),
    review=locale_str("review"),
    remove=locale_str("remove"),
    reset=locale_str("reset"),
)
@app_commands.describe(
    channel=locale_str("A channel, forum or thread; threads inherit from their channel"),
    exempt=locale_str("Whether nothing there is ever acted on"),
    context=locale_str("As what images there are judged"),
    category=locale_str("What was found, for review and remove"),
    review=locale_str("0 to 1, or never: from here on moderators are shown it"),
    remove=locale_str("0 to 1, or never: from here on it is removed"),
    reset=locale_str("Forget what differs there, or with a category only its thresholds"),
)
@app_commands.choices(context=[*CONTEXTS, *AS_EVERYWHERE], category=CATEGORIES)
async def policy_channel(
    interaction: Interaction,
    channel: app_commands.Transform[Place, AnyChannel],
    exempt: bool | None = None,
    context: str | None = None,
    category: str | None = None,
    review: str | None = None,
    remove: str | None = None,
    reset: bool = False,
) -> None:
    """`/policy channel channel [exempt] [context] [category] [review] [remove] [reset]`."""

    async def change(tenant: Tenant, presser: Presser) -> Answer:
        if channel.type is discord.ChannelType.category:
            texts = await spoken(interaction)
            return Answer(texts.gettext("Rules hold for single channels: choose each channel of that category."))
        return await interaction.client.desk.places.channel(
            tenant,
            presser,
            str(channel.id),
            exempt=exempt,
            context=context,
            category=category,
            review=review,
            remove=remove,
            reset=reset,
        )

    await answer(interaction, change)


policy_context.autocomplete("review")(suggest_limit)
policy_context.autocomplete("remove")(suggest_limit)
policy_channel.autocomplete("review")(suggest_limit)
policy_channel.autocomplete("remove")(suggest_limit)
