"""Cases of reactions, profiles, covers and direct messages: the verbs make sense and the words speak of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from bot.desk import undertakings
from bot.desk.post import Matter, link, matter, removable
from bot.desk.verbs import CLOSES, ON_WHAT_STAYS, WITHOUT_A_WAY_BACK, Verb, offered
from bot.model import (
    Author,
    AuthorKind,
    Case,
    CaseState,
    Effect,
    EffectKind,
    EventKind,
    History,
    Media,
    MediaKind,
    Origin,
    Outcome,
    OutcomeState,
    Plan,
)
from bot.texts import notices
from bot.texts.cards import card
from bot.texts.catalogue import Texts
from policies.model import Context, Listed, Place
from policies.presets import preset
from tests.bot.cases import GUILD, LOOK, START, case, effect, image
from tests.bot.desk.world import MODERATOR, World

EMOJI = image(media=Media(MediaKind.EMOJI, "emoji:555", immutable=True))
FACE = image(media=Media(MediaKind.AVATAR, "avatar:abc", immutable=True))
COMMUNITY = Author("100", AuthorKind.GUILD)
PLACES = {
    Matter.POST: (EventKind.MESSAGE, Place(Context.GROUP_MESSAGE, "7"), Author("42")),
    Matter.REACTION: (EventKind.REACTION, Place(Context.GROUP_MESSAGE, "7"), Author("42")),
    Matter.PROFILE: (EventKind.AVATAR, Place(Context.HEAD_IMAGE), Author("42")),
    Matter.COVER: (EventKind.COVER, Place(Context.ROOM_COVER), COMMUNITY),
    Matter.DIRECT: (EventKind.MESSAGE, Place(Context.MESSAGE, "7"), Author("42")),
}
STAYS = [Matter.PROFILE, Matter.COVER, Matter.DIRECT]


def about(what: Matter, origin: Origin = Origin.REVIEW, state: CaseState = CaseState.OPEN, **more: object) -> Case:
    kind, place, author = PLACES[what]
    images = (EMOJI if what is Matter.REACTION else FACE,)
    removal = EffectKind.UNREACT if what is Matter.REACTION else EffectKind.DELETE
    did = {
        Origin.REMOVED: (effect(removal),),
        Origin.OBSERVED: (effect(removal, OutcomeState.SIMULATED),) if what is Matter.REACTION else (),
        Origin.REVIEW: (),
    }
    if what in STAYS:  # its decision never holds a deletion (policies.resolve.actions)
        more = {"decision": LOOK, **more}
    fields = {"kind": kind, "place": place, "author": author, "images": images, "effects": did[origin]} | more
    return case(origin, state, **fields)


def shown(one: Case) -> tuple[str, list[str], dict[str, str]]:
    told = card(one, History(), preset("standard"), picture=None, lost_picture=False, texts=Texts())
    return told.title, [b.label for b in told.buttons], dict(told.lines)


async def opened(world: World, what: Matter, origin: Origin, *, plans: tuple[Plan, ...] = ()) -> int:
    kind, place, author = PLACES[what]
    images = [EMOJI if what is Matter.REACTION else FACE]
    return await world.open(origin, kind=kind, place=place, author=author, images=images, plans=plans)


@pytest.mark.parametrize("what", Matter)
def test_what_a_case_is_about_is_told_apart(what: Matter) -> None:
    assert matter(about(what)) is what
    assert removable(about(what)) is (what in (Matter.POST, Matter.REACTION))


# --- what can be pressed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "origin"), list(product(STAYS, [Origin.REVIEW, Origin.OBSERVED])))
def test_nothing_is_removed_that_stays(what: Matter, origin: Origin) -> None:
    verbs = offered(about(what, origin))
    assert verbs == ON_WHAT_STAYS[origin]
    assert not {Verb.REMOVE, Verb.REMOVE_NOW, Verb.GIVE_BACK} & set(verbs)
    assert {CLOSES[v] for v in verbs} == {CaseState.UPHELD, CaseState.OVERTURNED}


@pytest.mark.parametrize("origin", Origin)
def test_a_reaction_can_be_taken_off_and_never_given_back(origin: Origin) -> None:
    assert offered(about(Matter.REACTION, origin)) == WITHOUT_A_WAY_BACK[origin]


def test_a_reaction_that_could_not_be_taken_off_is_offered_for_removal() -> None:
    refused = about(
        Matter.REACTION, Origin.REMOVED, effects=(effect(EffectKind.UNREACT, OutcomeState.REFUSED, "cure"),)
    )
    assert offered(refused) == WITHOUT_A_WAY_BACK[Origin.REVIEW]


@pytest.mark.asyncio
@pytest.mark.parametrize("what", STAYS)
@pytest.mark.parametrize("origin", [Origin.REVIEW, Origin.OBSERVED])
async def test_an_opinion_on_what_stays_closes_the_case_and_deletes_nothing(
    what: Matter, origin: Origin, world: World
) -> None:
    for verb in ON_WHAT_STAYS[origin]:
        number = await opened(world, what, origin)
        world.hands.performed.clear()
        answer = await world.desk.press(GUILD, number, verb, MODERATOR)
        assert answer.done
        assert world.hands.kinds == [EffectKind.EDIT_CARD]
        found = await world.case(number)
        assert found.state is CLOSES[verb]
        listed = await world.store.lists.listed(GUILD, found.images[0].sha256)
        assert listed is (Listed.ALLOWED if CLOSES[verb] is CaseState.OVERTURNED else None)


@pytest.mark.asyncio
@pytest.mark.parametrize(("origin", "verb"), [(Origin.REVIEW, Verb.REMOVE), (Origin.OBSERVED, Verb.REMOVE_NOW)])
async def test_remove_takes_the_emoji_off_and_tells_nobody_in_public(origin: Origin, verb: Verb, world: World) -> None:
    number = await opened(world, Matter.REACTION, origin)
    question = await world.desk.press(GUILD, number, verb, MODERATOR)
    assert question.confirm is not None
    assert "emoji" in question.text
    answer = await world.desk.press(GUILD, number, verb, MODERATOR, confirmed=True)
    assert world.hands.kinds == [EffectKind.UNREACT, EffectKind.EDIT_CARD]
    found = await world.case(number)
    assert world.hands.bodies(EffectKind.UNREACT) == [
        {"channel": "7", "message": found.message, "emoji": "555", "real": True}
    ]
    assert "The reaction was taken off." in answer.text


@pytest.mark.asyncio
async def test_a_reaction_that_was_wrongly_taken_off_invites_nobody(world: World) -> None:
    unreact = Plan(EffectKind.UNREACT, {"channel": "7", "message": "1001", "emoji": "555"})
    number = await opened(world, Matter.REACTION, Origin.REMOVED, plans=(unreact,))
    answer = await world.desk.press(GUILD, number, Verb.WRONG, MODERATOR)
    assert answer.done
    assert world.hands.kinds == [EffectKind.EDIT_CARD]
    assert "this exact image is allowed here" in answer.text


@pytest.mark.asyncio
async def test_a_profile_that_is_fine_lets_its_owner_out_of_quarantine(world: World) -> None:
    """What a rule did at once is undone by the first press."""
    plan = Plan(EffectKind.QUARANTINE, {"author": "42", "role": "800", "on": True})
    kind, place, author = PLACES[Matter.PROFILE]
    ends = Outcome(OutcomeState.DONE, ref="800")
    number = await world.open(
        Origin.REVIEW, kind=kind, place=place, author=author, images=[FACE], plans=[plan], ends=ends
    )
    await world.desk.press(GUILD, number, Verb.FINE, MODERATOR)
    assert world.hands.bodies(EffectKind.QUARANTINE) == [{"author": "42", "role": "800", "on": False, "real": True}]


@pytest.mark.asyncio
async def test_nobody_decides_about_their_own_profile(world: World) -> None:
    kind, place, _ = PLACES[Matter.PROFILE]
    number = await world.open(Origin.REVIEW, kind=kind, place=place, author=Author(MODERATOR.id), images=[FACE])
    answer = await world.desk.press(GUILD, number, Verb.FINE, MODERATOR)
    assert answer.text == "This case is about you; another moderator must decide."


# --- what is said ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", STAYS)
def test_titles_of_what_stays_claim_no_removal(what: Matter) -> None:
    titles = {(o, s): shown(about(what, o, s))[0] for o in (Origin.REVIEW, Origin.OBSERVED) for s in CaseState}
    assert titles == {
        (Origin.REVIEW, CaseState.OPEN): "Case 12 · please look",
        (Origin.REVIEW, CaseState.UPHELD): "Case 12 · not allowed",
        (Origin.REVIEW, CaseState.OVERTURNED): "Case 12 · it's fine",
        (Origin.REVIEW, CaseState.EXPIRED): "Case 12 · closed, nobody decided in time",
        (Origin.OBSERVED, CaseState.OPEN): "Case 12 · would need a look",
        (Origin.OBSERVED, CaseState.UPHELD): "Case 12 · would have been right",
        (Origin.OBSERVED, CaseState.OVERTURNED): "Case 12 · would have been wrong",
        (Origin.OBSERVED, CaseState.EXPIRED): "Case 12 · closed, nobody decided in time",
    }


@pytest.mark.parametrize(
    ("what", "where", "who"),
    [
        (Matter.REACTION, "<#7> · reaction to a message", "<@42> · 0 strikes (last 30 days), 0 upheld, 0 cases"),
        (Matter.PROFILE, "profile picture", "<@42> · 0 strikes (last 30 days), 0 upheld, 0 cases"),
        (Matter.COVER, "server or chat picture", "the server or chat itself"),
        (Matter.DIRECT, "private message", "<@42> · 0 cases"),
    ],
)
def test_a_card_says_where_it_was_and_whose_it_is(what: Matter, where: str, who: str) -> None:
    lines = shown(about(what))[2]
    assert (lines["Where"], lines["Author"]) == (where, who)


def test_buttons_in_words() -> None:
    assert shown(about(Matter.PROFILE))[1] == ["Not allowed", "It's fine"]
    assert shown(about(Matter.PROFILE, Origin.OBSERVED))[1] == ["Would be right", "Would be wrong"]
    assert shown(about(Matter.REACTION))[1] == ["Remove", "It's fine"]
    assert shown(about(Matter.REACTION, Origin.REMOVED))[1] == ["Right", "Wrong"]


@pytest.mark.parametrize("origin", Origin)
def test_a_reaction_leads_to_its_message_which_always_stands(origin: Origin) -> None:
    assert link(about(Matter.REACTION, origin)) == ("7", "900")


@pytest.mark.parametrize("what", STAYS)
def test_what_has_no_place_leads_nowhere(what: Matter) -> None:
    assert link(about(what)) is None


def test_a_reaction_that_was_taken_off_is_explained_to_whoever_reacted() -> None:
    said = notices.details(about(Matter.REACTION, Origin.REMOVED), Texts())
    assert said.startswith("Case 12: your reaction in <#7> was taken off, <t:")
    assert "explicit sexual content" in said


def test_what_a_direct_message_was_answered_is_no_invitation() -> None:
    told = effect(EffectKind.SAY, text="x", said=notices.PASSED_ON)
    one = replace(about(Matter.DIRECT), effects=(told,))
    assert shown(one)[2]["What was done"] == "The author was told that it is not allowed."


# --- a cover that came in a channel -----------------------------------------------------------------------------


def a_cover(origin: Origin, *effects: Effect) -> Case:
    return case(
        origin,
        kind=EventKind.COVER,
        place=Place(Context.ROOM_COVER, "-1001"),
        author=Author("42"),
        images=(FACE,),
        effects=effects,
    )


@pytest.mark.parametrize("origin", Origin)
def test_a_cover_that_came_in_a_channel_can_be_taken_down(origin: Origin) -> None:
    done = (effect(EffectKind.REMOVE_COVER),) if origin is Origin.REMOVED else ()
    assert removable(a_cover(origin, *done))
    assert offered(a_cover(origin, *done)) == WITHOUT_A_WAY_BACK[origin]


def test_a_cover_that_was_taken_down_is_said_to_be() -> None:
    title, _, lines = shown(a_cover(Origin.REMOVED, effect(EffectKind.REMOVE_COVER)))
    assert title == "Case 12 · removed"
    assert lines["What was done"] == "The picture of the community was taken down."


def test_pressing_removes_the_cover_and_the_message_that_showed_it() -> None:
    plans = undertakings.first(a_cover(Origin.REVIEW), Verb.REMOVE, preset("standard"), Texts(), START)
    assert plans[0] == Plan(EffectKind.REMOVE_COVER, {"channel": "-1001", "message": "900", "real": True})
    assert EffectKind.WARN not in {plan.kind for plan in plans}
