"""The arithmetic of the vote: fixed points, monotony, and who speaks for which picture."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import Category, Label, Medium
from providers.local.vote import QR_CONFIDENCE, SCALE, Scores, confidence, labels, medium

units = st.floats(0, 1)


@st.composite
def any_scores(draw: st.DrawFn) -> Scores:
    raw = draw(st.lists(st.floats(0.001, 1), min_size=5, max_size=5))
    drawing, hentai, neutral, porn, sexy = (x / sum(raw) for x in raw)
    return Scores(draw(units), drawing, hentai, neutral, porn, sexy)


def photo(nsfw: float, porn: float, sexy: float = 0.0) -> Scores:
    return Scores(nsfw, 0.0, 0.0, 1 - porn - sexy, porn, sexy)


def drawn(nsfw: float, hentai: float) -> Scores:
    return Scores(nsfw, 1 - hentai, hentai, 0.0, 0.0, 0.0)


def by_category(found: tuple[Label, ...]) -> dict[Category, Label]:
    return {label.category: label for label in found}


@pytest.mark.parametrize(("vote", "expected"), [(0.0, 0.0), (0.3, 0.5), (0.75, 0.85), (1.0, 1.0), (0.15, 0.25)])
def test_confidence_has_the_ruled_points_exactly(vote: float, expected: float) -> None:
    assert confidence(vote) == expected


@given(units, units)
def test_confidence_never_falls_as_the_vote_rises(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= confidence(low) <= confidence(high) <= 1


@given(units, units)
def test_confidence_keeps_apart_what_the_votes_keep_apart(a: float, b: float) -> None:
    low, high = sorted((a, b))
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(SCALE)]
    rise = confidence(high) - confidence(low)
    assert min(slopes) * (high - low) - 1e-9 <= rise <= max(slopes) * (high - low) + 1e-9


def test_a_photograph_is_judged_by_the_mean_of_both() -> None:
    assert photo(0.9, 0.5).vote == pytest.approx(0.7)


def test_a_drawing_is_judged_by_the_model_that_has_seen_drawings() -> None:
    assert drawn(nsfw=0.01, hentai=0.9).vote == pytest.approx(0.9)
    assert drawn(nsfw=0.99, hentai=0.02).vote == pytest.approx(0.02)


def test_half_drawn_is_not_drawn() -> None:
    assert not Scores(0.0, 0.25, 0.25, 0.5, 0.0, 0.0).drawn
    assert Scores(0.0, 0.25, 0.26, 0.49, 0.0, 0.0).drawn


def test_what_one_model_alone_shouts_about_is_not_removed() -> None:
    """The worst of 941 ordinary pictures for A (a yam, 0.92) with B's word for it."""
    (explicit, _) = labels([photo(0.92, 0.05)], advert=False)
    assert 0.5 <= explicit.confidence < 0.85


@given(any_scores(), units)
def test_a_photograph_is_never_less_explicit_for_a_higher_score(scores: Scores, more: float) -> None:
    raised = Scores(max(scores.nsfw, more), scores.drawing, scores.hentai, scores.neutral, scores.porn, scores.sexy)
    assert raised.vote >= scores.vote


@given(st.lists(any_scores(), min_size=1, max_size=6), st.booleans())
def test_the_worst_view_counts_in_any_order(views: list[Scores], advert: bool) -> None:
    found = by_category(labels(views, advert=advert))
    assert labels(views[::-1], advert=advert)[0].confidence == found[Category.SEXUAL_EXPLICIT].confidence
    assert found[Category.SEXUAL_EXPLICIT].confidence == max(confidence(s.vote) for s in views)
    assert found[Category.SEXUAL_SUGGESTIVE].confidence == pytest.approx(max(s.sexy for s in views))
    assert (Category.ADVERTISING in found) is advert


@given(st.lists(any_scores(), min_size=1, max_size=4), any_scores())
def test_another_view_never_makes_an_image_milder(views: list[Scores], more: Scores) -> None:
    before, after = by_category(labels(views, advert=False)), by_category(labels([*views, more], advert=False))
    assert all(after[c].confidence >= before[c].confidence for c in before)


def test_labels_bear_the_word_of_the_model_and_a_qr_code_alone_is_no_proof() -> None:
    assert [x.name for x in labels([photo(0.9, 0.9)], advert=True)] == ["porn", "sexy", "qr_code"]
    assert labels([drawn(0.1, 0.9)], advert=False)[0].name == "hentai"
    assert by_category(labels([photo(0, 0)], advert=True))[Category.ADVERTISING].confidence == QR_CONFIDENCE == 0.6


def test_sexy_is_taken_as_it_is() -> None:
    assert labels([photo(0.1, 0.0, sexy=0.7)], advert=False)[1].confidence == 0.7


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ([drawn(0, 0.9)], Medium.DRAWN),
        ([photo(0.9, 0.9)], Medium.PHOTO),
        ([drawn(0, 0.9), photo(0.0, 0.0)], Medium.DRAWN),  # a harmless window of a drawn page
        ([drawn(0, 0.9), photo(0.4, 0.4)], Medium.PHOTO),  # a photograph hides among drawings
        ([drawn(0, 0.1), photo(0.0, 0.0)], Medium.DRAWN),
        ([photo(0.0, 0.2), drawn(0, 0.0)], Medium.PHOTO),
    ],
)
def test_medium_is_that_of_what_is_worth_a_look(views: list[Scores], expected: Medium) -> None:
    assert medium(views) is expected
    assert medium(views[::-1]) is expected


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.1, 1.1])
def test_what_is_no_score_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match=r"nsfw must be in 0\.\.1"):
        Scores(score, 0, 0, 1, 0, 0)


def test_rounding_errors_of_a_softmax_stay_within_the_scale() -> None:
    (explicit, suggestive) = labels([Scores(1.00001, 0, 0, -0.00001, 1.00001, 1.00001)], advert=False)
    assert explicit.confidence == suggestive.confidence == 1.0


def test_no_view_is_no_verdict() -> None:
    with pytest.raises(ValueError):
        labels([], advert=False)
