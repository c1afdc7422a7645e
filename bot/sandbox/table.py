"""The table of the demo: what was posted where, what was seen in it, what became of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from rich.markup import escape
from rich.table import Table as RichTable
from rich.text import Text

from bot.sandbox.fates import Played, Scene
from bot.sandbox.process import Line

COLOURS = {"pass": "green", "review": "yellow", "block": "red", "unscreened": "magenta"}
WORTH_SAYING = 0.1
ACTS = {
    "delete": "removed",
    "warn": "notice",
    "card": "card",
    "timeout": "timed out",
    "quarantine": "quarantined",
    "unreact": "taken off",
    "say": "told",
}
_MARKS = re.compile(r"[*`]+|^#+ |(?<=\])\(\S+\)")
UNSEEN = ("paused",)
"""Events of lines about posts that nobody looked at."""


@dataclass(slots=True)
class Row:
    """One scene and, once it is over, how it ended."""

    scene: Scene
    played: Played | None = None

    @property
    def ok(self) -> bool:
        """Whether all that had to happen happened."""
        return self.played is not None and not self.played.missing


COLUMNS = (("", 1), ("what happened", 5), ("where", 4), ("seen", 5), ("decision and why", 6), ("done", 4), ("ms", 2))


def table(rows: Sequence[Row], *, header: bool = False) -> RichTable:
    """`rows`, every part of the table with the same columns: so it can be printed row by row."""
    drawn = RichTable(show_header=header, expand=True, box=None, padding=(0, 1, 0, 0))
    for name, ratio in COLUMNS:
        drawn.add_column(
            name, ratio=ratio, min_width=ratio, justify="right" if name == "ms" else "left", overflow="fold"
        )
    for row in rows:
        drawn.add_row(*_cells(row))
    return drawn


def _cells(row: Row) -> Sequence[Text | str]:
    scene, played = row.scene, row.played
    posted, where = escape(scene.title), scene.where
    if played is None:
        return ("…", posted, where, "", "", "", "")
    mark = Text("✓", style="green") if row.ok else Text("✗", style="bold red")
    missing = Text(", ".join(played.missing), style="bold red")
    line = played.line
    if line is None:
        said = Text(_spoken(played.answer), style="italic")
        return (mark, posted, where, "", said, missing or Text("answered", style="dim"), "")
    if line["event"] in UNSEEN:
        said = Text(f"unscreened\n{line['event']}", style=COLOURS["unscreened"])
        return (mark, posted, where, "", said, missing or Text("left alone", style="dim"), "")
    done = _done(line)
    if played.missing:
        done.append("\n").append_text(missing)
    return (
        mark,
        posted,
        f"{where}\n[dim]{_plain(line['context'])}[/dim]",
        _seen(line),
        _decision(line),
        done,
        f"{line['ms']['total']:.0f}",
    )


def _spoken(answer: str) -> str:
    """The first sentence of an answer, without its marks; of a heading also what stands below it."""
    first, _, rest = _MARKS.sub("", answer).strip().partition("\n")
    return first if first.endswith((".", "?")) else f"{first}: {rest.strip().partition(chr(10))[0]}"


def _seen(line: Line) -> str:
    """The strongest label of each provider, or why there is none; the loudest first."""
    said = [_said(screening) for screening in line["screenings"]]
    loud = sorted((x for x in said if x[0] >= WORTH_SAYING), reverse=True)
    return "\n".join(dict.fromkeys(text for _, text in loud)) or "[dim]nothing[/dim]"


def _said(screening: Mapping[str, Any]) -> tuple[float, str]:
    if "unscreened" in screening:
        return 1.0, f"[magenta]{screening['unscreened']}[/magenta]"
    category, confidence = max(screening["labels"].items(), key=itemgetter(1), default=("", 0.0))
    return confidence, f"{_plain(category)} {confidence:.2f}\n[dim]{screening['provider']}[/dim]"


def _decision(line: Line) -> Text:
    suggestion = str(line["suggestion"])
    text = Text(suggestion, style=f"bold {COLOURS[suggestion]}")
    said = (_reason(reason) for reason in line["reasons"] if reason["code"] != "test_card")
    for reason in dict.fromkeys(said):  # a vendor's word is a reason of each category that it is about
        text.append(f"\n{reason}", style="default")
    return text


def _reason(reason: Mapping[str, object]) -> str:
    if "threshold" in reason:
        return f"{_plain(reason.get('category', reason['code']))} {reason['score']:.2f} ≥ {reason['threshold']:.2f}"
    return " ".join(_plain(reason[k]) for k in ("code", "detail") if k in reason)


def _plain(name: object) -> str:
    """A name that a narrow column can break between its words."""
    return str(name).replace("_", " ")


def _done(line: Line) -> Text:
    if not line["outcomes"]:
        return Text("left alone", style="dim")
    text = Text()
    for act, outcome in line["outcomes"].items():
        fine = outcome == "done"
        text.append(("" if not text else " · ") + ACTS.get(act, act), style="default" if fine else "red")
        if not fine:
            text.append(f" ({outcome})", style="red")
    if line["case"]:
        text.append(f"\ncase {line['case']}", style="dim")
    return text
