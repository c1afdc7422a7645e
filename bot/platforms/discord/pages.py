"""Pages of words with controls below: the setup wizard, the greeting, the reminder.

Their controls survive a restart, since their ids say which page of which guild is pressed: elsewhere a press does
nothing. A page for one person is replaced in place; one in a channel only by itself, and whatever else it leads to
opens for the presser alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import discord
import structlog
from discord.ui import DynamicItem

from bot.model import Answer, Button, Choose, Control, Finding, Page, Pick, PickKind
from bot.platforms.discord import layout
from bot.platforms.discord.extract import tenant_of
from bot.platforms.discord.limits import BUTTON, CONTENT, OPTION, PROMPT, TEXTS, TITLE, clipped, units
from bot.platforms.discord.rights import findings
from bot.platforms.discord.views import FAILED, STYLES, Ask, Interaction, presser_of, texts_of
from bot.ports.desk import Survey
from bot.texts.catalogue import mark
from policies.model import Policy

log = structlog.get_logger("beholder.discord")

PAGE_ID = r"beholder:(?P<guild>\d{1,20}):page:(?P<page>[a-z_]{1,24})\.(?P<control>[a-z_]{1,24})"
ELSEWHERE = mark("This page belongs to another server. Press it there.")
BUTTONS_IN_A_ROW = 5
MENTION_NOBODY = discord.AllowedMentions.none()


class Where(NamedTuple):
    """One control of one page of one guild."""

    guild: str
    page: str
    control: str

    def __str__(self) -> str:
        return f"beholder:{self.guild}:page:{self.page}.{self.control}"


# --- how a page looks -----------------------------------------------------------------------------


def laid(page: Page, guild: str, nonce: str | None = None) -> discord.ui.LayoutView:
    """`page` with each prompt above its choice, and the buttons at the end. `nonce`: it is found again by the id of its
    words."""
    prompts = [c.prompt for c in page.controls if not isinstance(c, Button)]
    title = f"## {clipped(page.title, TITLE)}\n"
    left = TEXTS - units(title) - sum(units(clipped(p, PROMPT)) + 8 for p in prompts)
    view = discord.ui.LayoutView(timeout=None)
    ident = layout.number(nonce) if nonce else None
    view.add_item(discord.ui.TextDisplay(title + clipped(page.text, left), id=ident))
    for control in page.controls:
        if not isinstance(control, Button):
            view.add_item(discord.ui.TextDisplay(f"**{clipped(control.prompt, PROMPT)}**"))
            view.add_item(discord.ui.ActionRow(_pressable(control, guild, page.name)))
    buttons = [_pressable(c, guild, page.name) for c in page.controls if isinstance(c, Button)]
    for first in range(0, len(buttons), BUTTONS_IN_A_ROW):
        view.add_item(discord.ui.ActionRow(*buttons[first : first + BUTTONS_IN_A_ROW]))
    return view


def _pressable(control: Control, guild: str, page: str) -> PageControl:
    name = control.verb if isinstance(control, Button) else control.name
    where = Where(guild, page, name)
    return PageControl(_item(control, str(where)), where)


def _item(control: Control, custom_id: str) -> discord.ui.Item[Any]:
    if isinstance(control, Button):
        style = STYLES.get(control.style, STYLES["grey"])
        return discord.ui.Button(label=clipped(control.label, BUTTON), style=style, custom_id=custom_id)
    reach: dict[str, Any] = {"min_values": control.least, "max_values": control.most, "custom_id": custom_id}
    if isinstance(control, Choose):
        return discord.ui.Select(options=[_option(o) for o in control.options], **reach)
    return _picker(control, reach)


def _option(option: Any) -> discord.SelectOption:
    return discord.SelectOption(
        label=clipped(option.label, OPTION),
        value=option.value,
        description=clipped(option.description, OPTION) or None,
        default=option.chosen,
    )


def _picker(pick: Pick, reach: dict[str, Any]) -> discord.ui.Item[Any]:
    """Discord's own lists. What was chosen is shown; what is gone since is passed over by its clients."""
    chosen = [ident for ident in pick.chosen if ident.isdecimal()][: pick.most]
    match pick.kind:
        case PickKind.CHANNEL:
            kinds = [discord.ChannelType.text]
            default = _defaults(chosen, discord.SelectDefaultValueType.channel)
            return discord.ui.ChannelSelect(channel_types=kinds, default_values=default, **reach)
        case PickKind.ROLES:
            default = _defaults(chosen, discord.SelectDefaultValueType.role)
            return discord.ui.RoleSelect(default_values=default, **reach)
    default = _defaults(chosen, discord.SelectDefaultValueType.user)
    return discord.ui.UserSelect(default_values=default, **reach)


def _defaults(ids: Sequence[str], kind: discord.SelectDefaultValueType) -> list[discord.SelectDefaultValue]:
    return [discord.SelectDefaultValue(id=int(ident), type=kind) for ident in ids]


# --- what a press does ----------------------------------------------------------------------------


class PageControl(DynamicItem[discord.ui.Item[Any]], template=re.compile(f"{PAGE_ID}$")):
    """Any control of a page: a button, a choice, or one of Discord's own lists."""

    def __init__(self, item: discord.ui.Item[Any], where: Where) -> None:
        super().__init__(item)
        self.where = where

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: re.Match[str], /) -> Self:
        """The control that was pressed."""
        return cls(item, Where(match["guild"], match["page"], match["control"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to the desk."""
        chosen: Any = interaction.data or {}
        values = [str(value) for value in chosen.get("values", ())]
        turn, (_, page, control) = interaction.client.desk.wizard.turn, self.where
        survey = surveying(interaction)
        await _turn(
            interaction,
            lambda tenant, presser: turn(tenant, presser, page, control, values, survey=survey),
            self.where,
        )


PAGES: tuple[type[DynamicItem[Any]], ...] = (PageControl,)


def surveying(interaction: Interaction) -> Survey:
    """The self-check of the guild that is spoken from. What cannot be seen is not well."""
    guild = interaction.guild

    async def survey(policy: Policy) -> Sequence[Finding]:
        if guild is None or guild.unavailable:
            _ = texts_of(interaction).gettext
            return [Finding(_("This server"), False, _("I cannot see it at the moment. Check again in a minute."))]
        return findings(guild, policy)

    return survey


async def open_page(interaction: Interaction, ask: Ask) -> None:
    """Answer a command with a page, for whoever gave it alone."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _fill(interaction, await _sought(interaction, ask, None))


async def _turn(interaction: Interaction, ask: Ask, where: Where) -> None:
    message = interaction.message
    if message is not None and message.flags.ephemeral:
        await interaction.response.defer()
        found = await _sought(interaction, ask, where)
        await (_fill(interaction, found) if found.page else _add(interaction, found))
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    found = await _sought(interaction, ask, where)
    if message is not None and found.page is not None and found.page.name == where.page:
        await message.edit(view=laid(found.page, where.guild), allowed_mentions=MENTION_NOBODY)
        found = Answer(found.text)
    await _fill(interaction, found)


async def _sought(interaction: Interaction, ask: Ask, where: Where | None) -> Answer:
    """The desk is asked only about the guild that the press comes from. Nobody is left waiting for an answer."""
    guild = interaction.guild_id
    if guild is None or (where is not None and where.guild != str(guild)):
        return Answer(texts_of(interaction).gettext(ELSEWHERE))
    try:
        return await ask(tenant_of(guild), presser_of(interaction))
    except Exception as error:  # noqa: BLE001 - whatever went wrong
        log.error("interaction failed", guild=guild, page=where and where.page, error=repr(error))
        return Answer(texts_of(interaction).gettext(FAILED))


async def _fill(interaction: Interaction, found: Answer) -> None:
    """Put the answer where it was promised, or in the place of the page that was pressed."""
    if found.page is None:
        await interaction.edit_original_response(content=clipped(found.text, CONTENT), allowed_mentions=MENTION_NOBODY)
        return
    view = laid(found.page, str(interaction.guild_id))
    await interaction.edit_original_response(view=view, allowed_mentions=MENTION_NOBODY)


async def _add(interaction: Interaction, found: Answer) -> None:
    """Beside the page, which stays."""
    await interaction.followup.send(clipped(found.text, CONTENT), ephemeral=True, allowed_mentions=MENTION_NOBODY)
