"""Which thresholds, actions and exemptions hold where: layer by layer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.model import (
    NEVER,
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Exemptions,
    Medium,
    Newcomers,
    Place,
    Policy,
    ReasonCode,
    Standing,
    Threshold,
    frozen,
)
from policies.presets import preset
from policies.resolve import actions, context, exemptions, is_newcomer, thresholds, wanted

from .samples import CHANNEL, EXPLICIT, HATE, MEMBER

BASE = replace(preset("standard"), thresholds=frozen({EXPLICIT: Threshold(0.5, 0.85), HATE: Threshold(0.6, 0.9)}))
THREAD = Place(Context.COMMENT, channel="11", parent="10")


def limit(
    policy: Policy, place: Place = CHANNEL, standing: Standing = MEMBER, medium: Medium = Medium.PHOTO
) -> Threshold:
    return thresholds(policy, place, standing, medium)[EXPLICIT]


def test_without_overrides_the_guilds_own_hold() -> None:
    assert thresholds(BASE, CHANNEL, MEMBER) == BASE.thresholds


LAYERS = [
    ("contexts", frozen({Context.COMMENT: frozen({EXPLICIT: Threshold(0.1, 0.2)})}), Threshold(0.1, 0.2)),
    ("age_restricted", frozen({EXPLICIT: Threshold(0.13, 0.23)}), Threshold(0.13, 0.23)),
    (
        "channels",
        frozen({"10": ChannelRule(frozen({EXPLICIT: Threshold(0.11, 0.21)}))}),
        Threshold(0.11, 0.21),
    ),
    (
        "channels",
        frozen(
            {
                "10": ChannelRule(frozen({EXPLICIT: Threshold(0.11, 0.21)})),
                "11": ChannelRule(frozen({EXPLICIT: Threshold(0.12, 0.22)})),
            }
        ),
        Threshold(0.12, 0.22),
    ),
    ("drawn", frozen({EXPLICIT: Threshold(0.14, 0.24)}), Threshold(0.14, 0.24)),
    ("newcomers", Newcomers(24, 0.1), Threshold(0.04, 0.14)),
]


def test_each_layer_replaces_the_one_before() -> None:
    policy = replace(BASE, age_restricted=frozen({}))
    place, fresh = replace(THREAD, age_restricted=True), replace(MEMBER, hours=1)
    for field, value, expected in LAYERS:
        policy = replace(policy, **{field: value})  # type: ignore[arg-type]
        assert limit(policy, place, fresh, Medium.DRAWN) == expected, field
        assert thresholds(policy, place, MEMBER, Medium.DRAWN)[HATE] == BASE.thresholds[HATE]


def test_a_thread_inherits_its_channels_rule_and_its_channel_none_of_the_threads() -> None:
    policy = replace(BASE, channels=frozen({"11": ChannelRule(frozen({EXPLICIT: Threshold(0.1, 0.2)}))}))
    assert limit(policy, THREAD) == Threshold(0.1, 0.2)
    assert limit(policy, Place(Context.GROUP_MESSAGE, channel="10")) == Threshold(0.5, 0.85)


def test_a_place_without_a_channel_meets_no_channel_rule() -> None:
    policy = replace(BASE, channels=frozen({"10": ChannelRule(exempt=True)}))
    avatar = Place(Context.HEAD_IMAGE)
    assert limit(policy, avatar) == Threshold(0.5, 0.85)
    assert exemptions(policy, avatar, MEMBER) == ()


def test_age_restricted_holds_only_there() -> None:
    assert limit(BASE) == Threshold(0.5, 0.85)
    assert limit(BASE, replace(CHANNEL, age_restricted=True)) == NEVER


def test_what_is_off_in_age_restricted_channels_stays_off_for_drawings() -> None:
    policy = replace(BASE, drawn=frozen({EXPLICIT: Threshold(0.1, 0.2), HATE: Threshold(0.3)}))
    there = thresholds(policy, replace(CHANNEL, age_restricted=True), MEMBER, Medium.DRAWN)
    assert there[EXPLICIT] == NEVER
    assert there[HATE] == Threshold(0.3)
    assert limit(policy, medium=Medium.DRAWN) == Threshold(0.1, 0.2)


@pytest.mark.parametrize("channel", ["10", "11"])
def test_an_age_restricted_channels_own_limits_hold_against_the_general_off(channel: str) -> None:
    own = ChannelRule(frozen({EXPLICIT: Threshold(0.6, 0.9)}))
    policy = replace(BASE, channels=frozen({channel: own}), drawn=frozen({EXPLICIT: Threshold(0.7)}))
    there = replace(THREAD, age_restricted=True)
    assert limit(policy, there) == Threshold(0.6, 0.9)
    assert limit(policy, there, medium=Medium.DRAWN) == Threshold(0.7)
    elsewhere = Place(Context.GROUP_MESSAGE, channel="12", age_restricted=True)
    assert limit(policy, elsewhere) == limit(policy, elsewhere, medium=Medium.DRAWN) == NEVER


@pytest.mark.parametrize("medium", [Medium.PHOTO, Medium.UNKNOWN])
def test_overrides_for_drawings_are_for_drawings(medium: Medium) -> None:
    policy = replace(BASE, drawn=frozen({EXPLICIT: NEVER}))
    assert limit(policy, medium=medium) == Threshold(0.5, 0.85)


@pytest.mark.parametrize(
    ("threshold", "margin", "lowered"),
    [
        (Threshold(0.5, 0.85), 0.1, Threshold(0.4, 0.75)),
        (Threshold(0.05, 0.85), 0.1, Threshold(0.0, 0.75)),
        (Threshold(0.05, 0.06), 1.0, Threshold(0.0, 0.0)),
        (Threshold(None, 0.85), 0.1, Threshold(None, 0.75)),
        (Threshold(0.5, None), 0.1, Threshold(0.4, None)),
        (NEVER, 1.0, NEVER),
    ],
)
def test_newcomers_meet_lower_thresholds_but_none_below_zero(
    threshold: Threshold, margin: float, lowered: Threshold
) -> None:
    policy = replace(BASE, thresholds=frozen({EXPLICIT: threshold}), newcomers=Newcomers(24, margin))
    assert limit(policy, standing=replace(MEMBER, hours=3.0)) == lowered
    assert limit(policy, standing=MEMBER) == threshold


@pytest.mark.parametrize(
    ("hours", "limit_hours", "new"),
    [(0.0, 24, True), (23.99, 24, True), (24.0, 24, False), (0.0, 0, False), (None, 24, False)],
)
def test_who_is_a_newcomer(hours: float | None, limit_hours: int, new: bool) -> None:
    assert is_newcomer(Newcomers(limit_hours, 0.1), replace(MEMBER, hours=hours)) is new


def test_a_channel_may_set_another_context_and_a_thread_its_own() -> None:
    album, product = ChannelRule(context=Context.ALBUM), ChannelRule(context=Context.PRODUCT)
    policy = replace(BASE, channels=frozen({"10": album}))
    assert context(policy, CHANNEL) is Context.ALBUM
    assert context(policy, THREAD) is Context.ALBUM
    assert context(replace(policy, channels=frozen({"10": album, "11": product})), THREAD) is Context.PRODUCT
    assert context(BASE, THREAD) is Context.COMMENT


def test_the_context_a_channel_sets_brings_its_thresholds_along() -> None:
    policy = replace(
        BASE,
        channels=frozen({"10": ChannelRule(context=Context.ALBUM)}),
        contexts=frozen({Context.ALBUM: frozen({EXPLICIT: Threshold(0.1)})}),
    )
    assert limit(policy) == Threshold(0.1)


def test_what_is_worn_is_a_card_only_unless_the_guild_says_otherwise() -> None:
    card_only = Actions((Act.ESCALATE,), (Act.ESCALATE,))
    assert actions(BASE, Place(Context.HEAD_IMAGE)) == card_only
    assert actions(BASE, Place(Context.ROOM_COVER)) == card_only
    assert actions(BASE, Place(Context.GROUP_MESSAGE, "1")) == Actions()
    own = Actions((Act.QUARANTINE, Act.ESCALATE), ())
    policy = replace(BASE, context_actions=frozen({Context.HEAD_IMAGE: own}))
    assert actions(policy, Place(Context.HEAD_IMAGE)) == own


def test_nothing_is_to_be_done_that_cannot_be_done_there() -> None:
    every = Actions((Act.DELETE, Act.WARN, Act.ESCALATE, Act.QUARANTINE), (Act.DELETE, Act.ESCALATE))
    contexts = frozen(dict.fromkeys(Context, every))
    policy = replace(BASE, context_actions=contexts, actions=every)
    assert actions(policy, Place(Context.GROUP_MESSAGE, "1")) == every
    worn = Actions((Act.ESCALATE, Act.QUARANTINE), (Act.ESCALATE,))
    assert actions(policy, Place(Context.HEAD_IMAGE)) == worn
    assert actions(policy, Place(Context.ROOM_COVER)) == worn
    private = Actions((Act.WARN, Act.ESCALATE), (Act.ESCALATE,))
    assert actions(policy, Place(Context.MESSAGE, "1")) == private


def test_exemptions_name_what_made_them() -> None:
    policy = replace(
        BASE,
        exempt=Exemptions(roles=frozenset({"5", "6"}), authors=frozenset({"77"})),
        channels=frozen({"10": ChannelRule(exempt=True)}),
    )
    standing = replace(MEMBER, roles=frozenset({"6", "9"}))
    assert [(r.code, r.detail) for r in exemptions(policy, THREAD, standing)] == [
        (ReasonCode.EXEMPT_ROLE, "6"),
        (ReasonCode.EXEMPT_AUTHOR, ""),
        (ReasonCode.EXEMPT_CHANNEL, "11"),
    ]


def test_by_default_nobody_is_exempt() -> None:
    assert exemptions(BASE, CHANNEL, replace(MEMBER, roles=frozenset({"5"}))) == ()


def test_what_nothing_could_follow_from_is_not_wanted_of_anybody_unless_it_is_required() -> None:
    off = replace(preset("standard"), thresholds={Category.HATE: NEVER, Category.VIOLENCE: Threshold(0.5, None)})
    assert HATE not in wanted(off)
    assert Category.VIOLENCE in wanted(off)
    assert HATE in wanted(replace(off, required=frozenset({Category.HATE})))
    channel = ChannelRule(thresholds={Category.HATE: Threshold(0.5, 0.9)})
    assert HATE in wanted(replace(off, channels={"10": channel}))
