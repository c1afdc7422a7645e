"""`/policy`: what is looked for, and what follows. Its further commands stand in the files beside."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.platforms.discord.commands.common import (
    CHOICES,
    MANAGERS,
    PRESET_CHOICES,
    Interaction,
    choices,
    suggest_limit,
)
from bot.platforms.discord.commands.turning import laid
from bot.platforms.discord.views import answer
from bot.texts import names
from bot.texts.catalogue import Texts, mark
from policies.model import Category

MODES = (
    (mark("enforce: act on what is found"), "enforce"),
    (mark("observe: only show what I would do"), "observe"),
    (mark("paused: look at nothing"), "paused"),
)

policy = app_commands.Group(
    name=locale_str("policy"),
    description=locale_str("What is looked for here, and what follows"),
    guild_only=True,
    default_permissions=MANAGERS,
)


@policy.command(name=locale_str("show"), description=locale_str("Show this server's policy"))
async def policy_show(interaction: Interaction) -> None:
    """`/policy show`."""
    await answer(interaction, interaction.client.desk.show_policy, lay=laid)


@policy.command(name=locale_str("mode"), description=locale_str("Act, only watch, or pause"))
@app_commands.rename(mode=locale_str("mode"))
@app_commands.describe(mode=locale_str("What I do from now on"))
@app_commands.choices(mode=choices(MODES))
async def policy_mode(interaction: Interaction, mode: str) -> None:
    """`/policy mode`."""
    desk = interaction.client.desk
    await answer(interaction, lambda tenant, presser: desk.set_mode(tenant, presser, mode))


@policy.command(name=locale_str("preset"), description=locale_str("Take another preset; shows first what would change"))
@app_commands.rename(preset=locale_str("preset"))
@app_commands.describe(preset=locale_str("How strict to be"))
@app_commands.choices(preset=PRESET_CHOICES)
async def policy_preset(interaction: Interaction, preset: str) -> None:
    """`/policy preset preset`."""
    exchange = interaction.client.desk.exchange
    await answer(interaction, lambda tenant, presser: exchange.preset(tenant, presser, preset), lay=laid)


@policy.command(
    name=locale_str("threshold"), description=locale_str("From which confidence a category is shown or removed")
)
@app_commands.rename(category=locale_str("category"), review=locale_str("review"), remove=locale_str("remove"))
@app_commands.describe(
    category=locale_str("What was found"),
    review=locale_str("0 to 1, or never: from here on moderators are shown it"),
    remove=locale_str("0 to 1, or never: from here on it is removed"),
)
async def policy_threshold(
    interaction: Interaction, category: str, review: str | None = None, remove: str | None = None
) -> None:
    """`/policy threshold category [review] [remove]`."""
    desk = interaction.client.desk
    await answer(interaction, lambda tenant, presser: desk.set_threshold(tenant, presser, category, review, remove))


@policy_threshold.autocomplete("category")
async def suggest_category(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Categories by their plain words or their names."""
    texts = Texts(str(interaction.locale))
    labels = {category.value: names.category(category, texts) for category in Category}
    wanted = typed.casefold()
    fitting = {value: label for value, label in labels.items() if wanted in f"{value} {label}".casefold()}
    return [Choice(name=label, value=value) for value, label in fitting.items()][:CHOICES]


policy_threshold.autocomplete("review")(suggest_limit)
policy_threshold.autocomplete("remove")(suggest_limit)
