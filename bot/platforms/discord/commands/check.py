"""`/check`: judge a picture without doing anything about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.model import Answer, Presser, Tenant
from bot.platforms.discord.commands.common import MODERATORS, Interaction, of_guild
from bot.platforms.discord.extract import place_in, place_of
from bot.platforms.discord.views import answer
from bot.platforms.discord.walker import Found, attachment_found, found_in
from policies.model import Place

CHECKED_AT_ONCE = 4  # images of one message that /check looks at
LINK = re.compile(r"^<?https://(?:\w+\.)?discord(?:app)?\.com/channels/(\d{1,20})/(\d{1,20})/(\d{1,20})>?$")


@app_commands.command(name="check", description=locale_str("Judge a picture without doing anything about it"))
@app_commands.describe(
    image=locale_str("A picture to judge; only you will see the answer"),
    message=locale_str("Or the link of a message in this server"),
)
@app_commands.default_permissions(MODERATORS)
@app_commands.guild_only()
async def check(interaction: Interaction, image: discord.Attachment | None = None, message: str | None = None) -> None:
    """`/check [image] [message]`."""

    async def judge(tenant: Tenant, presser: Presser) -> Answer:
        if image is not None and interaction.channel is not None:
            return await _judge(interaction, tenant, presser, place_in(interaction.channel), [*attachment_found(image)])
        if message is None:
            return Answer("Attach a picture, or give the link of a message (its menu → Copy Message Link).")
        return await _judge_message(interaction, tenant, presser, message)

    await answer(interaction, judge)


async def _judge_message(interaction: Interaction, tenant: Tenant, presser: Presser, link: str) -> Answer:
    parsed = LINK.match(link.strip())
    if parsed is None or parsed[1] != tenant.id:
        return Answer("That is not a link to a message in this server. Use the message's menu → Copy Message Link.")
    channel = of_guild(interaction.guild).get_channel_or_thread(int(parsed[2]))
    if not isinstance(channel, discord.abc.Messageable) or not _may_read(interaction, channel):
        return Answer("There is no such channel that both of us can read.")
    try:
        message = await channel.fetch_message(int(parsed[3]))
    except (discord.NotFound, discord.Forbidden):
        return Answer("There is no such message, or I may not read that channel.")
    shown = [found for found in found_in(message) if found.media.unsupported is None]
    if not shown:
        return Answer("That message shows no picture that I can open.")
    return await _judge(interaction, tenant, presser, place_of(message), shown)


def _may_read(interaction: Interaction, channel: discord.abc.Messageable) -> bool:
    """Nobody is shown through us what they could not read themselves."""
    member = interaction.user
    if not isinstance(member, discord.Member) or not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return False
    held = channel.permissions_for(member)
    private = isinstance(channel, discord.Thread) and channel.is_private()
    return held.read_messages and held.read_message_history and (held.manage_threads or not private)


async def _judge(
    interaction: Interaction, tenant: Tenant, presser: Presser, place: Place, shown: Sequence[Found]
) -> Answer:
    client = interaction.client
    looked = [found.url for found in shown if found.url is not None][:CHECKED_AT_ONCE]
    if not looked:
        return Answer("Discord has no copy of that picture yet. Try again in a moment.")
    answers = [await client.desk.check(tenant, presser, place, client.source.stream(url)) for url in looked]
    left = len(shown) - len(looked)
    more = [f"… and {left} more that I did not look at."] if left else []
    return Answer("\n\n".join([*(a.text for a in answers), *more]), picture=answers[0].picture)
