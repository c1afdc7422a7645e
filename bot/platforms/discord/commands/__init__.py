"""The slash commands: they turn what was typed into a question to the desk, and its answer into words."""

from __future__ import annotations

from bot.platforms.discord.client import Command
from bot.platforms.discord.commands.check import check
from bot.platforms.discord.commands.policy import policy
from bot.platforms.discord.commands.setup import setup
from bot.platforms.discord.commands.sync import synced
from bot.platforms.discord.commands.upkeep import doctor, pause

__all__ = ["COMMANDS", "synced"]

COMMANDS: tuple[Command, ...] = (setup, policy, check, doctor, pause)
