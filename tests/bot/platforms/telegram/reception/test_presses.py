from __future__ import annotations

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.model import CaseState, Origin, Presser, Tenant
from bot.platforms.telegram.extract import DIRECT
from bot.platforms.telegram.keys import CardKey
from bot.sandbox.telegram.entities import Message, User
from tests.bot.platforms.telegram.reception.conftest import Hall, data, labels


async def card(hall: Hall, number: int, *verbs: str, tenant: Tenant | None = None) -> Message:
    """As it stands in the moderators' chat."""
    keys = {verb: str(CardKey(tenant or hall.tenant, number, verb)) for verb in verbs}
    buttons = [InlineKeyboardButton(verb, callback_data=key) for verb, key in keys.items()]
    sent = await hall.reception.bot.send_message(
        hall.mods.id, "a card", reply_markup=InlineKeyboardMarkup.from_column(buttons)
    )
    return hall.mods.messages[sent.message_id]


async def state(hall: Hall, number: int) -> CaseState:
    found = await hall.world.store.ledger.case(hall.tenant, number)
    assert found is not None
    return found.state


@pytest.mark.asyncio
async def test_a_moderator_decides_and_the_second_is_told_who_did(hall: Hall) -> None:
    number = await hall.case()
    shown = await card(hall, number, "fine")
    first = await hall.presses(hall.mo, shown, "fine")
    assert first["show_alert"] is False, "what went well passes by"
    second = await hall.presses(hall.ada, shown, "fine")
    assert str(hall.mo.id) in second["text"], second
    assert await state(hall, number) is CaseState.OVERTURNED


@pytest.mark.asyncio
async def test_rights_are_those_of_the_guarded_chat_not_of_the_moderators(hall: Hall) -> None:
    number = await hall.case()
    shown = await card(hall, number, "fine")
    boss = hall.t.member(hall.mods, "boss")
    hall.t.promote(hall.mods, boss, "can_delete_messages", "can_change_info", by=hall.ada)
    await hall.heard()
    answer = await hall.presses(hall.sam, shown, "fine")
    assert answer["show_alert"]
    await hall.presses(boss, shown, "fine")
    assert await state(hall, number) is CaseState.OPEN


@pytest.mark.asyncio
async def test_a_right_that_was_taken_a_moment_ago_counts_no_more(hall: Hall) -> None:
    number = await hall.case()
    shown = await card(hall, number, "fine")
    hall.t.promote(hall.chat, hall.mo)
    await hall.presses(hall.mo, shown, "fine")
    assert await state(hall, number) is CaseState.OPEN


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "forged",
    ["", "c", "c:x:1:fine", "c:{chat}:1:fine:fine:fine", "c:{chat}:999:fine", "p:{chat}:zz.next", "c:{chat}:1:format"],
)
async def test_forged_data_does_nothing_and_is_answered(forged: str, hall: Hall) -> None:
    number = await hall.case()
    shown = await card(hall, number, "fine")
    answer = await hall.forges(hall.ada, shown, forged.format(chat=hall.chat.id) or "-")
    assert answer["text"]
    assert await state(hall, number) is CaseState.OPEN


@pytest.mark.asyncio
async def test_a_case_of_another_chat_is_none_of_ones_own(hall: Hall) -> None:
    """Ada manages her chat; of another she may say nothing, though her message names it."""
    number = await hall.case()
    other = hall.t.supergroup("Elsewhere")
    hall.t.add_bot(other, "can_delete_messages")
    await hall.heard()
    shown = await card(hall, number, "fine", tenant=Tenant("telegram", str(other.id)))
    await hall.presses(hall.ada, shown, "fine")
    assert await state(hall, number) is CaseState.OPEN


@pytest.mark.asyncio
async def test_what_cannot_be_undone_asks_again_below_the_card(hall: Hall) -> None:
    number = await hall.case()
    shown = await card(hall, number, "remove")
    await hall.presses(hall.mo, shown, "remove")
    assert await state(hall, number) is CaseState.OPEN
    question = hall.latest(hall.mods)
    assert data(question, "Yes, remove it") == f"c:{hall.chat.id}:{number}:remove!"
    await hall.presses(hall.sam, question, "Yes, remove it")
    assert await state(hall, number) is CaseState.OPEN
    await hall.presses(hall.mo, question, "Yes, remove it")
    assert await state(hall, number) is CaseState.UPHELD
    assert question.deleted_at is not None


@pytest.mark.asyncio
async def test_what_is_done_to_an_author_is_chosen_below_the_card(hall: Hall) -> None:
    number = await hall.case(Origin.REMOVED)
    shown = await card(hall, number, "sanction")
    await hall.presses(hall.ada, shown, "sanction")
    offered = hall.latest(hall.mods)
    assert "time out 1 hour" in [label.lower() for label in labels(offered)] or labels(offered)
    key = next(d for label in labels(offered) if ":timeout:60" in (d := data(offered, label)))
    await hall.forges(hall.ada, offered, key)
    case = await hall.world.store.ledger.case(hall.tenant, number)
    assert case is not None
    assert [e.body["until"] for e in case.effects if e.kind == "timeout"]


@pytest.mark.asyncio
async def test_details_are_for_the_author_alone_within_an_alert(hall: Hall) -> None:
    number = await hall.case(Origin.REMOVED, author=str(hall.sam.id))
    shown = await card(hall, number, "details")
    told = await hall.presses(hall.sam, shown, "details")
    assert told["show_alert"]
    assert 0 < len(told["text"]) <= 200
    other = hall.t.member(hall.chat, "nosy")
    await hall.heard()
    refused = await hall.presses(other, shown, "details")
    assert refused["text"] != told["text"]


@pytest.mark.asyncio
async def test_an_old_card_that_telegram_no_longer_shows_to_us_works(hall: Hall) -> None:
    number = await hall.case()
    shown = await card(hall, number, "fine")
    hall.t.delete(shown)
    await hall.presses(hall.mo, shown, "fine")
    assert await state(hall, number) is CaseState.OVERTURNED


@pytest.mark.asyncio
async def test_cases_of_direct_messages_are_decided_in_the_hosts_chat_alone(hall: Hall) -> None:
    number = await hall.world.open(Origin.REVIEW, tenant=DIRECT)
    shown = await card(hall, number, "fine", tenant=DIRECT)

    async def decided() -> CaseState:
        found = await hall.world.store.ledger.case(DIRECT, number)
        assert found is not None
        return found.state

    answer = await hall.presses(hall.ada, shown, "fine")
    assert "another chat" in answer["text"]
    assert await decided() is CaseState.OPEN
    await hall.world.policy(DIRECT, mod_channel=str(hall.mods.id))
    await hall.presses(hall.mo, shown, "fine")
    assert await decided() is CaseState.OPEN, "no admin of the host's chat"
    await hall.presses(hall.ada, shown, "fine")
    assert await decided() is CaseState.OVERTURNED


@pytest.mark.asyncio
async def test_a_press_that_fails_is_answered_all_the_same(hall: Hall) -> None:
    number = await hall.case()
    shown = await card(hall, number, "fine")
    hall.t.fail("getChatMember", status=502)
    answer = await hall.presses(hall.mo, shown, "fine")
    assert "went wrong" in answer["text"]
    assert await state(hall, number) is CaseState.OPEN


@pytest.mark.asyncio
async def test_a_press_that_takes_long_is_answered_before_it_is_too_old(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await hall.case()
    shown = await card(hall, number, "fine")
    await hall.starts(hall.mo)
    press = hall.world.desk.press

    async def slowly(tenant: Tenant, case: int, verb: str, presser: Presser, *, confirmed: bool = False) -> object:
        await hall.world.clock.advance(6)
        return await press(tenant, case, verb, presser, confirmed=confirmed)

    monkeypatch.setattr(hall.world.desk, "press", slowly)
    answer = await hall.presses(hall.mo, shown, "fine")
    assert answer["text"] == "I am at it."
    assert await state(hall, number) is CaseState.OVERTURNED
    assert str(number) in hall.latest(hall.private(hall.mo)).content["text"]


@pytest.mark.asyncio
async def test_two_who_press_at_once_decide_once(hall: Hall) -> None:
    number = await hall.case()
    shown = await card(hall, number, "fine", "remove")
    people: list[User] = [hall.mo, hall.ada]
    queries = [hall.t.press(shown, who, "fine") for who in people]
    await hall.heard()
    texts = [q.answer["text"] for q in queries if q.answer]
    assert len(texts) == len(set(texts)) == 2
    assert str(hall.mo.id) in texts[1]
