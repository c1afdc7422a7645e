"""`/policy actions`, `require`, `near`, `surfaces`, `budget`, `exempt` and `quarantine`: what follows, and for whom."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.model import Answer, Presser, Tenant
from bot.platforms.discord.commands.common import CATEGORIES, CONTEXTS, Interaction, choices, of_guild, spoken
from bot.platforms.discord.commands.policy import policy
from bot.platforms.discord.views import answer
from bot.texts import names
from bot.texts.catalogue import Texts, mark
from policies.model import Surface, WhenSpent

WHEN = (
    (mark("what breaks the rules"), "block"),
    (mark("what needs a look"), "review"),
)
ACTS = (
    (mark("delete, tell the author, show moderators"), "delete warn escalate"),
    (mark("delete, show moderators"), "delete escalate"),
    (mark("delete, tell the author"), "delete warn"),
    (mark("delete, and nothing else"), "delete"),
    (mark("only show moderators"), "escalate"),
    (mark("delete, tell the author, quarantine them, show moderators"), "delete warn quarantine escalate"),
    (mark("delete, quarantine the author, show moderators"), "delete quarantine escalate"),
    (mark("quarantine the author, show moderators"), "quarantine escalate"),
    (mark("nothing"), "nothing"),
    (mark("as everywhere (for one context)"), "usual"),
)
EXEMPT = ((mark("add"), "add"), (mark("take away"), "remove"), (mark("list"), "list"))
POWERS = discord.Permissions(
    administrator=True,
    manage_guild=True,
    manage_roles=True,
    manage_channels=True,
    manage_messages=True,
    manage_webhooks=True,
    manage_threads=True,
    kick_members=True,
    ban_members=True,
    moderate_members=True,
    mention_everyone=True,
)
"""A role with any of these gives its bearer more than they had."""


@policy.command(
    name=locale_str("actions"), description=locale_str("What I do about what was found, everywhere or in one context")
)
@app_commands.rename(when=locale_str("when"), what=locale_str("what"), context=locale_str("context"))
@app_commands.describe(
    when=locale_str("About which findings"),
    what=locale_str("What follows"),
    context=locale_str("Only there; nothing given means everywhere"),
)
@app_commands.choices(when=choices(WHEN), what=choices(ACTS), context=CONTEXTS)
async def policy_actions(interaction: Interaction, when: str, what: str, context: str | None = None) -> None:
    """`/policy actions when what [context]`."""
    rules = interaction.client.desk.rules
    await answer(interaction, lambda tenant, presser: rules.actions(tenant, presser, when, what, context))


@policy.command(
    name=locale_str("require"), description=locale_str("What must be looked for in every image, or moderators see it")
)
@app_commands.rename(category=locale_str("category"), on=locale_str("on"))
@app_commands.describe(category=locale_str("What must be looked for"), on=locale_str("Whether it must"))
@app_commands.choices(category=CATEGORIES)
async def policy_require(interaction: Interaction, category: str, on: bool) -> None:
    """`/policy require category on`."""
    rules = interaction.client.desk.rules
    await answer(interaction, lambda tenant, presser: rules.require(tenant, presser, category, on=on))


@policy.command(
    name=locale_str("near"),
    description=locale_str("Whether moderators see what nearly looks like a removed or blocked image"),
)
@app_commands.rename(on=locale_str("on"))
@app_commands.describe(on=locale_str("Whether they see it"))
async def policy_near(interaction: Interaction, on: bool) -> None:
    """`/policy near on`."""
    rules = interaction.client.desk.rules
    await answer(interaction, lambda tenant, presser: rules.near(tenant, presser, on=on))


@policy.command(
    name=locale_str("surfaces"), description=locale_str("What is looked at beside attachments and link previews")
)
@app_commands.rename(surface=locale_str("surface"), on=locale_str("on"))
@app_commands.describe(surface=locale_str("Where images show"), on=locale_str("Whether it is looked at"))
@app_commands.choices(surface=choices((names.SURFACES[surface], surface.value) for surface in Surface))
async def policy_surfaces(interaction: Interaction, surface: str, on: bool) -> None:
    """`/policy surfaces surface on`."""
    rules = interaction.client.desk.rules
    await answer(interaction, lambda tenant, presser: rules.surfaces(tenant, presser, surface, on=on))


@policy.command(
    name=locale_str("budget"), description=locale_str("What I do once the money for paid providers is used up")
)
@app_commands.rename(rule=locale_str("rule"))
@app_commands.describe(rule=locale_str("Who decides about doubtful images then"))
@app_commands.choices(rule=choices((names.WHEN_SPENT[rule], rule.value) for rule in WhenSpent))
async def policy_budget(interaction: Interaction, rule: str) -> None:
    """`/policy budget rule`."""
    rules = interaction.client.desk.rules
    await answer(interaction, lambda tenant, presser: rules.budget(tenant, presser, rule))


@policy.command(name=locale_str("exempt"), description=locale_str("Roles and members whose posts are never acted on"))
@app_commands.rename(what=locale_str("what"), role=locale_str("role"), member=locale_str("member"))
@app_commands.describe(
    what=locale_str("Add, take away or list"),
    role=locale_str("Everyone with this role"),
    member=locale_str("This member or bot"),
)
@app_commands.choices(what=choices(EXEMPT))
async def policy_exempt(
    interaction: Interaction, what: str, role: discord.Role | None = None, member: discord.User | None = None
) -> None:
    """`/policy exempt what [role] [member]`."""
    rules = interaction.client.desk.rules
    named = {"role": _id(role), "member": _id(member)}
    await answer(interaction, lambda tenant, presser: rules.exempt(tenant, presser, what, **named))


def _id(somebody: discord.abc.Snowflake | None) -> str | None:
    return None if somebody is None else str(somebody.id)


@policy.command(
    name=locale_str("quarantine"), description=locale_str("The role that those in quarantine are given; none: off")
)
@app_commands.rename(role=locale_str("role"))
@app_commands.describe(role=locale_str("A role that may do less than everyone"))
async def policy_quarantine(interaction: Interaction, role: discord.Role | None = None) -> None:
    """`/policy quarantine [role]`."""

    async def choose(tenant: Tenant, presser: Presser) -> Answer:
        if role is not None and (unfit := _unfit(role, of_guild(interaction.guild), await spoken(interaction))):
            return Answer(unfit)
        return await interaction.client.desk.rules.quarantine(tenant, presser, _id(role))

    await answer(interaction, choose)


def _unfit(role: discord.Role, guild: discord.Guild, texts: Texts) -> str:
    """Why a role cannot be the quarantine's, with the cure; '' if it can."""
    _ = texts.gettext
    if role.is_default() or role.managed:
        return _("Discord lets nobody give that role. Make a role of its own for the quarantine.")
    if role.permissions.value & POWERS.value:
        return _("That role gives more power, not less. Choose one without any moderator's permission.")
    if role >= guild.me.top_role:
        return _("That role stands above mine, so I cannot give it: Server Settings → Roles, drag mine above it.")
    return ""
