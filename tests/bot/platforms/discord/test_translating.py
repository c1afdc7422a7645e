"""Commands in other languages: everything people read is marked, and nothing Discord refuses is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import discord
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from discord import app_commands
from discord.app_commands import Choice, locale_str
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord.commands import COMMANDS
from bot.platforms.discord.commands.sync import _digest
from bot.platforms.discord.commands.translating import LARGEST, NAMED, Catalogues, letters, told_apart, within_size
from bot.sandbox.entities import Json
from bot.sandbox.loopback import Loopback
from bot.sandbox.routes_account import _check_name
from tests.bot.platforms.discord.conftest import start
from tools.catalogue import template

UNTRANSLATED = {"enforce", "observe", "paused"}
PUT = "/applications/{application_id}/commands"


def commands() -> Iterator[app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu]:
    for command in COMMANDS:
        yield command
        if isinstance(command, app_commands.Group):
            yield from command.walk_commands()


def texts() -> Iterator[tuple[str, locale_str | None]]:
    """Where something is read in Discord's own menus, and what is marked for translation there."""
    for command in commands():
        where = command.qualified_name
        yield where, command._locale_name
        if isinstance(command, app_commands.ContextMenu):
            continue
        yield f"{where}: description", command._locale_description
        if isinstance(command, app_commands.Command):
            for option in command._params.values():
                yield f"{where} {option.name}", _locale(option._rename)
                yield f"{where} {option.name}: description", _locale(option.description)
                for choice in option.choices or ():
                    yield f"{where} {option.name} = {choice.name}", _marked(choice)


def _locale(text: object) -> locale_str | None:
    return text if isinstance(text, locale_str) else None


def _marked(choice: Choice[Any]) -> locale_str | None:
    return choice._locale_name


def catalogue(folder: Path, language: str, translations: Mapping[str, str]) -> Path:
    made = Catalog(locale=language)
    for message, translation in translations.items():
        made.add(message, translation)
    target = folder / language / "LC_MESSAGES" / "beholder.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, made)
    return folder


# --- everything is marked -----------------------------------------------------------------------------


def test_every_command_option_choice_and_menu_can_be_translated() -> None:
    found = dict(texts())
    assert len(found) > 150
    assert [where for where, marked in found.items() if marked is None] == []
    known = {str(m.id) for m in read_po(BytesIO(template().encode())) if isinstance(m.id, str)}
    missing = {m.extras.get("of", m.message) for m in found.values() if m is not None} - known
    assert missing == set(), "tools/catalogue.py does not find these"


@pytest.mark.asyncio
async def test_discord_takes_all_of_it_in_english() -> None:
    tree = _tree()
    for command in COMMANDS:
        form = command.to_dict(tree)
        _check_name(form, form["type"])
        assert letters(form) < LARGEST * 2 / 3, "other languages want room"


def _tree() -> app_commands.CommandTree[discord.Client]:
    return app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))


# --- German ---------------------------------------------------------------------------------------------

GERMAN = {
    "policy": "regeln",
    "What is looked for here, and what follows": "Wonach hier gesucht wird und was folgt",
    "category": "kategorie",
    "hate": "Hass",
    "Check images": "Bilder prüfen",
    "threshold": "Schwelle",  # a capital: refused in a name
    "exempt": "aus nehmen",  # a blank: refused in a name
    "surfaces": "o" * 33,  # too long a name
    "Judge a picture without doing anything about it": "ü" * 101,  # too long a description
    "export": "datei",
    "import": "datei",  # the same name twice beside each other
    "For communities with children: the strictest, in age-restricted channels too.": "Für Kinder: am strengsten.",
}


@pytest.mark.asyncio
async def test_a_german_catalogue_changes_what_discord_is_given(tmp_path: Path) -> None:
    folder = catalogue(tmp_path, "de", GERMAN)
    async with Loopback() as d:
        d.guild()
        live = start(d, translator=Catalogues(folder))
        try:
            await d.until(lambda: d.requests_to("PUT", PUT))
            (put,) = d.requests_to("PUT", PUT)
            given = {c["name"]: c for c in put.form}
        finally:
            await live.stop()
    policy = given["policy"]
    assert policy["name_localizations"]["de"] == "regeln"
    assert policy["description_localizations"]["de"] == "Wonach hier gesucht wird und was folgt"
    below: dict[str, Json] = {o["name"]: o for o in policy["options"]}
    (option,) = [o for o in below["require"]["options"] if o["name"] == "category"]
    assert option["name_localizations"] == {"de": "kategorie"}
    assert {c["name"]: c.get("name_localizations") for c in option["choices"]}["hate"] == {"de": "Hass"}
    assert given["Check images"]["name_localizations"]["de"] == "Bilder prüfen"
    (presets,) = below["preset"]["options"]
    assert {c["value"]: c.get("name_localizations") for c in presets["choices"]}["family"] == {
        "de": "family: Für Kinder: am strengsten."
    }
    for refused in ("threshold", "exempt", "surfaces", "export", "import"):
        assert not below[refused]["name_localizations"], refused
    assert not given["check"]["description_localizations"]


@pytest.mark.asyncio
async def test_commands_are_given_again_only_where_a_translation_changed(tmp_path: Path) -> None:
    first = catalogue(tmp_path / "1", "de", {"policy": "regeln"})
    second = catalogue(tmp_path / "2", "de", {"policy": "vorschriften"})
    async with Loopback() as d:
        d.guild()
        for folder, puts in ((first, 1), (first, 1), (second, 2), (tmp_path / "none", 3), (tmp_path / "none", 3)):
            live = start(d, translator=Catalogues(folder))
            try:
                await asyncio.wait_for(live.platform.ready.wait(), 10)
                await d.until(lambda live=live: live.platform._commands != "")  # type: ignore[misc]
            finally:
                await live.stop()
            assert len(d.requests_to("PUT", PUT)) == puts, folder


def test_the_digest_sees_every_language() -> None:
    plain = {"name": "a", "description": "b", "options": [{"name": "c", "choices": [{"name": "d", "value": "d"}]}]}
    german = [
        {**plain, NAMED: {"de": "x"}},
        {**plain, "description_localizations": {"de": "x"}},
        {**plain, "options": [{"name": "c", NAMED: {"de": "x"}, "choices": [{"name": "d", "value": "d"}]}]},
        {**plain, "options": [{"name": "c", "choices": [{"name": "d", "value": "d", NAMED: {"de": "x"}}]}]},
    ]
    digests = {_digest([c]) for c in (plain, *german)}
    assert len(digests) == 5
    assert _digest([{**plain, NAMED: {}}]) == _digest([{**plain, NAMED: None}]) == _digest([plain])


NAMES = st.sampled_from(["a", "b", "c"])
SIBLINGS = st.lists(st.tuples(NAMES, st.none() | NAMES, st.none() | NAMES), max_size=3, unique_by=lambda x: x[0])


@given(SIBLINGS)
def test_no_two_beside_each_other_are_called_the_same(siblings: list[tuple[str, str | None, str | None]]) -> None:
    given = [
        {"name": name, "type": 1, NAMED: {k: v for k, v in (("de", de), ("fr", fr)) if v is not None}}
        for name, de, fr in siblings
    ]
    apart = told_apart([{"name": "top", "type": 1, "options": given}])[0]["options"]
    for language in ("de", "fr"):
        called = [one[NAMED].get(language, one["name"]) for one in apart]
        assert len(set(called)) == len(called)
    assert [one["name"] for one in apart] == [name for name, _, _ in siblings]


def test_a_language_that_makes_a_command_too_long_is_left_out_of_it() -> None:
    options = [
        {"name": f"o{n}", "description": "d", "description_localizations": {"de": "x" * 100, "fr": "y"}}
        for n in range(25)
    ]
    inner = [{"name": f"s{n}", "description": "d", "options": [dict(o) for o in options]} for n in range(4)]
    command = {"name": "a", "type": 1, "description": "b", "options": inner}
    (given,) = within_size([command])
    left = [o["description_localizations"] for s in given["options"] for o in s["options"]]
    assert left == [{"fr": "y"}] * 100
    assert letters(command, {"de", "fr"}) > LARGEST >= letters(given, {"de", "fr"})
    assert within_size([{**command, "options": inner[:2]}]) == [{**command, "options": inner[:2]}]


def test_a_menu_may_be_called_like_a_command() -> None:
    both = [{"name": "a", "type": 1, NAMED: {"de": "x"}}, {"name": "b", "type": 3, NAMED: {"de": "x"}}]
    assert told_apart(both) == both


@pytest.mark.parametrize("said", ["", " ", " x", "x\n", "x" * 101])
@pytest.mark.asyncio
async def test_a_description_of_nothing_or_of_too_much_is_left_out(said: str, tmp_path: Path) -> None:
    folder = catalogue(tmp_path, "de", {"Show one case, without its picture": said})
    command: Any = None
    context: Any = app_commands.TranslationContext(app_commands.TranslationContextLocation.command_description, command)
    string = locale_str("Show one case, without its picture")
    assert await Catalogues(folder).translate(string, discord.Locale.german, context) is None
