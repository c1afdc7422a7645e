"""`/setup` clicked through page by page, as an owner does it in the first hour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.sandbox.entities import Channel, Message, Role, User
from bot.sandbox.interactions import words
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
    choices = {
        "How strict": _Choice("setup_preset.preset", "standard", "standard"),
        "Who may do": _Choice("setup_staff.decide", stage.moderators, "@Moderators may decide cases"),
        "Where do": _Choice("setup_channel.channel", stage.mods, "#mods"),
    }
    answered = await stage.discord.command("setup", stage.owner, stage.general, timeout=ANSWER_SECONDS)
    page = answered.last
    while labels(page, "Next"):
        heading = title(page)
        choice = next((c for head, c in choices.items() if heading.startswith(head)), None)
        said = _first_words(page)
        if choice is not None:
            await press(stage, page, f"beholder:{stage.guild.id}:page:{choice.control}", choice.value)
        await press(stage, page, "Next")
        yield Turned(heading, choice.said if choice else said)
    heading = title(page)
    await press(stage, page, "Protect now")
    yield Turned(heading, "Protect now")
    yield Turned(title(page), _first_words(page))


async def press(stage: Stage, page: Message, control: str, *values: str | User | Role | Channel) -> None:
    """The owner presses or picks; the page changes."""
    await stage.discord.press(page, control, stage.owner, values=values, timeout=ANSWER_SECONDS)


def _first_words(page: Message) -> str:
    """What stands below the heading."""
    return words(page).split("\n")[1]


def labels(page: Message, label: str) -> bool:
    """Whether the page has a button of that name."""
    return f"'label': '{label}'" in str(page.components)


def title(page: Message) -> str:
    """Its heading."""
    return words(page).partition("\n")[0].strip("# ")
