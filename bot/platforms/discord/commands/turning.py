"""Pages that only whoever asked can see, and the buttons below them, which work after a restart.

An id says of which guild a page is, which page, and what the button means; the desk checks all of it anew.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Self

import discord
from discord.ui import DynamicItem

from bot.model import Answer, Button, Page, Presser, Tenant
from bot.platforms.discord import layout
from bot.platforms.discord.commands.common import Interaction, spoken
from bot.platforms.discord.limits import BUTTON, CONTENT, TITLE, clipped
from bot.platforms.discord.views import STYLES, Whose, answer
from bot.ports.desk import Desk
from bot.texts import images, records, rules, sanctions

DESCRIPTION = 4096
TURN_ID = r"beholder-turn:(?P<guild>\d{1,20}):(?P<page>[a-z]{1,16}):(?P<control>[\w.]{0,60})"
Turned = Callable[[Desk, Tenant, Presser, str], Awaitable[Answer]]

PAGES: dict[str, Turned] = {
    records.CASES: lambda desk, tenant, presser, control: desk.records.turn(tenant, presser, control),
    images.LISTED: lambda desk, tenant, presser, control: desk.images.listing(tenant, presser, control=control),
    rules.PRESET: lambda desk, tenant, presser, control: desk.exchange.turn(tenant, presser, rules.PRESET, control),
    rules.IMPORT: lambda desk, tenant, presser, control: desk.exchange.turn(tenant, presser, rules.IMPORT, control),
}


async def laid(told: Answer, interaction: Interaction) -> dict[str, Any]:
    """A page with its buttons, or a case as its card shows it; words alone stay words."""
    guild = str(interaction.guild_id)
    if told.card is not None:
        texts = await spoken(interaction)
        words = {"open_label": texts.gettext("Open the post"), "prompt": sanctions.prompt(texts)}
        view = layout.buttons_of(told.card, guild, **words)
        return {"content": None, "embeds": [layout.embed_of(told.card, None)], "view": view}
    if told.page is not None:
        return {"content": None, "embeds": [_embed(told.page)], "view": _view(told.page, guild)}
    return {"content": clipped(told.text, CONTENT)}


def _embed(page: Page) -> discord.Embed:
    return discord.Embed(title=clipped(page.title, TITLE), description=clipped(page.text, DESCRIPTION))


def _view(page: Page, guild: str) -> discord.ui.View | None:
    buttons = [control for control in page.controls if isinstance(control, Button)]
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(Turn(guild, page.name, button))
    return view if buttons else None


class Turn(DynamicItem[discord.ui.Button[Any]], template=re.compile(f"{TURN_ID}$")):
    """A button below a page: what it leads to takes the page's place."""

    def __init__(self, guild: str, page: str, button: Button) -> None:
        custom_id = f"beholder-turn:{guild}:{page}:{button.verb}"
        style = STYLES.get(button.style, STYLES["grey"])
        super().__init__(discord.ui.Button(label=clipped(button.label, BUTTON), style=style, custom_id=custom_id))
        self.guild = guild
        self.page = page
        self.control = button.verb

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(match["guild"], match["page"], Button(match["control"], item.label or "-"))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to the room whose page it is."""
        turned = PAGES.get(self.page)
        if turned is not None:
            ask = partial(_turned, turned, interaction.client.desk, self.control)
            await answer(interaction, ask, Whose(self.guild, 0), lay=laid, instead=True)


async def _turned(turned: Turned, desk: Desk, control: str, tenant: Tenant, presser: Presser) -> Answer:
    return await turned(desk, tenant, presser, control)


TURNS: tuple[type[DynamicItem[Any]], ...] = (Turn,)
