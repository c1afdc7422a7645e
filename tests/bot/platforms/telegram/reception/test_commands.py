from __future__ import annotations

import pytest

from bot.sandbox.pictures import jpeg, landscape
from policies.model import Category
from tests.bot.platforms.telegram.reception.conftest import Hall, data, labels


@pytest.mark.asyncio
async def test_start_offers_links_that_ask_for_the_rights_in_one_tap(hall: Hall) -> None:
    said = await hall.starts(hall.sam)
    assert "Hello, I am Beholder" in said.content["text"]
    link = data(said, "Add me to a group")
    assert link == "https://t.me/beholder_bot?startgroup=added&admin=delete_messages+restrict_members"
    assert "startchannel=added" in data(said, "Add me to a channel")


@pytest.mark.asyncio
async def test_settings_in_private_ask_which_chat_and_then_show_the_menu(hall: Hall) -> None:
    await hall.starts(hall.ada)
    asked = await hall.writes(hall.ada, "/settings")
    assert "Which chat?" in asked.content["text"]
    [call] = [c for c in hall.t.calls_to("sendMessage") if "request_chat" in str(c.params)]
    assert "can_delete_messages" in str(call.params)
    menu = await hall.shares(hall.ada, hall.chat, 1)
    assert "Set up" in labels(menu)
    assert hall.reception.clock is not None
    again = await hall.writes(hall.ada, "/settings")
    assert labels(again) == labels(menu), "the chat is remembered"


@pytest.mark.asyncio
async def test_in_a_group_the_answer_comes_in_private_and_the_group_hears_only_where(hall: Hall) -> None:
    await hall.starts(hall.ada)
    await hall.says(hall.ada, "/doctor")
    assert "✓ Delete messages" in hall.latest(hall.private(hall.ada)).content["text"]
    assert "Bot-to-Bot" in hall.latest(hall.private(hall.ada)).content["text"]
    brief = hall.latest(hall.chat)
    assert brief.content["text"] == "I have answered you in private."
    assert await hall.world.store.journal.take(10) == [], "not before a minute is over"
    await hall.world.clock.advance(61)
    [job] = await hall.world.store.journal.take(10)
    assert (job.payload["channel"], job.payload["message"]) == (str(hall.chat.id), str(brief.id))


@pytest.mark.asyncio
async def test_who_never_wrote_to_the_bot_is_led_into_private_by_one_tap(hall: Hall) -> None:
    await hall.says(hall.ada, "/doctor")
    led = hall.latest(hall.chat)
    assert "✓" not in led.content["text"], "nothing is told where everybody reads it"
    payload = data(led, "Open").partition("?start=")[2]
    assert payload == f"doctor_{hall.chat.id}"
    said = await hall.starts(hall.ada, payload)
    assert "✓ Delete messages" in said.content["text"]


@pytest.mark.asyncio
async def test_members_without_a_right_cannot_make_the_bot_talk_in_the_group(hall: Hall) -> None:
    before = len(hall.t.posts(hall.chat))
    await hall.says(hall.sam, "/settings")
    await hall.says(hall.sam, "/case list")
    assert len(hall.t.posts(hall.chat)) == before


@pytest.mark.asyncio
async def test_behind_a_forged_deep_link_there_is_nothing_for_a_stranger(hall: Hall) -> None:
    number = await hall.case()
    said = await hall.starts(hall.sam, f"case_{hall.chat.id}_{number}")
    assert "moderators" in said.content["text"].lower()
    assert labels(said) == []


@pytest.mark.asyncio
async def test_an_admin_unnamed_is_led_into_private_where_they_have_a_name(hall: Hall) -> None:
    await hall.says(hall.ada, "/pause", as_chat=hall.chat)
    policy, _ = await hall.world.store.settings.policy(hall.tenant)
    assert policy.mode == "observe", "nobody vouches for them"
    payload = data(hall.latest(hall.chat), "Open").partition("?start=")[2]
    await hall.starts(hall.ada, payload)
    policy, _ = await hall.world.store.settings.policy(hall.tenant)
    assert policy.mode == "paused"


@pytest.mark.asyncio
async def test_pause_and_resume(hall: Hall) -> None:
    await hall.starts(hall.ada)
    for text, mode in (("/pause", "paused"), ("/pause resume", "observe")):
        await hall.says(hall.ada, text)
        policy, _ = await hall.world.store.settings.policy(hall.tenant)
        assert policy.mode == mode


@pytest.mark.asyncio
async def test_a_case_is_shown_with_its_buttons_in_private(hall: Hall) -> None:
    number = await hall.case()
    await hall.starts(hall.mo)
    await hall.says(hall.mo, f"/case {number}")
    shown = hall.latest(hall.private(hall.mo))
    assert f"Case {number}" in shown.content["text"]
    assert labels(shown)[:2] == ["Remove", "It's fine"]
    assert data(shown, "It's fine") == f"c:{hall.chat.id}:{number}:fine"
    await hall.says(hall.mo, "/case list open")
    assert f"#{number}" in hall.latest(hall.private(hall.mo)).content["text"]
    await hall.says(hall.mo, "/case what is this")
    assert "/case list" in hall.latest(hall.private(hall.mo)).content["text"]


@pytest.mark.asyncio
async def test_policy_as_text(hall: Hall) -> None:
    await hall.starts(hall.ada)
    await hall.says(hall.ada, "/policy threshold violence 0.6 never")
    policy, _ = await hall.world.store.settings.policy(hall.tenant)
    assert policy.thresholds[Category.VIOLENCE].review == 0.6
    await hall.says(hall.ada, "/policy preset strict")
    shown = hall.latest(hall.private(hall.ada))
    await hall.presses(hall.ada, shown, "Switch to strict")
    policy, _ = await hall.world.store.settings.policy(hall.tenant)
    assert policy.preset == "strict"
    await hall.says(hall.mo, "/policy mode enforce")
    policy, _ = await hall.world.store.settings.policy(hall.tenant)
    assert policy.mode == "observe", "a moderator may not"


@pytest.mark.asyncio
async def test_check_judges_the_picture_that_is_replied_to_and_does_nothing_about_it(hall: Hall) -> None:
    await hall.starts(hall.mo)
    post = hall.t.photo(hall.chat, hall.sam, jpeg(landscape()))
    await hall.says(hall.mo, "/check", reply_to=post)
    told = hall.latest(hall.private(hall.mo)).content["text"]
    assert "0." in told, told
    assert post.deleted_at is None
    await hall.says(hall.mo, "/check")
    assert "Reply to a picture" in hall.latest(hall.private(hall.mo)).content["text"]


@pytest.mark.asyncio
async def test_an_edited_command_is_no_second_one(hall: Hall) -> None:
    await hall.starts(hall.ada)
    message = await hall.says(hall.ada, "/pause")
    await hall.says(hall.ada, "/pause resume")
    hall.t.edit(message, {**message.content, "text": "/pause  "})
    await hall.heard()
    policy, _ = await hall.world.store.settings.policy(hall.tenant)
    assert policy.mode == "observe"
