"""The five presets, and how they stand to each other."""

from __future__ import annotations

from itertools import pairwise

import pytest

from policies.ladder import climb
from policies.model import NEVER, Category, Evidence, Mode, Remedy, Standing, Threshold, UnscreenedReason
from policies.presets import DEFAULT, PRESETS, preset

MILD_TO_STRICT = ["relaxed", "standard", "strict", "family"]
NEVER_REMOVED = ["sexual_suggestive", "violence", "advertising", "offensive_text", "other"]


def test_there_are_five_each_with_one_sentence() -> None:
    assert set(PRESETS) == {"relaxed", "standard", "strict", "family", "art"}
    for sentence in PRESETS.values():
        assert sentence.endswith(".")
        assert sentence.count(".") == 1
    assert DEFAULT == "standard"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_bears_its_name_and_starts_by_watching(name: str) -> None:
    assert preset(name).preset == name
    assert preset(name).mode is Mode.OBSERVE
    assert preset(name) == preset(name)


def test_an_unknown_preset_says_which_there_are() -> None:
    with pytest.raises(ValueError, match="no preset 'lax'; choose one of relaxed, standard, strict, family, art"):
        preset("lax")


def test_standard_is_ruling_3_to_the_digit() -> None:
    assert preset("standard").thresholds == {
        Category.SEXUAL_EXPLICIT: Threshold(0.5, 0.85),
        Category.SEXUAL_SUGGESTIVE: Threshold(0.7, None),
        Category.VIOLENCE_GRAPHIC: Threshold(0.6, 0.9),
        Category.VIOLENCE: Threshold(0.8, None),
        Category.EXTREMISM: Threshold(0.6, 0.9),
        Category.HATE: Threshold(0.6, 0.9),
        Category.SELF_HARM: Threshold(0.6, 0.9),
        Category.ADVERTISING: Threshold(0.7, None),
        Category.OFFENSIVE_TEXT: Threshold(0.7, None),
        Category.OTHER: Threshold(0.8, None),
    }


@pytest.mark.parametrize("name", ["relaxed", "standard"])
@pytest.mark.parametrize("category", NEVER_REMOVED)
def test_what_the_mild_presets_never_remove(name: str, category: str) -> None:
    assert preset(name).thresholds[Category(category)].remove is None


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_knows_every_category_and_reason(name: str) -> None:
    policy = preset(name)
    assert set(policy.thresholds) == set(policy.evidence) == set(Category)
    assert set(policy.unscreened) == set(UnscreenedReason)
    assert policy.unscreened[UnscreenedReason.UNDECODABLE] is Remedy.REVIEW
    assert policy.evidence[Category.SEXUAL_EXPLICIT] is Evidence.MOSAIC
    assert (policy.cap, policy.test_cards, policy.trust_vendor) == (200, True, True)


@pytest.mark.parametrize("category", Category)
def test_each_preset_is_at_least_as_strict_as_the_one_before(category: Category) -> None:
    never = 2.0
    for milder, stricter in pairwise(MILD_TO_STRICT):
        a, b = preset(milder).thresholds[category], preset(stricter).thresholds[category]
        assert (a.review or never) >= (b.review or never)
        assert (a.remove or never) >= (b.remove or never)


@pytest.mark.parametrize("strikes", range(12))
def test_each_ladder_is_at_least_as_harsh_as_the_one_before(strikes: int) -> None:
    def harshness(name: str) -> tuple[int, int]:
        climbed = climb(preset(name).ladder, Standing("1", strikes=strikes), adds=1)
        return len(climbed.proposed), sum(step.minutes for step in climbed.steps)

    for milder, stricter in pairwise(MILD_TO_STRICT):
        assert all(a <= b for a, b in zip(harshness(milder), harshness(stricter), strict=True))


def test_strikes_are_remembered_longer_the_stricter_the_preset() -> None:
    days = [preset(name).ladder.days for name in MILD_TO_STRICT]
    assert days == sorted(set(days))


@pytest.mark.parametrize(
    ("name", "stricter"), [("relaxed", False), ("standard", False), ("strict", True), ("family", True)]
)
def test_where_newcomers_meet_lower_thresholds(name: str, stricter: bool) -> None:
    newcomers = preset(name).newcomers
    assert (newcomers.hours > 0 and newcomers.margin > 0) is stricter


@pytest.mark.parametrize("name", [n for n in PRESETS if n != "family"])
def test_sexual_categories_are_off_in_age_restricted_channels(name: str) -> None:
    off = {Category.SEXUAL_EXPLICIT: NEVER, Category.SEXUAL_SUGGESTIVE: NEVER}
    assert preset(name).age_restricted == off


def test_family_makes_no_exception_for_age_restricted_channels() -> None:
    assert preset("family").age_restricted == {}


def test_art_is_standard_but_for_drawings() -> None:
    art, standard = preset("art"), preset("standard")
    assert art.thresholds == standard.thresholds
    assert set(art.drawn) == set(Category)
    assert all(limit.remove is None for limit in art.drawn.values())
