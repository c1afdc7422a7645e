"""The message that a link leads to, for who could read it anyway."""

from __future__ import annotations

import re

import discord

from bot.model import Tenant
from bot.platforms.discord.commands.common import Interaction, of_guild
from bot.texts.catalogue import Texts

LINK = re.compile(r"^<?https://(?:\w+\.)?discord(?:app)?\.com/channels/(\d{1,20})/(\d{1,20})/(\d{1,20})>?$")


class Unlinked(Exception):
    """The link leads nowhere that the presser and we could both read; the text is the answer."""


async def linked(interaction: Interaction, tenant: Tenant, link: str, texts: Texts) -> discord.Message:
    """The message of this guild behind `link`. Raises Unlinked."""
    _ = texts.gettext
    parsed = LINK.match(link.strip())
    if parsed is None or parsed[1] != tenant.id:
        raise Unlinked(_("That is not a link to a message in this server. Use the message's menu → Copy Message Link."))
    channel = of_guild(interaction.guild).get_channel_or_thread(int(parsed[2]))
    if not isinstance(channel, discord.abc.Messageable) or not _may_read(interaction, channel):
        raise Unlinked(_("There is no such channel that both of us can read."))
    try:
        return await channel.fetch_message(int(parsed[3]))
    except (discord.NotFound, discord.Forbidden):
        raise Unlinked(_("There is no such message, or I may not read that channel.")) from None


def _may_read(interaction: Interaction, channel: discord.abc.Messageable) -> bool:
    """Nobody is shown through us what they could not read themselves."""
    member = interaction.user
    if not isinstance(member, discord.Member) or not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return False
    held = channel.permissions_for(member)
    private = isinstance(channel, discord.Thread) and channel.is_private()
    return held.read_messages and held.read_message_history and (held.manage_threads or not private)
