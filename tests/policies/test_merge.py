"""Ruling 2: frames, opinions, test cards, failed providers."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.merge import NOBODY, frames, opinions
from policies.model import (
    Category,
    Frames,
    Label,
    Medium,
    Suggestion,
    UnscreenedReason,
    Verdict,
)

from .samples import ADVERTISING, ALL, EXPLICIT, HATE, SUGGESTIVE, V2, card, missing, verdict
from .strategies import law, screenings, verdicts

parts = st.lists(verdicts(st.just("local")), min_size=1, max_size=4)


# --- frames ---------------------------------------------------------------------------------------


def test_frames_take_the_maximum_per_label_and_the_intersection_of_what_was_assessed() -> None:
    first = verdict({EXPLICIT: 0.2, HATE: 0.7}, assessed={EXPLICIT, HATE}, frames=Frames(1, 1))
    second = verdict({EXPLICIT: 0.9}, assessed={EXPLICIT, ADVERTISING}, frames=Frames(1, 1))
    merged = frames([first, second])
    assert merged.labels == (Label(HATE, "local:hate", 0.7), Label(EXPLICIT, "local:sexual_explicit", 0.9))
    assert merged.assessed == {EXPLICIT}
    assert merged.frames == Frames(2, 2)


def test_frames_keep_labels_of_different_names_apart() -> None:
    one = replace(verdict(), labels=(Label(HATE, "flag", 0.3), Label(HATE, "symbol", 0.8)))
    two = replace(verdict(), labels=(Label(HATE, "flag", 0.5),))
    assert frames([one, two]).labels == (Label(HATE, "flag", 0.5), Label(HATE, "symbol", 0.8))


def test_unseen_frames_are_stated() -> None:
    merged = frames([verdict() for _ in range(8)], total=120)
    assert merged.frames == Frames(8, 120)
    assert merged.frames.partly


def test_frames_seen_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="3 frames seen of an animation of 2"):
        frames([verdict(frames=Frames(3, 3))], total=2)


def test_no_frames_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="one provider at one version, not 0"):
        frames([])


@pytest.mark.parametrize("other", [verdict(provider="huawei"), verdict(versions=V2)])
def test_frames_of_two_makers_are_refused(other: Verdict) -> None:
    with pytest.raises(ValueError, match="one provider at one version, not 2"):
        frames([verdict(), other])


@pytest.mark.parametrize(
    ("media", "merged"),
    [
        ({Medium.DRAWN}, Medium.DRAWN),
        ({Medium.DRAWN, Medium.UNKNOWN}, Medium.UNKNOWN),
        ({Medium.DRAWN, Medium.PHOTO}, Medium.PHOTO),
        ({Medium.UNKNOWN, Medium.PHOTO}, Medium.PHOTO),
    ],
)
def test_one_photographed_frame_makes_an_animation_no_drawing(media: set[Medium], merged: Medium) -> None:
    for order in permutations(media):
        assert frames([verdict(medium=m) for m in order]).medium is merged


def test_a_vendors_harshest_suggestion_stands_for_the_animation() -> None:
    said = [None, Suggestion.PASS, Suggestion.BLOCK, Suggestion.REVIEW]
    assert frames([verdict(suggestion=s) for s in said]).suggestion is Suggestion.BLOCK
    assert frames([verdict(), verdict()]).suggestion is None


@law
@given(parts)
def test_frames_do_not_depend_on_their_order(some: list[Verdict]) -> None:
    assert frames(some) == frames(list(reversed(some)))


@law
@given(parts, parts, parts)
def test_frames_may_be_merged_in_any_grouping(a: list[Verdict], b: list[Verdict], c: list[Verdict]) -> None:
    at_once = frames([*a, *b, *c])
    assert frames([frames(a), frames([*b, *c])]) == at_once
    assert frames([frames([*a, *b]), frames(c)]) == at_once


@law
@given(parts)
def test_seeing_the_same_again_changes_nothing_but_the_count(some: list[Verdict]) -> None:
    once, twice = frames(some), frames([*some, *some])
    assert replace(twice, frames=once.frames) == once
    assert twice.frames.seen == 2 * once.frames.seen


@law
@given(parts)
def test_no_frame_shows_more_than_the_whole(some: list[Verdict]) -> None:
    merged = frames(some)
    for category in Category:
        assert merged.confidence(category) == max(v.confidence(category) for v in some)
    assert all(merged.assessed <= v.assessed for v in some)


# --- opinions -------------------------------------------------------------------------------------


def test_the_later_opinion_has_the_say_on_what_it_assessed_the_earlier_on_the_rest() -> None:
    local = verdict({EXPLICIT: 0.6, ADVERTISING: 0.6}, assessed={EXPLICIT, ADVERTISING})
    vendor = verdict({HATE: 0.9}, provider="huawei", assessed={EXPLICIT, HATE})
    first, second = opinions([local, vendor]).verdicts
    assert (first.provider, first.assessed) == ("local", frozenset({ADVERTISING}))
    assert [x.category for x in first.labels] == [ADVERTISING]
    assert second == vendor


def test_what_a_later_opinion_mentions_without_having_looked_for_it_takes_nothing_away() -> None:
    local = verdict({HATE: 0.9}, assessed={HATE})
    vendor = verdict({HATE: 0.1}, provider="huawei", assessed={EXPLICIT})
    assert opinions([local, vendor]).verdicts == (local, vendor)


def test_a_wholly_superseded_opinion_falls_away() -> None:
    local, vendor = verdict({EXPLICIT: 0.9}, assessed={EXPLICIT}), verdict(provider="huawei", assessed=ALL)
    assert opinions([local, vendor]).verdicts == (vendor,)


def test_a_floor_goes_with_the_last_label_that_carried_it() -> None:
    first = verdict({EXPLICIT: 0.9}, provider="huawei", assessed={EXPLICIT, HATE}, suggestion=Suggestion.BLOCK)
    second = verdict(provider="hitpaw", assessed={EXPLICIT}, suggestion=Suggestion.PASS)
    kept = opinions([first, second]).verdicts[0]
    assert (kept.provider, kept.assessed, kept.suggestion) == ("huawei", frozenset({HATE}), None)


def test_an_unexplained_floor_goes_once_all_it_assessed_was_judged_anew() -> None:
    warned = verdict(provider="huawei", assessed={EXPLICIT, HATE}, suggestion=Suggestion.BLOCK)
    partly, wholly = verdict(assessed={EXPLICIT}), verdict(assessed={EXPLICIT, HATE})
    assert opinions([warned, partly]).verdicts[0].suggestion is Suggestion.BLOCK
    assert opinions([warned, wholly]).verdicts == (wholly,)


def test_a_floor_stays_where_a_label_of_it_stays() -> None:
    first = verdict({EXPLICIT: 0.9, HATE: 0.9}, provider="huawei", suggestion=Suggestion.BLOCK)
    second = verdict(provider="hitpaw", assessed={EXPLICIT}, suggestion=Suggestion.PASS)
    kept = opinions([first, second]).verdicts[0]
    assert kept.suggestion is Suggestion.BLOCK
    assert [x.category for x in kept.labels] == [HATE]


@pytest.mark.parametrize("reason", [r for r in UnscreenedReason if r is not UnscreenedReason.PENDING])
def test_a_failed_provider_does_not_count_once_another_answered(reason: UnscreenedReason) -> None:
    said = opinions([missing(reason, "huawei"), verdict()])
    assert said.silent == ()
    assert said.verdicts == (verdict(),)


def test_who_still_works_on_it_counts_until_their_own_answer_comes() -> None:
    pending = missing(UnscreenedReason.PENDING, "huawei", ticket="job-1")
    assert opinions([pending, verdict()]).silent == (pending,)
    assert opinions([pending, verdict(provider="huawei")]).silent == ()


def test_without_any_answer_every_silence_counts() -> None:
    both = (missing(UnscreenedReason.OUTAGE, "huawei"), missing(UnscreenedReason.UNDECODABLE, "local"))
    assert opinions(both).silent == both


@pytest.mark.parametrize(
    "said",
    [
        [],
        [card({HATE: 0.9})],
        [missing(UnscreenedReason.OUTAGE, "testcard")],
        [verdict(assessed=())],
        [verdict(assessed=(), suggestion=Suggestion.PASS)],
    ],
)
def test_an_image_about_which_nobody_said_anything_is_an_outage(said: list[Verdict]) -> None:
    assert opinions(said).silent == (NOBODY,)


def test_an_unexplained_warning_is_an_answer() -> None:
    warned = verdict(provider="huawei", assessed=(), suggestion=Suggestion.BLOCK)
    assert opinions([warned]).verdicts == (warned,)


@pytest.mark.parametrize("cards_first", [True, False])
def test_a_test_card_supersedes_nothing_and_is_superseded_by_nothing(cards_first: bool) -> None:
    real, test = verdict({HATE: 0.3}), card({HATE: 0.9})
    said = opinions([test, real] if cards_first else [real, test])
    assert said.verdicts == (real,)
    assert [(c.labels, c.assessed, c.suggestion) for c in said.cards] == [(test.labels, frozenset(), None)]


@pytest.mark.parametrize(
    ("media", "heard"),
    [
        ([Medium.DRAWN, Medium.UNKNOWN], Medium.DRAWN),
        ([Medium.DRAWN, Medium.PHOTO], Medium.PHOTO),
        ([Medium.PHOTO, Medium.DRAWN], Medium.DRAWN),
        ([Medium.UNKNOWN], Medium.UNKNOWN),
    ],
)
def test_the_medium_is_the_last_word_of_who_can_tell(media: list[Medium], heard: Medium) -> None:
    said = [verdict(medium=m, provider=str(n), assessed={c}) for n, (m, c) in enumerate(zip(media, Category))]  # noqa: B905
    assert opinions(said).medium is heard


def test_a_test_card_does_not_make_a_drawing_a_photograph() -> None:
    assert opinions([verdict(medium=Medium.DRAWN), card({HATE: 0.9})]).medium is Medium.DRAWN


@law
@given(screenings)
def test_somebody_always_answers_or_is_missing(said: tuple[Verdict, ...]) -> None:
    heard = opinions(said)
    assert heard.verdicts or heard.silent


@law
@given(screenings)
def test_no_category_is_assessed_twice(said: tuple[Verdict, ...]) -> None:
    heard = opinions(said)
    assert sum(len(v.assessed) for v in heard.verdicts) == len(heard.assessed)
    given_assessed = [v.assessed for v in said if isinstance(v, Verdict) and v.provider != "testcard"]
    assert heard.assessed == frozenset[Category]().union(*given_assessed)


@law
@given(screenings)
def test_hearing_what_was_heard_changes_nothing(said: tuple[Verdict, ...]) -> None:
    heard = opinions(said)
    again = opinions([*heard.verdicts, *(s for s in heard.silent if s is not NOBODY), *heard.cards])
    assert (again.verdicts, again.silent, again.cards) == (heard.verdicts, heard.silent, heard.cards)


def test_a_sexy_picture_is_still_named_by_its_provider() -> None:
    local, vendor = verdict({SUGGESTIVE: 0.8}), verdict({HATE: 0.7}, provider="huawei", assessed={HATE})
    named = {(v.provider, x.category) for v in opinions([local, vendor]).verdicts for x in v.labels}
    assert named == {("local", SUGGESTIVE), ("huawei", HATE)}
