"""What moderators do to an author from the card: who may, once, on record before it is done, and undone if wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from bot.desk.sanctions import ASKS_AGAIN, BY_VALUE, LADDER, RIGHTS, Sanction, offered
from bot.desk.verbs import Verb
from bot.model import (
    ABLE,
    PUNISHABLE,
    Action,
    Answer,
    Author,
    AuthorKind,
    CaseState,
    EditCard,
    EffectKind,
    EventKind,
    History,
    Origin,
    Outcome,
    OutcomeState,
    Plan,
    Presser,
    Quarantine,
    RemoveMember,
    Say,
    TimeoutMember,
    Unban,
)
from bot.texts.cards import card
from bot.texts.catalogue import Texts
from policies.model import Act, Context, Decision, Duty, Mode, Place, Reason, ReasonCode, Suggestion, frozen
from policies.presets import preset
from tests.bot.cases import GUILD, START, case, effect
from tests.bot.desk.test_with_effects import Recorder, effects_of
from tests.bot.desk.world import ELSEWHERE, MODERATOR, World

CHIEF = Presser("55", "Mo", rights=frozenset({"moderate", "punish", "roles", "kick", "ban"}))
SECOND = replace(CHIEF, id="56", name="Kim")
TRUSTED = Presser("77", "Rolf", roles=frozenset({"900"}))
VALUES = [s.value for s in LADDER]
ALL = replace(ABLE, covers=False)
QUARANTINED = Outcome(OutcomeState.DONE, ref="800")
POLICY = replace(preset("standard"), quarantine_role="800")
KINDS = {
    Act.WARN: EffectKind.SAY,
    Act.MUTE_IMAGES: EffectKind.MUTE_IMAGES,
    Act.TIMEOUT: EffectKind.TIMEOUT,
    Act.QUARANTINE: EffectKind.QUARANTINE,
    Act.KICK: EffectKind.KICK,
    Act.BAN: EffectKind.BAN,
}


async def choose(world: World, number: int, value: str, presser: Presser = CHIEF, *, sure: bool = True) -> Answer:
    return await world.desk.sanction(GUILD, number, value, presser, confirmed=sure)


async def opened(world: World, origin: Origin = Origin.REMOVED, **more: Any) -> int:
    await world.policy(quarantine_role="800")
    return await world.open(origin, **more)


def sanctions(world: World) -> list[dict[str, object]]:
    return [dict(e.body) for e in world.hands.performed if "sanction" in e.body]


# --- who may --------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("value", VALUES)
async def test_each_takes_its_own_right(value: str, world: World) -> None:
    number = await opened(world)
    right = RIGHTS[BY_VALUE[value].act]
    without = replace(CHIEF, rights=CHIEF.rights - {right})
    answer = await choose(world, number, value, without)
    assert not answer.done
    assert answer.confirm is None
    assert answer.text.startswith("You cannot do this: you need the right to ")
    assert world.hands.performed == []
    assert (await choose(world, number, value, replace(CHIEF, rights=frozenset({right})))).done
    [body] = sanctions(world)
    assert body["entrusted"] is False


@pytest.mark.asyncio
@pytest.mark.parametrize("value", VALUES)
async def test_a_role_that_is_trusted_may_all_of_it_and_it_is_on_record(value: str, world: World) -> None:
    number = await opened(world)
    assert not (await choose(world, number, value, TRUSTED)).done
    await world.policy(staff=frozen({Duty.PUNISH: frozenset({"900"})}))
    assert (await choose(world, number, value, TRUSTED)).done
    [body] = sanctions(world)
    assert (body["actor"], body["entrusted"], body["real"]) == (TRUSTED.id, True, True)


@pytest.mark.asyncio
async def test_to_decide_cases_is_not_to_punish(world: World) -> None:
    number = await opened(world)
    await world.policy(staff=frozen({Duty.DECIDE: frozenset({"900"})}))
    for presser in (TRUSTED, MODERATOR):
        assert not (await choose(world, number, "warn", presser)).done


@pytest.mark.asyncio
async def test_nobody_acts_against_themselves_or_in_another_guild(world: World) -> None:
    number = await opened(world, author=Author(CHIEF.id))
    answer = await choose(world, number, "timeout:10")
    assert answer.text == "This case is about you. Another moderator must act on it."
    foreign = await world.desk.sanction(ELSEWHERE, number, "timeout:10", SECOND, confirmed=True)
    assert foreign.text == f"There is no case {number} here."
    assert world.hands.performed == []


# --- once -----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("value", VALUES)
async def test_what_throws_somebody_out_asks_again(value: str, world: World) -> None:
    number = await opened(world)
    answer = await choose(world, number, value, sure=False)
    if BY_VALUE[value].act not in ASKS_AGAIN:
        assert answer.done
        assert answer.confirm is None
        return
    assert not answer.done
    assert answer.confirm is not None
    assert answer.confirm.verb == f"sanction:{value}"
    assert "<@42>" in answer.text
    assert world.hands.performed == []


@pytest.mark.asyncio
@pytest.mark.parametrize("value", VALUES)
async def test_pressed_by_two_at_once_it_happens_once_and_the_second_hears_who_was_first(
    value: str, world: World
) -> None:
    number = await opened(world)
    answers = await asyncio.gather(*(choose(world, number, value, who) for who in (CHIEF, SECOND, CHIEF)))
    assert sorted(a.done for a in answers) == [False, False, True]
    [body] = sanctions(world)
    assert all(f"Asked for by <@{body['actor']}>." in a.text for a in answers)


@pytest.mark.asyncio
async def test_what_was_refused_or_failed_may_be_tried_again(world: World) -> None:
    number = await opened(world)
    world.hands.outcomes[EffectKind.TIMEOUT] = Outcome(OutcomeState.REFUSED, "drag my role above theirs")
    answer = await choose(world, number, "timeout:60")
    assert not answer.done
    assert "drag my role above theirs" in answer.text
    world.hands.outcomes.clear()
    assert (await choose(world, number, "timeout:60")).done


@pytest.mark.asyncio
async def test_what_is_still_tried_is_not_begun_twice(world: World) -> None:
    number = await opened(world)
    world.hands.outcomes[EffectKind.TIMEOUT] = Outcome(OutcomeState.FAILED, "no network", retry=True)
    assert "I will try again" in (await choose(world, number, "timeout:60")).text
    assert "I will try again" in (await choose(world, number, "timeout:60", SECOND)).text
    assert len(sanctions(world)) == 1


@pytest.mark.asyncio
async def test_a_longer_timeout_may_follow_a_shorter_one(world: World) -> None:
    number = await opened(world)
    assert (await choose(world, number, "timeout:10")).done
    assert (await choose(world, number, "timeout:1440")).done
    untils = [datetime.fromisoformat(str(b["until"])) for b in sanctions(world)]
    assert untils == [START + timedelta(minutes=10), START + timedelta(days=1)]


@pytest.mark.asyncio
async def test_what_the_ladder_gave_already_is_not_given_by_hand(world: World) -> None:
    plan = Plan(EffectKind.QUARANTINE, {"author": "42", "role": "800", "on": True})
    number = await opened(world, plans=[plan], ends=QUARANTINED)
    answer = await choose(world, number, "quarantine")
    assert answer.text == "The author was put into quarantine."
    assert sanctions(world) == []


# --- on record, and told --------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("origin", Origin)
async def test_it_is_recorded_as_real_before_it_is_done_and_every_card_is_told(
    value: str, origin: Origin, world: World
) -> None:
    number = await opened(world, origin)
    await world.policy(mode=Mode.OBSERVE)
    await choose(world, number, value)
    kinds = world.hands.kinds
    assert kinds == [KINDS[BY_VALUE[value].act], EffectKind.EDIT_CARD]
    act, told = world.hands.performed
    assert (act.body["sanction"], act.body["actor"], act.body["real"]) == (value, CHIEF.id, True)
    assert told.body["drop_picture"] is False, "the case is still open"
    assert (await world.case(number)).state is CaseState.OPEN


@pytest.mark.asyncio
async def test_the_acts_reach_the_platform_as_they_were_meant(world: World) -> None:
    platform = Recorder()
    world.hands = effects_of(world, platform)  # type: ignore[assignment]
    world.desk._sanctioning._performer = world.hands
    number = await opened(world)
    for value in ("warn", "timeout:60", "quarantine", "kick", "ban:3600"):
        assert (await choose(world, number, value)).done, value
    acts: list[Action] = [a for a in platform.actions if not isinstance(a, EditCard)]
    say, timeout, quarantine, kick, ban = acts
    assert isinstance(say, Say)
    assert (say.channel, say.author) == ("7", "42")
    assert timeout == TimeoutMember(GUILD, "42", START + timedelta(hours=1), number, actor=CHIEF.id)
    assert quarantine == Quarantine(GUILD, "42", "800", True, number, actor=CHIEF.id)
    assert kick == RemoveMember(GUILD, "42", False, number, actor=CHIEF.id)
    assert ban == RemoveMember(GUILD, "42", True, number, 3600, actor=CHIEF.id)
    edits = [a for a in platform.actions if isinstance(a, EditCard)]
    done = dict(edits[-1].card.lines)["What was done"]
    assert done.count(f"Asked for by <@{CHIEF.id}>.") == 5
    assert "The author was warned in the channel." in done
    assert edits[-1].card.sanctions == (), "there is nobody left to act on"
    assert await world.store.ledger.unsettled() == ()


@pytest.mark.asyncio
async def test_a_person_is_acted_on_although_the_post_could_not_be_removed(world: World) -> None:
    """A rule punishes nobody for a post that still stands; a moderator may."""
    platform = Recorder()
    world.desk._sanctioning._performer = effects_of(world, platform)
    number = await opened(world, ends=Outcome(OutcomeState.REFUSED, "Give me Manage Messages"))
    assert (await choose(world, number, "timeout:60")).done
    assert isinstance(platform.actions[0], TimeoutMember)


# --- undone ---------------------------------------------------------------------------------------------------

WRONG = {
    Origin.REMOVED: Verb.GIVE_BACK,
    Origin.REVIEW: Verb.FINE,
    Origin.OBSERVED: Verb.WOULD_BE_WRONG,
}


@pytest.mark.asyncio
@pytest.mark.parametrize("origin", Origin)
async def test_overturning_lifts_whatever_the_case_did_to_its_author(origin: Origin, world: World) -> None:
    number = await opened(world, origin)
    world.hands.outcomes[EffectKind.QUARANTINE] = QUARANTINED
    for value in ("timeout:60", "quarantine", "ban:0"):
        await choose(world, number, value)
    world.hands.performed.clear()
    answer = await world.desk.press(GUILD, number, WRONG[origin], MODERATOR)
    assert answer.done
    lifted = [e for e in world.hands.performed if e.kind not in (EffectKind.EDIT_CARD, EffectKind.SAY)]
    assert [e.kind for e in lifted] == [EffectKind.TIMEOUT, EffectKind.QUARANTINE, EffectKind.UNBAN]
    timeout, quarantine, unban = (e.body for e in lifted)
    assert timeout == {
        "author": "42",
        "until": None,
        "given": (START + timedelta(hours=1)).isoformat(),
        "real": True,
    }
    assert quarantine == {"author": "42", "role": "800", "on": False, "real": True}
    assert unban == {"author": "42", "real": True}
    for told in ("timeout was lifted", "taken out of quarantine", "ban was lifted"):
        assert told in answer.text


@pytest.mark.asyncio
async def test_overturning_gives_back_the_right_to_post_images(world: World) -> None:
    number = await opened(world)
    await choose(world, number, "mute_images:1440")
    world.hands.performed.clear()
    answer = await world.desk.press(GUILD, number, Verb.GIVE_BACK, MODERATOR)
    [lifted] = [e.body for e in world.hands.performed if e.kind is EffectKind.MUTE_IMAGES]
    assert (lifted["until"], lifted["given"]) == (None, (START + timedelta(days=1)).isoformat())
    assert "The author can post images again." in answer.text


@pytest.mark.asyncio
async def test_overturning_sets_nobody_free_whom_another_case_holds(world: World) -> None:
    """They were in quarantine before: the outcome names no role that this case gave."""
    number = await opened(world)
    await choose(world, number, "quarantine")
    world.hands.performed.clear()
    await world.desk.press(GUILD, number, Verb.GIVE_BACK, MODERATOR)
    assert EffectKind.QUARANTINE not in world.hands.kinds


@pytest.mark.asyncio
async def test_a_kick_cannot_be_taken_back_and_that_is_said(world: World) -> None:
    number = await opened(world)
    await choose(world, number, "kick")
    answer = await world.desk.press(GUILD, number, Verb.GIVE_BACK, MODERATOR)
    assert "invite them again" in answer.text


@pytest.mark.asyncio
async def test_upholding_lifts_nothing(world: World) -> None:
    number = await opened(world)
    await choose(world, number, "ban:0")
    world.hands.performed.clear()
    await world.desk.press(GUILD, number, Verb.RIGHT, MODERATOR)
    assert world.hands.kinds == [EffectKind.EDIT_CARD]


@pytest.mark.asyncio
async def test_who_is_on_the_way_out_when_the_case_is_overturned_is_let_back_in(world: World) -> None:
    """The ban was sent, and its answer lost: the sweep does not send it again, and the overturning lifts it."""
    platform = Recorder()
    world.desk._deciding._performer = effects_of(world, platform)
    number = await opened(world)
    world.hands.outcomes[EffectKind.BAN] = Outcome(OutcomeState.FAILED, "no answer", retry=True)
    await choose(world, number, "ban:0")
    assert (await world.desk.press(GUILD, number, Verb.GIVE_BACK, MODERATOR)).done
    assert Unban(GUILD, "42", number) in platform.actions
    later = effects_of(world, platform)
    await later.sweep()
    assert not [a for a in platform.actions if isinstance(a, RemoveMember)]
    assert await world.store.ledger.unsettled() == ()
    [ban] = [e for e in (await world.case(number)).effects if e.kind is EffectKind.BAN]
    assert ban.outcome is not None
    assert ban.outcome.detail == "the case was decided otherwise meanwhile"


@pytest.mark.asyncio
async def test_a_press_and_its_undoing_at_once_leave_nobody_punished(world: World) -> None:
    number = await opened(world)
    sanction, _ = await asyncio.gather(
        choose(world, number, "ban:0"), world.desk.press(GUILD, number, Verb.GIVE_BACK, MODERATOR)
    )
    banned = [k for k in world.hands.kinds if k in (EffectKind.BAN, EffectKind.UNBAN)]
    assert banned == ([EffectKind.BAN, EffectKind.UNBAN] if sanction.done else [])


# --- what is offered ------------------------------------------------------------------------------------------


def test_values_are_as_long_as_a_select_takes_and_each_its_own() -> None:
    assert len(BY_VALUE) == len(LADDER) <= 25
    assert all(len(v) <= 100 for v in VALUES)
    assert [
        *("warn", "mute_images:1440", "mute_images:10080", "timeout:10", "timeout:60", "timeout:1440", "timeout:10080"),
        *("quarantine", "kick", "ban:0", "ban:3600", "ban:86400"),
    ] == VALUES


@pytest.mark.parametrize(("state", "origin"), list(product(CaseState, Origin)))
def test_offered_while_open_and_after_it_was_upheld(state: CaseState, origin: Origin) -> None:
    wanted = LADDER if state in (CaseState.OPEN, CaseState.UPHELD) else ()
    assert offered(case(origin, state), POLICY, ALL) == wanted


@pytest.mark.parametrize("kind", [k for k in AuthorKind if k not in PUNISHABLE])
def test_only_members_and_channels_can_be_punished(kind: AuthorKind) -> None:
    assert offered(case(author=Author("42", kind)), POLICY, ALL) == ()


def test_a_channel_can_be_banned_and_nothing_else() -> None:
    channel = case(author=Author("-1007", AuthorKind.CHANNEL))
    assert offered(channel, POLICY, ALL) == (Sanction(Act.BAN),)
    assert offered(channel, POLICY, replace(ALL, acts=ALL.acts - {Act.BAN})) == ()


def test_nobody_is_punished_for_a_test_or_in_a_direct_message() -> None:
    test = Decision(Suggestion.BLOCK, reasons=(Reason(ReasonCode.TEST_CARD),))
    assert offered(case(decision=test), POLICY, ALL) == ()
    assert offered(case(place=Place(Context.MESSAGE, "7")), POLICY, ALL) == ()


@pytest.mark.parametrize("act", [Act.WARN, Act.MUTE_IMAGES, Act.TIMEOUT, Act.QUARANTINE, Act.KICK, Act.BAN])
def test_a_platform_that_cannot_offers_it_not(act: Act) -> None:
    assert {s.act for s in offered(case(), POLICY, replace(ALL, acts=ALL.acts - {act}))} == {s.act for s in LADDER} - {
        act
    }


def test_without_a_role_there_is_no_quarantine_and_without_a_channel_no_warning() -> None:
    assert Sanction(Act.QUARANTINE) not in offered(case(), preset("standard"), ALL)
    profile = case(Origin.REVIEW, kind=EventKind.AVATAR, place=Place(Context.HEAD_IMAGE), message="", effects=())
    assert {s.act for s in offered(profile, POLICY, ALL)} == {
        *(Act.MUTE_IMAGES, Act.TIMEOUT, Act.QUARANTINE, Act.KICK, Act.BAN)
    }


def test_after_a_kick_there_are_bans_and_after_a_ban_nothing() -> None:
    kicked = case(effects=(effect(EffectKind.DELETE), effect(EffectKind.KICK)))
    assert {s.act for s in offered(kicked, POLICY, ALL)} == {Act.BAN}
    assert offered(case(effects=(effect(EffectKind.BAN),)), POLICY, ALL) == ()


def test_the_card_names_them_from_mild_to_harsh() -> None:
    shown = card(case(), History(), POLICY, picture=None, lost_picture=False, texts=Texts(), can=ALL).sanctions
    assert [o.value for o in shown] == VALUES
    assert [o.label for o in shown] == [
        "Warn",
        "No images for 1 day",
        "No images for 7 days",
        "Time out for 10 minutes",
        "Time out for 1 hour",
        "Time out for 1 day",
        "Time out for 7 days",
        "Quarantine",
        "Kick",
        "Ban",
        "Ban, and delete posts of the last hour",
        "Ban, and delete posts of the last day",
    ]
    assert all(o.description for o in shown)


def test_where_a_ban_deletes_nothing_only_the_plain_one_is_offered() -> None:
    values = {s.value for s in offered(case(), POLICY, replace(ALL, ban_deletes=False))}
    assert {v for v in values if v.startswith("ban")} == {"ban:0"}


@pytest.mark.asyncio
@pytest.mark.parametrize("value", ["", "ban", "timeout:5", "ban:99999999", "delete", "@everyone"])
async def test_a_value_that_never_was_is_answered_in_words(value: str, world: World) -> None:
    number = await opened(world)
    answer = await choose(world, number, value)
    assert "Its card shows what can" in answer.text
    assert "@everyone" not in answer.text
    assert world.hands.performed == []


@pytest.mark.asyncio
@pytest.mark.parametrize("state", [CaseState.OVERTURNED, CaseState.EXPIRED])
async def test_an_old_card_of_a_case_that_ended_otherwise_does_nothing(state: CaseState, world: World) -> None:
    number = await world.closed(Origin.REMOVED, state)
    for value in ("warn", "timeout:10", "ban:0"):
        assert not (await choose(world, number, value)).done
    assert world.hands.performed == []


@pytest.mark.asyncio
async def test_a_lifting_that_failed_at_first_is_not_given_up_with_the_case(world: World) -> None:
    """The sweep withdraws what punishes once a case is overturned, never what sets free."""
    number = await opened(world)
    world.hands.outcomes[EffectKind.QUARANTINE] = QUARANTINED
    for value in ("timeout:60", "quarantine", "ban:0"):
        await choose(world, number, value)
    later = Outcome(OutcomeState.FAILED, "no network", retry=True)
    world.hands.outcomes = dict.fromkeys((EffectKind.TIMEOUT, EffectKind.QUARANTINE, EffectKind.UNBAN), later)
    await world.desk.press(GUILD, number, Verb.GIVE_BACK, MODERATOR)
    platform = Recorder()
    await effects_of(world, platform).sweep()
    assert platform.actions == [
        TimeoutMember(GUILD, "42", None, number, given=START + timedelta(hours=1)),
        Quarantine(GUILD, "42", "800", False, number),
        Unban(GUILD, "42", number),
    ]
