"""Whose direct messages are: no guild's, so the host's own (ruling 13)."""

from __future__ import annotations

from typing import Final

from bot.model import Tenant

DIRECT: Final = Tenant("discord", "dm")
"""The tenant of whoever writes to the bot itself."""
