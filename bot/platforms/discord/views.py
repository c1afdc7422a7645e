"""Buttons that survive a restart: their ids say whose case it is and what is asked.

Numbers of cases are a guild's own, so an id names its guild: elsewhere a press does nothing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Self

import discord
import structlog
from discord.ui import DynamicItem

from bot.model import Answer, Button, Option, Presser, Tenant
from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.direct import DIRECT
from bot.platforms.discord.extract import role_ids, tenant_of
from bot.platforms.discord.limits import BUTTON, CONTENT, OPTION, clipped
from bot.texts.catalogue import Texts, mark
from bot.texts.sanctions import SANCTION

log = structlog.get_logger("beholder.discord")

Interaction = discord.Interaction[BeholderClient]
Ask = Callable[[Tenant, Presser], Awaitable[Answer]]
Lay = Callable[[Answer, Interaction], Awaitable[dict[str, Any]]]
"""How an answer is laid out where it is more than words: what to send in their place."""

STYLES = {
    "green": discord.ButtonStyle.success,
    "red": discord.ButtonStyle.danger,
    "blue": discord.ButtonStyle.primary,
    "grey": discord.ButtonStyle.secondary,
}
DETAILS = "details"
CASE_ID = rf"beholder:(?P<guild>\d{{1,20}}|{DIRECT.id}):(?P<case>\d{{1,12}})"
CARD_ID = rf"{CASE_ID}:(?P<verb>(?!details|{SANCTION})[a-z_]{{1,32}})(?P<sure>!?)"
SELECT_ID = rf"{CASE_ID}:{SANCTION}"
SURE_ID = rf"{CASE_ID}:{SANCTION}:(?P<value>[a-z]+(?::\d{{1,9}})?)!"
DETAILS_ID = rf"{CASE_ID}:{DETAILS}:(?P<mark>[\w-]{{0,25}})"
ELSEWHERE = mark("This button belongs to a case of another server. Press it there.")
FAILED = mark("Something went wrong on my side, and it has been logged. Nothing may have changed: look again.")


class Whose(NamedTuple):
    """The case that a button is about: its guild's id, and its number there."""

    guild: str
    case: int

    def __str__(self) -> str:
        return f"beholder:{self.guild}:{self.case}"

    @classmethod
    def of(cls, match: re.Match[str]) -> Self:
        """From what CASE_ID has matched."""
        return cls(match["guild"], int(match["case"]))


def presser_of(interaction: Interaction) -> Presser:
    """Who pressed, with the rights that Discord vouches for at this moment.

    Of the whole guild where it is known: a right in one channel is none over another's posts.
    """
    user, guild = interaction.user, interaction.guild
    if not isinstance(user, discord.Member):
        return Presser(str(user.id), user.display_name)
    held = interaction.permissions if guild is None or guild.unavailable else user.guild_permissions
    return Presser(str(user.id), user.display_name, role_ids(user), _rights(held))


def _rights(held: discord.Permissions) -> frozenset[str]:
    granted = {
        "moderate": held.manage_messages,
        "punish": held.moderate_members,
        "roles": held.manage_roles,
        "kick": held.kick_members,
        "ban": held.ban_members,
        "manage": held.manage_guild,
    }
    return frozenset(name for name, has in granted.items() if has or held.administrator)


def texts_of(interaction: Interaction) -> Texts:
    """The presser's own language: for what is said without knowing the guild."""
    return Texts(str(interaction.locale))


async def answer(
    interaction: Interaction, ask: Ask, whose: Whose | None = None, *, lay: Lay | None = None, instead: bool = False
) -> None:
    """Answer whoever pressed or typed, for them alone; `instead` of the message that was pressed, if that was ours
    for them alone too.

    Discord wants a sign of life within three seconds, so the answer is promised before it is sought.
    """
    await (interaction.response.defer() if instead else interaction.response.defer(ephemeral=True, thinking=True))
    try:
        found = await _sought(interaction, ask, whose)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, nobody is left waiting for an answer
        case = None if whose is None else whose.case
        log.error("interaction failed", guild=interaction.guild_id, case=case, error=repr(error))
        found = Answer(texts_of(interaction).gettext(FAILED))
    await _tell(interaction, found, whose, lay)


async def _sought(interaction: Interaction, ask: Ask, whose: Whose | None) -> Answer:
    tenant = await _tenant(interaction, whose)
    if tenant is None:
        return Answer(texts_of(interaction).gettext(ELSEWHERE))
    return await ask(tenant, presser_of(interaction))


async def _tenant(interaction: Interaction, whose: Whose | None) -> Tenant | None:
    """Whom the desk is asked about: only the guild that the question comes from, since rights hold there alone.

    Cases of direct messages are the host's: they are decided in the one channel that the host named for them, by
    whoever holds the right there, and nowhere else.
    """
    guild = interaction.guild_id
    if guild is None:
        return None
    if whose is not None and whose.guild == DIRECT.id:
        policy, _ = await interaction.client.settings.policy(DIRECT)
        return DIRECT if policy.mod_channel == str(interaction.channel_id) else None
    return tenant_of(guild) if whose is None or whose.guild == str(guild) else None


async def _tell(interaction: Interaction, told: Answer, whose: Whose | None, lay: Lay | None = None) -> None:
    view = None
    if told.confirm is not None and whose is not None:
        view = discord.ui.View(timeout=None).add_item(_confirming(whose, told.confirm))
    said: dict[str, Any] = {"content": clipped(told.text, CONTENT), "embeds": [], "view": view}
    await interaction.edit_original_response(
        **(said if lay is None else said | await lay(told, interaction)),
        attachments=_files(told),
        allowed_mentions=discord.AllowedMentions.none(),
    )


def _confirming(whose: Whose, button: Button) -> DynamicItem[discord.ui.Button[Any]]:
    kind, _, value = button.verb.partition(":")
    return SureSanction(whose, value, button) if kind == SANCTION else CardButton(whose, button, sure=True)


def _files(told: Answer) -> list[discord.File]:
    """A picture is always hidden until it is clicked."""
    files = [] if told.picture is None else [discord.File(io.BytesIO(told.picture), "SPOILER_picture.jpg")]
    if told.file is not None:
        files.append(discord.File(io.BytesIO(told.file[1]), told.file[0]))
    return files


class CardButton(DynamicItem[discord.ui.Button[Any]], template=re.compile(f"{CARD_ID}$")):
    """A button of a moderators' card. `sure`: the second press of one that cannot be undone."""

    def __init__(self, whose: Whose, button: Button, *, sure: bool = False) -> None:
        custom_id = f"{whose}:{button.verb}{'!' if sure else ''}"
        style = STYLES.get(button.style, STYLES["grey"])
        super().__init__(discord.ui.Button(label=clipped(button.label, BUTTON), style=style, custom_id=custom_id))
        self.whose = whose
        self.verb = button.verb
        self.sure = sure

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(Whose.of(match), Button(match["verb"], item.label or "-"), sure=bool(match["sure"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press to the desk."""
        press = partial(interaction.client.desk.press, confirmed=self.sure)
        number = self.whose.case
        await answer(interaction, lambda tenant, presser: press(tenant, number, self.verb, presser), self.whose)


class Details(DynamicItem[discord.ui.Button[Any]], template=re.compile(f"{DETAILS_ID}$")):
    """The button under a public notice: the author alone is told why."""

    def __init__(self, whose: Whose, label: str, mark: str = "") -> None:
        custom_id = f"{whose}:{DETAILS}:{mark}"
        super().__init__(discord.ui.Button(label=clipped(label, BUTTON), custom_id=custom_id))
        self.whose = whose

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(Whose.of(match), item.label or "-", match["mark"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the question to the desk."""
        details, number = interaction.client.desk.details, self.whose.case
        await answer(interaction, lambda tenant, presser: details(tenant, number, presser), self.whose)


class SanctionSelect(DynamicItem[discord.ui.Select[Any]], template=re.compile(f"{SELECT_ID}$")):
    """What a moderator can do to the author of a case."""

    def __init__(self, whose: Whose, options: Sequence[Option], prompt: str) -> None:
        shown = [
            discord.SelectOption(
                label=clipped(o.label, OPTION), value=o.value, description=clipped(o.description, OPTION) or None
            )
            for o in options
        ]
        super().__init__(
            discord.ui.Select(custom_id=f"{whose}:{SANCTION}", placeholder=clipped(prompt, OPTION), options=shown)
        )
        self.whose = whose

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: re.Match[str], /) -> Self:
        """The select that was used, as it stands on the card."""
        options = [Option(o.value, o.label, o.description or "") for o in item.options]
        return cls(Whose.of(match), options, item.placeholder or "-")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the choice to the desk."""
        sanction, number, value = interaction.client.desk.sanction, self.whose.case, self.item.values[0]
        await answer(interaction, lambda tenant, presser: sanction(tenant, number, value, presser), self.whose)


class SureSanction(DynamicItem[discord.ui.Button[Any]], template=re.compile(f"{SURE_ID}$")):
    """The second press of a choice that throws somebody out."""

    def __init__(self, whose: Whose, value: str, button: Button) -> None:
        custom_id = f"{whose}:{SANCTION}:{value}!"
        style = STYLES.get(button.style, STYLES["grey"])
        super().__init__(discord.ui.Button(label=clipped(button.label, BUTTON), style=style, custom_id=custom_id))
        self.whose = whose
        self.value = value

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: re.Match[str], /) -> Self:
        """The button that was pressed."""
        return cls(Whose.of(match), match["value"], Button("", item.label or "-"))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the choice to the desk, meant this time."""
        sanction = partial(interaction.client.desk.sanction, confirmed=True)
        number, value = self.whose.case, self.value
        await answer(interaction, lambda tenant, presser: sanction(tenant, number, value, presser), self.whose)


BUTTONS: tuple[type[DynamicItem[Any]], ...] = (CardButton, Details, SanctionSelect, SureSanction)
