"""Languages: fallbacks, plural forms, and translators who slip."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.texts.catalogue import Texts
from policies.wording import Worded
from tools.catalogue import POT


def compiled(
    folder: Path, language: str, translations: Mapping[str, str] | Mapping[tuple[str, str], tuple[str, ...]]
) -> Path:
    catalogue = Catalog(locale=language)
    for message, translation in translations.items():
        catalogue.add(message, translation)
    target = folder / language / "LC_MESSAGES" / "beholder.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, catalogue)
    return folder


def test_english_stands_in_the_source() -> None:
    texts = Texts("en")
    assert texts.gettext("Case {number}", number=3) == "Case 3"
    assert [texts.ngettext("{count} strike", "{count} strikes", n) for n in (0, 1, 2)] == [
        "0 strikes",
        "1 strike",
        "2 strikes",
    ]


def test_a_language_without_a_catalogue_speaks_english() -> None:
    assert Texts("tlh").gettext("Remove") == "Remove"


@pytest.mark.parametrize("asked", ["de", "de-AT", "de_CH"])
def test_a_regional_language_falls_back_to_its_own(asked: str, tmp_path: Path) -> None:
    folder = compiled(tmp_path, "de", {"Remove": "Entfernen"})
    assert Texts(asked, directory=folder).gettext("Remove") == "Entfernen"


def test_polish_has_three_plural_forms(tmp_path: Path) -> None:
    forms = ("{count} ostrzeżenie", "{count} ostrzeżenia", "{count} ostrzeżeń")
    folder = compiled(tmp_path, "pl", {("{count} strike", "{count} strikes"): forms})
    texts = Texts("pl", directory=folder)
    said = [texts.ngettext("{count} strike", "{count} strikes", n) for n in (1, 2, 5, 22)]
    assert said == ["1 ostrzeżenie", "2 ostrzeżenia", "5 ostrzeżeń", "22 ostrzeżenia"]


@pytest.mark.parametrize("slip", ["Fall {nummer}", "Fall {number", "Fall {}", "Fall {number.real.x}"])
def test_a_translators_slip_is_said_in_english(slip: str, tmp_path: Path) -> None:
    folder = compiled(tmp_path, "de", {"Case {number}": slip})
    assert Texts("de", directory=folder).gettext("Case {number}", number=3) == "Case 3"


def test_parts_are_never_read_as_placeholders() -> None:
    assert Texts("en").gettext("{who} said so", who="{count.__class__}") == "{count.__class__} said so"


def test_both_forms_of_a_plural_are_filled_with_the_same_parts() -> None:
    """The singular may say `the last day` without its number."""
    plurals = [m.id for m in read_po(BytesIO(POT.read_bytes())) if isinstance(m.id, tuple)]
    assert len(plurals) > 10
    for one, many in plurals:
        assert set(re.findall(r"{\w+}", many)) - set(re.findall(r"{\w+}", one)) <= {"{count}"}, one


def test_what_remembers_its_parts_is_said_in_the_readers_language(tmp_path: Path) -> None:
    words = {
        "I lack “{rights}” in {place}": "Mir fehlt „{rights}“ in {place}",
        "Manage Messages": "Nachrichten verwalten",
        "{at}: {problem}": "{at}: {problem}",
        "choose another": "nimm ein anderes",
    }
    texts = Texts("de", directory=compiled(tmp_path, "de", words))
    lack = Worded("I lack “{rights}” in {place}", rights=(Worded("Manage Messages"), "Embed Links"), place="<#1>")
    assert texts.said(lack) == "Mir fehlt „Nachrichten verwalten, Embed Links“ in <#1>"
    assert (
        texts.said(Worded("{at}: {problem}", at="mode", problem=Worded("choose another"))) == "mode: nimm ein anderes"
    )
    assert texts.said("choose another") == "choose another", "plain text may be a person's own"
    assert Texts("en").said(lack) == str(lack)
