"""The commands: they turn what was typed into a question to the desk, and its answer into a message."""

from __future__ import annotations

from bot.platforms.telegram.commands.listening import register
from bot.platforms.telegram.commands.publishing import publish
from bot.platforms.telegram.commands.table import COMMANDS

__all__ = ["COMMANDS", "publish", "register"]
