"""The first hour on Telegram: from the menu to a chat that is protected."""

from __future__ import annotations

import pytest

from bot.model import ABLE, Tenant
from bot.platforms.telegram.keys import PageKey
from bot.platforms.telegram.menu import MODS_GROUP
from bot.platforms.telegram.pages import laid
from bot.sandbox.telegram.entities import Message
from bot.texts.catalogue import Texts
from bot.texts.firstdays import welcome
from policies.model import Mode, Policy
from tests.bot.desk.world import COVERAGE
from tests.bot.platforms.telegram.reception.conftest import Hall, data, labels


async def wizard(hall: Hall) -> Message:
    return await hall.starts(hall.ada, f"setup_{hall.chat.id}")


def text(message: Message) -> str:
    return str(message.content["text"])


def page(hall: Hall, name: str, control: str) -> str:
    return str(PageKey(hall.tenant, name, control))


@pytest.mark.asyncio
async def test_from_the_menu_to_protection(hall: Hall) -> None:
    shown = await hall.starts(hall.ada, f"cfg_{hall.chat.id}")
    await hall.presses(hall.ada, shown, "Set up")
    assert "(1 of 5)" in text(shown), "no pages about roles"
    await hall.forges(hall.ada, shown, f"p:{hall.chat.id}:sp.preset:=strict")
    assert "strict" in text(shown)
    assert any(label.startswith("🔘 strict") for label in labels(shown))
    await hall.presses(hall.ada, shown, "Next")
    assert "Make a private one" not in labels(shown)
    await hall.presses(hall.ada, shown, "Next")
    assert "Choose a channel first" in text(shown)
    await hall.presses(hall.ada, shown, "The moderators' channel")
    shown = await hall.shares(hall.ada, hall.mods, MODS_GROUP)
    await hall.presses(hall.ada, shown, "Next")
    await hall.presses(hall.ada, shown, "Next")
    assert "✓ Moderators' channel" in text(shown)
    assert "✓ Delete messages" in text(shown)
    await hall.presses(hall.ada, shown, "Next")
    assert labels(shown)[:2] == ["Protect now", "Watch first"]
    await hall.presses(hall.ada, shown, "Protect now")
    policy, _ = await hall.world.store.settings.policy(hall.tenant)
    assert (policy.mode, policy.preset, policy.mod_channel) == (Mode.ENFORCE, "strict", str(hall.mods.id))


@pytest.mark.asyncio
async def test_a_manager_who_is_one_no_more_sets_nothing(hall: Hall) -> None:
    shown = await wizard(hall)
    hall.t.promote(hall.chat, hall.ada)
    answer = await hall.presses(hall.ada, shown, "Next")
    assert answer["show_alert"]
    assert "(1 of 5)" in text(shown)


@pytest.mark.asyncio
async def test_a_stranger_gets_no_page(hall: Hall) -> None:
    said = await hall.starts(hall.sam, f"setup_{hall.chat.id}")
    assert labels(said) == []


@pytest.mark.asyncio
async def test_data_that_does_not_stand_under_the_page_does_nothing(hall: Hall) -> None:
    shown = await wizard(hall)
    before = text(shown)
    answer = await hall.forges(hall.ada, shown, page(hall, "setup_finish", "protect"))
    assert "too old" in answer["text"]
    assert text(shown) == before


@pytest.mark.asyncio
async def test_a_page_about_another_chat_cannot_be_pressed_in_a_group(hall: Hall) -> None:
    greeting = laid(welcome(Policy("standard"), 0, COVERAGE, Texts(), able=ABLE), Tenant("telegram", "-100777"))
    sent = await hall.reception.say(hall.chat.id, greeting)
    answer = await hall.presses(hall.ada, hall.chat.messages[sent.message_id], "Set up")
    assert "another chat" in answer["text"]


@pytest.mark.asyncio
async def test_the_greetings_button_leads_into_private_by_one_tap(hall: Hall) -> None:
    greeting = laid(welcome(Policy("standard"), 0, COVERAGE, Texts(), able=ABLE), hall.tenant)
    sent = await hall.reception.say(hall.chat.id, greeting)
    answer = await hall.presses(hall.ada, hall.chat.messages[sent.message_id], "Set up")
    payload = answer["url"].partition("?start=")[2]
    assert "(1 of 5)" in text(await hall.starts(hall.ada, payload))


@pytest.mark.asyncio
async def test_cards_are_not_sent_where_they_must_not_go(hall: Hall) -> None:
    shown = await wizard(hall)
    await hall.presses(hall.ada, shown, "Next")
    await hall.presses(hall.ada, shown, "The moderators' channel")
    assert "chat itself" in text(await hall.shares(hall.ada, hall.chat, MODS_GROUP))
    others = hall.t.supergroup("Others")
    assert "not in that chat" in text(await hall.shares(hall.ada, others, MODS_GROUP))
    hall.t.add_bot(others)
    await hall.heard()
    hall.t.join(others, hall.ada)
    assert "may not delete messages" in text(await hall.shares(hall.ada, others, MODS_GROUP))
    assert (await hall.world.store.settings.policy(hall.tenant))[0].mod_channel is None


@pytest.mark.asyncio
async def test_a_shared_chat_of_nobodys_question_is_asked_about_again(hall: Hall) -> None:
    await hall.starts(hall.ada)
    assert "Which chat?" in text(await hall.shares(hall.ada, hall.mods, MODS_GROUP))


@pytest.mark.asyncio
async def test_the_menu_leads_to_rules_cases_and_the_self_check_and_back(hall: Hall) -> None:
    number = await hall.case()
    shown = await hall.starts(hall.ada, f"cfg_{hall.chat.id}")
    for label, says in (("Rules", "standard"), ("Check my rights", "✓ Delete messages")):
        await hall.presses(hall.ada, shown, label)
        assert says in text(shown)
        await hall.presses(hall.ada, shown, "Back")
    await hall.presses(hall.ada, shown, "Cases")
    assert f"#{number}" in text(shown)


@pytest.mark.asyncio
async def test_the_menu_gives_a_stranger_nothing(hall: Hall) -> None:
    shown = await hall.starts(hall.sam, f"cfg_{hall.chat.id}")
    for label in ("Pause", "Rules", "Cases"):
        again = await hall.starts(hall.sam, f"cfg_{hall.chat.id}")
        await hall.presses(hall.sam, again, label)
        assert "standard" not in text(again)
    assert data(shown, "Pause")
    assert (await hall.world.store.settings.policy(hall.tenant))[0].mode is Mode.OBSERVE
