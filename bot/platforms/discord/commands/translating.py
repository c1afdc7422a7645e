"""Names and descriptions of commands in every language there is a catalogue for, within Discord's rules.

A translation that Discord would refuse is left out: it refuses all commands for the sake of one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.app_commands import TranslationContextLocation as At
from discord.app_commands import locale_str

from bot.texts.catalogue import LOCALE, Texts

log = structlog.get_logger("beholder.discord")

# https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming
COMBINING = "\u0e31-\u0e3a\u0e47-\u0e4e\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0955-\u0957\u0962\u0963"
NAME = re.compile(rf"[-_'\w{COMBINING}]{{1,32}}")
LONGEST_NAME, LONGEST = 32, 100
LARGEST = 8000  # letters of one command with all that is below it, in each language
NAMES = frozenset({At.command_name, At.group_name, At.parameter_name})
NAMED = "name_localizations"
PARTS, BRANCHES = ("name", "description"), ("options", "choices")
LOCALIZATIONS = (NAMED, "description_localizations")


class Catalogues(app_commands.Translator):
    """The catalogues of `bot.texts`."""

    def __init__(self, directory: Path = LOCALE) -> None:
        self._directory = directory

    async def translate(
        self, string: locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """None where there is no translation, or none that Discord takes."""
        said = _said(string, Texts(locale.value, directory=self._directory))
        if said == string.message:
            return None
        if not _is_taken(said, context):
            log.warning("translation left out", language=locale.value, of=string.message, said=said)
            return None
        return said


def _said(string: locale_str, texts: Texts) -> str:
    """With `called` and `of`, a name that stays as it is and what is said of it: `family: for communities …`."""
    if "of" in string.extras:
        return f"{string.extras['called']}: {texts.gettext(string.extras['of'])}"[:LONGEST]
    return texts.gettext(string.message)


def _is_taken(said: str, context: app_commands.TranslationContextTypes) -> bool:
    """Whether Discord takes it there: names are one lower-case word, except in menus."""
    if said != said.strip():
        return False
    if context.location not in NAMES:
        return 1 <= len(said) <= LONGEST
    if isinstance(context.data, app_commands.ContextMenu):
        return 1 <= len(said) <= LONGEST_NAME
    return NAME.fullmatch(said) is not None and said == said.lower()


def told_apart(commands: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The commands without those translated names that two beside each other would share in one language."""
    every = [dict(command) for command in commands]
    for kind in {command.get("type") for command in every}:  # a menu may be called like a command
        _tell_apart([command for command in every if command.get("type") == kind])
    for command in every:
        _options_apart(command)
    return every


def _options_apart(command: dict[str, Any]) -> None:
    for inner in BRANCHES:
        if command.get(inner):
            command[inner] = [dict(option) for option in command[inner]]
            _tell_apart(command[inner])
            for option in command[inner]:
                _options_apart(option)


def _tell_apart(siblings: list[dict[str, Any]]) -> None:
    """Until none is left: what falls back to its own name may meet another's translation there."""
    for language in {language for one in siblings for language in one.get(NAMED) or ()}:
        while clashing := _clashing(siblings, language):
            for one in clashing:
                own = one[NAMED]
                log.warning("translation left out", language=language, of=one["name"], said=own[language])
                one[NAMED] = {known: name for known, name in own.items() if known != language}


def _clashing(siblings: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """Those whose translated name is another's too. What is not translated goes by its own name."""
    called = Counter((one.get(NAMED) or {}).get(language, one["name"]) for one in siblings)
    translated = [one for one in siblings if language in (one.get(NAMED) or {})]
    return [one for one in translated if called[one[NAMED][language]] > 1]


# --- not too much ---------------------------------------------------------------------------------------


def within_size(commands: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The commands without the languages, the longest first, with which one would be more than Discord takes."""
    return [_within_size(dict(command)) for command in commands]


def _within_size(command: dict[str, Any]) -> dict[str, Any]:
    languages = _languages(command)
    while languages and letters(command, languages) > LARGEST:
        longest = max(sorted(languages), key=lambda language: letters(command, {language}))
        log.warning("translation left out", language=longest, of=command["name"], said="too long in all")
        command, languages = _without(command, longest), languages - {longest}
    return command


def letters(tree: Mapping[str, Any], languages: Collection[str] = ()) -> int:
    """What Discord counts of a command and all below it: of each name, description and choice the longest."""
    own = sum(max(len(said) for said in _said_as(tree, part, languages)) for part in PARTS)
    value = len(str(tree["value"])) if "value" in tree else 0
    return own + value + sum(letters(branch, languages) for branch in _below(tree))


def _said_as(tree: Mapping[str, Any], part: str, languages: Collection[str]) -> list[str]:
    translated = tree.get(f"{part}_localizations") or {}
    return [tree.get(part) or "", *(translated[language] for language in languages if language in translated)]


def _languages(tree: Mapping[str, Any]) -> set[str]:
    own = {language for name in LOCALIZATIONS for language in tree.get(name) or ()}
    return own.union(*map(_languages, _below(tree)))


def _without(tree: Mapping[str, Any], language: str) -> dict[str, Any]:
    less = {name: {k: v for k, v in tree[name].items() if k != language} for name in LOCALIZATIONS if tree.get(name)}
    below = {name: [_without(branch, language) for branch in tree[name]] for name in BRANCHES if tree.get(name)}
    return {**tree, **less, **below}


def _below(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [branch for name in BRANCHES for branch in tree.get(name) or ()]
