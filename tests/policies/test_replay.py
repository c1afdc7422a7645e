"""Deciding again over what was stored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.engine import judge
from policies.model import (
    Act,
    Category,
    Decision,
    Listed,
    Place,
    Policy,
    ReasonCode,
    Seen,
    Standing,
    Suggestion,
    Threshold,
    frozen,
)
from policies.presets import preset
from policies.replay import MixedVersions, Past, replay
from policies.restrain import restrain

from .samples import CHANNEL, EXPLICIT, HATE, MEMBER, V1, V2, card, reason, seen, verdict
from .strategies import images, law, places, policies, standings

STANDARD = preset("standard")
STRICTER = replace(STANDARD, thresholds=frozen({**STANDARD.thresholds, HATE: Threshold(0.3, 0.6)}))


def past(key: str, *post: Seen, policy: Policy = STANDARD, version: int = 1, place: Place = CHANNEL) -> Past:
    return Past(key, place, MEMBER, post, version, judge(policy, place, post, MEMBER)[1])


WEEK = [
    past("clean", seen(verdict())),
    past("doubtful", seen(verdict({HATE: 0.7}))),
    past("bad", seen(verdict({EXPLICIT: 0.9}))),
    past("mild", seen(verdict({HATE: 0.4})), version=2),
]


def test_what_would_change_under_other_thresholds() -> None:
    replayed = replay(WEEK, STRICTER)
    assert [(c.key, c.before.suggestion, c.after.suggestion) for c in replayed.changes] == [
        ("doubtful", Suggestion.REVIEW, Suggestion.BLOCK),
        ("mild", Suggestion.PASS, Suggestion.REVIEW),
    ]
    assert replayed.total == 4
    assert replayed.moves == {
        (Suggestion.PASS, Suggestion.PASS): 1,
        (Suggestion.REVIEW, Suggestion.BLOCK): 1,
        (Suggestion.BLOCK, Suggestion.BLOCK): 1,
        (Suggestion.PASS, Suggestion.REVIEW): 1,
    }
    assert replayed.policy_versions == {1, 2}
    assert replayed.versions == {"local": {V1}}


def test_a_change_carries_the_new_reasons() -> None:
    (change, _) = replay(WEEK, STRICTER).changes
    assert reason(change.after, ReasonCode.THRESHOLD_REMOVE).threshold == 0.6


def test_other_actions_for_the_same_suggestion_are_a_change() -> None:
    silent = replace(STANDARD, actions=replace(STANDARD.actions, block=(Act.DELETE,)))
    assert [c.key for c in replay(WEEK, silent).changes] == ["bad"]


def test_place_standing_and_list_count_as_they_did_then() -> None:
    listed = past("listed", seen(verdict(), listed=Listed.BLOCKED))
    restricted = past("restricted", seen(verdict({EXPLICIT: 0.9})), place=replace(CHANNEL, age_restricted=True))
    assert restricted.decision.suggestion is Suggestion.PASS
    assert replay([listed, restricted], STRICTER).changes == ()


def test_nothing_replayed_changes_nothing() -> None:
    replayed = replay([], STRICTER)
    assert (replayed.total, replayed.changes, dict(replayed.moves), replayed.mixed) == (0, (), {}, ())


def test_versions_of_one_provider_are_not_mixed_silently() -> None:
    week = [*WEEK, past("newer", seen(verdict({HATE: 0.7}, versions=V2)))]
    with pytest.raises(MixedVersions, match=r"different versions of local \(2 versions\)") as caught:
        replay(week, STRICTER)
    assert caught.value.versions == {"local": {V1, V2}}


def test_mixing_can_be_meant_and_is_still_told() -> None:
    replayed = replay([*WEEK, past("newer", seen(verdict({HATE: 0.7}, versions=V2)))], STRICTER, mix=True)
    assert replayed.total == 5
    assert replayed.mixed == ("local",)


def test_versions_are_mixed_even_within_one_post() -> None:
    twice = past("twice", seen(verdict(assessed={HATE}), verdict(assessed={EXPLICIT}, versions=V2)))
    with pytest.raises(MixedVersions):
        replay([twice], STRICTER)


def test_two_providers_each_at_its_own_version_are_no_mix() -> None:
    both = past("both", seen(verdict(), verdict(provider="huawei", versions=V2), card({HATE: 0.1})))
    assert replay([both], STANDARD).mixed == ()


def test_what_the_cap_held_back_then_is_held_back_again() -> None:
    bad = past("bad", seen(verdict({EXPLICIT: 0.9})))
    held = replace(bad, decision=restrain(bad.decision, spent=200, cap=200, copy=False))
    replayed = replay([held], STANDARD)
    assert replayed.changes == ()
    assert replayed.moves == {(Suggestion.REVIEW, Suggestion.REVIEW): 1}


@law
@given(policies, places, st.lists(st.lists(images, max_size=2).map(tuple), max_size=4), standings)
def test_under_the_same_policy_nothing_changes(
    policy: Policy, place: Place, posts: list[tuple[Seen, ...]], standing: Standing
) -> None:
    stored = [
        Past(str(n), place, standing, post, 1, judge(policy, place, post, standing)[1]) for n, post in enumerate(posts)
    ]
    replayed = replay(stored, policy)
    assert replayed.changes == ()
    assert sum(replayed.moves.values()) == replayed.total == len(posts)
    assert all(before is after for before, after in replayed.moves)


def test_a_stored_decision_is_what_is_compared_not_a_guess_at_it() -> None:
    overridden = replace(WEEK[0], decision=Decision(Suggestion.REVIEW))
    assert [c.before for c in replay([overridden], STANDARD).changes] == [Decision(Suggestion.REVIEW)]


@pytest.mark.parametrize("category", Category)
def test_every_category_can_be_replayed(category: Category) -> None:
    switched_off = replace(STANDARD, thresholds=frozen({}))
    (change,) = replay([past("x", seen(verdict({category: 1.0})))], switched_off).changes
    assert change.after.suggestion is Suggestion.PASS
