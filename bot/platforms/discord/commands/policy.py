"""`/policy`: what is looked for, and what follows."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.platforms.discord.commands.common import CHOICES, MANAGERS, Interaction
from bot.platforms.discord.views import answer
from bot.texts import names
from bot.texts.catalogue import Texts
from policies.model import Category

SUGGESTED = ("never", "0.4", "0.5", "0.6", "0.7", "0.8", "0.85", "0.9", "0.95")


policy = app_commands.Group(
    name="policy",
    description=locale_str("What is looked for here, and what follows"),
    guild_only=True,
    default_permissions=MANAGERS,
)


@policy.command(name="show", description=locale_str("Show this server's policy"))
async def policy_show(interaction: Interaction) -> None:
    """`/policy show`."""
    await answer(interaction, interaction.client.desk.show_policy)


@policy.command(name="mode", description=locale_str("Act, only watch, or pause"))
@app_commands.describe(mode=locale_str("enforce: act · observe: only show what I would do · paused: look at nothing"))
@app_commands.choices(mode=[Choice(name=mode, value=mode) for mode in ("enforce", "observe", "paused")])
async def policy_mode(interaction: Interaction, mode: str) -> None:
    """`/policy mode`."""
    desk = interaction.client.desk
    await answer(interaction, lambda tenant, presser: desk.set_mode(tenant, presser, mode))


@policy.command(name="threshold", description=locale_str("From which confidence a category is shown or removed"))
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


@policy_threshold.autocomplete("review")
@policy_threshold.autocomplete("remove")
async def suggest_threshold(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """`never` and the usual numbers."""
    return [Choice(name=value, value=value) for value in SUGGESTED if value.startswith(typed.strip())]
