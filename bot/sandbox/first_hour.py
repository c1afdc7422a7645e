"""`/setup` clicked through page by page, as an owner does it in the first hour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.sandbox.entities import Channel, Json, Message, Role, User
from bot.sandbox.forms import walk as walk_components
from bot.sandbox.interactions import words
from bot.sandbox.presses import STRING_SELECT
from bot.sandbox.stage import ANSWER_SECONDS, Stage


@dataclass(frozen=True, slots=True)
class Turned:
    """A page of the wizard, and what was done on it."""

    title: str
    chosen: str


@dataclass(frozen=True, slots=True)
class _Choice:
    """Something picked on a page before it is turned."""

    control: str
    value: str | Role | Channel
    said: str


async def walk(stage: Stage) -> AsyncIterator[Turned]:
    """Every page to *Protect now*, as it was before it was turned; the last is what is told at the end."""
    page = await begin(stage)
    while offers(page, "Next"):
        yield await turn(stage, page)
    heading = title(page)
    await press(stage, page, "Protect now")
    yield Turned(heading, "Protect now")
    yield Turned(title(page), _first_words(page))


async def begin(stage: Stage) -> Message:
    """The owner gives `/setup`."""
    answered = await stage.discord.command("setup", stage.owner, stage.general, timeout=ANSWER_SECONDS)
    return answered.last


async def turn(stage: Stage, page: Message) -> Turned:
    """What there is to choose is chosen, and the page turned; where there is nothing, its first words are kept."""
    heading, said = title(page), _first_words(page)
    chosen = await choose(stage, page)
    await press(stage, page, "Next")
    return Turned(heading, chosen or said)


async def choose(stage: Stage, page: Message) -> str:
    """What a community like this one picks on this page; '' where there is nothing to pick."""
    choices = {
        "How strict": _Choice("setup_preset.preset", "standard", "standard"),
        "Who may do": _Choice("setup_staff.decide", stage.moderators, "@Moderators may decide cases"),
        "Where do": _Choice("setup_channel.channel", stage.mods, "#mods"),
    }
    choice = next((c for head, c in choices.items() if title(page).startswith(head)), None)
    if choice is None:
        return ""
    await press(stage, page, f"beholder:{stage.guild.id}:page:{choice.control}", choice.value)
    return choice.said


async def press(stage: Stage, page: Message, control: str, *values: str | User | Role | Channel) -> None:
    """The owner presses or picks; the page changes."""
    await stage.discord.press(page, control, stage.owner, values=values, timeout=ANSWER_SECONDS)


def offers(page: Message, label: str) -> bool:
    """Whether the page has a button of that name."""
    return any(c.get("label") == label for c in walk_components(page.components))


def select_of(message: Message) -> Json:
    """The select with options of its own that a card or page has. ValueError where there is not exactly one."""
    (select,) = [c for c in walk_components(message.components) if c["type"] == STRING_SELECT]
    return select


def title(page: Message) -> str:
    """Its heading."""
    return words(page).partition("\n")[0].strip("# ")


def _first_words(page: Message) -> str:
    """What stands below the heading."""
    return words(page).split("\n")[1]
