"""`screen`: the real sandbox and the real models over files of every sort."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from PIL import Image, ImageDraw

from policies.model import Act, Category, Context, Medium, ReasonCode, UnscreenedReason
from providers.testcard import draw
from tests.bot.commandline import Host, json_lines

_UNIT = {"type": "number", "minimum": 0, "maximum": 1}
_TEXT = {"type": "string", "minLength": 1}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_CATEGORY = {"enum": list(Category)}
VERDICT = _object(
    provider=_TEXT,
    suggestion={"enum": [None, "pass", "review", "block"]},
    medium={"enum": list(Medium)},
    assessed={"type": "array", "items": _CATEGORY, "uniqueItems": True},
    labels={"type": "array", "items": _object(category=_CATEGORY, name=_TEXT, confidence=_UNIT)},
    versions=_object(model=_TEXT, mapping=_TEXT, preprocessing=_TEXT),
)
_COUNT = {"type": "integer", "minimum": 1}
VERDICT["properties"]["frames"] = _object(seen=_COUNT, total=_COUNT)  # of animations only
UNSCREENED = _object(provider=_TEXT, unscreened={"enum": list(UnscreenedReason)})
REASON = {
    "type": "object",
    "properties": {
        "code": {"enum": list(ReasonCode)},
        "category": _CATEGORY,
        "provider": _TEXT,
        "label": _TEXT,
        "score": _UNIT,
        "threshold": _UNIT,
        "detail": _TEXT,
    },
    "required": ["code"],
    "additionalProperties": False,
}
LINE = _object(
    file=_TEXT,
    context={"enum": list(Context)},
    screenings={"type": "array", "minItems": 1, "items": {"oneOf": [VERDICT, UNSCREENED]}},
    decision=_object(
        suggestion={"enum": ["pass", "unscreened", "review", "block"]},
        actions={"type": "array", "items": {"enum": list(Act)}, "uniqueItems": True},
        reasons={"type": "array", "items": REASON},
    ),
    ms={"type": "number", "exclusiveMinimum": 0},
)
Draft202012Validator.check_schema(LINE)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of every sort, in order of their names."""
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "card.png").write_bytes(draw("sexual_explicit", 0.95))
    _landscape().save(folder / "landscape.jpg")
    (folder / "rubbish.png").write_bytes(b"no image at all")
    (folder / "empty.gif").touch()
    Image.new("RGB", (8, 8), "red").save(folder / "tiny.png")
    inner = folder / "walked" / "deeper"
    inner.mkdir(parents=True)
    (folder / "walked" / "notes.txt").write_text("words")
    (folder / "walked" / "claims.webp").write_text("words")
    (folder / "walked" / "disguised.txt").write_bytes(draw("hate", 0.7))
    _landscape().save(inner / "ünïcode \u202e.png")
    os.mkfifo(folder / "walked" / "pipe.png")
    return folder


def _landscape() -> Image.Image:
    picture = Image.new("RGB", (320, 240), "skyblue")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 160, 320, 240), "forestgreen")
    pen.ellipse((240, 20, 290, 70), "gold")
    return picture


NAMED = ("card.png", "landscape.jpg", "rubbish.png", "empty.gif", "tiny.png", "missing.png", "walked")
WALKED = ("walked/claims.webp", "walked/disguised.txt", "walked/deeper/ünïcode \u202e.png")


@pytest.fixture(scope="module")
def screened(gallery: Path) -> subprocess.CompletedProcess[str]:
    """One run over everything."""
    return Host(gallery).process("screen", *NAMED, "walked/pipe.png", "--json")


@pytest.fixture(scope="module")
def lines(screened: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {line["file"]: line for line in json_lines(screened.stdout)}


@pytest.mark.xdist_group("screen")
class TestJson:
    """Of one run."""

    def test_it_ends_well_whatever_it_saw(self, screened: subprocess.CompletedProcess[str]) -> None:
        assert (screened.returncode, screened.stderr) == (0, "")

    def test_one_object_a_line_in_the_order_of_the_files(self, lines: dict[str, dict[str, Any]]) -> None:
        assert list(lines) == [*NAMED[:-1], *WALKED, "walked/pipe.png"]

    def test_every_line_has_the_promised_shape(self, lines: dict[str, dict[str, Any]]) -> None:
        validator = Draft202012Validator(LINE)
        wrong = {f: [e.message for e in validator.iter_errors(line)] for f, line in lines.items()}
        assert [(f, messages) for f, messages in wrong.items() if messages] == []

    def test_a_test_card_is_taken_at_its_word(self, lines: dict[str, dict[str, Any]]) -> None:
        card = lines["card.png"]
        assert card["context"] == "group_message"
        assert [s["provider"] for s in card["screenings"]] == ["local", "testcard"]
        label = {"category": "sexual_explicit", "name": "test card", "confidence": 0.95}
        assert card["screenings"][1]["labels"] == [label]
        assert card["decision"]["suggestion"] == "block"
        assert card["decision"]["actions"] == ["delete", "warn", "escalate"]
        removed = next(r for r in card["decision"]["reasons"] if r["code"] == "threshold_remove")
        assert (removed["score"], removed["threshold"]) == (0.95, 0.85)

    def test_a_harmless_picture_passes_with_its_scores(self, lines: dict[str, dict[str, Any]]) -> None:
        (local,) = lines["landscape.jpg"]["screenings"]
        assert lines["landscape.jpg"]["decision"] == {"suggestion": "pass", "actions": [], "reasons": []}
        assert "sexual_explicit" in local["assessed"]
        assert all(x["confidence"] < 0.5 for x in local["labels"])

    @pytest.mark.parametrize(
        ("file", "reason"),
        [
            ("rubbish.png", "undecodable"),
            ("empty.gif", "undecodable"),
            ("missing.png", "undecodable"),
            ("tiny.png", "tiny"),
            ("walked/claims.webp", "undecodable"),
            ("walked/pipe.png", "undecodable"),
        ],
    )
    def test_what_nobody_could_judge_is_said_and_is_no_pass(
        self, lines: dict[str, dict[str, Any]], file: str, reason: str
    ) -> None:
        assert lines[file]["screenings"] == [{"provider": "media", "unscreened": reason}]
        assert lines[file]["decision"]["suggestion"] == ("unscreened" if reason == "tiny" else "review")

    def test_an_image_is_known_by_its_bytes(self, lines: dict[str, dict[str, Any]]) -> None:
        assert lines["walked/disguised.txt"]["decision"]["suggestion"] == "review"

    def test_no_disk_and_no_account_is_touched(self, lines: dict[str, dict[str, Any]], gallery: Path) -> None:
        assert lines
        assert not (gallery / "data").exists()


def test_context_and_preset_are_heeded(gallery: Path) -> None:
    card = gallery / "suggestive.png"
    card.write_bytes(draw("sexual_suggestive", 0.8))
    try:
        said = Host(gallery).ok("screen", card, "--context", "head_image", "--preset", "family", "--json")
        (line,) = json_lines(said)
    finally:
        card.unlink()
    assert line["context"] == "head_image"
    assert line["decision"]["suggestion"] == "block"  # standard never removes it
    assert line["decision"]["actions"] == ["escalate"]  # of an avatar there is only a card


def test_one_provider_alone(gallery: Path) -> None:
    host = Host(gallery, {"BEHOLDER_PROVIDERS": "local"})
    (line,) = json_lines(host.ok("screen", gallery / "landscape.jpg", "--provider", "local", "--json"))
    assert [s["provider"] for s in line["screenings"]] == ["local"]


def test_for_people_there_is_a_table(gallery: Path) -> None:
    host = Host(gallery, {"COLUMNS": "160", "PYTHONIOENCODING": "ascii"})
    done = host.process("screen", "card.png", "rubbish.png", "walked/deeper")
    assert (done.returncode, done.stderr) == (0, "")
    said = " ".join(done.stdout.split())
    assert "remove" in said
    assert "testcard: explicit sexual content 0.95" in said
    assert "media: it cannot be opened as an image" in said
    assert "Nobody looked for: " in said
    assert "\u202e" not in done.stdout


def test_a_folder_without_images_says_so(gallery: Path, tmp_path: Path) -> None:
    host = Host.at(tmp_path)
    (tmp_path / "notes.txt").write_text("words")
    assert host.ok("screen", tmp_path) == "No image was found.\n"


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("--provider", "huawai", "known are: local"),
        ("--provider", "testcard", "always on"),
        ("--preset", "lenient", "relaxed, standard"),
        ("--context", "moon", "head_image"),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(tmp_path: Path, option: str, value: str, known: str) -> None:
    said = Host.at(tmp_path).refused("screen", "x.png", option, value, code=2)
    words = " ".join(said.replace("│", " ").split())
    assert known in words.replace("'", "")


def test_a_surrogate_in_a_file_name_is_no_crash(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/bad\xff.png"
    Path(os.fsdecode(odd)).write_bytes(b"x")
    done = Host.at(tmp_path).process("screen", os.fsdecode(odd), "--json")
    assert json.loads(done.stdout)["file"].endswith("bad\udcff.png")
