"""Collect what the bot says into bot/texts/locale/beholder.pot: `python tools/catalogue.py`.

A translation is made from it with `pybabel init -i bot/texts/locale/beholder.pot -d bot/texts/locale -D beholder
-l LANGUAGE`, brought up to date with `pybabel update` and compiled with `pybabel compile`.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

ROOT = Path(__file__).parents[1]
POT = ROOT / "bot" / "texts" / "locale" / "beholder.pot"
ROOMS = {"bot/texts": "**.py", "bot/desk": "**.py", "bot/platforms": "**.py", "bot": "*.py", "policies": "*.py"}
KEYWORDS = {"_": None, "gettext": None, "mark": None, "Worded": None, "locale_str": None, "ngettext": (1, 2)}
HEADER = "# What Beholder says. Written by tools/catalogue.py; parts in {braces} are filled in."


def template() -> str:
    """The template as it should be now: without dates and line numbers, so that it changes with the words only."""
    catalogue = Catalog(project="Beholder", charset="utf-8", header_comment=HEADER)
    for room, files in ROOMS.items():
        for name, _, message, comments, context in extract_from_dir(
            ROOT / room, [(files, "python")], keywords=KEYWORDS
        ):
            catalogue.add(message, locations=[(f"{room}/{name}", 0)], auto_comments=comments, context=context)
    with BytesIO() as file:
        write_po(file, catalogue, sort_output=True, include_lineno=False, omit_header=True, width=120)
        return HEADER + "\n" + _head() + file.getvalue().decode()


def _head() -> str:
    return 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'


if __name__ == "__main__":
    POT.parent.mkdir(exist_ok=True)
    POT.write_text(template(), encoding="utf-8")
    print(f"{POT.relative_to(ROOT)} is up to date")
