"""What the slash commands share."""

from __future__ import annotations

import discord

from bot.platforms.discord.client import BeholderClient

Interaction = discord.Interaction[BeholderClient]

MANAGERS = discord.Permissions(manage_guild=True)
MODERATORS = discord.Permissions(manage_messages=True)
CHOICES, LABEL = 25, 100  # Discord's limits: suggestions, and characters in one


def of_guild(guild: discord.Guild | None) -> discord.Guild:
    """Commands are for guilds only; Discord itself sees to that. Raises ValueError outside of one."""
    if guild is None:
        raise ValueError("this command was given outside of a server")
    return guild
