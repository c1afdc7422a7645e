"""The host's own table for a vendor's labels: read strictly, every mistake at once, each with its cure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.config import Config
from bot.labels import MOST, read
from bot.vendors import problems
from policies.model import Category


def written(folder: Path, text: str) -> Path:
    file = folder / "labels.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    ours = {
        "sexy_female": Category.SEXUAL_EXPLICIT,
        "image_text/gambling": Category.ADVERTISING,
        "旗帜": Category.OTHER,
    }
    lines = "\n".join(f"{label}: {category.value}  # why" for label, category in ours.items())
    assert read(written(tmp_path, lines)) == ours
    assert read(written(tmp_path, json.dumps(ours))) == ours


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("intimacy: sexual", "sexual_explicit"),
        ("intimacy: [other]", "known are"),
        ("intimacy:", "known are"),
        ("drugs/weed: other", "porn, terrorism, image_text"),
        ("porn/: other", "is no label"),
        ("123: other", "write it in quotes"),
        (f"{'a' * 65}: other", "is no label"),
        ("a: other\na: hate", "stands here twice"),
        ("- a", "must hold lines"),
        ("a: [", "line 1"),
    ],
)
def test_a_mistake_is_told_with_its_cure(tmp_path: Path, text: str, cure: str) -> None:
    with pytest.raises(ValueError, match=r"labels\.yaml") as caught:
        read(written(tmp_path, text))
    assert cure in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a cannot be 'x'.*b cannot be 'y'"):
        read(written(tmp_path, "a: x\nb: y\nc: other"))


def test_what_cannot_be_a_table_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="check the path"):
        read(tmp_path / "nowhere.yaml")
    with pytest.raises(ValueError, match="larger than 1 MB"):
        read(written(tmp_path, "#" * (MOST + 1)))


def test_a_mistake_in_it_keeps_the_provider_from_being_made(tmp_path: Path) -> None:
    file = written(tmp_path, "intimacy: nothing")
    config = Config(providers=("huawei",), huawei_ak="AK", huawei_sk="SK", huawei_labels=file)  # type: ignore[arg-type]
    [said] = problems(config, ("huawei",))
    assert said.startswith(f"provider huawei: BEHOLDER_HUAWEI_LABELS: {file}: intimacy cannot be 'nothing'")
