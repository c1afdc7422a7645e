"""From a decision to effects: the right acts, on whom they may be done, in the order in which they are done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import PUNISHABLE, Author, AuthorKind, EffectKind, Event, EventKind, Media, MediaKind, Plan, Tenant
from bot.plans import plans_of
from policies.model import FOR_A_WHILE, Act, Context, Decision, Evidence, Place, Policy, Step, Suggestion
from policies.presets import preset

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
GUILD = Tenant("discord", "100")
EMOJI = Media(MediaKind.EMOJI, "emoji:555", immutable=True)
PICTURE = Media(MediaKind.ATTACHMENT, "attachment:1", immutable=True)
ON_PEOPLE = {EffectKind.MUTE_IMAGES, EffectKind.TIMEOUT, EffectKind.QUARANTINE, EffectKind.KICK, EffectKind.BAN}
REMOVALS = {EffectKind.DELETE, EffectKind.UNREACT, EffectKind.REMOVE_COVER}
ORDER = [
    EffectKind.DELETE,
    EffectKind.UNREACT,
    EffectKind.REMOVE_COVER,
    EffectKind.MUTE_IMAGES,
    EffectKind.TIMEOUT,
    EffectKind.QUARANTINE,
    EffectKind.SAY,
    EffectKind.WARN,
    EffectKind.KICK,
    EffectKind.BAN,
    EffectKind.CARD,
]


def policy(**changes: object) -> Policy:

    return replace(preset("standard"), **{"mod_channel": "9", "quarantine_role": "800", **changes})  # type: ignore[arg-type]


def event(kind: EventKind = EventKind.MESSAGE, author: Author = Author("42"), **changes: object) -> Event:
    worn = kind in (EventKind.AVATAR, EventKind.COVER)
    place = Place(Context.HEAD_IMAGE) if worn else Place(Context.GROUP_MESSAGE, "7")
    media = (EMOJI if kind is EventKind.REACTION else PICTURE,)
    fields = {"tenant": GUILD, "place": place, "message": "" if worn else "900", "media": media, **changes}
    return Event(kind=kind, version="1", author=author, at=NOW, **fields)  # type: ignore[arg-type]


def decision(*acts: Act, minutes: int = 10) -> Decision:
    steps = tuple(Step(act, minutes if act in FOR_A_WHILE else 0) for act in Act if act in acts)
    return Decision(Suggestion.BLOCK, steps, evidence=Evidence.MOSAIC)


def planned(happened: Event, *acts: Act, rules: Policy | None = None) -> list[Plan]:
    return list(plans_of(happened, rules or policy(), decision(*acts), NOW))


# --- by example -------------------------------------------------------------------------------------------------


def test_everything_at_once_in_its_order() -> None:
    assert planned(event(), *Act, rules=policy(ban_delete_seconds=3600)) == [
        Plan(EffectKind.DELETE, {"channel": "7", "message": "900"}),
        Plan(EffectKind.MUTE_IMAGES, {"author": "42", "until": (NOW + timedelta(minutes=10)).isoformat()}),
        Plan(EffectKind.TIMEOUT, {"author": "42", "until": (NOW + timedelta(minutes=10)).isoformat()}),
        Plan(EffectKind.QUARANTINE, {"author": "42", "role": "800", "on": True}),
        Plan(EffectKind.WARN, {"channel": "7", "author": "42"}),
        Plan(EffectKind.KICK, {"author": "42"}),
        Plan(EffectKind.BAN, {"author": "42", "delete_seconds": 3600}),
        Plan(EffectKind.CARD, {"channel": "9", "evidence": Evidence.MOSAIC}),
    ]


def test_nothing_decided_is_nothing_planned() -> None:
    assert planned(event()) == []


def test_of_a_reaction_the_emoji_goes_and_nobody_is_told_in_public() -> None:
    unreact, card = planned(event(EventKind.REACTION), Act.DELETE, Act.WARN, Act.ESCALATE)
    assert unreact == Plan(EffectKind.UNREACT, {"channel": "7", "message": "900", "emoji": "555"})
    assert card.kind is EffectKind.CARD


@pytest.mark.parametrize("kind", [EventKind.AVATAR, EventKind.COVER])
def test_what_is_worn_is_not_deleted_and_nothing_is_said_of_it(kind: EventKind) -> None:
    assert [p.kind for p in planned(event(kind), Act.DELETE, Act.WARN, Act.ESCALATE)] == [EffectKind.CARD]


def test_an_avatar_can_bring_its_wearer_into_quarantine() -> None:
    kinds = [p.kind for p in planned(event(EventKind.AVATAR), Act.ESCALATE, Act.QUARANTINE)]
    assert kinds == [EffectKind.QUARANTINE, EffectKind.CARD]


def test_quarantine_without_a_role_is_not_silently_left_undone() -> None:
    """It is refused by the adapter, which says the cure on the card."""
    [plan] = planned(event(), Act.QUARANTINE, rules=policy(quarantine_role=None))
    assert plan == Plan(EffectKind.QUARANTINE, {"author": "42", "role": "", "on": True})


def test_without_a_moderators_channel_there_is_no_card() -> None:
    assert [p.kind for p in planned(event(), Act.DELETE, Act.ESCALATE, rules=policy(mod_channel=None))] == [
        EffectKind.DELETE
    ]


def test_whoever_sent_it_in_a_direct_message_hears_where_it_went_if_it_went_anywhere() -> None:
    direct = event(place=Place(Context.MESSAGE, "7"))
    say, card = planned(direct, Act.WARN, Act.ESCALATE)
    assert (say.kind, say.body["channel"], say.body["said"], say.body["author"]) == (
        EffectKind.SAY,
        "7",
        "passed_on",
        None,
    )
    assert card.kind is EffectKind.CARD
    assert planned(direct, Act.WARN) == []
    assert planned(direct, Act.WARN, Act.ESCALATE, rules=policy(mod_channel=None)) == []


# --- laws -------------------------------------------------------------------------------------------------------

EVENTS = st.builds(
    event,
    st.sampled_from(EventKind),
    st.builds(Author, st.just("42"), st.sampled_from(AuthorKind)),
)
ACTS = st.frozensets(st.sampled_from(Act))
POLICIES = st.builds(
    policy,
    mod_channel=st.sampled_from([None, "9"]),
    quarantine_role=st.sampled_from([None, "800"]),
    ban_delete_seconds=st.sampled_from([0, 3600]),
)


@given(EVENTS, ACTS, POLICIES)
def test_only_members_and_channels_are_ever_acted_on(happened: Event, acts: frozenset[Act], rules: Policy) -> None:
    kinds = {p.kind for p in planned(happened, *acts, rules=rules)}
    assert not kinds & ON_PEOPLE or happened.author.kind in PUNISHABLE


@given(EVENTS, ACTS, POLICIES)
def test_the_post_goes_first_and_nothing_else_before_its_author(
    happened: Event, acts: frozenset[Act], rules: Policy
) -> None:
    """Only a notice may come before somebody is thrown out, since afterwards it may not reach them (ruling 19)."""
    kinds = [p.kind for p in planned(happened, *acts, rules=rules)]
    for number, kind in enumerate(kinds):
        if kind in ON_PEOPLE:
            told = {EffectKind.WARN, EffectKind.SAY} if kind in (EffectKind.KICK, EffectKind.BAN) else set()
            assert set(kinds[:number]) <= REMOVALS | ON_PEOPLE | told
            assert not set(kinds[number:]) & REMOVALS


@given(EVENTS, ACTS, POLICIES)
def test_each_effect_once_and_always_in_one_order(happened: Event, acts: frozenset[Act], rules: Policy) -> None:
    """Whoever is told is told before they are thrown out (ruling 19), and the card tells of all of it."""
    kinds = [p.kind for p in planned(happened, *acts, rules=rules)]
    assert kinds == sorted(set(kinds), key=ORDER.index)


@given(EVENTS, ACTS, POLICIES)
def test_nothing_is_done_that_was_not_decided(happened: Event, acts: frozenset[Act], rules: Policy) -> None:
    allowed = {
        Act.DELETE: REMOVALS,
        Act.WARN: {EffectKind.WARN, EffectKind.SAY},
        Act.ESCALATE: {EffectKind.CARD},
        Act.MUTE_IMAGES: {EffectKind.MUTE_IMAGES},
        Act.TIMEOUT: {EffectKind.TIMEOUT},
        Act.QUARANTINE: {EffectKind.QUARANTINE},
        Act.KICK: {EffectKind.KICK},
        Act.BAN: {EffectKind.BAN},
    }
    kinds = {p.kind for p in planned(happened, *acts, rules=rules)}
    assert kinds <= set().union(*(allowed[a] for a in acts))


@given(EVENTS, ACTS, POLICIES)
def test_a_plan_of_automation_never_claims_to_be_a_persons(
    happened: Event, acts: frozenset[Act], rules: Policy
) -> None:
    for plan in planned(happened, *acts, rules=rules):
        assert not {"real", "actor", "entrusted"} & set(plan.body)


def test_a_cover_that_came_in_a_channel_is_taken_down() -> None:
    place = Place(Context.ROOM_COVER, "-1001")
    cover = event(EventKind.COVER, place=place, message="900")
    assert planned(cover, Act.DELETE, Act.WARN) == [
        Plan(EffectKind.REMOVE_COVER, {"channel": "-1001", "message": "900"})
    ]
    assert planned(event(EventKind.COVER, place=Place(Context.ROOM_COVER)), Act.DELETE) == []
