"""The slash commands: they turn what was typed into a question to the desk, and its answer into words."""

from __future__ import annotations

from bot.platforms.discord.client import Command
from bot.platforms.discord.commands import policy_acts, policy_files, policy_places  # they add to /policy
from bot.platforms.discord.commands.case import case
from bot.platforms.discord.commands.check import check, check_images
from bot.platforms.discord.commands.images import images
from bot.platforms.discord.commands.policy import policy
from bot.platforms.discord.commands.setup import setup
from bot.platforms.discord.commands.sync import synced
from bot.platforms.discord.commands.translating import Catalogues
from bot.platforms.discord.commands.turning import TURNS
from bot.platforms.discord.commands.upkeep import doctor, pause

__all__ = ["COMMANDS", "TURNS", "Catalogues", "policy_acts", "policy_files", "policy_places", "synced"]

COMMANDS: tuple[Command, ...] = (setup, policy, case, check, check_images, images, doctor, pause)
