"""Members: rights, bans, restrictions and when they end, join requests, the chat's own photo."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.telegram.entities import PERMISSIONS, Chat, Status, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.sandbox.telegram.people import NotAllowed
from tests.bot.sandbox.pictures import PNG, picture
from tests.bot.sandbox.telegram.raw import Raw
from tests.clock import FakeClock

DAY = 86_400
NO_PICTURES = {p: p not in ("can_send_photos", "can_send_other_messages") for p in PERMISSIONS}


@pytest.fixture
def town(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup()
    t.add_bot(chat, "can_restrict_members", "can_invite_users", "can_change_info")
    return chat


@pytest.fixture
def ann(t: LoopbackTelegram, town: Chat) -> User:
    return t.member(town, "ann")


async def status(raw: Raw, chat: Chat, user: User) -> dict[str, Any]:
    found: dict[str, Any] = await raw.ok("getChatMember", chat_id=chat.id, user_id=user.id)
    return found


@pytest.mark.asyncio
async def test_a_ban_ends_by_itself(t: LoopbackTelegram, raw: Raw, town: Chat, ann: User, clock: FakeClock) -> None:
    until = int(clock.now().timestamp()) + DAY
    await raw.ok("banChatMember", chat_id=town.id, user_id=ann.id, until_date=until)
    assert await status(raw, town, ann) == {
        "status": "kicked",
        "user": {"id": ann.id, "is_bot": False, "first_name": "ann"},
        "until_date": until,
    }
    with pytest.raises(NotAllowed):
        t.say(town, ann, "x")
    with pytest.raises(NotAllowed):
        t.join(town, ann)
    await clock.advance(DAY)
    assert (await status(raw, town, ann))["status"] == "left"
    t.join(town, ann)
    t.say(town, ann, "back")


@pytest.mark.asyncio
@pytest.mark.parametrize("seconds", [0, 20, 367 * DAY])
async def test_too_short_or_too_long_is_for_ever(
    raw: Raw, town: Chat, ann: User, clock: FakeClock, seconds: int
) -> None:
    until = int(clock.now().timestamp()) + seconds
    await raw.ok("banChatMember", chat_id=town.id, user_id=ann.id, until_date=until)
    await clock.advance(400 * DAY)
    assert await status(raw, town, ann) | {"user": None} == {"status": "kicked", "user": None, "until_date": 0}


@pytest.mark.asyncio
@pytest.mark.parametrize("seconds", [30, 366 * DAY])
async def test_the_shortest_and_the_longest_ban_end(
    raw: Raw, town: Chat, ann: User, clock: FakeClock, seconds: int
) -> None:
    until = int(clock.now().timestamp()) + seconds
    await raw.ok("banChatMember", chat_id=town.id, user_id=ann.id, until_date=until)
    assert (await status(raw, town, ann))["until_date"] == until
    await clock.advance(seconds)
    assert (await status(raw, town, ann))["status"] == "left"


@pytest.mark.asyncio
async def test_an_unban_lets_in_again_and_puts_members_out(
    t: LoopbackTelegram, raw: Raw, town: Chat, ann: User
) -> None:
    await raw.ok("unbanChatMember", chat_id=town.id, user_id=ann.id, only_if_banned=True)
    assert (await status(raw, town, ann))["status"] == "member"
    await raw.ok("unbanChatMember", chat_id=town.id, user_id=ann.id)
    assert (await status(raw, town, ann))["status"] == "left"
    await raw.ok("banChatMember", chat_id=town.id, user_id=ann.id)
    await raw.ok("unbanChatMember", chat_id=town.id, user_id=ann.id, only_if_banned=True)
    t.join(town, ann)


@pytest.mark.asyncio
async def test_a_mute_for_pictures_alone(
    t: LoopbackTelegram, raw: Raw, town: Chat, ann: User, clock: FakeClock
) -> None:
    until = int(clock.now().timestamp()) + 3600
    await raw.ok(
        "restrictChatMember",
        chat_id=town.id,
        user_id=ann.id,
        permissions=NO_PICTURES,
        use_independent_chat_permissions=True,
        until_date=until,
    )
    found = await status(raw, town, ann)
    assert (found["status"], found["is_member"], found["until_date"]) == ("restricted", True, until)
    assert found["can_send_messages"] is True
    assert found["can_send_photos"] is False
    t.say(town, ann, "words are fine")
    with pytest.raises(NotAllowed, match="can_send_photos"):
        t.photo(town, ann, PNG)
    with pytest.raises(NotAllowed, match="can_send_other_messages"):
        t.post(town, ann, t.world.media.sticker(PNG))
    t.leave(town, ann)
    assert (await status(raw, town, ann))["is_member"] is False
    t.join(town, ann)
    with pytest.raises(NotAllowed):
        t.photo(town, ann, PNG)
    await clock.advance(3600)
    t.photo(town, ann, PNG)
    assert (await status(raw, town, ann))["status"] == "member"


@pytest.mark.asyncio
async def test_one_permission_implies_others_unless_they_are_independent(raw: Raw, town: Chat, ann: User) -> None:
    only = {"can_send_other_messages": True}
    await raw.ok("restrictChatMember", chat_id=town.id, user_id=ann.id, permissions=only)
    found = await status(raw, town, ann)
    assert found["can_send_photos"] is found["can_send_messages"] is True
    assert found["can_send_polls"] is False
    await raw.ok("restrictChatMember", chat_id=town.id, user_id=ann.id, permissions=dict.fromkeys(PERMISSIONS, True))
    assert (await status(raw, town, ann))["status"] == "member"


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["banChatMember", "unbanChatMember", "restrictChatMember"])
async def test_admins_owners_and_itself_are_out_of_reach(
    t: LoopbackTelegram, raw: Raw, town: Chat, method: str
) -> None:
    mod = t.member(town, "mod")
    t.promote(town, mod, "can_delete_messages")
    more: dict[str, Any] = {"permissions": {}} if method == "restrictChatMember" else {}
    for user, words in (
        (mod, "user is an administrator of the chat"),
        (t.owner(town), "can't remove chat owner"),
        (t.bot.user, "can't restrict self"),
    ):
        assert await raw.refused(method, chat_id=town.id, user_id=user.id, **more) == f"Bad Request: {words}"
    assert "invalid user_id" in await raw.refused(method, chat_id=town.id, user_id=4, **more)


@pytest.mark.asyncio
async def test_without_the_right_nothing_is_done(t: LoopbackTelegram, raw: Raw, town: Chat, ann: User) -> None:
    lacking = "Bad Request: not enough rights to restrict/unrestrict chat member"
    square, news = t.supergroup("Square"), t.channel()
    for rights in ((), ("can_delete_messages",)):
        t.add_bot(square, *rights)
        t.join(square, ann)
        assert await raw.refused("banChatMember", chat_id=square.id, user_id=ann.id) == lacking
    t.add_bot(news, "can_post_messages")
    assert await raw.refused("banChatMember", chat_id=news.id, user_id=ann.id) == lacking
    group = t.group()
    t.add_bot(group, "can_restrict_members")
    only = await raw.refused("restrictChatMember", chat_id=group.id, user_id=ann.id, permissions={})
    assert only == "Bad Request: method is available only for supergroups"
    assert "CHAT_ADMIN_REQUIRED" in await raw.refused("declineChatJoinRequest", chat_id=square.id, user_id=ann.id)
    assert "change chat photo" in await raw.refused("deleteChatPhoto", chat_id=square.id)


@pytest.mark.asyncio
async def test_who_the_admins_are(t: LoopbackTelegram, raw: Raw, town: Chat, ann: User) -> None:
    t.promote(town, ann, "can_delete_messages", anonymous=True)
    other = t.world.add_bot("Other")
    t.add_bot(town, "can_delete_messages", bot=other)
    admins = await raw.ok("getChatAdministrators", chat_id=town.id)
    assert {a["user"]["id"] for a in admins} == {t.owner(town).id, ann.id, t.bot.id}
    hers = next(a for a in admins if a["user"]["id"] == ann.id)
    assert (hers["is_anonymous"], hers["can_delete_messages"], hers["can_restrict_members"]) == (True, True, False)
    assert await raw.ok("getChatMemberCount", chat_id=town.id) == 4
    stranger = t.user("stranger")
    assert (await status(raw, town, stranger))["status"] == "left"


@pytest.mark.asyncio
async def test_a_channel_may_be_shut_out(t: LoopbackTelegram, raw: Raw, town: Chat, ann: User) -> None:
    shop = t.channel("Shop", owner=ann)
    t.say(town, ann, "buy", as_chat=shop)
    await raw.ok("banChatSenderChat", chat_id=town.id, sender_chat_id=shop.id)
    with pytest.raises(NotAllowed):
        t.say(town, ann, "buy", as_chat=shop)
    await raw.ok("unbanChatSenderChat", chat_id=town.id, sender_chat_id=shop.id)
    t.say(town, ann, "buy", as_chat=shop)
    news = t.channel("News", discussion=town)
    assert "can't ban the linked chat" in await raw.refused(
        "banChatSenderChat", chat_id=town.id, sender_chat_id=news.id
    )


@pytest.mark.asyncio
async def test_the_door(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    ben, cay = t.user("ben"), t.user("cay")
    for user in (ben, cay):
        t.ask_to_join(town, user)
    asked = [u["chat_join_request"]["from"]["id"] for u in await raw.updates() if "chat_join_request" in u]
    assert asked == [ben.id, cay.id]
    await raw.ok("approveChatJoinRequest", chat_id=town.id, user_id=ben.id)
    await raw.ok("declineChatJoinRequest", chat_id=town.id, user_id=cay.id)
    assert (t.world.member(town, ben).status, t.world.member(town, cay).status) == (Status.MEMBER, Status.LEFT)
    assert "HIDE_REQUESTER_MISSING" in await raw.refused("declineChatJoinRequest", chat_id=town.id, user_id=cay.id)


@pytest.mark.asyncio
async def test_photos_of_people_and_of_the_chat(t: LoopbackTelegram, raw: Raw, town: Chat, ann: User) -> None:
    t.change_photo(ann, picture("JPEG", (640, 640)))
    t.change_photo(ann, picture("JPEG", (640, 640), "red"))
    found = await raw.ok("getUserProfilePhotos", user_id=ann.id, limit=1)
    assert found["total_count"] == 2
    assert len(found["photos"]) == 1
    assert [s["width"] for s in found["photos"][0]] == [90, 320, 640]
    ann.hides_photos = True
    assert await raw.ok("getUserProfilePhotos", user_id=ann.id) == {"total_count": 0, "photos": []}

    t.change_chat_photo(town, t.owner(town), picture("JPEG", (640, 640)))
    told = (await raw.updates())[-1]["message"]["new_chat_photo"]
    assert (await raw.ok("getChat", chat_id=town.id))["photo"]["big_file_unique_id"] == told[-1]["file_unique_id"]
    await raw.ok("deleteChatPhoto", chat_id=town.id)
    assert "photo" not in await raw.ok("getChat", chat_id=town.id)
    assert "CHAT_NOT_MODIFIED" in await raw.refused("deleteChatPhoto", chat_id=town.id)


@pytest.mark.asyncio
async def test_a_bot_that_is_out_is_told_why(t: LoopbackTelegram, raw: Raw, town: Chat, ann: User) -> None:
    await raw.ok("leaveChat", chat_id=town.id)
    refused = await raw.refused("sendMessage", chat_id=town.id, text="x")
    assert refused == "Forbidden: bot is not a member of the supergroup chat"
    t.remove(town, t.bot.user)
    assert await raw.refused("getChat", chat_id=town.id) == "Forbidden: bot was kicked from the supergroup chat"
    last = (await raw.updates())[-1]["my_chat_member"]
    assert (last["old_chat_member"]["status"], last["new_chat_member"]["status"]) == ("left", "kicked")

    assert "can't initiate conversation" in await raw.refused("sendMessage", chat_id=ann.id, text="x")
    t.start(ann)
    await raw.ok("sendMessage", chat_id=ann.id, text="x")
    t.block(ann)
    assert await raw.refused("sendMessage", chat_id=ann.id, text="x") == "Forbidden: bot was blocked by the user"
