"""What a bot is told: privacy, channels and their discussions, anonymity, topics, migration, edits."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.telegram.entities import ANONYMOUS, FAKE_CHANNEL, SERVICE, Chat, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.sandbox.telegram.people import NotAllowed
from tests.bot.sandbox.pictures import PNG, picture
from tests.bot.sandbox.telegram.raw import Raw


@pytest.fixture
def town(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup()
    t.add_bot(chat, "can_delete_messages")
    return chat


@pytest.fixture
def ann(t: LoopbackTelegram, town: Chat) -> User:
    return t.member(town, "ann")


def told(t: LoopbackTelegram, *kinds: str) -> list[Any]:
    """What the bot was told, of these kinds and by the sender's hand."""
    return [u[k] for u in t.updates for k in kinds or ("message",) if k in u and "new_chat_members" not in u[k]]


@pytest.mark.asyncio
async def test_in_privacy_mode_a_plain_member_sees_what_is_meant_for_it(t: LoopbackTelegram, raw: Raw) -> None:
    square = t.supergroup("Square")
    t.add_bot(square)
    ann = t.member(square, "ann")
    t.say(square, ann, "hello")
    t.photo(square, ann, PNG)
    t.say(square, ann, "/help@other_bot")
    t.say(square, ann, "no / command, a/b neither, https://a.example/path nor")
    assert told(t) == []
    mine = await raw.ok("sendMessage", chat_id=square.id, text="ask me")
    t.say(square, ann, "/help")
    t.say(square, ann, "please /help@beholder_bot now")
    t.photo(square, ann, PNG, "/scan")
    t.say(square, ann, "what?", reply_to=square.messages[mine["message_id"]])
    assert [m.get("text", m.get("caption")) for m in told(t)] == [
        "/help",
        "please /help@beholder_bot now",
        "/scan",
        "what?",
    ]
    t.add_bot(square, "can_delete_messages")
    t.say(square, ann, "now you hear me")
    assert told(t)[-1]["text"] == "now you hear me"


@pytest.mark.asyncio
async def test_without_privacy_mode_a_plain_member_sees_all() -> None:
    async with LoopbackTelegram(privacy=False) as t:
        square = t.supergroup()
        t.add_bot(square)
        t.say(square, t.member(square, "ann"), "hello")
        assert [m["text"] for m in told(t)] == ["hello"]


@pytest.mark.asyncio
async def test_other_bots_are_heard_in_bot_to_bot_mode_only(t: LoopbackTelegram, town: Chat) -> None:
    other = t.world.add_bot("Other")
    t.add_bot(town, bot=other)
    t.say(town, other.user, "spam")
    assert told(t) == []
    t.bot.hears_bots = True
    t.say(town, other.user, "more spam")
    assert [m["text"] for m in told(t)] == ["more spam"]


@pytest.mark.asyncio
async def test_file_ids_are_a_bots_own_and_unique_ids_are_everybodys(
    t: LoopbackTelegram, raw: Raw, town: Chat, ann: User
) -> None:
    other = t.world.add_bot("Other")
    t.add_bot(town, "can_delete_messages", bot=other)
    t.photo(town, ann, PNG)
    mine = told(t)[-1]["photo"][-1]
    theirs = t.world.inboxes[other.id].told[-1]["message"]["photo"][-1]
    assert mine["file_unique_id"] == theirs["file_unique_id"]
    assert mine["file_id"] != theirs["file_id"]
    assert "invalid file_id" in await raw.refused("getFile", file_id=theirs["file_id"])
    assert (await raw.ok("getFile", file_id=mine["file_id"]))["file_unique_id"] == mine["file_unique_id"]
    forwarded = t.forward(town.messages[town.last_id], town, ann)
    assert told(t)[-1]["forward_origin"]["sender_user"]["id"] == ann.id
    assert told(t)[-1]["photo"] == told(t)[-2]["photo"]
    assert forwarded.content["photo"][0]["file_unique_id"] == told(t)[-1]["photo"][0]["file_unique_id"]


@pytest.mark.asyncio
async def test_a_channels_post_goes_to_its_discussion_where_people_comment(
    t: LoopbackTelegram, raw: Raw, town: Chat, ann: User
) -> None:
    news = t.channel(discussion=town, username="news")
    t.add_bot(news, "can_post_messages", "can_delete_messages")
    post = t.photo(news, None, PNG, "look")
    (shown,) = told(t, "channel_post")
    assert "from" not in shown
    assert shown["sender_chat"]["id"] == shown["chat"]["id"] == news.id
    copy = told(t)[-1]
    assert (copy["from"]["id"], copy["sender_chat"]["id"], copy["is_automatic_forward"]) == (SERVICE, news.id, True)
    assert copy["forward_origin"]["message_id"] == post.id
    assert copy["photo"] == shown["photo"]
    t.comment(post, ann, "first")
    comment = told(t)[-1]
    assert comment["message_thread_id"] == comment["reply_to_message"]["message_id"] == copy["message_id"]
    assert comment["reply_to_message"]["is_automatic_forward"] is True
    assert (await raw.ok("getChat", chat_id="@news"))["linked_chat_id"] == town.id
    t.edit(post, t.world.media.photo(picture(colour="red")))
    assert [list(u)[1] for u in t.updates[-2:]] == ["edited_channel_post", "edited_message"]
    sent = await raw.ok("sendMessage", chat_id=news.id, text="mine")
    assert sent["sender_chat"]["id"] == news.id
    assert "from" not in sent


@pytest.mark.asyncio
async def test_who_writes_as_the_group_or_as_a_channel(t: LoopbackTelegram, town: Chat, ann: User) -> None:
    t.promote(town, ann, "can_delete_messages", anonymous=True)
    t.say(town, ann, "/settings", as_chat=town)
    assert (told(t)[-1]["from"]["id"], told(t)[-1]["sender_chat"]["id"]) == (ANONYMOUS, town.id)
    shop = t.channel("Shop", owner=ann)
    t.photo(town, ann, PNG, as_chat=shop)
    assert (told(t)[-1]["from"]["id"], told(t)[-1]["sender_chat"]["id"]) == (FAKE_CHANNEL, shop.id)


@pytest.mark.asyncio
async def test_an_album_is_one_message_each(t: LoopbackTelegram, town: Chat, ann: User) -> None:
    media = t.world.media
    t.album(town, ann, [media.photo(PNG), media.video(b"mp4", cover=PNG), media.photo(PNG, spoiler=True)], "three")
    first, second, third = told(t)
    assert first["media_group_id"] == second["media_group_id"] == third["media_group_id"]
    assert (first["caption"], "caption" in second) == ("three", False)
    assert second["video"]["cover"][0]["file_id"]
    assert third["has_media_spoiler"] is True


@pytest.mark.asyncio
async def test_every_kind_of_picture(t: LoopbackTelegram, town: Chat, ann: User) -> None:
    media = t.world.media
    kinds: dict[str, Any] = {
        "photo": media.photo(PNG),
        "document": media.document(PNG, "cat.png", "image/png", thumbnail=PNG),
        "sticker": media.sticker(PNG),
        "animation": media.animation(b"mp4", thumbnail=PNG),
        "video": media.video(b"mp4", thumbnail=PNG, cover=PNG),
        "video_note": media.video_note(b"mp4", thumbnail=PNG),
        "live_photo": media.live_photo(b"mp4", PNG),
        "paid_media": media.paid(PNG),
        "story": media.story(town),
        "poll": media.poll("which?", ["this", "that"], {-1: PNG, 1: PNG}),
        "rich_message": media.rich("words", PNG, PNG),
    }
    for content in kinds.values():
        t.post(town, ann, content)
    for kind, message in zip(kinds, told(t), strict=True):
        assert kind in message
        assert str(message[kind]).count("'file_id'") == str(message[kind]).count("'file_unique_id'")
    assert "document" in told(t)[3]  # an animation is a document too
    assert "photo" in told(t)[6]  # a live photo is a photo too
    assert "file_id" not in str(told(t)[8])  # a story has no file
    for kind in ("animated", "video"):
        t.post(town, ann, media.sticker(b"x", "animated" if kind == "animated" else "video", thumbnail=PNG))
        assert told(t)[-1]["sticker"][f"is_{kind}"] is True
    t.post(town, ann, media.paid(None))
    assert told(t)[-1]["paid_media"]["paid_media"] == [{"type": "preview", "width": 640, "height": 480}]


@pytest.mark.asyncio
async def test_an_edit_may_swap_the_picture(t: LoopbackTelegram, town: Chat, ann: User) -> None:
    message = t.photo(town, ann, PNG, "nice")
    before = told(t)[-1]["photo"]
    t.edit(message, caption="nicer")
    assert told(t, "edited_message")[-1]["photo"] == before
    t.edit(message, t.world.media.photo(picture(colour="red")), "swapped")
    edited = told(t, "edited_message")[-1]
    assert edited["photo"][-1]["file_unique_id"] != before[-1]["file_unique_id"]
    assert (edited["caption"], edited["message_id"]) == ("swapped", message.id)


@pytest.mark.asyncio
async def test_a_group_becomes_a_supergroup(t: LoopbackTelegram, raw: Raw) -> None:
    group = t.group()
    t.add_bot(group, "can_delete_messages")
    ann = t.member(group, "ann")
    t.say(group, ann, "x")
    new = t.migrate(group)
    old_tells, new_tells = told(t)[-2:]
    assert (old_tells["chat"]["id"], old_tells["migrate_to_chat_id"]) == (group.id, new.id)
    assert (new_tells["chat"]["id"], new_tells["migrate_from_chat_id"]) == (new.id, group.id)
    status, body = await raw.call("sendMessage", chat_id=group.id, text="x")
    assert (status, body["description"], body["parameters"]) == (
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": new.id},
    )
    t.say(new, ann, "still here")
    assert (await raw.ok("sendMessage", chat_id=new.id, text="me too"))["chat"]["type"] == "supergroup"


@pytest.mark.asyncio
async def test_nobody_does_what_telegram_does_not_let_them(t: LoopbackTelegram, town: Chat, ann: User) -> None:
    stranger = t.user("stranger")
    with pytest.raises(NotAllowed, match="not there"):
        t.say(town, stranger, "x")
    message = t.say(town, ann, "x")
    with pytest.raises(NotAllowed, match="no button"):
        t.press(message, ann, "ok")
    with pytest.raises(NotAllowed, match="no bot"):
        t.press_forged(message, ann, "ok")
    with pytest.raises(LookupError):
        t.forwarded(message)
