"""No sentence for people stands in the code past the catalogue, from which translators work."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOMS = ("bot/desk", "bot/texts", "bot/platforms", "bot/effects.py", "bot/yamls.py", "policies/form.py")
RECORDED = {ROOT / "bot/platforms/discord/fetching.py", ROOT / "bot/platforms/telegram/files.py"}
"""Why a picture could not be had: kept with its screening in English, and shown in brackets as it is."""
ANSWERS = ROOT / "bot/platforms/telegram/answers.py"
"""What Telegram answers, compared and never shown."""
HOSTS = {
    ROOT / "bot/platforms/telegram" / f"{name}.py" for name in ("polling", "reading", "request", "selfcheck", "updates")
}
"""Said to whoever runs the bot, in the log and by `beholder doctor`, which speak English."""
FILES = sorted(
    f
    for room in ROOMS
    for f in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
    if f not in {*RECORDED, *HOSTS, ANSWERS}
)

TRANSLATED = {"gettext", "_", "ngettext", "mark", "locale_str", "Worded"}
FOR_PROGRAMMERS = {
    "ValueError",
    "ConnectionError",
    "RuntimeError",
    "TypeError",
    "Unfetchable",
    "Gone",
    "Right",
    "Hopeless",
}
"""Errors that no member reads. `Unfetchable` is a provider's own word, shown in brackets; of a `Right` the host is told
by `beholder init`, and what a guild is told of it is marked."""
ON_PURPOSE = {
    "Beholder: a private channel for moderators, asked for in /setup",  # what the audit log shows
    "repeated removals",
    "a moderator's decision",
    "the case was decided otherwise",
    "image removed",
    "images removed",
    "Beholder case ",
    "Beholder cases ",
    ", asked for by ",
    "pause, from ",  # why a version was made, read by a program
    ", own limits",
    ", after watching",
    "what follows ",
    "quarantine role",
    " is not known here",  # a fault of ours
    " could not connect to the gateway",
    " may not be open yet",
    "deletions in ",
    "the connection ended",
    "bot applications.commands",
    "Discord refused the token. Open ",  # what the host reads
    ", choose your application, Bot → Reset Token, and set BEHOLDER_DISCORD_TOKEN to the new one.",
    "the day's IDENTIFYs are nearly spent: the next in ",
    "this command was given outside of a server",
}
SOME_WORDS = re.compile(r"[A-Za-z’']{2,}.* .*[A-Za-z’']{2,}", re.DOTALL)


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def is_a_log(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "log"


def fine(tree: ast.AST) -> Iterator[int]:
    """Ids of the nodes that may hold words: docstrings, the catalogue's own calls, logs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
        if isinstance(node, ast.Call) and (called(node) in TRANSLATED | FOR_PROGRAMMERS or is_a_log(node)):
            yield from map(id, ast.walk(node))


def literals(source: str) -> list[str]:
    tree = ast.parse(source)
    passed = set(fine(tree))
    found = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in passed)
    return [text for text in found if isinstance(text, str) and SOME_WORDS.search(text)]


def is_a_choice(text: str) -> bool:
    """Several of our own words in one option of a command, such as `delete warn escalate`."""
    return set(text.split()) <= {"delete", "warn", "escalate", "quarantine"}


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_every_sentence_can_be_translated(file: Path) -> None:
    said = [t for t in literals(file.read_text(encoding="utf-8")) if t not in ON_PURPOSE and not is_a_choice(t)]
    assert said == []


def test_a_sentence_past_the_catalogue_is_found() -> None:
    assert literals('"""Of a module."""\nfound = Answer("Something went wrong.")') == ["Something went wrong."]
    assert literals('raise Refusal(f"I lack {right}: give it to my role")') == [": give it to my role"]
    assert (
        literals('log.info("a word or two")\nWHY = mark("It is gone.")\nWHO = Worded("by {name} again", name=n)') == []
    )
