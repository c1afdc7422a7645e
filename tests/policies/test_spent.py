"""A spent budget is arithmetic too: what follows from it hangs on the guild's rule and on what the others said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import Act, Category, Listed, Policy, Reason, ReasonCode, Suggestion, UnscreenedReason, WhenSpent
from policies.presets import preset
from tests.policies.samples import ALL, EXPLICIT, codes, decided, missing, verdict

SPENT = missing(UnscreenedReason.SPENT, "huawei")


def by(rule: WhenSpent, **changes: object) -> Policy:
    return replace(preset("standard"), when_spent=rule, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", [WhenSpent.LOCAL, WhenSpent.NEW_MEMBERS])
@pytest.mark.parametrize("score", [0.1, 0.4, 0.6, 0.9])
def test_it_changes_nothing_once_a_free_provider_answered(rule: WhenSpent, score: float) -> None:
    free = verdict({EXPLICIT: score})
    assert decided(by(rule), free, SPENT) == decided(by(rule), free)


def test_review_brings_what_is_in_doubt_before_the_moderators() -> None:
    decision = decided(by(WhenSpent.REVIEW), verdict({EXPLICIT: 0.4}), SPENT)
    assert decision.suggestion is Suggestion.REVIEW
    assert decision.reasons == (Reason(ReasonCode.SPENT, provider="huawei"),)
    assert [s.act for s in decision.steps] == [Act.ESCALATE]


def test_review_adds_nothing_to_what_comes_there_anyway() -> None:
    silent = by(WhenSpent.REVIEW, actions=replace(preset("standard").actions, block=(Act.DELETE,)))
    for score in (0.6, 0.9):
        free = verdict({EXPLICIT: score})
        assert decided(silent, free, SPENT) == decided(silent, free)


def test_without_a_spent_answer_the_rule_says_nothing() -> None:
    free = verdict({EXPLICIT: 0.4})
    assert decided(by(WhenSpent.REVIEW), free) == decided(by(WhenSpent.LOCAL), free)
    out = missing(UnscreenedReason.OUTAGE, "huawei")
    assert decided(by(WhenSpent.REVIEW), free, out) == decided(by(WhenSpent.LOCAL), free, out)


@pytest.mark.parametrize("rule", WhenSpent)
def test_where_nobody_answered_it_is_never_a_pass(rule: WhenSpent) -> None:
    decision = decided(by(rule), SPENT)
    expected = Suggestion.REVIEW if rule is WhenSpent.REVIEW else Suggestion.UNSCREENED
    assert decision.suggestion is expected
    assert ReasonCode.UNSCREENED in codes(decision)


def test_the_allow_list_knows_better() -> None:
    assert decided(by(WhenSpent.REVIEW), SPENT, listed=Listed.ALLOWED).suggestion is Suggestion.PASS


@given(
    scores=st.dictionaries(st.sampled_from(Category), st.floats(0, 1)),
    assessed=st.sets(st.sampled_from(Category)),
    rule=st.sampled_from(WhenSpent),
)
def test_a_spent_budget_never_makes_anything_milder(
    scores: dict[Category, float], assessed: set[Category], rule: WhenSpent
) -> None:
    free = verdict(scores, assessed=assessed | set(scores))
    with_it, without = decided(by(rule), free, SPENT), decided(by(rule), free)
    if free.assessed:
        assert with_it.suggestion >= without.suggestion
        assert set(without.reasons) <= set(with_it.reasons)
    assert with_it.suggestion >= Suggestion.UNSCREENED or free.assessed
    assert free.assessed <= ALL
