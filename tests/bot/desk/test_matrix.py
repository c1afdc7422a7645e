"""Every verb, on every origin, in every state, by everybody: who may, what holds, what is done."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import product

import pytest

from bot.desk.verbs import ASKS_AGAIN, CLOSES, OFFERED, Verb
from bot.model import Author, AuthorKind, CaseState, EffectKind, Origin, Outcome, OutcomeState, Presser
from policies.model import Duty, Evidence, Frames, Listed, frozen
from tests.bot.cases import GUILD, SEEN, image
from tests.bot.desk.world import AUTHOR, ELSEWHERE, MANAGER, MODERATOR, ROLE, STRANGER, World

DECIDING = [v for v in Verb if v is not Verb.DETAILS]
CLOSED = [s for s in CaseState if s is not CaseState.OPEN]
ACTING = {
    Verb.REMOVE: [EffectKind.DELETE, EffectKind.WARN],
    Verb.REMOVE_NOW: [EffectKind.DELETE, EffectKind.WARN],
    Verb.GIVE_BACK: [EffectKind.SAY],  # no full copy was kept, so the author is invited
}
NOT_OFFERED = [(origin, verb) for origin in Origin for verb in DECIDING if verb not in OFFERED[origin]]
OFFERS = [(origin, verb) for origin, verbs in OFFERED.items() for verb in verbs]


@pytest.mark.asyncio
@pytest.mark.parametrize(("verb", "origin"), list(product(DECIDING, Origin)))
async def test_who_may_not_changes_nothing(verb: Verb, origin: Origin, world: World) -> None:
    await world.policy(staff=frozen({Duty.DECIDE: frozenset({"900"})}))
    number = await world.open(origin)
    for presser in (STRANGER, AUTHOR, MANAGER):
        answer = await world.desk.press(GUILD, number, verb, presser, confirmed=True)
        assert not answer.done
        assert answer.confirm is None
        assert answer.text.startswith("Only moderators can do this")
    foreign = await world.desk.press(ELSEWHERE, number, verb, MODERATOR, confirmed=True)
    assert foreign.text == f"There is no case {number} here."
    assert (await world.case(number)).state is CaseState.OPEN
    assert world.hands.performed == []


@pytest.mark.asyncio
@pytest.mark.parametrize(("origin", "verb"), OFFERS)
@pytest.mark.parametrize("presser", [MODERATOR, ROLE], ids=["right", "role"])
async def test_who_may_decides_once(origin: Origin, verb: Verb, presser: Presser, world: World) -> None:
    await world.policy(staff=frozen({Duty.DECIDE: frozenset({"900"})}))
    number = await world.open(origin)
    answer = await world.desk.press(GUILD, number, verb, presser, confirmed=True)
    assert answer.done
    case = await world.case(number)
    assert case.state is CLOSES[verb]
    assert case.decided_by == presser.id
    assert world.hands.kinds == [*ACTING.get(verb, []), EffectKind.EDIT_CARD]
    assert world.hands.bodies(EffectKind.EDIT_CARD)[0]["drop_picture"] is True
    assert all(e.body["real"] for e in world.hands.performed if e.kind is not EffectKind.EDIT_CARD)
    listed = await world.store.lists.listed(GUILD, case.images[0].sha256)
    assert listed is (Listed.ALLOWED if CLOSES[verb] is CaseState.OVERTURNED else None)


@pytest.mark.asyncio
@pytest.mark.parametrize(("origin", "verb"), OFFERS)
async def test_a_verb_asks_again_exactly_if_it_cannot_be_undone(origin: Origin, verb: Verb, world: World) -> None:
    number = await world.open(origin)
    answer = await world.desk.press(GUILD, number, verb, MODERATOR)
    if verb not in ASKS_AGAIN:
        assert answer.done
        return
    assert not answer.done
    assert answer.confirm is not None
    assert answer.confirm.verb == verb
    assert "cannot be undone" in answer.text
    assert world.hands.performed == []
    assert (await world.case(number)).state is CaseState.OPEN


@pytest.mark.asyncio
@pytest.mark.parametrize(("origin", "verb"), NOT_OFFERED)
async def test_a_verb_that_is_not_on_the_card_does_nothing(origin: Origin, verb: Verb, world: World) -> None:
    number = await world.open(origin)
    answer = await world.desk.press(GUILD, number, verb, MODERATOR, confirmed=True)
    assert "does not belong" in answer.text
    assert (await world.case(number)).state is CaseState.OPEN
    assert world.hands.performed == []


@pytest.mark.asyncio
@pytest.mark.parametrize(("origin", "verb"), OFFERS)
@pytest.mark.parametrize("state", CLOSED)
async def test_a_decided_case_says_who_decided(origin: Origin, verb: Verb, state: CaseState, world: World) -> None:
    number = await world.closed(origin, state)
    answer = await world.desk.press(GUILD, number, verb, MODERATOR, confirmed=True)
    assert not answer.done
    assert answer.confirm is None
    expected = "nobody decided in time" if state is CaseState.EXPIRED else "Already decided by <@99>, <t:"
    assert expected in answer.text
    assert world.hands.performed == []
    assert (await world.case(number)).state is state


@pytest.mark.asyncio
@pytest.mark.parametrize(("origin", "verb"), OFFERS)
async def test_pressed_by_two_at_once_it_happens_once(origin: Origin, verb: Verb, world: World) -> None:
    await world.policy(staff=frozen({Duty.DECIDE: frozenset({"900"})}))
    number = await world.open(origin)
    answers = await asyncio.gather(
        *(world.desk.press(GUILD, number, verb, who, confirmed=True) for who in (MODERATOR, ROLE, MODERATOR))
    )
    assert sorted(a.done for a in answers) == [False, False, True]
    winner = (await world.case(number)).decided_by
    assert all(f"Already decided by <@{winner}>" in a.text for a in answers if not a.done)
    assert world.hands.kinds == [*ACTING.get(verb, []), EffectKind.EDIT_CARD]


@pytest.mark.asyncio
@pytest.mark.parametrize(("origin", "verb"), OFFERS)
async def test_nobody_decides_the_case_of_their_own_post_but_who_could_change_the_rules(
    origin: Origin, verb: Verb, world: World
) -> None:
    number = await world.open(origin, author=Author(MODERATOR.id))
    refused = await world.desk.press(GUILD, number, verb, MODERATOR, confirmed=True)
    assert refused.text == "This is your own post; another moderator must decide."
    assert not refused.done
    assert refused.confirm is None
    assert (await world.case(number)).state is CaseState.OPEN
    assert world.hands.performed == []
    chief = replace(MODERATOR, rights=frozenset({"moderate", "manage"}))
    assert (await world.desk.press(GUILD, number, verb, chief, confirmed=True)).done


@pytest.mark.asyncio
async def test_a_webhook_with_a_moderators_id_is_not_the_moderator(world: World) -> None:
    number = await world.open(Origin.REVIEW, author=Author(MODERATOR.id, AuthorKind.WEBHOOK))
    assert (await world.desk.press(GUILD, number, Verb.FINE, MODERATOR)).done


@pytest.mark.asyncio
async def test_opposite_presses_at_once_leave_one_truth(world: World) -> None:
    still = image(screenings=(replace(SEEN, frames=Frames()),))
    number = await world.open(Origin.REMOVED, evidence=Evidence.FULL, images=[still])
    right, wrong = await asyncio.gather(
        world.desk.press(GUILD, number, Verb.RIGHT, MODERATOR),
        world.desk.press(GUILD, number, Verb.GIVE_BACK, MODERATOR),
    )
    assert right.done is not wrong.done
    case = await world.case(number)
    assert case.state is (CaseState.UPHELD if right.done else CaseState.OVERTURNED)
    assert (EffectKind.RESTORE in world.hands.kinds) is wrong.done


@pytest.mark.asyncio
@pytest.mark.parametrize("verb", ["", "ban", "REMOVE", "remove!", "@everyone"])
async def test_an_unknown_verb_is_answered_in_words(verb: str, world: World) -> None:
    number = await world.open(Origin.REVIEW)
    answer = await world.desk.press(GUILD, number, verb, MODERATOR, confirmed=True)
    assert "does not belong" in answer.text
    assert "@everyone" not in answer.text


@pytest.mark.asyncio
async def test_every_outcome_of_a_deletion_is_told_as_it_was(world: World) -> None:
    for state in OutcomeState:
        number = await world.open(Origin.REVIEW)
        world.hands.outcomes[EffectKind.DELETE] = Outcome(state, "give me Manage Messages")
        world.hands.performed.clear()
        answer = await world.desk.press(GUILD, number, Verb.REMOVE, MODERATOR, confirmed=True)
        assert ("The post was deleted." in answer.text) is (state is OutcomeState.DONE)
        # Whether the notice is sent after that is up to whoever performs (tests/bot/test_effects.py).
        assert world.hands.kinds == [EffectKind.DELETE, EffectKind.WARN, EffectKind.EDIT_CARD]
