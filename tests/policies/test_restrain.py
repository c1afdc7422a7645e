"""Ruling 5: the action cap."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.engine import join, judge
from policies.model import (
    OF_LADDER,
    Act,
    Decision,
    Evidence,
    Listed,
    Reason,
    ReasonCode,
    Remedy,
    Step,
    Suggestion,
    UnscreenedReason,
    frozen,
)
from policies.presets import preset
from policies.reasons import gives
from policies.restrain import restrain

from .samples import CHANNEL, EXPLICIT, MEMBER, codes, decided, missing, reason, seen, verdict
from .strategies import decisions, law

STANDARD = preset("standard")
REMOVAL = decided(STANDARD, verdict({EXPLICIT: 0.9}))
counts = st.integers(0, 400)


@pytest.mark.parametrize(
    ("spent", "cap", "stopped"), [(0, 200, False), (199, 200, False), (200, 200, True), (201, 200, True), (0, 0, True)]
)
def test_the_cap_holds_from_the_first_image_beyond_it(spent: int, cap: int, stopped: bool) -> None:
    decision = restrain(REMOVAL, spent=spent, cap=cap, copy=False)
    assert (decision != REMOVAL) is stopped


def test_over_the_cap_a_removal_becomes_a_review_with_a_card() -> None:
    decision = restrain(REMOVAL, spent=250, cap=200, copy=False)
    assert (decision.suggestion, decision.steps) == (Suggestion.REVIEW, (Step(Act.ESCALATE),))
    assert decision.evidence is Evidence.MOSAIC
    assert codes(decision) == {ReasonCode.THRESHOLD_REMOVE, ReasonCode.CAP_REACHED}
    assert reason(decision, ReasonCode.CAP_REACHED) == Reason(ReasonCode.CAP_REACHED, score=250, threshold=200)


def test_nobody_is_punished_for_a_removal_that_did_not_happen() -> None:
    _, removal = judge(STANDARD, CHANNEL, [seen(verdict({EXPLICIT: 0.9}))], replace(MEMBER, strikes=6))
    assert codes(removal) >= {ReasonCode.LADDER, ReasonCode.PROPOSED}
    decision = restrain(removal, spent=200, cap=200, copy=False)
    assert not codes(decision) & {ReasonCode.LADDER, ReasonCode.PROPOSED}
    assert decision.steps == (Step(Act.ESCALATE),)


def test_an_outage_never_holds_thousands() -> None:
    policy = replace(STANDARD, unscreened=frozen({UnscreenedReason.OUTAGE: Remedy.HOLD}))
    held = decided(policy, missing(UnscreenedReason.OUTAGE))
    assert held.removes
    assert not restrain(held, spent=200, cap=200, copy=False).removes


@law
@given(decisions, counts, counts)
def test_the_cap_never_stops_copies(decision: Decision, spent: int, cap: int) -> None:
    assert restrain(decision, spent=spent, cap=cap, copy=True) == decision


@law
@given(decisions, counts, counts, st.booleans())
def test_the_cap_never_stops_what_is_block_listed(decision: Decision, spent: int, cap: int, copy: bool) -> None:
    listed = join([decision, decided(STANDARD, listed=Listed.BLOCKED)])
    assert restrain(listed, spent=spent, cap=cap, copy=copy) == listed


@law
@given(decisions, counts, counts, st.booleans())
def test_below_the_cap_nothing_changes(decision: Decision, spent: int, more: int, copy: bool) -> None:
    assert restrain(decision, spent=spent, cap=spent + more + 1, copy=copy) == decision


@law
@given(decisions, counts, counts, st.booleans())
def test_restraint_never_makes_harsher_and_never_drops_silently(
    decision: Decision, spent: int, cap: int, copy: bool
) -> None:
    restrained = restrain(decision, spent=spent, cap=cap, copy=copy)
    assert restrained.suggestion <= decision.suggestion
    if restrained != decision:
        assert not restrained.removes
        assert not any(step.act in OF_LADDER for step in restrained.steps)
        assert Step(Act.ESCALATE) in restrained.steps
        assert gives(restrained.reasons, ReasonCode.CAP_REACHED)
        assert restrained.evidence is decision.evidence


@law
@given(decisions, counts, counts, st.booleans())
def test_restraint_is_idempotent(decision: Decision, spent: int, cap: int, copy: bool) -> None:
    once = restrain(decision, spent=spent, cap=cap, copy=copy)
    assert restrain(once, spent=spent, cap=cap, copy=copy) == once
