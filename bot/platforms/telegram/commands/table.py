"""Which commands there are, and who is shown them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.platforms.telegram.commands import cases, settings
from bot.platforms.telegram.commands.asked import Handle
from bot.texts.catalogue import mark


@dataclass(frozen=True, slots=True)
class Command:
    """`description` stands in Telegram's menu; `way` is what a deep link to it asks for, where that is another word."""

    name: str
    description: str
    handle: Handle
    way: str = ""


COMMANDS: Final = (
    Command("settings", mark("Settings of a chat"), settings.settings, "cfg"),
    Command("setup", mark("Set up image moderation, step by step"), settings.setup),
    Command("check", mark("Reply to a picture: judge it, and do nothing about it"), cases.check),
    Command("case", mark("What was found, and what became of it"), cases.case),
    Command("policy", mark("What is looked for, and what follows"), settings.policy),
    Command("doctor", mark("Check that everything works, and how to mend it"), settings.doctor),
    Command("pause", mark("Stop looking at pictures at once; resume: go on"), settings.pause),
)
BY_WAY: Final = {command.way or command.name: command for command in COMMANDS}
