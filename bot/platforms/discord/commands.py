"""The slash commands: they turn what was typed into a question to the desk, and its answer into words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.model import Answer, Finding, Presser, Tenant
from bot.platforms.discord.client import BeholderClient, Command
from bot.platforms.discord.extract import Found, attachment_found, found_in, place_in, place_of
from bot.platforms.discord.rights import findings
from bot.platforms.discord.views import Interaction, answer
from bot.texts import names
from bot.texts.catalogue import Texts
from policies.model import Category, Place
from policies.presets import PRESETS

log = structlog.get_logger("beholder.discord")

MODES = {"Protect now": "enforce", "Watch first": "observe"}
CHECKED_AT_ONCE = 4  # images of one message that /check looks at
CHOICES, LABEL = 25, 100  # Discord's limits: suggestions, and characters in one
SUGGESTED = ("never", "0.4", "0.5", "0.6", "0.7", "0.8", "0.85", "0.9", "0.95")
LINK = re.compile(r"^<?https://(?:\w+\.)?discord(?:app)?\.com/channels/(\d{1,20})/(\d{1,20})/(\d{1,20})>?$")

MANAGERS = discord.Permissions(manage_guild=True)
MODERATORS = discord.Permissions(manage_messages=True)


def _of(guild: discord.Guild | None) -> discord.Guild:
    """Commands are for guilds only; Discord itself sees to that."""
    if guild is None:
        raise ValueError("this command was given outside of a server")
    return guild


# --- /setup ------------------------------------------------------------------------------------------


@app_commands.command(name="setup", description=locale_str("Set up image moderation for this server"))
@app_commands.describe(
    preset=locale_str("How strict to be; every number can be changed later with /policy"),
    channel=locale_str("A private channel where moderators see what was found"),
    mode=locale_str("Protect now: act. Watch first: only show what I would do"),
)
@app_commands.choices(
    preset=[Choice(name=f"{name}: {summary}"[:LABEL], value=name) for name, summary in PRESETS.items()],
    mode=[Choice(name=name, value=value) for name, value in MODES.items()],
)
@app_commands.default_permissions(MANAGERS)
@app_commands.guild_only()
async def setup(interaction: Interaction, preset: str, channel: discord.TextChannel, mode: str) -> None:
    """`/setup preset channel mode`."""
    found = findings(_of(interaction.guild), str(channel.id))
    desk = interaction.client.desk
    await answer(
        interaction,
        lambda tenant, presser: desk.setup(
            tenant, presser, preset=preset, mod_channel=str(channel.id), mode=mode, findings=found
        ),
    )


# --- /policy -----------------------------------------------------------------------------------------

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


# --- /check ------------------------------------------------------------------------------------------


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
    channel = _of(interaction.guild).get_channel_or_thread(int(parsed[2]))
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


# --- /doctor, /pause -----------------------------------------------------------------------------------


@app_commands.command(name="doctor", description=locale_str("Check that everything works here, and how to mend it"))
@app_commands.default_permissions(MANAGERS)
@app_commands.guild_only()
async def doctor(interaction: Interaction) -> None:
    """`/doctor`."""

    async def examine(tenant: Tenant, presser: Presser) -> Answer:
        guild_policy, _ = await interaction.client.settings.policy(tenant)
        found = [*findings(_of(interaction.guild), guild_policy.mod_channel), *_connection(interaction.client)]
        return await interaction.client.desk.doctor(tenant, presser, found)

    await answer(interaction, examine)


def _connection(client: BeholderClient) -> list[Finding]:
    flags = client.application_flags
    allowed = flags.gateway_message_content or flags.gateway_message_content_limited
    cure = "The host must switch on “Message Content Intent” in Discord's developer portal (Bot → Privileged Intents)."
    return [Finding("Message Content Intent", allowed, cure)]


@app_commands.command(name="pause", description=locale_str("Stop looking at pictures at once, or go on again"))
@app_commands.describe(resume=locale_str("Go on as before the pause"))
@app_commands.default_permissions(MANAGERS)
@app_commands.guild_only()
async def pause(interaction: Interaction, resume: bool = False) -> None:
    """`/pause [resume]`."""
    desk = interaction.client.desk
    await answer(interaction, lambda tenant, presser: desk.pause(tenant, presser, resume=resume))


COMMANDS: tuple[Command, ...] = (setup, policy, check, doctor, pause)


# --- telling Discord of them -----------------------------------------------------------------------------


async def synced(client: BeholderClient, known: str) -> str:
    """Give Discord our commands unless it has them; `known` is the digest of what it was last given.

    Returns the digest now. A refusal is logged and tried again at the next connection.
    """
    ours = [command.to_dict(client.tree) for command in COMMANDS]
    digest = _digest(ours)
    if digest == known:
        return known
    try:
        if await _digest_there(client) != digest:
            await client.tree.sync()
            log.info("commands synchronised", commands=[command.name for command in COMMANDS])
    except (discord.DiscordException, OSError) as error:
        log.error("commands not synchronised", error=repr(error))
        return known
    return digest


async def _digest_there(client: BeholderClient) -> str:
    try:
        return _digest(await client.http.get_global_commands(client.application_id or 0))
    except discord.NotFound:
        return ""


def _digest(commands: Sequence[Any]) -> str:
    """Over what we set ourselves: Discord's answer has ids and defaults besides."""
    essence = sorted((_essence(command) for command in commands), key=lambda c: str(c["name"]))
    return hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()


def _essence(command: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a command or an option that people see; what is absent equals its default."""
    plain: Callable[[str, Any], Any] = command.get
    return {
        "name": plain("name", ""),
        "description": plain("description", ""),
        "type": plain("type", 1),
        "required": bool(plain("required", False)),
        "autocomplete": bool(plain("autocomplete", False)),
        "choices": [[choice["name"], choice["value"]] for choice in plain("choices", None) or ()],
        "rights": str(plain("default_member_permissions", None) or ""),
        "options": [_essence(option) for option in plain("options", None) or ()],
    }
