"""What Huawei's answers mean, case by case; `test_wire_laws` says what holds of all of them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from policies.model import Category, Context, Detail, DetailKind, Label, Suggestion
from providers.base import Ask
from providers.errors import Garbled
from providers.huawei.question import COVERS, question
from providers.huawei.settings import HuaweiSettings
from providers.huawei.wire import BY_LABEL, BY_SUGGESTION, LONGEST_NAME, LONGEST_TEXT, MOST_DETAILS, answer
from tests.providers.huawei import samples
from tests.providers.huawei.samples import BY_BASE64, BY_URL, EVERYTHING, FAILURE, SUCCESS, loaded

SEED = Path(__file__).parents[4] / "shared" / "seeds" / "003_63e84c8cac26b760.txt"
NO_CONFIDENCE: tuple[Any, ...] = ("0.9", True, -0.1, 1.1, [], float("nan"), float("inf"), 10**400)
EXPLICIT, SUGGESTIVE = Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE


def detail(suggestion: str = "review", category: Any = "porn", label: Any = "x", confidence: Any = 0.9) -> Any:
    return {"suggestion": suggestion, "category": category, "label": label, "confidence": confidence}


def body(*details: Any, suggestion: str = "review", category: Any = "porn", **more: Any) -> dict[str, Any]:
    return {
        "request_id": "abc",
        "result": {"suggestion": suggestion, "category": category, "details": [*details]},
    } | more


# --- the vendor's samples ---------------------------------------------------------------------------


def test_the_sample_of_a_success() -> None:
    """Confidence is not severity: 0.99 and still a review."""
    read = answer(loaded(SUCCESS))
    assert read.suggestion is Suggestion.REVIEW
    assert read.labels == (Label(SUGGESTIVE, "intimacy", 0.99798274), Label(SUGGESTIVE, "sexy_female", 0.9934315))
    assert read.request_id == "53f9719c3730d1169e47403d5c8a9473"
    assert read.details == ()


def test_the_sample_of_a_failure_is_no_answer() -> None:
    with pytest.raises(Garbled, match="no result"):
        answer(loaded(FAILURE))


@pytest.mark.parametrize("sample", [BY_BASE64, BY_URL])
def test_the_samples_of_requests_are_what_we_send(sample: str) -> None:
    expected = loaded(sample)
    for name in ("image", "url"):
        expected.pop(name, None)
    settings = HuaweiSettings(ak="A", sk="S", categories=("porn", "terrorism"))
    assert question(Ask(context=Context.HEAD_IMAGE), settings).fields() == expected


@pytest.mark.skipif(not SEED.exists(), reason="the vendor's page is not here")
@pytest.mark.parametrize("sample", [SUCCESS, FAILURE, BY_URL])
def test_the_samples_are_the_vendors_own(sample: str) -> None:
    page = " ".join(SEED.read_text(encoding="utf-8").split())
    assert " ".join(sample.split()) in page


# --- every field ------------------------------------------------------------------------------------


def test_every_field_is_read() -> None:
    read = answer(EVERYTHING)
    assert read.suggestion is Suggestion.BLOCK
    assert read.labels == (
        Label(Category.ADVERTISING, "ad", 0.93),
        Label(Category.ADVERTISING, "qr_code", 1.0),
        Label(Category.VIOLENCE, "gun", 0.71),
    )
    assert read.details == (
        Detail(DetailKind.TEXT, "BUY NOW 广告 call 555"),
        Detail(DetailKind.WORDS, "BUY NOW", glossary="ads"),
        Detail(DetailKind.WORDS, "call 555"),
        Detail(DetailKind.QR_CODE, "https://scam.example/7", (10, 20, 110, 120)),
        Detail(DetailKind.FACE, box=(207, 522, 340, 567)),
    )
    assert read.request_id == EVERYTHING["request_id"]


@pytest.mark.parametrize(
    ("place", "box"),
    [
        ([1, 2, 3, 4], (1, 2, 3, 4)),
        ([1.0, 2.9, 3, 4], (1, 2, 3, 4)),
        ({"top_left_x": 1, "top_left_y": 2, "bottom_right_x": 3, "bottom_right_y": 4, "angle": 5}, (1, 2, 3, 4)),
        ({"top_left_x": 1}, None),
        ([1, 2, 3], None),
        ([3, 2, 1, 4], None),
        ([True, 2, 3, 4], None),
        ([-1, 2, 3, 4], None),
        (["1", 2, 3, 4], None),
        ([float("nan")] * 4, None),
        ([10**400] * 4, None),
        ("[1, 2, 3, 4]", None),
        (None, None),
    ],
)
def test_a_place_as_an_object_or_a_list(place: Any, box: tuple[int, ...] | None) -> None:
    read = answer(body(detail() | {"face_location": place, "qr_location": place}))
    expected = () if box is None else (Detail(DetailKind.FACE, box=box), Detail(DetailKind.QR_CODE, box=box))  # type: ignore[arg-type]
    assert read.details == expected
    assert read.suggestion is Suggestion.REVIEW


def test_what_only_the_card_shows_never_spoils_an_answer() -> None:
    odd = {"qr_content": 7, "segments": [{"segment": None}, "x", {"segment": "half \ud800"}, 3], "face_location": {}}
    read = answer(body(detail() | odd, suggestion="review"))
    assert read.details == (Detail(DetailKind.WORDS, "half ?"),)
    assert answer({"result": {"suggestion": "pass", "ocr_text": ["no", "text"]}}).details == ()


def test_unknown_keys_are_left_aside() -> None:
    plain, more = copy.deepcopy(EVERYTHING), copy.deepcopy(EVERYTHING)
    more["result"]["score_card"] = more["trace"] = {"a": [1]}
    more["result"]["details"][0]["frame"] = 7
    assert answer(more) == answer(plain)


def test_what_is_endless_is_cut() -> None:
    long = "x" * 100_000
    parts = [detail(category=long, label=long) | {"qr_content": long} for _ in range(MOST_DETAILS * 2)]
    read = answer(body(*parts, suggestion="review", request_id=long))
    assert {len(label.name) for label in read.labels} == {LONGEST_NAME}
    assert len(read.details) == MOST_DETAILS
    assert {len(d.text) for d in read.details} == {LONGEST_TEXT}
    assert read.request_id is not None
    assert len(read.request_id) == LONGEST_NAME


# --- the mapping ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "suggestion", "label", "ours"),
    [
        ("porn", "block", "x", EXPLICIT),
        ("porn", "review", "x", SUGGESTIVE),
        ("porn", "block", "sexy_female", SUGGESTIVE),
        ("terrorism", "block", "x", Category.EXTREMISM),
        ("terrorism", "review", "x", Category.VIOLENCE),
        ("terrorism", "review", "bloody", Category.VIOLENCE_GRAPHIC),
        ("terrorism", "block", "gun", Category.VIOLENCE),
        ("image_text", "block", "x", Category.ADVERTISING),
        ("image_text", "review", "qr_code", Category.ADVERTISING),
        ("image_text", "review", "abuse", Category.OFFENSIVE_TEXT),
        ("politics", "block", "x", Category.OTHER),
        ("politics", "review", "sexy_female", Category.OTHER),
        ("", "review", "x", Category.OTHER),
    ],
)
def test_category_suggestion_and_label_in_our_words(category: str, suggestion: str, label: str, ours: Category) -> None:
    [read] = answer(body(detail(suggestion, category, label), suggestion=suggestion)).labels
    assert read == Label(ours, label, 0.9)


def test_the_tables_reach_all_that_is_said_to_be_assessed_and_nothing_else() -> None:
    """A category that no label can land in would be said to be looked for and never found."""
    for category, covered in COVERS.items():
        reached = {ours for table in (BY_SUGGESTION, BY_LABEL) for (of, _), ours in table.items() if of == category}
        assert reached == covered


def test_a_detail_that_passes_gives_no_label() -> None:
    read = answer(body(detail("pass", confidence=0.99), suggestion="pass"))
    assert (read.labels, read.suggestion) == ((), Suggestion.PASS)


def test_each_thing_is_said_once_at_its_surest() -> None:
    assert answer(body(detail(confidence=0.4), detail(confidence=0.8), detail(confidence=0.6))).labels == (
        Label(SUGGESTIVE, "x", 0.8),
    )


def test_the_harshest_anywhere_counts() -> None:
    read = answer(body(detail("block"), suggestion="pass"))
    assert (read.suggestion, read.labels) == (Suggestion.BLOCK, (Label(EXPLICIT, "x", 0.9),))


@pytest.mark.parametrize("details", [[], None, [detail("pass")], [detail("review", "terrorism")]])
def test_a_block_that_no_detail_carries_still_blocks(details: list[Any] | None) -> None:
    """0.85: sure enough to remove, where the vendor says `block` and gives no number."""
    read = answer({"result": {"suggestion": "block", "category": "porn", "details": details}})
    assert read.suggestion is Suggestion.BLOCK
    assert Label(EXPLICIT, "porn", 0.85) in read.labels


def test_a_detail_without_a_confidence_is_as_sure_as_its_suggestion() -> None:
    parts = [detail("block", confidence=None), detail("review", label="y", confidence=None)]
    assert answer(body(*parts, suggestion="block")).labels == (
        Label(EXPLICIT, "x", 0.85),
        Label(SUGGESTIVE, "y", 0.5),
    )


def test_a_label_without_a_name_bears_its_categorys() -> None:
    assert [x.name for x in answer(body(detail(label="\x00 \ud800"))).labels] == ["porn"]
    assert [x.name for x in answer(body(detail(category=" ", label=" "))).labels] == ["other"]


# --- what is none -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoilt",
    [
        {},
        {"result": None},
        {"result": []},
        {"result": "pass"},
        {"result": {}},
        {"result": {"suggestion": None}},
        {"result": {"suggestion": "PASS"}},
        {"result": {"suggestion": ""}},
        {"result": {"suggestion": "unscreened"}},
        {"result": {"suggestion": True}},
        {"result": {"suggestion": ["pass"]}},
        {"result": {"suggestion": "pass", "details": {}}},
        {"result": {"suggestion": "pass", "details": "none"}},
        {"result": {"suggestion": "pass", "details": [None]}},
        {"result": {"suggestion": "pass", "details": [{}]}},
        {"result": {"suggestion": "block", "category": 7}},
        body(detail("allow")),
        body(detail(label=5)),
        body(detail(category=[])),
        *(body(detail(confidence=c)) for c in NO_CONFIDENCE),
        body(detail("pass", confidence="high"), suggestion="pass"),
    ],
)
def test_what_cannot_be_read_is_garbled(spoilt: dict[str, Any]) -> None:
    with pytest.raises(Garbled, match="counts as not judged"):
        answer(spoilt)


@pytest.mark.parametrize(("told", "kept"), [("ab-12", "ab-12"), (None, None), (7, None), ("", None), ("a\nb", "ab")])
def test_the_request_id_is_kept(told: Any, kept: str | None) -> None:
    assert answer({"request_id": told, "result": {"suggestion": "pass"}}).request_id == kept


def test_samples_are_valid() -> None:
    assert samples.loaded(SUCCESS)["result"]["suggestion"] == "review"
