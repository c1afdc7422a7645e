"""Words on the terminal: tables for people, JSON for programs, harmless either way."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import typer

from bot.redact import Redactor, neutral

if TYPE_CHECKING:
    from bot.texts.markup import Voice


class Stop(Exception):
    """The command cannot go on. The text is one sentence with the cure."""


def say(text: str) -> None:
    """One line on standard output."""
    typer.echo(neutral(text, lines=True))


def complain(text: str) -> None:
    """On standard error, without anything that looks like a credential."""
    typer.echo(f"beholder: {Redactor()(neutral(text, lines=True))}", err=True)


def say_json(value: object) -> None:
    """One line of JSON on standard output; in ASCII, so that no terminal is too small for it."""
    typer.echo(json.dumps(value))


def show_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, whole: Collection[str] = ()) -> None:
    """A table on standard output; its texts are taken literally. Columns that are `whole` are never cut or broken."""
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    table = Table(*(Column(title, no_wrap=title in whole) for title in titles), box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(Text(neutral(cell, lines=True)) for cell in row))
    Console().print(table)


def voice() -> Voice:
    """English, for a terminal: parts that users made are cleaned but carry no invisible isolates."""
    from bot.texts.catalogue import Texts
    from bot.texts.markup import Markup, Voice, clean

    class Terminal(Markup):
        def quote(self, text: str, limit: int = 80) -> str:
            return clean(text, limit)

    return Voice(Texts("en"), Terminal())
