"""A likeness to a known image raises, a little, and does nothing else (ruling 9)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.engine import decide, earns_strike, judge
from policies.model import (
    NEVER,
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Decision,
    Evidence,
    Exemptions,
    Listed,
    Near,
    Place,
    Policy,
    Reason,
    ReasonCode,
    Remedy,
    Seen,
    Standing,
    Step,
    Suggestion,
    UnscreenedReason,
    frozen,
)
from policies.presets import preset
from policies.reasons import gives
from policies.restrain import restrain

from .samples import ADVERTISING, CHANNEL, EXPLICIT, HATE, MEMBER, card, missing, verdict
from .strategies import images, law, nears, places, policies, standings

STANDARD = preset("standard")
KNOWN = Near("a" * 64, 3, case=12, categories=frozenset({EXPLICIT}))
LIKE_12 = Reason(ReasonCode.NEAR_KNOWN, detail="12")
CARD = (Step(Act.ESCALATE),)
RESTRICTED = Place(Context.GROUP_MESSAGE, channel="10", age_restricted=True)


def of(near: Near | None = KNOWN, *, policy: Policy = STANDARD, place: Place = CHANNEL, **seen: object) -> Decision:
    """The decision for an image in which nothing was found, unless said otherwise."""
    what = Seen((verdict(),), near=near)
    return decide(policy, place, replace(what, **seen), MEMBER)  # type: ignore[arg-type]


def test_a_clean_image_that_looks_like_a_removed_one_is_a_card_that_names_the_case() -> None:
    assert of(None).suggestion is Suggestion.PASS
    assert of() == Decision(Suggestion.REVIEW, CARD, (LIKE_12,), Evidence.MOSAIC)


def test_one_of_the_block_list_without_a_case_is_named_without_a_number() -> None:
    decision = of(Near("b" * 64, 0))
    assert decision.suggestion is Suggestion.REVIEW
    assert decision.reasons == (Reason(ReasonCode.NEAR_KNOWN),)
    assert decision.evidence is Evidence.MOSAIC, "it may show anything"


def test_the_guild_can_switch_it_off() -> None:
    assert of(policy=replace(STANDARD, suspect_near=False)) == of(None)


@pytest.mark.parametrize("acts", [(Act.DELETE, Act.ESCALATE), (Act.DELETE, Act.WARN, Act.ESCALATE), (Act.QUARANTINE,)])
def test_even_where_a_review_deletes_or_punishes_a_likeness_is_only_shown(acts: tuple[Act, ...]) -> None:
    harsh = replace(STANDARD, actions=Actions(review=acts))
    assert of(policy=harsh).steps == CARD
    found = of(None, policy=harsh, screenings=(verdict({ADVERTISING: 0.9}),))
    both = of(policy=harsh, screenings=(verdict({ADVERTISING: 0.9}),))
    assert {s.act for s in both.steps} == {s.act for s in found.steps} | {Act.ESCALATE}, "what was found stands"


def test_where_nothing_follows_a_review_it_is_on_record_alone() -> None:
    quiet = replace(STANDARD, actions=Actions(review=()))
    assert of(policy=quiet) == Decision(Suggestion.REVIEW, (), (LIKE_12,), Evidence.MOSAIC)


def test_an_allowed_image_looks_like_nothing() -> None:
    assert of(listed=Listed.ALLOWED) == of(None, listed=Listed.ALLOWED)


def test_a_blocked_image_is_removed_whatever_it_looks_like() -> None:
    decision = of(listed=Listed.BLOCKED)
    assert decision.removes
    assert gives(decision.reasons, ReasonCode.BLOCK_LISTED)


@pytest.mark.parametrize(
    "spared",
    [
        replace(STANDARD, exempt=Exemptions(authors=frozenset({MEMBER.author}))),
        replace(STANDARD, channels=frozen({"10": ChannelRule(exempt=True)})),
    ],
)
def test_who_is_exempt_stays_exempt(spared: Policy) -> None:
    decision = of(policy=spared)
    assert (decision.suggestion, decision.steps) == (Suggestion.PASS, ())
    assert gives(decision.reasons, ReasonCode.NEAR_KNOWN), "nothing is hidden"


def test_what_is_allowed_in_a_place_is_not_suspected_there() -> None:
    assert of(place=RESTRICTED) == of(None, place=RESTRICTED)
    graphic = replace(KNOWN, categories=frozenset({EXPLICIT, Category.VIOLENCE_GRAPHIC}))
    assert of(graphic, place=RESTRICTED).suggestion is Suggestion.REVIEW
    blocked = replace(KNOWN, categories=frozenset())
    assert of(blocked, place=RESTRICTED).suggestion is Suggestion.REVIEW, "a guild blocks an image everywhere"
    anything_goes = replace(STANDARD, thresholds=frozen(dict.fromkeys(Category, NEVER)))
    assert of(policy=anything_goes).suggestion is Suggestion.PASS


def test_a_removal_keeps_the_evidence_with_which_it_can_be_given_back() -> None:
    removed = of(None, policy=preset("strict"), screenings=(verdict({HATE: 0.99}),))
    beside = of(policy=preset("strict"), screenings=(verdict({HATE: 0.99}),))
    assert removed.removes
    assert beside.evidence is removed.evidence
    assert beside == replace(removed, reasons=beside.reasons)


def test_a_card_shows_no_more_than_what_was_found_then_and_is_likely_now_allow() -> None:
    seen = {ADVERTISING: Evidence.FULL, EXPLICIT: Evidence.NONE}
    policy = replace(STANDARD, evidence=frozen(seen))
    harmless = replace(KNOWN, categories=frozenset({ADVERTISING}))
    assert of(harmless, policy=policy).evidence is Evidence.FULL
    assert of(policy=policy).evidence is Evidence.NONE
    likely = (verdict({EXPLICIT: 0.9}),)
    off = replace(policy, thresholds=frozen({**policy.thresholds, EXPLICIT: NEVER}))
    assert of(harmless, policy=off, screenings=likely).evidence is Evidence.NONE


def test_what_nobody_could_judge_still_says_so() -> None:
    decision = of(screenings=(missing(UnscreenedReason.OUTAGE),))
    assert decision.suggestion is Suggestion.REVIEW
    assert {r.code for r in decision.reasons} == {ReasonCode.NEAR_KNOWN, ReasonCode.UNSCREENED}
    held = replace(STANDARD, unscreened=frozen({UnscreenedReason.OUTAGE: Remedy.HOLD}))
    decision = of(policy=held, screenings=(missing(UnscreenedReason.OUTAGE),))
    assert decision.removes, "held as the guild wants it"
    assert decision.evidence is Evidence.FULL


def test_a_test_card_that_looks_like_a_removed_image_stays_a_test() -> None:
    decision = of(screenings=(verdict(), card({EXPLICIT: 0.95})))
    assert (decision.suggestion, decision.is_test) == (Suggestion.BLOCK, True)
    assert not earns_strike(decision)


# --- laws -----------------------------------------------------------------------------------------


def without(seen: Seen) -> Seen:
    return replace(seen, near=None)


@law
@given(policies, places, images, nears, standings)
def test_a_likeness_never_removes_and_never_makes_anything_milder(
    policy: Policy, place: Place, seen: Seen, near: Near, standing: Standing
) -> None:
    alike = decide(policy, place, replace(seen, near=near), standing)
    alone = decide(policy, place, without(seen), standing)
    assert alone.suggestion <= alike.suggestion <= max(alone.suggestion, Suggestion.REVIEW)
    assert alike.removes is alone.removes
    assert {*alone.steps} <= {*alike.steps} <= {*alone.steps, Step(Act.ESCALATE)}
    assert {*alike.reasons} >= {r for r in alone.reasons if r.code is not ReasonCode.TEST_CARD}
    assert earns_strike(alike) is earns_strike(alone)


@law
@given(policies, places, st.lists(images, max_size=3), standings)
def test_nobody_is_punished_for_a_likeness(policy: Policy, place: Place, post: list[Seen], standing: Standing) -> None:
    alike = judge(policy, place, post, standing)[1]
    alone = judge(policy, place, [without(seen) for seen in post], standing)[1]
    assert {*alike.steps} - {*alone.steps} <= {Step(Act.ESCALATE)}
    capped = restrain(alike, spent=policy.cap, cap=policy.cap, copy=False)
    assert capped.suggestion >= min(Suggestion.REVIEW, alike.suggestion)


@law
@given(policies, places, images, standings)
def test_switched_off_it_changes_nothing(policy: Policy, place: Place, seen: Seen, standing: Standing) -> None:
    off = replace(policy, suspect_near=False)
    assert decide(off, place, seen, standing) == decide(off, place, without(seen), standing)
