"""What the author is told, and nobody else."""

from __future__ import annotations

import pytest

from bot.desk.verbs import Verb
from bot.model import Author, AuthorKind, CaseState, EffectKind, Origin, OutcomeState, Presser
from bot.texts.catalogue import Texts
from bot.texts.notices import details
from policies.model import Category, Decision, Evidence, Reason, ReasonCode, Suggestion
from tests.bot.cases import GUILD, case, effect
from tests.bot.desk.world import AUTHOR, ELSEWHERE, MANAGER, MODERATOR, STRANGER, World

TEXTS = Texts("en")


@pytest.mark.asyncio
@pytest.mark.parametrize("presser", [AUTHOR, MODERATOR], ids=["author", "moderator"])
async def test_the_author_and_moderators_are_told_why(presser: Presser, world: World) -> None:
    number = await world.open(Origin.REMOVED)
    for told in (
        await world.desk.details(GUILD, number, presser),
        await world.desk.press(GUILD, number, Verb.DETAILS, presser),
    ):
        assert "your image in <#7> was removed" in told.text
        assert "it looked like explicit sexual content" in told.text
        assert "can be wrong" in told.text
        assert not told.done


@pytest.mark.asyncio
@pytest.mark.parametrize("presser", [STRANGER, MANAGER], ids=["stranger", "manager"])
async def test_others_are_told_nothing_of_it(presser: Presser, world: World) -> None:
    number = await world.open(Origin.REMOVED)
    told = await world.desk.details(GUILD, number, presser)
    assert told.text == "Only the author of the post and the moderators can see this."


@pytest.mark.asyncio
async def test_another_guild_has_no_such_case(world: World) -> None:
    number = await world.open(Origin.REMOVED)
    assert "no case" in (await world.desk.details(ELSEWHERE, number, AUTHOR)).text


@pytest.mark.asyncio
async def test_a_webhook_with_the_same_id_is_not_the_author(world: World) -> None:
    number = await world.open(Origin.REMOVED, author=Author("42", AuthorKind.WEBHOOK))
    assert "Only the author" in (await world.desk.details(GUILD, number, AUTHOR)).text


def test_the_author_learns_no_score_and_no_threshold() -> None:
    told = details(case(), TEXTS)
    assert not {"0.93", "0.85", "porn", "local"} & set(told.replace(",", " ").split())


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (CaseState.OPEN, "can still look at it"),
        (CaseState.UPHELD, "found the removal right"),
        (CaseState.OVERTURNED, "You may post it again"),
        (CaseState.EXPIRED, "ask a moderator"),
    ],
)
def test_what_can_still_happen_is_told_by_state(state: CaseState, said: str) -> None:
    assert said in details(case(state=state), TEXTS)


def test_a_picture_given_back_is_told_as_that() -> None:
    given = (*case().effects, effect(EffectKind.RESTORE))
    assert "It has been posted again." in details(case(state=CaseState.OVERTURNED, effects=given), TEXTS)


@pytest.mark.parametrize("origin", [Origin.REVIEW, Origin.OBSERVED])
def test_what_still_stands_was_not_removed(origin: Origin) -> None:
    assert details(case(origin), TEXTS) == "Case 12: your image has not been removed."


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (ReasonCode.BLOCK_LISTED, "do not want this exact image"),
        (ReasonCode.UNSCREENED, "could not judge it"),
        (ReasonCode.TEST_CARD, "counts for nothing"),
    ],
)
def test_other_grounds_are_told_in_words(code: ReasonCode, said: str) -> None:
    decision = Decision(Suggestion.BLOCK, reasons=(Reason(code),), evidence=Evidence.NONE)
    assert said in details(case(decision=decision), TEXTS)


def test_what_only_came_up_beside_the_ground_is_left_out() -> None:
    removed = Reason(ReasonCode.THRESHOLD_REMOVE, Category.HATE, "local", None, 0.95, 0.9)
    beside = Reason(ReasonCode.THRESHOLD_REVIEW, Category.ADVERTISING, "local", None, 0.75, 0.7)
    told = details(case(decision=Decision(Suggestion.BLOCK, reasons=(removed, beside))), TEXTS)
    assert "hate" in told
    assert "advertising" not in told
    looked_at = details(case(decision=Decision(Suggestion.REVIEW, reasons=(beside,))), TEXTS)
    assert "advertising" in looked_at


def test_a_refused_deletion_is_no_removal() -> None:
    refused = case(effects=(effect(EffectKind.DELETE, OutcomeState.REFUSED),))
    assert "has not been removed" in details(refused, TEXTS)
