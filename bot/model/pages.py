"""What people press: buttons, choices, and pages of both, free of any platform's own components."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Button:
    """One thing that can be pressed. `confirm`: ask again, it cannot be undone."""

    verb: str  # on a card a value of bot.desk.verbs.Verb, on a page the control's name
    label: str
    style: str = "grey"  # green, red, grey, blue
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a choice. `value` is what comes back, at most 100 characters."""

    value: str
    label: str
    description: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Choose:
    """Some of a list of at most 25."""

    name: str
    prompt: str
    options: tuple[Option, ...]
    least: int = 1
    most: int = 1


class PickKind(StrEnum):
    """What a platform lets people pick from its own lists."""

    CHANNEL = "channel"
    ROLES = "roles"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class Pick:
    """Channels, roles or members of the guild; `chosen` are ids."""

    name: str
    prompt: str
    kind: PickKind
    chosen: tuple[str, ...] = ()
    least: int = 0
    most: int = 1


Control = Button | Choose | Pick


@dataclass(frozen=True, slots=True)
class Page:
    """Words with controls below. A press comes back as (`name`, the control's name, values)."""

    name: str
    title: str
    text: str
    controls: tuple[Control, ...] = ()
