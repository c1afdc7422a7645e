"""The nouns: what they refuse, and the one order of suggestions."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from policies.model import (
    Category,
    Decision,
    Detail,
    DetailKind,
    Frames,
    Label,
    Reason,
    ReasonCode,
    Suggestion,
    Threshold,
    Verdict,
    Versions,
    frozen,
    kept,
)

MILD_TO_HARSH = [Suggestion.PASS, Suggestion.UNSCREENED, Suggestion.REVIEW, Suggestion.BLOCK]


def test_suggestions_are_ordered_mild_to_harsh_by_every_operator() -> None:
    for (i, a), (j, b) in itertools.product(enumerate(MILD_TO_HARSH), repeat=2):
        assert (a < b, a <= b, a > b, a >= b) == (i < j, i <= j, i > j, i >= j)


def test_max_min_and_sorted_agree_with_that_order() -> None:
    for order in itertools.permutations(MILD_TO_HARSH):
        assert max(order) is Suggestion.BLOCK
        assert min(order) is Suggestion.PASS
        assert sorted(order) == MILD_TO_HARSH


@pytest.mark.parametrize("confidence", [-0.001, 1.001, float("nan"), float("inf")])
def test_a_label_refuses_what_is_no_confidence(confidence: float) -> None:
    with pytest.raises(ValueError, match=r"confidence of 'gore' must be in 0\.\.1"):
        Label(Category.VIOLENCE, "gore", confidence)


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_label_takes_both_ends_of_the_scale(confidence: float) -> None:
    assert Label(Category.VIOLENCE, "gore", confidence).confidence == confidence


@pytest.mark.parametrize(("review", "remove"), [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (None, 0.0), (1.0, None)])
def test_a_threshold_takes_what_is_in_order(review: float | None, remove: float | None) -> None:
    assert (Threshold(review, remove).review, Threshold(review, remove).remove) == (review, remove)


def test_a_threshold_out_of_order_says_the_cure() -> None:
    with pytest.raises(ValueError, match="lower review or raise remove"):
        Threshold(0.9, 0.8)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_threshold_off_the_scale_names_itself(value: float) -> None:
    with pytest.raises(ValueError, match="review must be between 0 and 1"):
        Threshold(review=value)
    with pytest.raises(ValueError, match="remove must be between 0 and 1"):
        Threshold(remove=value)


def test_a_verdicts_confidence_is_the_highest_of_its_labels() -> None:
    labels = (Label(Category.HATE, "a", 0.2), Label(Category.HATE, "b", 0.6), Label(Category.VIOLENCE, "c", 0.9))
    verdict = Verdict("vendor", labels, frozenset(Category), Versions("1", "1", "1"))
    assert verdict.confidence(Category.HATE) == 0.6
    assert verdict.confidence(Category.SELF_HARM) == 0.0


def test_what_is_kept_of_a_verdict_has_no_details_and_no_cost() -> None:
    plain = Verdict("vendor", (Label(Category.HATE, "a", 0.2),), frozenset(Category), Versions("1", "1", "1"))
    told = replace(plain, cost=0.003, details=(Detail(DetailKind.TEXT, "call me"), Detail(DetailKind.FACE)))
    assert kept(told) == plain
    assert kept(plain) is plain


def test_what_was_read_from_an_image_stands_in_no_repr() -> None:
    detail = Detail(DetailKind.QR_CODE, "https://scam.example/7", (1, 2, 3, 4))
    assert "scam" not in repr(detail)
    assert "(1, 2, 3, 4)" not in repr(detail)


def test_frames_know_whether_some_were_not_looked_at() -> None:
    assert Frames(8, 120).partly
    assert not Frames(1, 1).partly


def test_a_frozen_mapping_is_a_copy_that_cannot_be_written() -> None:
    source = {"a": 1}
    copy = frozen(source)
    source["a"] = 2
    assert copy == {"a": 1}
    with pytest.raises(TypeError):
        copy["a"] = 3  # type: ignore[index]


def test_a_decision_made_by_a_test_card_says_so() -> None:
    assert Decision(Suggestion.BLOCK, reasons=(Reason(ReasonCode.TEST_CARD),)).is_test
    assert not Decision(Suggestion.BLOCK, reasons=(Reason(ReasonCode.THRESHOLD_REMOVE),)).is_test
