"""How a bot gets into a server: its application id, read from the token, and the link to press."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode

from bot.config import Config


def application_id(token: str) -> str | None:
    """The id of the application a Discord token belongs to: its first part is that number in base64.

    None where the token has another shape. Older applications have a bot user with another id; for
    them the link needs the id of the page General Information.
    """
    first = token.partition(".")[0]
    try:
        text = urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return text if text.isdigit() else None


def invite(config: Config) -> str | None:
    """The link that adds the bot to a Discord server with exactly the rights it needs, if that can be told."""
    from bot.platforms.discord.rights import invite_link

    token = config.discord_token
    client = application_id(token.get_secret_value()) if token else None
    return invite_link(client) if client else None
