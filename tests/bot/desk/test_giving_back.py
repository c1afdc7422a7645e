"""A wrong removal is put right as far as it can be, and what cannot be is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.desk.undertakings import CARD_SIDE
from bot.desk.verbs import Verb, offered
from bot.media.looks import EVIDENCE_SIDE
from bot.model import Author, AuthorKind, CardRef, EffectKind, Origin, Outcome, OutcomeState, Plan
from policies.model import (
    Act,
    Actions,
    Context,
    Decision,
    Evidence,
    Frames,
    Listed,
    Place,
    Reason,
    ReasonCode,
    Step,
    Suggestion,
    Unscreened,
    UnscreenedReason,
)
from tests.bot.cases import GUILD, SEEN, START, image
from tests.bot.desk.world import MODERATOR, World

ONE_FRAME = replace(SEEN, frames=Frames())
STILL = image(screenings=(ONE_FRAME,))  # one picture that stands still, and that a card can hold
RETRY = Outcome(OutcomeState.FAILED, "no network", retry=True)
LOST = Outcome(OutcomeState.REFUSED, "the picture is no longer on the card")
UNKNOWN = Outcome(OutcomeState.UNKNOWN, "no answer")
REFUSED = Outcome(OutcomeState.REFUSED, "Give me the right Manage Messages in this channel.")


async def give_back(world: World, number: int) -> str:
    answer = await world.desk.press(GUILD, number, Verb.GIVE_BACK, MODERATOR)
    assert answer.done
    return answer.text


@pytest.mark.asyncio
async def test_a_full_copy_is_posted_again_before_the_card_loses_it(world: World) -> None:
    number = await world.open(Origin.REMOVED, evidence=Evidence.FULL, images=[STILL])
    text = await give_back(world, number)
    assert world.hands.kinds == [EffectKind.RESTORE, EffectKind.EDIT_CARD]
    [card] = (await world.case(number)).cards
    [restore] = world.hands.bodies(EffectKind.RESTORE)
    assert restore == {
        "channel": "7",
        "author": "42",
        "card_channel": card.channel,
        "card_message": card.message,
        "real": True,
    }
    assert "The picture was posted again." in text
    assert "this exact image is allowed here" in text


@pytest.mark.asyncio
@pytest.mark.parametrize("evidence", [Evidence.MOSAIC, Evidence.NONE])
async def test_without_a_full_copy_the_author_is_invited(evidence: Evidence, world: World) -> None:
    text = await give_back(world, await world.open(Origin.REMOVED, evidence=evidence))
    assert world.hands.kinds == [EffectKind.SAY, EffectKind.EDIT_CARD]
    [say] = world.hands.bodies(EffectKind.SAY)
    assert say["author"] == "42"
    assert say["channel"] == "7"
    assert "by mistake" in str(say["text"])
    assert "invited" in text


def test_the_card_shows_pictures_as_large_as_the_desk_believes() -> None:
    assert CARD_SIDE == EVIDENCE_SIDE


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ({"width": CARD_SIDE, "height": CARD_SIDE}, True),
        ({"width": CARD_SIDE + 1}, False),
        ({"height": CARD_SIDE + 1}, False),
        ({"width": 0, "height": 0}, False),
        ({"screenings": (replace(SEEN, frames=Frames(1, 2)),)}, False),
        ({"screenings": (ONE_FRAME, Unscreened("vendor", UnscreenedReason.OUTAGE))}, True),
        ({"screenings": (ONE_FRAME, SEEN)}, False),
        ({"screenings": (Unscreened("media", UnscreenedReason.UNDECODABLE),)}, False),
    ],
)
async def test_only_what_a_card_holds_whole_is_given_back(changes: dict[str, Any], whole: bool, world: World) -> None:
    number = await world.open(Origin.REMOVED, evidence=Evidence.FULL, images=[replace(STILL, **changes)])
    await give_back(world, number)
    assert world.hands.kinds[0] is (EffectKind.RESTORE if whole else EffectKind.SAY)


@pytest.mark.asyncio
async def test_one_picture_of_an_album_is_not_the_post(world: World) -> None:
    number = await world.open(
        Origin.REMOVED, evidence=Evidence.FULL, images=[STILL, replace(STILL, sha256=image(2).sha256)]
    )
    text = await give_back(world, number)
    assert EffectKind.RESTORE not in world.hands.kinds
    assert "these exact images are allowed here" in text
    for sha256 in (image(1).sha256, image(2).sha256):
        assert await world.store.lists.listed(GUILD, sha256) is Listed.ALLOWED


@pytest.mark.asyncio
async def test_a_picture_that_is_gone_after_all_becomes_an_invitation(world: World) -> None:
    world.hands.outcomes[EffectKind.RESTORE] = LOST
    text = await give_back(world, await world.open(Origin.REMOVED, evidence=Evidence.FULL, images=[STILL]))
    assert world.hands.kinds == [EffectKind.RESTORE, EffectKind.SAY, EffectKind.EDIT_CARD]
    assert "Posting the picture again: refused." in text


@pytest.mark.asyncio
@pytest.mark.parametrize("outcome", [RETRY, UNKNOWN])
async def test_a_card_keeps_the_picture_that_may_still_be_needed(outcome: Outcome, world: World) -> None:
    world.hands.outcomes[EffectKind.RESTORE] = outcome
    await give_back(world, await world.open(Origin.REMOVED, evidence=Evidence.FULL, images=[STILL]))
    assert world.hands.kinds == [EffectKind.RESTORE, EffectKind.EDIT_CARD]
    assert world.hands.bodies(EffectKind.EDIT_CARD)[0]["drop_picture"] is False


@pytest.mark.asyncio
async def test_a_post_that_was_never_deleted_needs_nothing_back(world: World) -> None:
    number = await world.open(Origin.REMOVED, evidence=Evidence.FULL, ends=REFUSED)
    await give_back(world, number)
    assert world.hands.kinds == [EffectKind.EDIT_CARD]


@pytest.mark.asyncio
async def test_a_webhook_is_not_addressed(world: World) -> None:
    author = Author("42", AuthorKind.WEBHOOK)
    await give_back(world, await world.open(Origin.REMOVED, author=author))
    assert world.hands.bodies(EffectKind.SAY)[0]["author"] is None


@pytest.mark.asyncio
async def test_its_strikes_are_void(world: World) -> None:
    number = await world.open(Origin.REMOVED)
    since = START - timedelta(days=1)
    assert (await world.store.ledger.history(GUILD, "42", since)).strikes == 1
    await give_back(world, number)
    assert (await world.store.ledger.history(GUILD, "42", since)).strikes == 0


@pytest.mark.asyncio
async def test_strikes_are_taken_back_only_where_there_were_any(world: World) -> None:
    assert "Its strikes are taken back." in await give_back(world, await world.open(Origin.REMOVED))
    for author in (Author("42", AuthorKind.WEBHOOK), Author("42", AuthorKind.BOT)):
        told = await give_back(world, await world.open(Origin.REMOVED, author=author))
        assert told.startswith(f"Case {told.split()[1]} is closed: the removal was wrong.")
        assert "strikes" not in told


@pytest.mark.asyncio
async def test_what_was_held_unopened_earned_nothing_and_cannot_be_given_back(world: World) -> None:
    held = Decision(Suggestion.REVIEW, (Step(Act.DELETE), Step(Act.ESCALATE)), (Reason(ReasonCode.UNSCREENED),))
    rubbish = image(1, held, screenings=(Unscreened("media", UnscreenedReason.UNDECODABLE),))
    told = await give_back(world, await world.open(Origin.REMOVED, images=[rubbish], evidence=Evidence.NONE))
    assert "strikes" not in told
    assert "It could not be opened, so I have no copy to give back." in told


UNTIL = START + timedelta(minutes=10)
DELETE = Plan(EffectKind.DELETE, {"channel": "7", "message": "1"})
TIMEOUT = Plan(EffectKind.TIMEOUT, {"author": "42", "until": UNTIL.isoformat()})


@pytest.mark.asyncio
async def test_a_timeout_that_still_runs_is_lifted_and_that_is_said(world: World) -> None:
    number = await world.open(Origin.REMOVED, plans=[DELETE, TIMEOUT])
    told = await give_back(world, number)
    assert world.hands.kinds == [EffectKind.TIMEOUT, EffectKind.SAY, EffectKind.EDIT_CARD]
    [lifted] = world.hands.bodies(EffectKind.TIMEOUT)
    assert lifted == {"author": "42", "until": None, "given": UNTIL.isoformat(), "real": True}
    assert "The author's timeout was lifted." in told
    assert "timed out until" not in told


@pytest.mark.asyncio
async def test_of_several_timeouts_the_one_that_was_given_last_is_lifted(world: World) -> None:
    """Each replaces the one before, also a longer one."""
    longer = Plan(EffectKind.TIMEOUT, {"author": "42", "until": (UNTIL + timedelta(hours=1)).isoformat()})
    await give_back(world, await world.open(Origin.REMOVED, plans=[DELETE, longer, TIMEOUT]))
    assert [b["given"] for b in world.hands.bodies(EffectKind.TIMEOUT)] == [UNTIL.isoformat()]


@pytest.mark.asyncio
async def test_a_timeout_is_lifted_beside_a_picture_that_is_given_back(world: World) -> None:
    await give_back(
        world, await world.open(Origin.REMOVED, evidence=Evidence.FULL, images=[STILL], plans=[DELETE, TIMEOUT])
    )
    assert world.hands.kinds == [EffectKind.TIMEOUT, EffectKind.RESTORE, EffectKind.EDIT_CARD]


@pytest.mark.asyncio
async def test_a_timeout_that_cannot_be_lifted_is_told_with_its_cure(world: World) -> None:
    world.hands.outcomes[EffectKind.TIMEOUT] = Outcome(OutcomeState.REFUSED, "Give me Timeout Members.")
    told = await give_back(world, await world.open(Origin.REMOVED, plans=[DELETE, TIMEOUT]))
    assert "Lifting the author's timeout: refused." in told
    assert "Give me Timeout Members." in told


@pytest.mark.asyncio
async def test_what_is_over_or_never_was_needs_no_lifting(world: World) -> None:
    never = await world.open(Origin.REMOVED, plans=[TIMEOUT], ends=REFUSED)
    over = await world.open(Origin.REMOVED, plans=[DELETE, TIMEOUT])
    assert "timeout" not in await give_back(world, never)
    await world.clock.advance(601)
    assert "timeout" not in await give_back(world, over)
    assert EffectKind.TIMEOUT not in world.hands.kinds


@pytest.mark.asyncio
async def test_upholding_leaves_timeouts_alone(world: World) -> None:
    number = await world.open(Origin.REMOVED, plans=[TIMEOUT])
    answer = await world.desk.press(GUILD, number, Verb.RIGHT, MODERATOR)
    assert "timeout" not in answer.text
    assert world.hands.kinds == [EffectKind.EDIT_CARD]


@pytest.mark.asyncio
async def test_a_refused_deletion_is_told_with_its_cure(world: World) -> None:
    world.hands.outcomes[EffectKind.DELETE] = REFUSED
    number = await world.open(Origin.REVIEW)
    answer = await world.desk.press(GUILD, number, Verb.REMOVE, MODERATOR, confirmed=True)
    assert "Deleting the post: refused." in answer.text
    assert "Manage Messages" in answer.text


@pytest.mark.asyncio
async def test_a_guild_that_does_not_warn_is_not_made_to(world: World) -> None:
    await world.policy(actions=Actions(block=(Act.DELETE, Act.ESCALATE)))
    number = await world.open(Origin.REVIEW)
    await world.desk.press(GUILD, number, Verb.REMOVE, MODERATOR, confirmed=True)
    assert world.hands.kinds == [EffectKind.DELETE, EffectKind.EDIT_CARD]


@pytest.mark.asyncio
async def test_without_a_post_there_is_nothing_to_delete(world: World) -> None:
    number = await world.open(Origin.REVIEW, place=Place(Context.HEAD_IMAGE))
    answer = await world.desk.press(GUILD, number, Verb.REMOVE, MODERATOR, confirmed=True)
    assert "does not belong" in answer.text
    answer = await world.desk.press(GUILD, number, Verb.NOT_ALLOWED, MODERATOR)
    assert world.hands.kinds == [EffectKind.EDIT_CARD]
    assert "Only its owner can take a profile picture down" in answer.text


@pytest.mark.asyncio
async def test_every_card_is_closed_and_one_that_fails_is_said(world: World) -> None:

    number = await world.open(Origin.REVIEW)
    await world.store.ledger.card_posted(GUILD, number, CardRef("9", "second", Evidence.MOSAIC))
    world.hands.outcomes[EffectKind.EDIT_CARD] = Outcome(OutcomeState.FAILED, "the card was deleted")
    answer = await world.desk.press(GUILD, number, Verb.FINE, MODERATOR)
    assert world.hands.kinds == [EffectKind.EDIT_CARD, EffectKind.EDIT_CARD]
    assert answer.text.count("The card could not be changed.") == 2


@pytest.mark.asyncio
async def test_a_card_of_a_post_that_could_not_be_removed_offers_to_remove_it(world: World) -> None:
    number = await world.open(Origin.REMOVED, ends=REFUSED)
    assert offered(await world.case(number)) == (Verb.REMOVE, Verb.FINE)
    await world.desk.press(GUILD, number, Verb.REMOVE, MODERATOR, confirmed=True)
    assert EffectKind.DELETE in world.hands.kinds
