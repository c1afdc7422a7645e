"""python-telegram-bot, unmodified and re-pointed by its own settings, works against the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, Update
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.sandbox.faults import Break
from bot.sandbox.telegram.entities import Chat, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.sandbox.pictures import PNG, picture
from tests.botapi import specification

JPEG = picture("JPEG", (640, 480))
Any_Application = Application[Any, Any, Any, Any, Any, Any]


@pytest_asyncio.fixture
async def t() -> AsyncIterator[LoopbackTelegram]:
    async with LoopbackTelegram(specification=specification()) as telegram:
        yield telegram
    assert telegram.violations == []


@pytest_asyncio.fixture
async def app(t: LoopbackTelegram) -> AsyncIterator[Any_Application]:
    builder = ApplicationBuilder().token(t.token).base_url(f"{t.root}/bot").base_file_url(f"{t.root}/file/bot")
    application: Any_Application = builder.build()
    await application.initialize()
    yield application
    await application.shutdown()


@pytest.fixture
def bot(app: Any_Application) -> Bot:
    made: Bot = app.bot
    return made


@pytest.fixture
def town(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup()
    t.add_bot(chat, "can_delete_messages", "can_restrict_members")
    return chat


@pytest.fixture
def ann(t: LoopbackTelegram, town: Chat) -> User:
    return t.member(town, "ann")


@pytest.mark.asyncio
async def test_an_application_moderates(t: LoopbackTelegram, app: Any_Application, town: Chat, ann: User) -> None:
    async def help_(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message
        await update.message.reply_html("<i>Help</i>")

    async def photo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        assert message
        content = await (await message.photo[-1].get_file()).download_as_bytearray()
        await message.delete()
        card = InlineKeyboardMarkup([[InlineKeyboardButton("Ban", callback_data=f"ban:{ann.id}")]])
        await context.bot.send_photo(
            message.chat_id,
            bytes(content),
            caption="removed",
            reply_markup=card,
            has_spoiler=True,
            protect_content=True,
        )

    async def press(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        assert query
        assert query.data
        who = await context.bot.get_chat_member(town.id, query.from_user.id)
        if who.status != "creator":
            await query.answer("You may not.", show_alert=True)
            return
        await context.bot.ban_chat_member(town.id, int(query.data.partition(":")[2]))
        await query.answer()
        await query.edit_message_caption("banned")

    app.add_handler(CommandHandler("help", help_))
    app.add_handler(MessageHandler(filters.PHOTO, photo))
    app.add_handler(CallbackQueryHandler(press))
    assert app.updater
    await app.updater.start_polling(timeout=1, allowed_updates=Update.ALL_TYPES)
    await app.start()
    t.say(town, ann, "/help")
    await t.posted(town, having="Help")
    await t.deleted(t.photo(town, ann, JPEG))
    card = await t.posted(town, having="removed")
    assert (card.protected, card.content["has_media_spoiler"]) == (True, True)
    refused = await t.answered(t.press(card, ann, "Ban"))
    assert (refused["text"], refused["show_alert"]) == ("You may not.", True)
    await t.answered(t.press(card, t.owner(town), "Ban"))
    await t.posted(town, having="banned")
    assert t.world.member(town, ann).status == "kicked"
    await app.updater.stop()
    await app.stop()


@pytest.mark.asyncio
async def test_ptb_knows_every_refusal(
    t: LoopbackTelegram, bot: Bot, town: Chat, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # else its own use of retry_after warns
    for text, call in (
        ("Message to delete not found", bot.delete_message(town.id, 999)),
        ("User is an administrator of the chat", bot.ban_chat_member(town.id, _mod(t, town).id)),
        ("Query is too old", bot.answer_callback_query("1")),
        ("Chat not found", bot.send_message(4, "x")),
        ("Invalid file_id", bot.get_file("x")),
    ):
        with pytest.raises(BadRequest, match=text):
            await call
    with pytest.raises(Forbidden):
        await bot.send_message(ann.id, "x")
    t.rate_limit("sendMessage", retry_after=9)
    with pytest.raises(RetryAfter) as limited:
        await bot.send_message(town.id, "x")
    assert limited.value.retry_after == timedelta(seconds=9)
    group = t.group()
    t.add_bot(group)
    new = t.migrate(group)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.id, "x")
    assert moved.value.new_chat_id == new.id
    await bot.set_webhook("https://example.org/hook", secret_token="x", allowed_updates=["message"])
    info = await bot.get_webhook_info()
    assert (info.url, info.allowed_updates) == ("https://example.org/hook", ("message",))
    with pytest.raises(Conflict):
        await bot.get_updates()


def _mod(t: LoopbackTelegram, town: Chat) -> User:
    mod = t.member(town, "mod")
    t.promote(town, mod, "can_delete_messages")
    return mod


@pytest.mark.asyncio
async def test_ptb_meets_trouble(t: LoopbackTelegram, bot: Bot, town: Chat) -> None:
    t.fail("getMe", status=502)
    with pytest.raises(NetworkError):
        await bot.get_me()
    t.fail("sendMessage", reset=Break.AFTER)
    with pytest.raises(NetworkError):
        await bot.send_message(town.id, "it was sent")
    assert len(t.posts(town, having="it was sent")) == 1
    stranger = Bot("123:wrong", base_url=f"{t.root}/bot", base_file_url=f"{t.root}/file/bot")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


@pytest.mark.asyncio
async def test_a_restriction_an_album_and_profile_photos(t: LoopbackTelegram, bot: Bot, town: Chat, ann: User) -> None:
    sent = await bot.send_media_group(
        town.id, [InputMediaPhoto(JPEG, has_spoiler=True), InputMediaPhoto(PNG)], caption="x"
    )
    assert await bot.delete_messages(town.id, [m.message_id for m in sent])
    t.change_photo(ann, JPEG)
    photos = await bot.get_user_profile_photos(ann.id)
    file = await bot.get_file(photos.photos[0][-1])
    assert bytes(await file.download_as_bytearray()) == JPEG
    assert await bot.ban_chat_sender_chat(town.id, t.channel("Shop").id)
    assert [a.status for a in await bot.get_chat_administrators(town.id)] == ["creator", "administrator"]


@pytest.mark.asyncio
async def test_poison_reaches_ptb_and_good_updates_are_behind_it(
    t: LoopbackTelegram, bot: Bot, town: Chat, ann: User
) -> None:
    t.say(town, ann, "good")
    offset = (await bot.get_updates())[-1].update_id + 1
    poison = t.poison()
    t.say(town, ann, "behind")
    with pytest.raises(KeyError, match="date"):
        await bot.get_updates(offset=offset)
    (found,) = await bot.get_updates(offset=poison["update_id"] + 1)
    assert found.message
    assert found.message.text == "behind"
