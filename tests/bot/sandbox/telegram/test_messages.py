"""What a bot posts, edits and deletes: contents, limits, and the words of every refusal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData

from bot.sandbox.telegram.entities import Chat, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.sandbox.pictures import picture
from tests.bot.sandbox.telegram.raw import Raw
from tests.clock import FakeClock

JPEG = picture("JPEG", (1600, 900))


@pytest.fixture
def town(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup()
    t.add_bot(chat, "can_delete_messages")
    return chat


@pytest.fixture
def ann(t: LoopbackTelegram, town: Chat) -> User:
    return t.member(town, "ann")


def buttons(**data: str) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": text, "callback_data": value}] for text, value in data.items()]}


# --- sending ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_html_becomes_text_and_entities_in_utf_16(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    sent = await raw.ok(
        "sendMessage",
        chat_id=town.id,
        text='😀 <b>bold &amp; <i>both</i></b> <a href="https://a.example/">link</a> /help',
        parse_mode="HTML",
    )
    assert sent["text"] == "😀 bold & both link /help"
    assert [(e["type"], e["offset"], e["length"]) for e in sent["entities"]] == [
        ("bold", 3, 11),
        ("italic", 10, 4),
        ("text_link", 15, 4),
        ("bot_command", 20, 5),
    ]
    assert sent["from"]["id"] == t.bot.id
    assert "Unsupported start tag" in await raw.refused("sendMessage", chat_id=town.id, text="<x>", parse_mode="HTML")
    assert "Can't find end tag" in await raw.refused("sendMessage", chat_id=town.id, text="<b>", parse_mode="HTML")
    assert "Unexpected end tag" in await raw.refused("sendMessage", chat_id=town.id, text="</b>", parse_mode="HTML")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"text": "  "}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "x", "parse_mode": "Wiki"}, "unsupported parse_mode"),
        ({"text": "x", "reply_markup": buttons(ok="x" * 65)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": buttons(ok="ü" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}}, "Text buttons are unallowed"),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"text": "x", "message_thread_id": 999}, "message thread not found"),
        ({"text": "x", "chat_id": 4}, "chat not found"),
        ({"text": "x", "chat_id": "@nowhere"}, "chat not found"),
    ],
)
async def test_a_message_that_telegram_does_not_take(raw: Raw, town: Chat, params: dict[str, Any], words: str) -> None:
    assert words in await raw.refused("sendMessage", **{"chat_id": town.id, **params})


@pytest.mark.asyncio
async def test_the_longest_that_telegram_takes(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    await raw.ok("sendMessage", chat_id=town.id, text="x" * 4096, reply_markup=buttons(ok="ü" * 32))
    await raw.upload("sendPhoto", {"photo": JPEG}, chat_id=str(town.id), caption="x" * 1024)
    gone = {"message_id": 999, "allow_sending_without_reply": True}
    assert "reply_to_message" not in await raw.ok("sendMessage", chat_id=town.id, text="x", reply_parameters=gone)


@pytest.mark.asyncio
async def test_a_photo_in_its_sizes_and_once_more_by_its_id(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    sent = await raw.upload("sendPhoto", {"photo": JPEG}, chat_id=str(town.id), has_spoiler="true", caption="<b>x</b>")
    assert [(s["width"], s["height"]) for s in sent["photo"]] == [(90, 51), (320, 180), (800, 450), (1280, 720)]
    assert sent["has_media_spoiler"] is True
    again = await raw.ok("sendPhoto", chat_id=town.id, photo=sent["photo"][-1]["file_id"])
    assert again["photo"] == sent["photo"]
    assert "wrong file identifier" in await raw.refused("sendPhoto", chat_id=town.id, photo="https://a.example/x.jpg")
    as_document = await raw.refused("sendDocument", chat_id=town.id, document=sent["photo"][-1]["file_id"])
    assert "of another type" in as_document


@pytest.mark.asyncio
async def test_an_album(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    files = {"a": JPEG, "b": picture()}
    media = '[{"type":"photo","media":"attach://a","caption":"both"},{"type":"photo","media":"attach://b","has_spoiler":true}]'
    first, second = await raw.upload("sendMediaGroup", files, chat_id=str(town.id), media=media)
    assert first["media_group_id"] == second["media_group_id"]
    assert first["caption"] == "both"
    assert second["has_media_spoiler"] is True
    one = [{"type": "photo", "media": "attach://a"}]
    assert "wrong number of media" in await raw.refused("sendMediaGroup", chat_id=town.id, media=one)


@pytest.mark.asyncio
async def test_protected_silent_and_in_a_topic(t: LoopbackTelegram, raw: Raw) -> None:
    forum = t.supergroup("Forum", forum=True)
    t.add_bot(forum, "can_delete_messages")
    thread = t.topic(forum, t.owner(forum), "pictures")
    sent = await raw.ok(
        "sendMessage",
        chat_id=forum.id,
        text="x",
        message_thread_id=thread,
        protect_content=True,
        disable_notification=True,
    )
    assert (sent["message_thread_id"], sent["is_topic_message"], sent["has_protected_content"]) == (thread, True, True)
    assert sent["chat"]["is_forum"] is True
    created = (await raw.updates())[-1]["message"]
    assert created["message_thread_id"] == created["message_id"] == thread
    reply = {"message_id": sent["message_id"]}
    answer = await raw.ok("sendMessage", chat_id=forum.id, text="x", reply_parameters=reply)
    assert answer["message_thread_id"] == thread


@pytest.mark.asyncio
async def test_what_is_no_photo_or_too_much_of_one(raw: Raw, town: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def sent(content: bytes) -> str:
        form = FormData({"chat_id": str(town.id)})
        form.add_field("photo", content, filename="x.jpg")
        async with raw.session.post(raw.url("sendPhoto"), data=form) as answer:
            assert answer.status == 400
            return str((await answer.json())["description"])

    assert await sent(b"no picture") == "Bad Request: IMAGE_PROCESS_FAILED"
    assert await sent(b"") == "Bad Request: file must be non-empty"
    monkeypatch.setattr("bot.sandbox.telegram.composing.PHOTO_LIMIT", 100)
    assert "is too big for a photo" in await sent(JPEG)


# --- flood control ------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_group_takes_twenty_a_minute_and_deletions_do_not_count(
    t: LoopbackTelegram, raw: Raw, town: Chat, clock: FakeClock
) -> None:
    sent = [await raw.ok("sendMessage", chat_id=town.id, text=str(n)) for n in range(20)]
    await clock.advance(12.5)
    status, body = await raw.call("sendMessage", chat_id=town.id, text="one more")
    assert status == 429
    assert body["description"] == "Too Many Requests: retry after 48"
    assert body["parameters"] == {"retry_after": 48}
    for message in sent:
        await raw.ok("deleteMessage", chat_id=town.id, message_id=message["message_id"])
    await clock.advance(48)
    await raw.ok("sendMessage", chat_id=town.id, text="now")


@pytest.mark.asyncio
async def test_thirty_a_second_in_all(t: LoopbackTelegram, raw: Raw, clock: FakeClock) -> None:
    people = [t.user(str(n)) for n in range(3)]
    for user in people:
        t.start(user)
    for n in range(30):
        await raw.ok("sendMessage", chat_id=people[n % 3].id, text="x")
    assert await raw.refused("sendMessage", chat_id=people[0].id, text="x") == "Too Many Requests: retry after 1"
    await clock.advance(1)
    await raw.ok("sendMessage", chat_id=people[0].id, text="x")


# --- editing ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_edits(t: LoopbackTelegram, raw: Raw, town: Chat, ann: User) -> None:
    sent = await raw.ok("sendMessage", chat_id=town.id, text="x", reply_markup=buttons(ok="1"))
    at = {"chat_id": town.id, "message_id": sent["message_id"]}
    changed = await raw.ok("editMessageText", **at, text="y", reply_markup=buttons(ok="2"))
    assert (changed["text"], changed["reply_markup"]["inline_keyboard"][0][0]["callback_data"]) == ("y", "2")
    assert changed["edit_date"] >= sent["date"]
    same = await raw.refused("editMessageText", **at, text="y", reply_markup=buttons(ok="2"))
    assert same.startswith("Bad Request: message is not modified: specified new message content")
    bare = await raw.ok("editMessageReplyMarkup", **at)
    assert "reply_markup" not in bare
    assert "message is not modified" in await raw.refused("editMessageReplyMarkup", **at)
    assert "no caption in the message" in await raw.refused("editMessageCaption", **at, caption="z")
    assert "message to edit not found" in await raw.refused("editMessageText", chat_id=town.id, message_id=99, text="y")
    theirs = t.say(town, ann, "hers")
    assert "can't be edited" in await raw.refused("editMessageText", chat_id=town.id, message_id=theirs.id, text="y")


@pytest.mark.asyncio
async def test_another_picture_and_another_caption(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    sent = await raw.upload("sendPhoto", {"photo": JPEG}, chat_id=str(town.id), caption="old")
    at = {"chat_id": str(town.id), "message_id": str(sent["message_id"])}
    changed = await raw.upload(
        "editMessageMedia", {"new": picture()}, **at, media='{"type":"photo","media":"attach://new","caption":"new"}'
    )
    assert changed["photo"] != sent["photo"]
    assert changed["caption"] == "new"
    assert (await raw.ok("editMessageCaption", **at, caption="newer"))["caption"] == "newer"
    assert "caption is too long" in await raw.refused("editMessageCaption", **at, caption="x" * 1025)
    assert "no text in the message" in await raw.refused("editMessageText", **at, text="x")


# --- deleting -----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_deletion_is_recorded_with_who_and_when(t: LoopbackTelegram, raw: Raw, town: Chat, ann: User) -> None:
    message = t.say(town, ann, "x")
    assert await raw.ok("deleteMessage", chat_id=town.id, message_id=message.id) is True
    assert [(d.message, d.by) for d in t.world.deletions] == [(message, t.bot.user)]
    assert await t.deleted(message) > 0
    gone = await raw.refused("deleteMessage", chat_id=town.id, message_id=message.id)
    assert gone == "Bad Request: message to delete not found"


@pytest.mark.asyncio
async def test_what_a_bot_may_not_delete(
    t: LoopbackTelegram, raw: Raw, town: Chat, ann: User, clock: FakeClock
) -> None:
    square = t.supergroup("Square")
    t.add_bot(square)
    t.join(square, ann)
    theirs = t.say(square, ann, "x")
    refused = await raw.refused("deleteMessage", chat_id=square.id, message_id=theirs.id)
    assert refused == "Bad Request: message can't be deleted"
    own = await raw.ok("sendMessage", chat_id=square.id, text="mine")
    await raw.ok("deleteMessage", chat_id=square.id, message_id=own["message_id"])

    old, young = t.say(town, ann, "old"), None
    await clock.advance(timedelta(hours=48).total_seconds() + 1)
    young = t.say(town, ann, "young")
    refused = await raw.refused("deleteMessage", chat_id=town.id, message_id=old.id)
    assert refused == "Bad Request: message can't be deleted for everyone"
    assert "can't be deleted" in await raw.refused("deleteMessages", chat_id=town.id, message_ids=[young.id, old.id])
    assert young.deleted_at is None


@pytest.mark.asyncio
async def test_many_at_once_is_true_also_for_what_is_not_there(
    t: LoopbackTelegram, raw: Raw, town: Chat, ann: User
) -> None:
    messages = [t.say(town, ann, "x") for _ in range(3)]
    idents = [m.id for m in messages]
    assert await raw.ok("deleteMessages", chat_id=town.id, message_ids=[*idents, 7777]) is True
    assert all(m.deleted_at for m in messages)
    assert await raw.ok("deleteMessages", chat_id=town.id, message_ids=idents) is True
    assert len(t.world.deletions) == 3
    too_many = await raw.refused("deleteMessages", chat_id=town.id, message_ids=list(range(1, 102)))
    assert "too many message identifiers" in too_many


@pytest.mark.asyncio
async def test_in_private_a_bot_may_delete_what_it_was_sent(t: LoopbackTelegram, raw: Raw, ann: User) -> None:
    message = t.start(ann)
    await raw.ok("deleteMessage", chat_id=ann.id, message_id=message.id)
    assert message.deleted_at


# --- buttons ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_press_is_answered_once_and_soon(
    t: LoopbackTelegram, raw: Raw, town: Chat, ann: User, clock: FakeClock
) -> None:
    await raw.ok("sendMessage", chat_id=town.id, text="card", reply_markup=buttons(Right="r:1", Wrong="w:1"))
    card = await t.posted(town, having="card")
    query = t.press(card, ann, "Wrong")
    told = (await raw.updates())[-1]["callback_query"]
    assert (told["id"], told["data"], told["from"]["id"]) == (query.id, "w:1", ann.id)
    assert told["message"]["message_id"] == card.id
    assert "MESSAGE_TOO_LONG" in await raw.refused("answerCallbackQuery", callback_query_id=query.id, text="x" * 201)
    await raw.ok("answerCallbackQuery", callback_query_id=query.id, text="no right", show_alert=True)
    assert (await t.answered(query))["text"] == "no right"
    assert "query is too old" in await raw.refused("answerCallbackQuery", callback_query_id=query.id)

    late = t.press(card, ann, "r:1")
    await clock.advance(61)
    assert "query is too old" in await raw.refused("answerCallbackQuery", callback_query_id=late.id)
    t.delete(card)
    t.press_forged(card, ann, "made up")
    told = (await raw.updates())[-1]["callback_query"]
    assert told["message"] == {"chat": told["message"]["chat"], "message_id": card.id, "date": 0}
    assert told["data"] == "made up"
