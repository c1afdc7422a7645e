"""aiogram, unmodified and with its own session, finds a Telegram here: an independent judge of the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.filters import Command
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BufferedInputFile,
    CallbackQuery,
    ChatPermissions,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)

from bot.sandbox.telegram.entities import Chat, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.sandbox.pictures import PNG, picture
from tests.botapi import specification

JPEG = picture("JPEG", (640, 480))


@pytest_asyncio.fixture
async def t() -> AsyncIterator[LoopbackTelegram]:
    """On the real clock: aiogram waits on it."""
    async with LoopbackTelegram(specification=specification()) as telegram:
        yield telegram
    assert telegram.violations == []


@pytest_asyncio.fixture
async def bot(t: LoopbackTelegram) -> AsyncIterator[Bot]:
    client = Bot(t.token, session=AiohttpSession(api=TelegramAPIServer.from_base(t.root)))
    yield client
    await client.session.close()


@pytest.fixture
def town(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup()
    t.add_bot(chat, "can_delete_messages", "can_restrict_members", "can_change_info", "can_invite_users")
    return chat


@pytest.fixture
def ann(t: LoopbackTelegram, town: Chat) -> User:
    return t.member(town, "ann")


class Polling:
    """A dispatcher that polls until the end of the block."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher) -> None:
        self._bot, self._dispatcher = bot, dispatcher

    async def __aenter__(self) -> None:
        self._running = asyncio.create_task(
            self._dispatcher.start_polling(
                self._bot, polling_timeout=2, handle_signals=False, close_bot_session=False, allowed_updates=_KINDS
            )
        )

    async def __aexit__(self, *_: object) -> None:
        await self._dispatcher.stop_polling()
        await self._running


_KINDS = ["message", "edited_message", "channel_post", "callback_query", "my_chat_member", "chat_member"]


@pytest.mark.asyncio
async def test_a_moderator_bot_written_in_aiogram_works(t: LoopbackTelegram, bot: Bot, town: Chat, ann: User) -> None:
    dispatcher = Dispatcher()
    seen: list[Message] = []

    @dispatcher.message(Command("help"))
    async def help_(message: Message) -> None:
        await message.reply("<b>Help</b>", parse_mode="HTML")

    @dispatcher.message(F.photo)
    async def photo(message: Message) -> None:
        assert message.photo
        buffer = await bot.download(message.photo[-1])
        assert buffer is not None
        await message.delete()
        card = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Right", callback_data="r:1")]])
        again = BufferedInputFile(buffer.read(), "x.jpg")
        await bot.send_photo(message.chat.id, again, caption="removed", has_spoiler=True, reply_markup=card)

    @dispatcher.callback_query(F.data == "r:1")
    async def press(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        who = await bot.get_chat_member(query.message.chat.id, query.from_user.id)
        await query.answer(f"you are {who.status}")
        await query.message.edit_caption(caption="closed")

    @dispatcher.message()
    async def other(message: Message) -> None:
        seen.append(message)

    async with Polling(bot, dispatcher):
        asked = t.say(town, ann, "/help")
        answer = await t.posted(town, having="Help")
        assert (answer.reply_to, answer.content["entities"][0]["type"]) == (asked, "bold")
        message = t.photo(town, ann, JPEG, "look")
        await t.deleted(message)
        card = await t.posted(town, having="removed")
        assert card.content["has_media_spoiler"] is True
        assert await t.answered(t.press(card, ann, "Right")) == {
            "text": "you are member",
            "show_alert": False,
            "url": None,
        }
        await t.posted(town, having="closed")
        t.album(town, ann, [t.world.media.document(PNG, f"{n}.png", "image/png") for n in range(3)], "three")
        await t.until(lambda: sum(m.document is not None for m in seen) == 3)
    documents = [m for m in seen if m.document]
    assert len({m.media_group_id for m in documents}) == 1


@pytest.mark.asyncio
async def test_what_a_moderator_bot_asks_and_does(t: LoopbackTelegram, bot: Bot, town: Chat, ann: User) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.can_read_all_group_messages) == (t.bot.id, "beholder_bot", False)
    assert (await bot.get_chat(town.id)).title == "Town"
    assert await bot.get_chat_member_count(town.id) == 3
    admins = await bot.get_chat_administrators(town.id)
    assert sorted(str(admin.status) for admin in admins) == ["administrator", "creator"]
    await bot.restrict_chat_member(
        town.id, ann.id, ChatPermissions(can_send_messages=True), use_independent_chat_permissions=True
    )
    muted = await bot.get_chat_member(town.id, ann.id)
    assert (muted.status, getattr(muted, "can_send_photos", None)) == ("restricted", False)
    await bot.ban_chat_member(town.id, ann.id)
    await bot.unban_chat_member(town.id, ann.id, only_if_banned=True)
    assert (await bot.get_chat_member(town.id, ann.id)).status == "left"
    t.change_photo(ann, JPEG)
    photos = await bot.get_user_profile_photos(ann.id)
    downloaded = await bot.download(photos.photos[0][-1])
    assert downloaded is not None
    assert downloaded.read() == JPEG
    rules = t.say(town, t.owner(town), "rules")
    with pytest.raises(TelegramBadRequest, match="not enough rights to manage pinned messages"):
        await bot.pin_chat_message(town.id, rules.id)
    t.add_bot(town, "can_pin_messages")
    await bot.pin_chat_message(town.id, rules.id)
    pinned = (await bot.get_chat(town.id)).pinned_message
    assert isinstance(pinned, Message)
    assert pinned.text == "rules"


@pytest.mark.asyncio
async def test_commands_are_kept_per_scope_and_language(t: LoopbackTelegram, bot: Bot) -> None:
    admins = BotCommandScopeAllChatAdministrators()
    await bot.set_my_commands([BotCommand(command="settings", description="Settings")], scope=admins)
    german = [BotCommand(command="settings", description="Einstellungen")]
    await bot.set_my_commands(german, scope=admins, language_code="de")

    async def said(language: str | None = None) -> list[str]:
        return [c.description for c in await bot.get_my_commands(scope=admins, language_code=language)]

    assert (await said(), await said("de"), await bot.get_my_commands()) == (["Settings"], ["Einstellungen"], [])
    await bot.delete_my_commands(scope=admins)
    assert (await said(), await said("de")) == ([], ["Einstellungen"])
    with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
        await bot.set_my_commands([BotCommand(command="Not-one", description="x")])


@pytest.mark.asyncio
async def test_albums_and_media_are_sent_and_changed(t: LoopbackTelegram, bot: Bot, town: Chat) -> None:
    files = [BufferedInputFile(JPEG, "a.jpg"), BufferedInputFile(PNG, "b.png")]
    sent = await bot.send_media_group(town.id, [InputMediaPhoto(media=f, has_spoiler=True) for f in files])
    assert len({m.media_group_id for m in sent}) == 1
    document = await bot.send_document(town.id, BufferedInputFile(b"log", "log.txt"), caption="the log")
    assert document.document
    assert document.document.file_name == "log.txt"
    other = InputMediaPhoto(media=BufferedInputFile(PNG, "c.png"), caption="another")
    changed = await bot.edit_message_media(other, chat_id=town.id, message_id=sent[0].message_id)
    assert isinstance(changed, Message)
    assert changed.caption == "another"
    assert await bot.delete_messages(town.id, [m.message_id for m in sent])
    assert t.posts(town) == t.posts(town, having="the log")


@pytest.mark.asyncio
async def test_aiogram_knows_every_refusal(t: LoopbackTelegram, bot: Bot, town: Chat, ann: User) -> None:
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(town.id, 999)
    with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
        await bot.send_message(ann.id, "x")
    t.rate_limit("sendMessage", retry_after=9)
    with pytest.raises(TelegramRetryAfter) as limited:
        await bot.send_message(town.id, "x")
    assert limited.value.retry_after == 9
    group = t.group()
    t.add_bot(group)
    new = t.migrate(group)
    with pytest.raises(TelegramMigrateToChat) as moved:
        await bot.send_message(group.id, "x")
    assert moved.value.migrate_to_chat_id == new.id
    t.fail("getMe", status=500, body={"ok": False, "error_code": 500, "description": "Internal Server Error"})
    with pytest.raises(TelegramServerError):
        await bot.get_me()
    await bot.set_webhook("https://example.org/hook")
    with pytest.raises(TelegramConflictError):
        await bot.get_updates()
    stranger = Bot("123:wrong", session=bot.session)
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()


@pytest.mark.asyncio
async def test_every_kind_of_update_is_read(t: LoopbackTelegram, bot: Bot, town: Chat, ann: User) -> None:
    await bot.get_updates(allowed_updates=[*_KINDS, "edited_channel_post", "chat_join_request"])
    media: Any = t.world.media
    for content in (
        media.photo(PNG, spoiler=True),
        media.sticker(PNG, "video", thumbnail=PNG),
        media.animation(b"x", thumbnail=PNG),
        media.video(b"x", cover=PNG),
        media.video_note(b"x", thumbnail=PNG),
        media.live_photo(b"x", PNG),
        media.paid(PNG),
        media.story(town),
        media.poll("?", ["a", "b"], {0: PNG}),
        media.rich("x", PNG, PNG),
    ):
        t.post(town, ann, content)
    news = t.channel(discussion=town)
    t.add_bot(news, "can_post_messages")
    t.edit(t.photo(news, None, PNG), caption="edited")
    t.say(town, ann, "as the group", as_chat=town)
    t.ask_to_join(town, t.user("ben"))
    t.change_chat_photo(town, t.owner(town), PNG)
    t.leave(town, ann)
    count, offset = 0, 0
    while found := await bot.get_updates(offset=offset, limit=7):
        count, offset = count + len(found), found[-1].update_id + 1
    assert count == len(t.updates)
