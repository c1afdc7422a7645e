"""What holds for every policy, every post and every author."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from policies.engine import decide, earns_strike, join, judge
from policies.merge import opinions
from policies.model import (
    OF_LADDER,
    Act,
    Category,
    Decision,
    Exemptions,
    Label,
    Listed,
    Place,
    Policy,
    ReasonCode,
    Screening,
    Seen,
    Standing,
    Suggestion,
    Threshold,
    Verdict,
    frozen,
)
from policies.reasons import canonical, gives
from policies.resolve import exemptions, thresholds

from .samples import CHANNEL, V1
from .strategies import (
    decisions,
    images,
    law,
    places,
    policies,
    raised,
    real,
    scores,
    standings,
    test_cards,
)
from .strategies import thresholds as any_threshold

posts = st.lists(images, max_size=3)


def punishes(decision: Decision) -> bool:
    return any(step.act in OF_LADDER for step in decision.steps)


# --- join -----------------------------------------------------------------------------------------


@law
@given(decisions, decisions)
def test_join_is_commutative(a: Decision, b: Decision) -> None:
    assert join([a, b]) == join([b, a])


@law
@given(decisions, decisions, decisions)
def test_join_is_associative(a: Decision, b: Decision, c: Decision) -> None:
    assert join([join([a, b]), c]) == join([a, join([b, c])]) == join([a, b, c])


@law
@given(decisions)
def test_join_is_idempotent(a: Decision) -> None:
    assert join([a]) == a
    assert join([a, a]) == a


@law
@given(decisions, decisions)
def test_join_takes_the_worst_and_keeps_every_reason_and_act(a: Decision, b: Decision) -> None:
    both = join([a, b])
    assert both.suggestion is max(a.suggestion, b.suggestion)
    assert {s.act for s in both.steps} == {s.act for s in (*a.steps, *b.steps)}
    marks = {r for r in (*a.reasons, *b.reasons) if r.code is ReasonCode.TEST_CARD}
    assert {*a.reasons, *b.reasons} - marks == {*both.reasons} - marks


@law
@given(policies, places, posts, standings)
def test_what_is_decided_is_written_canonically(
    policy: Policy, place: Place, post: list[Seen], standing: Standing
) -> None:
    each, whole = judge(policy, place, post, standing)
    for decision in (*each, whole):
        assert decision.reasons == canonical(decision.reasons)
        assert [s.act for s in decision.steps] == [act for act in Act if act in {s.act for s in decision.steps}]


@law
@given(policies, places, posts, standings, st.randoms(use_true_random=False))
def test_the_order_of_a_posts_images_decides_nothing(
    policy: Policy, place: Place, post: list[Seen], standing: Standing, random: Random
) -> None:
    shuffled = list(post)
    random.shuffle(shuffled)
    assert judge(policy, place, post, standing)[1] == judge(policy, place, shuffled, standing)[1]


@law
@given(policies, places, posts, images, standings)
def test_one_image_more_never_makes_a_post_better(
    policy: Policy, place: Place, post: list[Seen], more: Seen, standing: Standing
) -> None:
    before, after = judge(policy, place, post, standing)[1], judge(policy, place, [*post, more], standing)[1]
    assert after.suggestion >= before.suggestion
    assert after.removes >= before.removes


# --- thresholds -----------------------------------------------------------------------------------


@law
@given(st.data(), policies, places, posts, standings)
def test_raising_any_threshold_never_makes_a_decision_harsher(
    data: st.DataObject, policy: Policy, place: Place, post: list[Seen], standing: Standing
) -> None:
    milder = data.draw(raised(policy))
    for now, then in zip(judge(policy, place, post, standing)[0], judge(milder, place, post, standing)[0], strict=True):
        assert then.suggestion <= now.suggestion
        assert then.removes <= now.removes
    now, then = judge(policy, place, post, standing)[1], judge(milder, place, post, standing)[1]
    assert then.suggestion <= now.suggestion
    assert then.removes <= now.removes
    assert punishes(then) <= punishes(now)


@law
@given(policies, places, standings, st.sampled_from(Category), scores, scores)
def test_a_higher_score_never_makes_a_decision_milder(
    policy: Policy, place: Place, standing: Standing, category: Category, one: float, other: float
) -> None:
    low, high = sorted((one, other))

    def suggested(score: float) -> Suggestion:
        verdict = Verdict("local", (Label(category, "x", score),), frozenset(Category), V1)
        return decide(policy, place, Seen((verdict,)), standing).suggestion

    assert suggested(low) <= suggested(high)


@law
@given(policies, places, images, standings, st.floats(0, 100))
def test_a_newcomer_is_never_treated_milder(
    policy: Policy, place: Place, image: Seen, standing: Standing, hours: float
) -> None:
    old = decide(policy, place, image, replace(standing, hours=1e6))
    new = decide(policy, place, image, replace(standing, hours=hours))
    assert old.suggestion <= new.suggestion


# --- exemptions, silence ----------------------------------------------------------------------------


@law
@given(policies, places, posts, standings, st.sampled_from(["role", "author"]))
def test_an_exempt_post_is_never_acted_on(
    policy: Policy, place: Place, post: list[Seen], standing: Standing, by: str
) -> None:
    roles = standing.roles | {"exempt"}
    exempt = Exemptions(roles=roles) if by == "role" else Exemptions(authors=frozenset({standing.author}))
    each, whole = judge(replace(policy, exempt=exempt), place, post, replace(standing, roles=roles))
    for decision in (*each, whole):
        assert decision.steps == ()
        assert decision.suggestion <= Suggestion.UNSCREENED
    assert all(gives(d.reasons, ReasonCode.EXEMPT_ROLE) or gives(d.reasons, ReasonCode.EXEMPT_AUTHOR) for d in each)


@law
@given(policies, places, real, st.lists(test_cards, max_size=1), st.none() | st.just(Listed.BLOCKED), standings)
def test_unscreened_never_becomes_a_pass(
    policy: Policy,
    place: Place,
    said: tuple[Screening, ...],
    cards: list[Verdict],
    listed: Listed | None,
    standing: Standing,
) -> None:
    silent = tuple(s for s in said if not isinstance(s, Verdict))
    decision = decide(policy, place, Seen((*silent, *cards), listed), standing)
    assert decision.suggestion >= Suggestion.UNSCREENED
    assert gives(decision.reasons, ReasonCode.UNSCREENED)


@law
@given(policies, places, images, standings)
def test_a_pass_means_that_somebody_looked_or_a_moderator_allowed_it(
    policy: Policy, place: Place, image: Seen, standing: Standing
) -> None:
    if decide(policy, place, image, standing).suggestion is not Suggestion.PASS:
        return  # not `assume`: most are none, and that is no fault of the strategy
    if image.listed is not Listed.ALLOWED:
        said = opinions(image.screenings).verdicts
        assert said
        assert not any(v.frames.partly for v in said)


# --- test cards ---------------------------------------------------------------------------------------


@law
@given(policies, places, real, test_cards, st.none() | st.sampled_from(Listed), standings)
def test_a_test_card_never_lowers(
    policy: Policy, place: Place, said: tuple[Screening, ...], card: Verdict, listed: Listed | None, standing: Standing
) -> None:
    without = decide(policy, place, Seen(said, listed), standing)
    with_card = decide(policy, place, Seen((*said, card), listed), standing)
    assert with_card.suggestion >= without.suggestion
    assert with_card.removes >= without.removes
    assert {*without.reasons} <= {*with_card.reasons}
    if not exemptions(policy, place, standing):
        assert with_card.is_test == (with_card.suggestion > without.suggestion)
    assert earns_strike(without) <= (earns_strike(with_card) or with_card.is_test)


@law
@given(policies, places, real, test_cards, standings)
def test_where_cards_are_off_they_are_as_if_not_there(
    policy: Policy, place: Place, said: tuple[Screening, ...], card: Verdict, standing: Standing
) -> None:
    off = replace(policy, test_cards=False)
    assert decide(off, place, Seen((*said, card)), standing) == decide(off, place, Seen(said), standing)


# --- floors -------------------------------------------------------------------------------------------


@law
@given(
    policies,
    st.sampled_from(Category),
    any_threshold,
    scores,
    st.sampled_from([Suggestion.REVIEW, Suggestion.BLOCK]),
    standings,
)
def test_a_floor_is_kept_and_never_exceeds_the_category(
    policy: Policy, category: Category, limit: Threshold, score: float, said: Suggestion, standing: Standing
) -> None:
    policy = replace(policy, thresholds=frozen({category: limit}), drawn=frozen({}), contexts=frozen({}))
    policy = replace(policy, channels=frozen({}), exempt=Exemptions(), required=frozenset(), trust_vendor=True)
    verdict = Verdict("huawei", (Label(category, "x", score),), frozenset({category}), V1, said)
    allowed = Suggestion.PASS
    if limit.review is not None:
        allowed = Suggestion.REVIEW
    if limit.remove is not None:
        allowed = Suggestion.BLOCK
    suggested = decide(policy, CHANNEL, Seen((verdict,)), standing).suggestion
    assert min(said, allowed) <= suggested <= allowed


@law
@given(policies, places, images, standings)
def test_distrusting_vendors_is_never_harsher(policy: Policy, place: Place, image: Seen, standing: Standing) -> None:
    trusting, not_trusting = replace(policy, trust_vendor=True), replace(policy, trust_vendor=False)
    mild, harsh = (decide(p, place, image, standing).suggestion for p in (not_trusting, trusting))
    assert mild <= harsh


# --- people -------------------------------------------------------------------------------------------


@law
@given(policies, places, posts, standings)
def test_who_is_no_member_is_never_punished(policy: Policy, place: Place, post: list[Seen], standing: Standing) -> None:
    assert not punishes(judge(policy, place, post, replace(standing, member=False))[1])


@law
@given(policies, places, posts, standings)
def test_only_a_removal_that_is_no_test_leads_to_a_punishment(
    policy: Policy, place: Place, post: list[Seen], standing: Standing
) -> None:
    each, whole = judge(policy, place, post, standing)
    assert not any(punishes(d) for d in each)
    if punishes(whole):
        assert any(earns_strike(d) for d in each)


@law
@given(policies, places, standings)
def test_thresholds_stay_in_order_through_all_layers(policy: Policy, place: Place, standing: Standing) -> None:
    for limit in thresholds(policy, place, standing).values():  # Threshold itself refuses the rest
        assert limit.review is None or limit.remove is None or limit.review <= limit.remove
