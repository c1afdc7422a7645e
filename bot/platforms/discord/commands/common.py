"""What the slash commands share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import discord
from discord.app_commands import Choice, locale_str

from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.extract import tenant_of
from bot.texts import names
from bot.texts.catalogue import Texts
from policies.model import Category, Context

Interaction = discord.Interaction[BeholderClient]

MANAGERS = discord.Permissions(manage_guild=True)
MODERATORS = discord.Permissions(manage_messages=True)
"""Who is shown a command unless a server says otherwise (Server Settings → Integrations): whoever can use it by
Discord's own rights. Discord wants all of several rights, so there is no default for entrusted roles too; whoever
entrusts them is told where to show it to them, and the desk asks for the right itself."""
CHOICES, LABEL = 25, 100  # Discord's limits: suggestions, and characters in one
SUGGESTED = ("never", "0.4", "0.5", "0.6", "0.7", "0.8", "0.85", "0.9", "0.95")


def of_guild(guild: discord.Guild | None) -> discord.Guild:
    """Commands are for guilds only; Discord itself sees to that. Raises ValueError outside of one."""
    if guild is None:
        raise ValueError("this command was given outside of a server")
    return guild


async def spoken(interaction: Interaction) -> Texts:
    """The guild's language."""
    policy, _ = await interaction.client.settings.policy(tenant_of(of_guild(interaction.guild).id))
    return Texts(policy.language)


def choices(labels: Iterable[tuple[str, str]]) -> list[Choice[Any]]:
    """(label, value); labels are marked for translation where they stand."""
    return [Choice(name=locale_str(label), value=value) for label, value in labels]


PRESET_CHOICES: list[Choice[Any]] = [
    Choice(name=locale_str(f"{name}: {summary}"[:LABEL], called=name, of=summary), value=name)
    for name, summary in names.PRESETS.items()
]
CONTEXTS = choices((names.CONTEXTS[context], context.value) for context in Context)
CATEGORIES = choices((names.CATEGORIES[category], category.value) for category in Category)


async def suggest_limit(_interaction: Interaction, typed: str) -> list[Choice[str]]:
    """`never` and the usual numbers."""
    return [Choice(name=value, value=value) for value in SUGGESTED if value.startswith(typed.strip())]
