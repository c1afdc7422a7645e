"""What its words become, what stands above what, and that nothing missing becomes a pass."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.rekognition.service import said
from policies.engine import decide
from policies.model import Category, Context, Label, Medium, Place, Seen, Standing, Verdict, Versions
from policies.presets import preset
from providers.errors import Garbled
from providers.http import Reply
from providers.rekognition import taxonomy, wire
from providers.rekognition.taxonomy import MEANINGS
from tests.providers.mutations import damaged
from tests.providers.rekognition.samples import BAD, SUCCESS, answer, reply

PLACE = Place(Context.GROUP_MESSAGE, "1")
STANDARD = preset("standard")


def one(name: str, above: str = "", confidence: Any = 90.0) -> dict[str, Any]:
    return {"Name": name, "ParentName": above, "Confidence": confidence}


def labels(*parts: dict[str, Any]) -> tuple[Label, ...]:
    return wire.answer(reply(said(list(parts)))).labels


# --- what it says ---------------------------------------------------------------------------------------------


def test_the_documented_answer_word_for_word() -> None:
    got = wire.answer(reply(SUCCESS, headers={"x-amzn-requestid": "03507c9b-7e84-11e9-9ad1-854a4567eb71"}))
    assert got.labels == (Label(Category.OTHER, "Smoking", 0.9944782257080078),)
    assert (got.model, got.medium, got.unknown) == ("7.0", Medium.DRAWN, ())
    assert got.request_id == "03507c9b-7e84-11e9-9ad1-854a4567eb71"


def test_the_misspelled_label_of_the_documentation_keeps_the_mapping_of_the_one_above_it() -> None:
    """The guide's other page (moderation-response-transform) writes "Drug & Tobacco Paraphernalia & Use"."""
    got = wire.answer(reply(SUCCESS.replace("Drugs & Tobacco Paraphernalia", "Drug & Tobacco Paraphernalia")))
    assert {label.category for label in got.labels} == {Category.OTHER}
    assert [finding.name for finding in got.unknown] == ["Drug & Tobacco Paraphernalia & Use"]


@pytest.mark.parametrize(
    ("names", "category"),
    [
        (("Explicit", "Explicit Nudity", "Exposed Male Genitalia"), Category.SEXUAL_EXPLICIT),
        (("Explicit", "Sex Toys"), Category.SEXUAL_EXPLICIT),
        (("Swimwear or Underwear", "Male Swimwear or Underwear"), Category.SEXUAL_SUGGESTIVE),
        (("Violence", "Weapons"), Category.VIOLENCE),
        (("Violence", "Graphic Violence"), Category.VIOLENCE_GRAPHIC),
        (("Violence", "Graphic Violence", "Physical Violence"), Category.VIOLENCE),
        (("Violence", "Graphic Violence", "Self-Harm"), Category.SELF_HARM),
        (("Visually Disturbing", "Death and Emaciation", "Corpses"), Category.VIOLENCE_GRAPHIC),
        (("Visually Disturbing", "Crashes", "Air Crash"), Category.VIOLENCE),
        (("Hate Symbols", "Nazi Party"), Category.HATE),
        (("Hate Symbols", "Extremist"), Category.EXTREMISM),
        (("Gambling",), Category.OTHER),
    ],
)
def test_the_lowest_label_says_what_is_seen_and_those_above_it_add_nothing(
    names: tuple[str, ...], category: Category
) -> None:
    assert answer((names, 91.0)).labels == (Label(category, names[-1], 0.91),)


def test_what_is_surer_than_all_below_it_counts_by_itself() -> None:
    parts = one("Violence", confidence=95.0), one("Graphic Violence", "Violence", 90.0), one("Weapons", "Violence", 80)
    assert labels(*parts) == (
        Label(Category.VIOLENCE, "Violence", 0.95),
        Label(Category.VIOLENCE, "Weapons", 0.8),
        Label(Category.VIOLENCE_GRAPHIC, "Graphic Violence", 0.9),
    )


def test_a_new_label_keeps_the_mapping_of_the_nearest_above_it_and_its_own_name() -> None:
    parts = one("Graphic Violence", "Violence"), one("Torture", "Graphic Violence"), one("Rack", "Torture")
    got = wire.answer(reply(said(list(parts))))
    assert got.labels == (
        Label(Category.VIOLENCE_GRAPHIC, "Rack", 0.9),
        Label(Category.VIOLENCE_GRAPHIC, "Torture", 0.9),
    )
    assert [finding.name for finding in got.unknown] == ["Torture", "Rack"]


@pytest.mark.parametrize("above", ["", "Deepfakes", "Cheating"])
def test_what_stands_under_nothing_known_is_other(above: str) -> None:
    assert labels(one("Cheating", above)) == (Label(Category.OTHER, "Cheating", 0.9),)


def test_labels_that_name_each_other_as_parents_do_not_explain_each_other_away() -> None:
    circle = one("Cheating", "Scams"), one("Scams", "Cheating")
    assert {label.name for label in labels(*circle)} == {"Cheating", "Scams"}
    assert labels(one("Explicit", "Explicit")) == (Label(Category.SEXUAL_EXPLICIT, "Explicit", 0.9),)
    assert labels(one("Explicit", "Sex Toys"), one("Sex Toys", "Explicit")) == (
        Label(Category.SEXUAL_EXPLICIT, "Sex Toys", 0.9),
    )


def test_large_and_small_letters_are_one() -> None:
    """AWS' own pages write "Kissing on the lips" and "Obstructed intimate parts" here and there."""
    assert labels(one("kissing on the LIPS"))[0].category is Category.SEXUAL_SUGGESTIVE


def test_an_answer_of_an_older_model_is_read_as_far_as_its_words_are_known() -> None:
    """Version 6.1: "Suggestive" is no label any more, "Explicit Nudity" stood at the top."""
    body = {**said([one("Suggestive"), one("Explicit Nudity")]), "ModerationModelVersion": "6.1"}
    got = wire.answer(reply(body))
    assert got.model == "6.1"
    assert [label.category for label in got.labels] == [Category.OTHER, Category.SEXUAL_EXPLICIT]


@pytest.mark.parametrize(
    ("types", "medium"),
    [
        ([], Medium.UNKNOWN),
        (None, Medium.UNKNOWN),
        ([one("Illustrated")], Medium.DRAWN),
        ([one("illustrated", confidence=50)], Medium.DRAWN),
        ([one("Animated")], Medium.DRAWN),
        ([one("Illustrated", confidence=49.9)], Medium.UNKNOWN),
        ([one("Sports")], Medium.UNKNOWN),
    ],
)
def test_a_drawing_is_one_where_it_says_so(types: object, medium: Medium) -> None:
    assert wire.answer(reply({**said([]), "ContentTypes": types})).medium is medium


def test_nothing_seen_is_an_answer() -> None:
    assert wire.answer(reply(said([]))).labels == ()


def test_what_is_asked() -> None:
    sent = json.loads(wire.request(b"\xff\xd8pixels"))
    assert sent == {"Image": {"Bytes": base64.b64encode(b"\xff\xd8pixels").decode()}, "MinConfidence": 1}


def test_what_is_below_a_review_is_asked_for_too() -> None:
    least = min(
        limit.review for name in ("family", "strict") for limit in preset(name).thresholds.values() if limit.review
    )
    assert 0 < wire.MIN_CONFIDENCE / 100 < least / 10


def test_the_tree_has_three_levels_and_no_loose_ends() -> None:
    for name in MEANINGS:
        way = [name]
        while above := MEANINGS[way[-1]].parent:
            way.append(above)
        assert len(way) <= taxonomy.LEVELS
    assert len(MEANINGS) == len(taxonomy._TREE) == 52
    assert [name for name, above, _ in taxonomy._TREE if not above] == [
        *("Explicit", "Non-Explicit Nudity of Intimate parts and Kissing", "Swimwear or Underwear", "Violence"),
        *("Visually Disturbing", "Drugs & Tobacco", "Alcohol", "Rude Gestures", "Gambling", "Hate Symbols"),
    ]


# --- laws -----------------------------------------------------------------------------------------------------

found = st.lists(st.tuples(st.sampled_from(taxonomy._TREE), st.floats(0, 100)), max_size=12)


def top(name: str) -> str:
    name = taxonomy.folded(name)
    while above := MEANINGS[name].parent:
        name = above
    return name


@given(found, st.randoms())
def test_the_surest_under_each_of_the_first_level_is_always_left(found: list[Any], chance: Any) -> None:
    parts = [one(name, above, confidence) for (name, above, _), confidence in found]
    left = labels(*parts)
    for part in parts:
        group = [label.confidence for label in left if top(label.name) == top(part["Name"])]
        assert max(group) * 100 >= part["Confidence"] - 1e-9
    chance.shuffle(parts)
    assert labels(*parts) == left, "whatever their order"


def suggestion(got: wire.Answer) -> str:
    verdict = Verdict("rekognition", got.labels, wire.COVERS, Versions("7.0", "1", "1"), medium=got.medium)
    return decide(STANDARD, PLACE, Seen((verdict,)), Standing("2")).suggestion


@settings(max_examples=500)
@given(damaged(BAD))
def test_a_damaged_answer_never_becomes_a_pass(body: Any) -> None:
    """Either it is no answer, or what is left of it is visible. No labels at all is the one clean answer there is."""
    try:
        got = wire.answer(Reply("Rekognition", 200, {}, json.dumps(body).encode()))
    except Garbled:
        return
    assert body["ModerationLabels"] == [] or suggestion(got) >= "review"


@given(st.binary(max_size=300))
def test_garbage_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        wire.answer(Reply("Rekognition", 200, {}, body))


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"ModerationLabels": []},
        {"ModerationModelVersion": "7.0"},
        {**said([]), "ModerationLabels": None},
        {**said([]), "ModerationLabels": {}},
        {**said([]), "ModerationModelVersion": ""},
        {**said([]), "ModerationModelVersion": None},
        {**said([]), "ModerationModelVersion": 7.0},
        {**said([]), "ContentTypes": "Illustrated"},
        {**said([]), "ContentTypes": ["Illustrated"]},
        {**said([]), "ContentTypes": [{"Name": "Illustrated"}]},
        said([one("")]),
        said([one("Explicit", confidence=None)]),
        said([one("Explicit", confidence=True)]),
        said([one("Explicit", confidence="99")]),
        said([one("Explicit", confidence=100.1)]),
        said([one("Explicit", confidence=-1)]),
        said([one("Explicit", confidence=float("nan"))]),
        said([{**one("Explicit"), "ParentName": 7}]),
        said([{"Confidence": 99.0}]),
        {**said([]), "ModerationLabels": ["Explicit"]},
    ],
)
def test_what_is_no_answer_is_garbled_and_not_quoted(body: object) -> None:
    with pytest.raises(Garbled) as caught:
        wire.answer(reply(body))
    assert "Explicit" not in str(caught.value)


def test_names_are_fit_to_be_stored() -> None:
    [label] = labels(one("A\x00 long\nname " + "x" * 500))
    assert label.name.startswith("A longname")
    assert len(label.name) <= 64
