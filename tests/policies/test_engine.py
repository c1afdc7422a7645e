"""The rulings, row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.engine import earns_strike, join, judge
from policies.model import (
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Decision,
    Evidence,
    Exemptions,
    Frames,
    Label,
    Ladder,
    Listed,
    Medium,
    Place,
    Policy,
    Reason,
    ReasonCode,
    Remedy,
    Rung,
    Screening,
    Standing,
    Step,
    Suggestion,
    Threshold,
    UnscreenedReason,
    frozen,
)
from policies.presets import PRESETS, preset

from .samples import (
    ADVERTISING,
    CHANNEL,
    EXPLICIT,
    HATE,
    MEMBER,
    SUGGESTIVE,
    card,
    codes,
    decided,
    missing,
    reason,
    seen,
    suggested,
    verdict,
)

STANDARD = preset("standard")
AGE_RESTRICTED = replace(CHANNEL, age_restricted=True)
REMOVAL = (Step(Act.DELETE), Step(Act.WARN), Step(Act.ESCALATE))
CARD = (Step(Act.ESCALATE),)
PASS, UNSCREENED, REVIEW, BLOCK = Suggestion


def with_limits(**limits: Threshold) -> Policy:
    return replace(STANDARD, thresholds=frozen({Category(c): t for c, t in limits.items()}))


# --- ruling 1: the ends of looking at an image ------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "suggestion", "steps"),
    [
        (UnscreenedReason.PENDING, UNSCREENED, ()),
        (UnscreenedReason.OUTAGE, UNSCREENED, ()),
        (UnscreenedReason.UNSUPPORTED, UNSCREENED, ()),
        (UnscreenedReason.UNDECODABLE, REVIEW, CARD),
        (UnscreenedReason.TINY, UNSCREENED, ()),
    ],
)
@pytest.mark.parametrize("name", PRESETS)
def test_unscreened_by_default(
    name: str, why: UnscreenedReason, suggestion: Suggestion, steps: tuple[Step, ...]
) -> None:
    decision = decided(preset(name), missing(why))
    assert (decision.suggestion, decision.steps) == (suggestion, steps)
    assert reason(decision, ReasonCode.UNSCREENED) == Reason(ReasonCode.UNSCREENED, provider="local", detail=why.value)


@pytest.mark.parametrize("why", UnscreenedReason)
@pytest.mark.parametrize(
    ("remedy", "suggestion", "steps"),
    [
        (Remedy.LEAVE, UNSCREENED, ()),
        (Remedy.REVIEW, REVIEW, CARD),
        (Remedy.HOLD, REVIEW, (Step(Act.DELETE), Step(Act.ESCALATE))),
    ],
)
def test_every_reason_takes_every_remedy(
    why: UnscreenedReason, remedy: Remedy, suggestion: Suggestion, steps: tuple[Step, ...]
) -> None:
    decision = decided(replace(STANDARD, unscreened=frozen({why: remedy})), missing(why))
    assert (decision.suggestion, decision.steps) == (suggestion, steps)
    assert not earns_strike(decision)


def test_what_is_held_can_be_given_back_whole() -> None:
    policy = replace(STANDARD, unscreened=frozen({UnscreenedReason.OUTAGE: Remedy.HOLD}))
    assert decided(policy, missing(UnscreenedReason.OUTAGE)).evidence is Evidence.FULL


def test_an_unjudged_picture_is_shown_to_moderators_as_a_mosaic() -> None:
    assert decided(STANDARD, missing(UnscreenedReason.UNDECODABLE)).evidence is Evidence.MOSAIC


def test_an_avatar_cannot_be_held() -> None:
    policy = replace(STANDARD, unscreened=frozen({UnscreenedReason.OUTAGE: Remedy.HOLD}))
    assert decided(policy, missing(UnscreenedReason.OUTAGE), place=Place(Context.HEAD_IMAGE)).steps == CARD


def test_a_reason_without_a_remedy_is_left_and_still_no_pass() -> None:
    assert suggested(replace(STANDARD, unscreened=frozen({})), missing(UnscreenedReason.TINY)) is UNSCREENED


def test_nobody_asked_is_no_pass() -> None:
    decision = decided(STANDARD)
    assert (decision.suggestion, decision.steps) == (UNSCREENED, ())
    assert reason(decision, ReasonCode.UNSCREENED).detail == "outage"


# --- rulings 1 and 2: frames that nobody looked at -----------------------------------------------------

PARTLY = Frames(8, 151)


def under(remedy: Remedy) -> Policy:
    return replace(STANDARD, unscreened=frozen({UnscreenedReason.UNDECODABLE: remedy}))


def beside(decision: Decision) -> Decision:
    """The decision without the word on unseen frames, which must be there."""
    told = reason(decision, ReasonCode.UNSCREENED)
    assert told.detail == "frames 8/151"
    return replace(decision, reasons=tuple(r for r in decision.reasons if r != told))


@pytest.mark.parametrize(
    ("remedy", "suggestion", "steps"),
    [
        (Remedy.LEAVE, UNSCREENED, ()),
        (Remedy.REVIEW, REVIEW, CARD),
        (Remedy.HOLD, REVIEW, (Step(Act.DELETE), Step(Act.ESCALATE))),
    ],
)
def test_unseen_frames_are_treated_like_what_cannot_be_opened(
    remedy: Remedy, suggestion: Suggestion, steps: tuple[Step, ...]
) -> None:
    decision = decided(under(remedy), verdict({EXPLICIT: 0.01}, frames=PARTLY))
    assert (decision.suggestion, decision.steps) == (suggestion, steps)
    assert decision.reasons == (Reason(ReasonCode.UNSCREENED, provider="local", detail="frames 8/151"),)
    assert suggested(under(remedy), verdict({EXPLICIT: 0.01}, frames=Frames(151, 151))) is PASS


@pytest.mark.parametrize("remedy", [Remedy.LEAVE, Remedy.REVIEW])
def test_what_was_found_in_the_frames_seen_stands_by_itself(remedy: Remedy) -> None:
    for score in (0.6, 0.97):
        whole, partly = (verdict({EXPLICIT: score}, frames=f) for f in (Frames(), PARTLY))
        assert beside(decided(under(remedy), partly)) == decided(under(remedy), whole)


def test_who_holds_what_is_not_judged_holds_a_partly_seen_review_too() -> None:
    policy = under(Remedy.HOLD)
    assert decided(policy, verdict({EXPLICIT: 0.6}, frames=PARTLY)).removes
    assert not decided(policy, verdict({EXPLICIT: 0.6})).removes
    block = verdict({EXPLICIT: 0.97}, frames=PARTLY)
    assert beside(decided(policy, block)) == decided(policy, replace(block, frames=Frames()))


def test_a_later_provider_who_saw_everything_settles_it() -> None:
    partly, full = verdict(frames=PARTLY), verdict(provider="huawei", frames=Frames(151, 151))
    assert suggested(STANDARD, partly, full) is PASS
    assert suggested(STANDARD, full, partly) is REVIEW


def test_unseen_frames_of_the_exempt_are_no_pass() -> None:
    exempt = replace(STANDARD, exempt=Exemptions(authors=frozenset({MEMBER.author})))
    assert suggested(exempt, verdict(frames=PARTLY)) is UNSCREENED


def test_a_failed_provider_changes_nothing_once_another_answered() -> None:
    clean = verdict()
    assert decided(STANDARD, missing(UnscreenedReason.UNDECODABLE, "huawei"), clean) == decided(STANDARD, clean)
    assert suggested(STANDARD, clean) is PASS


def test_while_a_vendor_still_works_on_it_a_clean_answer_is_no_pass() -> None:
    pending = missing(UnscreenedReason.PENDING, "huawei", ticket="job")
    assert suggested(STANDARD, verdict(), pending) is UNSCREENED
    assert suggested(STANDARD, verdict({EXPLICIT: 0.9}), pending) is BLOCK


def test_not_assessed_matters_only_where_the_guild_requires_it() -> None:
    local = verdict(assessed={EXPLICIT})
    assert suggested(STANDARD, local) is PASS
    decision = decided(replace(STANDARD, required=frozenset({HATE, EXPLICIT})), local)
    assert (decision.suggestion, decision.steps) == (REVIEW, CARD)
    assert decision.reasons == (Reason(ReasonCode.NOT_ASSESSED, HATE),)


def test_two_providers_together_may_assess_what_is_required() -> None:
    policy = replace(STANDARD, required=frozenset({HATE, EXPLICIT}))
    assert suggested(policy, verdict(assessed={EXPLICIT}), verdict(provider="huawei", assessed={HATE})) is PASS


def test_unscreened_is_not_the_same_as_not_assessed() -> None:
    decision = decided(replace(STANDARD, required=frozenset(Category)), missing(UnscreenedReason.TINY))
    assert (decision.suggestion, codes(decision)) == (UNSCREENED, {ReasonCode.UNSCREENED})


# --- ruling 2: several opinions, several images -------------------------------------------------------


def test_a_second_opinion_may_acquit() -> None:
    vendor = verdict(provider="huawei", suggestion=PASS)
    assert suggested(STANDARD, verdict({EXPLICIT: 0.9}), vendor) is PASS
    assert suggested(STANDARD, vendor, verdict({EXPLICIT: 0.9})) is BLOCK


def test_reasons_name_the_provider_that_made_the_label() -> None:
    local = verdict({ADVERTISING: 0.75}, assessed={ADVERTISING})
    decision = decided(STANDARD, local, verdict({HATE: 0.95}, provider="huawei", assessed={HATE}))
    assert {(r.category, r.provider, r.label, r.score, r.threshold) for r in decision.reasons} == {
        (HATE, "huawei", "huawei:hate", 0.95, 0.9),
        (ADVERTISING, "local", "local:advertising", 0.75, 0.7),
    }


def test_the_worst_image_decides_and_all_reasons_are_kept() -> None:
    images = [seen(verdict()), seen(verdict({HATE: 0.95})), seen(verdict({ADVERTISING: 0.8}))]
    each, whole = judge(replace(STANDARD, ladder=Ladder()), CHANNEL, images, MEMBER)
    assert [d.suggestion for d in each] == [PASS, BLOCK, REVIEW]
    assert (whole.suggestion, whole.steps) == (BLOCK, REMOVAL)
    assert set(whole.reasons) == {r for d in each for r in d.reasons}


def test_a_post_without_images_passes() -> None:
    assert judge(STANDARD, CHANNEL, [], MEMBER) == ((), Decision(PASS))


# --- ruling 3: thresholds and floors --------------------------------------------------------------------


RULING_3 = [
    ("sexual_explicit", 0.5, 0.85),
    ("sexual_suggestive", 0.7, None),
    ("violence_graphic", 0.6, 0.9),
    ("violence", 0.8, None),
    ("extremism", 0.6, 0.9),
    ("hate", 0.6, 0.9),
    ("self_harm", 0.6, 0.9),
    ("advertising", 0.7, None),
    ("offensive_text", 0.7, None),
    ("other", 0.8, None),
]


@pytest.mark.parametrize(("name", "review", "remove"), RULING_3)
def test_standard_reached_means_at_least(name: str, review: float, remove: float | None) -> None:
    category = Category(name)
    assert suggested(STANDARD, verdict({category: review - 0.001})) is PASS
    assert suggested(STANDARD, verdict({category: review})) is REVIEW
    assert suggested(STANDARD, verdict({category: 1.0})) is (REVIEW if remove is None else BLOCK)
    if remove is not None:
        assert suggested(STANDARD, verdict({category: remove - 0.001})) is REVIEW
        assert decided(STANDARD, verdict({category: remove})).steps == REMOVAL


def test_confidence_is_not_severity() -> None:
    assert suggested(STANDARD, verdict({SUGGESTIVE: 0.99})) is REVIEW


@pytest.mark.parametrize(
    ("limit", "score", "expected"),
    [
        (Threshold(0.0, 0.0), 0.0, BLOCK),
        (Threshold(0.0, 1.0), 0.0, REVIEW),
        (Threshold(0.0, 1.0), 1.0, BLOCK),
        (Threshold(1.0, 1.0), 1.0, BLOCK),
        (Threshold(1.0, 1.0), 0.999, PASS),
        (Threshold(1.0, None), 1.0, REVIEW),
        (Threshold(None, 1.0), 0.999, PASS),
        (Threshold(None, 0.0), 0.0, BLOCK),
        (Threshold(None, None), 1.0, PASS),
    ],
)
def test_the_ends_of_the_scale(limit: Threshold, score: float, expected: Suggestion) -> None:
    assert suggested(with_limits(hate=limit), verdict({HATE: score})) is expected


def test_a_threshold_of_zero_is_reached_by_a_clean_answer_but_not_by_none() -> None:
    policy = with_limits(hate=Threshold(0.0, None))
    clean = decided(policy, verdict())
    assert reason(clean, ReasonCode.THRESHOLD_REVIEW) == Reason(
        ReasonCode.THRESHOLD_REVIEW, HATE, "local", None, 0.0, 0.0
    )
    assert suggested(policy, verdict(assessed={EXPLICIT})) is PASS


def test_the_strongest_label_of_a_category_gives_the_reason() -> None:
    labels = (Label(HATE, "flag", 0.92), Label(HATE, "symbol", 0.97), Label(HATE, "sign", 0.91))
    decision = decided(STANDARD, replace(verdict(), labels=labels))
    assert decision.reasons == (Reason(ReasonCode.THRESHOLD_REMOVE, HATE, "local", "symbol", 0.97, 0.9),)


BOTH, ONLY_REVIEW, ONLY_REMOVE, OFF = Threshold(0.6, 0.9), Threshold(0.6), Threshold(None, 0.9), Threshold()


@pytest.mark.parametrize(
    ("limit", "said", "expected"),
    [
        (BOTH, REVIEW, REVIEW),
        (BOTH, BLOCK, BLOCK),
        (BOTH, PASS, PASS),
        (ONLY_REVIEW, REVIEW, REVIEW),
        (ONLY_REVIEW, BLOCK, REVIEW),
        (ONLY_REMOVE, REVIEW, REVIEW),
        (ONLY_REMOVE, BLOCK, BLOCK),
        (OFF, REVIEW, PASS),
        (OFF, BLOCK, PASS),
    ],
)
def test_a_vendors_suggestion_is_a_floor_within_what_the_category_allows(
    limit: Threshold, said: Suggestion, expected: Suggestion
) -> None:
    vendor = verdict({HATE: 0.1}, provider="huawei", suggestion=said)
    assert suggested(with_limits(hate=limit), vendor) is expected
    assert suggested(replace(with_limits(hate=limit), trust_vendor=False), vendor) is PASS


def test_a_floor_says_whose_it_is_and_what_they_said() -> None:
    vendor = verdict({ADVERTISING: 0.3}, provider="huawei", suggestion=BLOCK)
    assert decided(STANDARD, vendor).reasons == (
        Reason(ReasonCode.VENDOR_REVIEW, ADVERTISING, "huawei", "huawei:advertising", 0.3, None, "block"),
    )


def test_a_floor_lifts_what_the_score_alone_would_not() -> None:
    vendor = verdict({EXPLICIT: 0.6}, provider="hitpaw", suggestion=BLOCK)
    decision = decided(STANDARD, vendor)
    assert decision.suggestion is BLOCK
    assert codes(decision) == {ReasonCode.THRESHOLD_REVIEW, ReasonCode.VENDOR_BLOCK}


def test_the_floor_of_an_earlier_vendor_counts_for_what_it_still_has_the_say_on() -> None:
    first = verdict({HATE: 0.1}, provider="huawei", assessed={HATE}, suggestion=BLOCK)
    assert suggested(STANDARD, first, verdict(assessed={EXPLICIT})) is BLOCK
    assert suggested(STANDARD, first, verdict(assessed={HATE})) is PASS


@pytest.mark.parametrize("said", [REVIEW, BLOCK])
def test_a_warning_that_names_no_category_is_for_a_person_to_look_at(said: Suggestion) -> None:
    vendor = verdict(provider="huawei", suggestion=said)
    decision = decided(STANDARD, vendor)
    assert (decision.suggestion, decision.steps, decision.evidence) == (REVIEW, CARD, Evidence.MOSAIC)
    assert decision.reasons == (Reason(ReasonCode.VENDOR_REVIEW, provider="huawei", detail=said.value),)
    assert suggested(with_limits(hate=OFF), vendor) is PASS


def test_in_age_restricted_channels_the_sexual_categories_are_off() -> None:
    for category in (EXPLICIT, SUGGESTIVE):
        bad = verdict({category: 1.0}, provider="huawei", suggestion=BLOCK)
        assert suggested(STANDARD, bad) > PASS
        assert suggested(STANDARD, bad, place=AGE_RESTRICTED) is PASS
    assert suggested(STANDARD, verdict({HATE: 0.95}), place=AGE_RESTRICTED) is BLOCK


@pytest.mark.parametrize("category", Category)
def test_art_never_removes_a_drawing_by_itself(category: Category) -> None:
    drawing = verdict({category: 1.0}, provider="huawei", suggestion=BLOCK, medium=Medium.DRAWN)
    assert suggested(preset("art"), drawing) < BLOCK
    photo = replace(drawing, medium=Medium.PHOTO)
    assert suggested(preset("art"), photo) is suggested(STANDARD, photo)


def test_the_medium_counts_for_every_opinion_on_the_image() -> None:
    local = verdict(assessed={EXPLICIT}, medium=Medium.DRAWN)
    vendor = verdict({HATE: 1.0}, provider="huawei", assessed={HATE})
    assert suggested(preset("art"), local, vendor) is REVIEW
    assert suggested(preset("art"), vendor) is BLOCK


# --- rulings 4 and 6: posts, people, avatars --------------------------------------------------------------


def test_a_webhook_or_bot_is_judged_like_everybody_and_never_punished() -> None:
    webhook = Standing(author="900", member=False, strikes=50, upheld=50)
    _, decision = judge(STANDARD, CHANNEL, [seen(verdict({EXPLICIT: 0.9}))], webhook)
    assert decision.steps == REMOVAL


def test_an_avatar_is_a_card_only_and_its_suggestion_stays_what_it_is() -> None:
    _, decision = judge(
        STANDARD, Place(Context.HEAD_IMAGE), [seen(verdict({EXPLICIT: 0.9}))], replace(MEMBER, strikes=9)
    )
    assert (decision.suggestion, decision.steps) == (BLOCK, CARD)
    assert not earns_strike(decision)


@pytest.mark.parametrize("block", [(Act.WARN,), (Act.WARN, Act.ESCALATE), (Act.ESCALATE,), ()])
def test_who_keeps_the_post_is_not_punished_for_it(block: tuple[Act, ...]) -> None:
    policy = replace(preset("strict"), actions=Actions(block=block))  # strict times out at the first strike
    each, whole = judge(policy, CHANNEL, [seen(verdict({EXPLICIT: 0.9}))], replace(MEMBER, strikes=9))
    assert not earns_strike(each[0])
    assert whole.steps == tuple(Step(act) for act in block)
    assert not {ReasonCode.LADDER, ReasonCode.PROPOSED} & {r.code for r in whole.reasons}


def test_actions_follow_context_and_band_and_never_punish() -> None:
    own = Actions(block=(Act.DELETE, Act.BAN, Act.TIMEOUT), review=())
    policy = replace(STANDARD, context_actions=frozen({Context.GROUP_MESSAGE: own}))
    assert decided(policy, verdict({EXPLICIT: 0.9})).steps == (Step(Act.DELETE),)
    assert decided(policy, verdict({EXPLICIT: 0.6})).steps == ()
    assert suggested(policy, verdict({EXPLICIT: 0.6})) is REVIEW


EXEMPT = [
    ({"exempt": Exemptions(roles=frozenset({"5"}))}, ReasonCode.EXEMPT_ROLE),
    ({"exempt": Exemptions(authors=frozenset({"77"}))}, ReasonCode.EXEMPT_AUTHOR),
    ({"channels": frozen({"10": ChannelRule(exempt=True)})}, ReasonCode.EXEMPT_CHANNEL),
]


@pytest.mark.parametrize(("settings", "code"), EXEMPT)
def test_the_exempt_are_never_acted_on_and_their_scores_are_not_hidden(
    settings: dict[str, object], code: ReasonCode
) -> None:
    policy = replace(STANDARD, **settings)  # type: ignore[arg-type]
    standing = replace(MEMBER, roles=frozenset({"5"}), strikes=9)
    each, whole = judge(policy, CHANNEL, [seen(verdict({EXPLICIT: 0.9}))], standing)
    assert (whole.suggestion, whole.steps, whole.evidence) == (PASS, (), Evidence.NONE)
    assert codes(whole) == {code, ReasonCode.THRESHOLD_REMOVE}
    assert reason(whole, ReasonCode.THRESHOLD_REMOVE).score == 0.9
    assert each == (whole,)


def test_the_exempt_may_even_post_what_is_block_listed() -> None:
    policy = replace(STANDARD, exempt=Exemptions(authors=frozenset({"77"})))
    decision = decided(policy, verdict(), listed=Listed.BLOCKED)
    assert (decision.suggestion, decision.steps) == (PASS, ())


def test_an_exempt_post_that_nobody_judged_is_not_called_a_pass() -> None:
    policy = replace(STANDARD, exempt=Exemptions(authors=frozenset({"77"})))
    decision = decided(policy, missing(UnscreenedReason.UNDECODABLE))
    assert (decision.suggestion, decision.steps) == (UNSCREENED, ())
    assert codes(decision) == {ReasonCode.UNSCREENED, ReasonCode.EXEMPT_AUTHOR}


STRICT_LADDER = Ladder(rungs=(Rung(1, Act.TIMEOUT, 10), Rung(3, Act.TIMEOUT, 60), Rung(4, Act.BAN)))


def test_a_removal_climbs_the_ladder() -> None:
    policy = replace(STANDARD, ladder=STRICT_LADDER)
    _, decision = judge(policy, CHANNEL, [seen(verdict({EXPLICIT: 0.9}))], replace(MEMBER, strikes=3))
    assert decision.steps == (*REMOVAL, Step(Act.TIMEOUT, 60))
    assert reason(decision, ReasonCode.LADDER) == Reason(ReasonCode.LADDER, score=4, threshold=3, detail="timeout")
    assert reason(decision, ReasonCode.PROPOSED) == Reason(ReasonCode.PROPOSED, score=4, threshold=4, detail="ban")


def test_one_strike_for_copies_in_one_post_several_for_several_images() -> None:
    policy = replace(STANDARD, ladder=STRICT_LADDER)
    bad = [seen(verdict({EXPLICIT: x})) for x in (0.9, 0.91, 0.92)]
    assert judge(policy, CHANNEL, [bad[0]] * 3, MEMBER)[1].steps[-1] == Step(Act.TIMEOUT, 10)
    assert judge(policy, CHANNEL, bad, MEMBER)[1].steps[-1] == Step(Act.TIMEOUT, 60)


def test_a_copy_that_has_struck_already_climbs_no_further() -> None:
    policy = replace(STANDARD, ladder=STRICT_LADDER)
    _, decision = judge(policy, CHANNEL, [seen(verdict({EXPLICIT: 0.9}), struck=True)], replace(MEMBER, strikes=3))
    assert decision.steps == REMOVAL


@pytest.mark.parametrize(
    "screening", [verdict({EXPLICIT: 0.6}), missing(UnscreenedReason.UNDECODABLE), card({HATE: 1.0})]
)
def test_reviews_missing_answers_and_tests_climb_nothing(screening: Screening) -> None:
    policy = replace(STANDARD, ladder=STRICT_LADDER, unscreened=frozen({UnscreenedReason.UNDECODABLE: Remedy.HOLD}))
    _, decision = judge(policy, CHANNEL, [seen(screening)], replace(MEMBER, strikes=9))
    assert not codes(decision) & {ReasonCode.LADDER, ReasonCode.PROPOSED}
    assert not {s.act for s in decision.steps} & {Act.TIMEOUT, Act.BAN}


# --- ruling 7: evidence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("category", Category)
def test_evidence_by_category(category: Category) -> None:
    blurred = category in {Category.SEXUAL_EXPLICIT, Category.VIOLENCE_GRAPHIC}
    decision = decided(STANDARD, verdict({category: 1.0}))
    assert decision.evidence is (Evidence.MOSAIC if blurred else Evidence.FULL)


def test_the_least_revealing_of_all_that_spoke_wins() -> None:
    assert decided(STANDARD, verdict({HATE: 0.95, EXPLICIT: 0.5})).evidence is Evidence.MOSAIC
    policy = replace(STANDARD, evidence=frozen({HATE: Evidence.NONE, EXPLICIT: Evidence.FULL}))
    assert decided(policy, verdict({HATE: 0.95, EXPLICIT: 0.95})).evidence is Evidence.NONE


def test_what_is_likely_to_be_seen_counts_even_where_its_threshold_is_off() -> None:
    both = verdict({HATE: 0.95, EXPLICIT: 0.99})
    assert decided(STANDARD, both, place=AGE_RESTRICTED).evidence is Evidence.MOSAIC
    unlikely = verdict({HATE: 0.95, EXPLICIT: 0.49})
    assert decided(STANDARD, unlikely).evidence is Evidence.FULL


def test_a_clean_image_beside_it_does_not_hide_the_evidence() -> None:
    _, whole = judge(STANDARD, CHANNEL, [seen(verdict()), seen(verdict({HATE: 0.95}))], MEMBER)
    assert whole.evidence is Evidence.FULL


# --- the guild's own lists ----------------------------------------------------------------------------------


def test_an_allow_listed_image_passes_whatever_is_said() -> None:
    screenings = (verdict({EXPLICIT: 1.0}, provider="huawei", suggestion=BLOCK), card({HATE: 1.0}))
    decision = decided(STANDARD, *screenings, listed=Listed.ALLOWED)
    assert decision == Decision(PASS, reasons=(Reason(ReasonCode.ALLOW_LISTED),))


@pytest.mark.parametrize("screenings", [(), (verdict(),), (missing(UnscreenedReason.OUTAGE),)])
def test_a_block_listed_image_is_removed_even_unjudged(screenings: tuple[Screening, ...]) -> None:
    decision = decided(STANDARD, *screenings, listed=Listed.BLOCKED)
    assert (decision.suggestion, decision.steps, decision.evidence) == (BLOCK, REMOVAL, Evidence.MOSAIC)
    assert ReasonCode.BLOCK_LISTED in codes(decision)


# --- ruling 11: test cards --------------------------------------------------------------------------------------


def test_a_card_raises_and_says_that_it_was_one() -> None:
    decision = decided(STANDARD, verdict(), card({EXPLICIT: 0.95}))
    assert (decision.suggestion, decision.steps) == (BLOCK, REMOVAL)
    assert decision.is_test
    assert not earns_strike(decision)
    assert reason(decision, ReasonCode.THRESHOLD_REMOVE).provider == "testcard"


def test_a_low_card_on_a_bad_picture_changes_nothing() -> None:
    bad = verdict({EXPLICIT: 0.9})
    assert decided(STANDARD, bad, card({EXPLICIT: 0.1})) == decided(STANDARD, bad)


def test_a_high_card_on_a_bad_picture_does_not_make_a_test_of_it() -> None:
    decision = decided(STANDARD, verdict({EXPLICIT: 0.9}), card({HATE: 1.0}))
    assert decision.suggestion is BLOCK
    assert not decision.is_test
    assert earns_strike(decision)


def test_a_card_beside_a_bad_picture_in_one_post_excuses_nothing() -> None:
    policy = replace(STANDARD, ladder=STRICT_LADDER)
    images = [seen(verdict(), card({HATE: 1.0})), seen(verdict({EXPLICIT: 0.9}))]
    each, whole = judge(policy, CHANNEL, images, MEMBER)
    assert [d.is_test for d in each] == [True, False]
    assert not whole.is_test
    assert Step(Act.TIMEOUT, 10) in whole.steps


def test_a_card_lifting_a_review_to_a_removal_makes_a_test_of_the_removal() -> None:
    assert decided(STANDARD, verdict({EXPLICIT: 0.6}), card({EXPLICIT: 0.9})).is_test


def test_cards_can_be_switched_off() -> None:
    policy = replace(STANDARD, test_cards=False)
    assert decided(policy, verdict(), card({EXPLICIT: 1.0})) == decided(policy, verdict())


def test_a_card_is_no_answer_in_place_of_a_providers() -> None:
    decision = decided(STANDARD, missing(UnscreenedReason.OUTAGE), card({EXPLICIT: 0.1}))
    assert (decision.suggestion, codes(decision)) == (UNSCREENED, {ReasonCode.UNSCREENED})


def test_a_card_is_no_assessment_of_what_is_required() -> None:
    policy = replace(STANDARD, required=frozenset({HATE}))
    assert ReasonCode.NOT_ASSESSED in codes(decided(policy, verdict(assessed={EXPLICIT}), card({HATE: 0.1})))


def test_a_drawn_test_card_is_judged_as_a_photograph() -> None:
    assert suggested(preset("art"), verdict(medium=Medium.DRAWN), card({EXPLICIT: 0.95})) is BLOCK


# --- join ---------------------------------------------------------------------------------------------------------


def test_joining_nothing_is_a_pass() -> None:
    assert join([]) == Decision(PASS)


def test_joined_steps_are_each_there_once_at_their_longest_in_order() -> None:
    one = Decision(BLOCK, (Step(Act.ESCALATE), Step(Act.TIMEOUT, 10)))
    two = Decision(REVIEW, (Step(Act.TIMEOUT, 60), Step(Act.DELETE)))
    assert join([one, two]).steps == (Step(Act.DELETE), Step(Act.ESCALATE), Step(Act.TIMEOUT, 60))
