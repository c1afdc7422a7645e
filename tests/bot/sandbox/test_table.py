"""The demo's table: what a row says, and that it can be read on a narrow terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from bot.sandbox.fates import Deed, Fate, Played, Scene
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import Line
from bot.sandbox.stage import Stage
from bot.sandbox.table import Row, table


def never() -> Deed:
    raise AssertionError("nobody plays it here")


def judged(**fields: Any) -> Line:
    return {
        "event": "judged",
        "context": "group_message",
        "suggestion": "block",
        "screenings": [{"provider": "testcard", "labels": {"violence_graphic": 0.94}}],
        "reasons": [
            {"code": "test_card"},
            {"code": "threshold_remove", "category": "violence_graphic", "score": 0.94, "threshold": 0.9},
        ],
        "outcomes": {"delete": "done", "card": "refused"},
        "case": 7,
        "ms": {"total": 12.4},
        **fields,
    }


def drawn(row: Row, width: int = 118) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(table([row]))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def stage() -> Stage:
    return Stage.build(Loopback())


def test_a_judged_post_says_what_was_seen_why_and_what_was_done(stage: Stage) -> None:
    row = Row(Scene("a picture", stage.general, never, Fate()), Played(judged(), ()))
    said = " ".join(drawn(row, 150).split())
    for part in (
        "✓ a picture #general",
        "violence graphic 0.94",
        "0.94 ≥ 0.90",
        "removed",
        "(refused)",
        "case 7",
        "12",
    ):
        assert part in said


@pytest.mark.parametrize("width", [80, 100])
def test_no_name_is_broken_on_a_narrow_terminal(stage: Stage, width: int) -> None:
    row = Row(Scene("40 frames, one of them bad", stage.after_dark, never, Fate()), Played(judged(), ()))
    shown = drawn(row, width)
    assert all(len(line) <= width for line in shown.splitlines())
    for word in ("violence", "graphic", "message", "#after-dark", "testcard", "removed"):
        assert word in shown


def test_what_did_not_happen_is_said(stage: Stage) -> None:
    row = Row(Scene("a picture", stage.general, never, Fate()), Played(judged(), ("no card",)))
    assert not row.ok
    assert "✗" in drawn(row)
    assert "no card" in drawn(row)


def test_of_an_answer_the_first_sentence_stands_without_its_marks(stage: Stage) -> None:
    scene = Scene("/images block", stage.mods, never, Fate())
    assert "abc is blocked. " in drawn(Row(scene, Played(None, (), "`abc` is blocked.\nFrom now on …")))
    headed = drawn(Row(scene, Played(None, (), "## Cases\n[#3](https://discord.com/x) · open")))
    assert "Cases: [#3] · open" in headed


def test_a_post_that_nobody_looked_at_is_no_pass(stage: Stage) -> None:
    line = {"event": "paused", "message": "1"}
    shown = drawn(Row(Scene("a picture", stage.general, never, Fate()), Played(line, ())))
    assert "unscreened" in shown
    assert "paused" in shown


def test_a_direct_message_is_somewhere_private_and_a_face_of_the_server(stage: Stage) -> None:
    assert Scene("hi", stage.discord.direct(stage.members[0]), never, Fate()).where == "in private"
    assert Scene("a face", None, never, Fate()).where == "the server"
