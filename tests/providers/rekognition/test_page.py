"""The page about Rekognition says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from providers.rekognition import still, wire
from providers.rekognition.codes import MEANINGS
from providers.rekognition.provider import RekognitionProvider
from providers.rekognition.settings import RekognitionSettings
from providers.rekognition.taxonomy import _TREE, folded

PAGE = (Path(__file__).parents[3] / "docs" / "providers" / "rekognition.md").read_text(encoding="utf-8")


def part(heading: str) -> str:
    return PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_every_error_stands_in_the_table_and_no_other() -> None:
    rows = [line.split("|")[1] for line in part("Errors and their cures").splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == set(MEANINGS)


def test_the_mapping_is_the_documented_one() -> None:
    """Each label stands in the row of its category: by name, or as one of all below a name."""
    said: dict[str, str] = {}
    for line in part("What it says").splitlines():
        if line.startswith("| *"):
            cells = line.split("|")
            [category] = re.findall(r"`(\w+)`", cells[2])
            said |= dict.fromkeys(re.findall(r"\*([^*]+)\*", cells[1]), category)
    documented: dict[str, str] = {}
    for name, above, category in _TREE:  # from the top down
        documented[name] = said[name] if name in said else documented[above]
        assert documented[name] == category
    assert {folded(name) for name in said} <= {folded(name) for name, _, _ in _TREE}


def test_its_numbers_are_those_of_the_code() -> None:
    said = " ".join(PAGE.split())
    assert f"less than {still.SIDES.start} pixels a side" in said
    assert f"{still.SIDES.stop - 1:,} pixels a side" in said
    assert f"everything from {wire.MIN_CONFIDENCE} on" in said
    assert f"makes {RekognitionProvider.per_second} calls a second" in said
    assert f"else {RekognitionSettings.__dataclass_fields__['price'].default} is counted" in said
