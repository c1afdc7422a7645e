"""Cases read in chat: whole and in lists, by those who may see them, without any picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.records import Stretch
from bot.desk.verbs import OFFERED
from bot.model import Answer, Author, Button, CaseState, Origin, Page, Presser
from bot.texts.catalogue import Texts
from bot.texts.decisions import not_a_moderator
from bot.texts.lines import length
from policies.model import Context, Duty, Place, frozen
from tests.bot.cases import GUILD
from tests.bot.desk.world import AUTHOR, ELSEWHERE, MANAGER, MODERATOR, World

SEER = Presser("79", "Sia", roles=frozenset({"902"}))
DECIDER = Presser("80", "Dee", roles=frozenset({"903"}))


async def entrust(world: World) -> None:
    await world.policy(staff=frozen({Duty.SEE: frozenset({"902"}), Duty.DECIDE: frozenset({"903"})}))


def page_of(told: Answer) -> Page:
    assert told.page is not None, told.text
    return told.page


def numbers(told: Answer) -> list[int]:
    return [int(line.split("]")[0].removeprefix("[#")) for line in page_of(told).text.splitlines() if "#" in line[:2]]


def buttons(told: Answer) -> dict[str, str]:
    return {b.label: b.verb for b in page_of(told).controls if isinstance(b, Button)}


async def turn(world: World, told: Answer, label: str) -> Answer:
    return await world.desk.records.turn(GUILD, MODERATOR, buttons(told)[label])


# --- one case -------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("origin", Origin)
async def test_a_case_is_told_as_its_card_tells_it_with_the_buttons_of_its_state(world: World, origin: Origin) -> None:
    number = await world.open(origin)
    told = await world.desk.records.view(GUILD, MODERATOR, number)
    assert told.card is not None
    assert told.card.picture is None
    assert told.picture is None
    assert [b.verb for b in told.card.buttons] == list(OFFERED[origin])
    lines = dict(told.card.lines)
    assert {"Why", "Scores", "Where", "Author", "What was done", "Card"} <= set(lines)
    assert lines["Card"] == "[in the moderators' channel](https://discord.com/channels/100/9/10011)"
    assert f"Case {number}" in told.text


@pytest.mark.asyncio
async def test_a_decided_case_says_by_whom_and_offers_nothing(world: World) -> None:
    number = await world.open(Origin.REVIEW)
    await world.store.ledger.decide_case(GUILD, number, CaseState.OVERTURNED, "99", "a *note*")
    told = await world.desk.records.view(GUILD, MODERATOR, number)
    assert told.card is not None
    assert told.card.buttons == ()
    decided = dict(told.card.lines)["Decided"]
    assert "<@99>" in decided
    assert "a \\*note\\*" in decided


@pytest.mark.asyncio
async def test_who_may_only_see_gets_no_buttons(world: World) -> None:
    await entrust(world)
    number = await world.open(Origin.REVIEW)
    seen, decided = [await world.desk.records.view(GUILD, p, number) for p in (SEER, DECIDER)]
    assert seen.card is not None
    assert decided.card is not None
    assert (seen.card.buttons, seen.card.sanctions) == ((), ())
    assert decided.card.buttons != ()
    assert "Only moderators" in (await world.desk.press(GUILD, number, "fine", SEER)).text


@pytest.mark.asyncio
async def test_members_see_no_case_and_no_list(world: World) -> None:
    number = await world.open(Origin.REVIEW)
    refused = Answer(not_a_moderator(Texts()))
    assert await world.desk.records.view(GUILD, AUTHOR, number) == refused
    assert await world.desk.records.listing(GUILD, AUTHOR) == refused
    assert await world.desk.records.turn(GUILD, AUTHOR, "older.5.any.any") == refused


@pytest.mark.asyncio
async def test_a_number_that_there_is_not_and_another_guilds(world: World) -> None:
    number = await world.open(Origin.REVIEW)
    assert "no case 99" in (await world.desk.records.view(GUILD, MODERATOR, 99)).text
    elsewhere = await world.desk.records.view(ELSEWHERE, MANAGER, number)
    assert elsewhere.card is None
    assert "<@42>" not in elsewhere.text


# --- lists ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_no_case_at_all(world: World) -> None:
    told = await world.desk.records.listing(GUILD, MODERATOR)
    assert page_of(told).text == "There are none."
    assert buttons(told) == {}


@pytest.mark.asyncio
async def test_a_line_says_number_state_place_author_and_what_was_found(world: World) -> None:
    await world.open(Origin.REMOVED)
    (line,) = page_of(await world.desk.records.listing(GUILD, MODERATOR)).text.splitlines()
    assert line.startswith("[#1](https://discord.com/channels/100/9/10011) · open · removed · <#7> · <@42> · ")
    assert "explicit sexual content" in line


@pytest.mark.asyncio
async def test_pages_of_ten_lead_to_each_other(world: World) -> None:
    for _ in range(23):
        await world.open(Origin.REVIEW)
    first = await world.desk.records.listing(GUILD, MODERATOR)
    assert numbers(first) == list(range(23, 13, -1))
    assert set(buttons(first)) == {"Older"}
    second = await turn(world, first, "Older")
    assert numbers(second) == list(range(13, 3, -1))
    assert set(buttons(second)) == {"Newer", "Older"}
    third = await turn(world, second, "Older")
    assert numbers(third) == [3, 2, 1]
    assert set(buttons(third)) == {"Newer"}
    assert numbers(await turn(world, third, "Newer")) == list(range(13, 3, -1))
    back = await turn(world, second, "Newer")
    assert numbers(back) == list(range(23, 13, -1))
    assert set(buttons(back)) == {"Older"}


@pytest.mark.asyncio
async def test_cases_that_come_meanwhile_shift_nothing(world: World) -> None:
    for _ in range(15):
        await world.open(Origin.REVIEW)
    first = await world.desk.records.listing(GUILD, MODERATOR)
    for _ in range(3):
        await world.open(Origin.REVIEW)
    second = await turn(world, first, "Older")
    assert numbers(second) == [5, 4, 3, 2, 1]
    newest = await turn(world, second, "Newer")
    assert numbers(newest) == list(range(15, 5, -1))
    assert numbers(await turn(world, newest, "Newer")) == list(range(18, 8, -1)), "the newest page is a full one"


@pytest.mark.asyncio
async def test_lists_of_one_state_and_of_one_author(world: World) -> None:
    for n in range(12):
        await world.open(Origin.REVIEW, author=Author("43" if n == 4 else "42"))
    await world.store.ledger.decide_case(GUILD, 3, CaseState.UPHELD, "99")
    listing = world.desk.records.listing
    assert numbers(await listing(GUILD, MODERATOR, state="upheld")) == [3]
    told = await listing(GUILD, MODERATOR, author="43")
    assert numbers(told) == [5]
    assert page_of(told).text.startswith("By <@43>:")
    of_ann = await listing(GUILD, MODERATOR, state="open", author="42")
    assert numbers(of_ann) == [12, 11, 10, 9, 8, 7, 6, 4, 2, 1]
    assert page_of(of_ann).title == "Cases: open"
    assert "Did you mean upheld?" in (await listing(GUILD, MODERATOR, state="upheldd")).text


@pytest.mark.asyncio
async def test_a_list_shows_no_other_guilds_case(world: World) -> None:
    for _ in range(12):
        await world.open(Origin.REVIEW)
    told = await world.desk.records.listing(ELSEWHERE, MANAGER)
    assert page_of(told).text == "There are none."
    told = await world.desk.records.turn(ELSEWHERE, MANAGER, "older.12.any.any")
    assert numbers(told) == []


@pytest.mark.asyncio
async def test_ten_long_lines_fit_onto_a_page(world: World) -> None:
    place = Place(Context.GROUP_MESSAGE, "9" * 19)
    for _ in range(11):
        await world.open(Origin.REMOVED, author=Author("8" * 19), place=place)
    text = page_of(await world.desk.records.listing(GUILD, MODERATOR)).text
    assert len(text.splitlines()) == 10
    assert length(text) < 3900


@given(st.text(max_size=60))
def test_a_forged_button_leads_nowhere_else(control: str) -> None:
    found = Stretch.of(control)
    assert found is None or found.before is not None or found.after is not None


@given(st.sampled_from(["older", "newer"]), st.integers(0, 10**12), st.sampled_from([None, *CaseState]))
def test_a_button_says_what_it_leads_to(direction: str, number: int, state: CaseState | None) -> None:
    control = Stretch(state, "42").control(direction, number)
    assert len(control) <= 60
    before, after = (number, None) if direction == "older" else (None, number)
    assert Stretch.of(control) == Stretch(state, "42", before, after)


@pytest.mark.asyncio
async def test_a_nonsense_button_shows_the_first_page(world: World) -> None:
    await world.open(Origin.REVIEW)
    for control in ("", "older", "older.x.any.any", "older.1.nowhere.any", "sideways.1.any.any", "older.1.any.any.x"):
        assert numbers(await world.desk.records.turn(GUILD, MODERATOR, control)) == [1]
