"""PTB's transport: forms, uploads, timeouts and broken connections, without an address in any error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
import pytest_asyncio
from telegram import Bot, InputMediaPhoto
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TimedOut

from bot.platforms.telegram.request import AiohttpRequest
from bot.sandbox.faults import Break
from bot.sandbox.telegram.entities import Chat
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.platforms.telegram.conftest import config_of
from tests.bot.sandbox.pictures import picture

JPEG = picture("JPEG", (640, 480))


@pytest_asyncio.fixture
async def bot(t: LoopbackTelegram) -> AsyncIterator[Bot]:
    config = config_of(t)
    made = Bot(
        config.token,
        base_url=config.base_url,
        base_file_url=config.file_url,
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(),
    )
    async with made:
        yield made


@pytest.fixture
def town(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup()
    t.add_bot(chat, "can_delete_messages")
    return chat


@pytest.mark.asyncio
async def test_words_and_files_arrive_whole(t: LoopbackTelegram, bot: Bot, town: Chat) -> None:
    said = await bot.send_message(town.id, "Grüße & <b>a=b</b>", parse_mode="HTML", disable_notification=True)
    assert said.text == "Grüße & a=b"
    sent = await bot.send_photo(town.id, JPEG, caption="a+b", has_spoiler=True, protect_content=True)
    assert sent.caption == "a+b"
    (upload,) = t.calls_to("sendPhoto")[-1].files.values()
    assert upload.content == JPEG
    album = await bot.send_media_group(town.id, [InputMediaPhoto(JPEG), InputMediaPhoto(BytesIO(JPEG))])
    assert len(album) == 2


@pytest.mark.asyncio
async def test_what_telegram_refuses_is_what_ptb_makes_of_it(t: LoopbackTelegram, bot: Bot, town: Chat) -> None:
    with pytest.raises(BadRequest, match="not found"):
        await bot.delete_message(town.id, 4711)
    t.rate_limit("sendMessage", retry_after=7)
    with pytest.raises(RetryAfter):
        await bot.send_message(town.id, "hello")
    stranger = Bot("1:" + "x" * 35, base_url=f"{t.root}/bot", request=AiohttpRequest())
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


@pytest.mark.asyncio
async def test_a_broken_line_is_told_without_the_token(t: LoopbackTelegram, bot: Bot, town: Chat) -> None:
    t.fail("sendMessage", reset=Break.BEFORE)
    with pytest.raises(NetworkError) as broken:
        await bot.send_message(town.id, "hello")
    t.fail("sendMessage", delay=30)
    with pytest.raises(TimedOut) as late:
        await bot.send_message(town.id, "hello", read_timeout=0.05)
    t.well_again()
    gone = Bot(t.token, base_url="http://127.0.0.1:1/bot", request=AiohttpRequest())
    with pytest.raises(NetworkError) as away:
        await gone.initialize()
    await gone.shutdown()
    for error in (broken, late, away):
        assert t.token not in repr(error.value)
        assert error.value.__cause__ is None


@pytest.mark.asyncio
async def test_it_opens_again_and_says_when_it_is_closed(t: LoopbackTelegram) -> None:
    request = AiohttpRequest()
    url = config_of(t).method("getMe")
    assert (await request.do_request(url, "GET"))[0] == 200
    for _ in range(2):
        await request.shutdown()
        await request.shutdown()
        with pytest.raises(NetworkError, match="closed"):
            await request.do_request(url, "GET")
        await request.initialize()
        await request.initialize()
        assert (await request.do_request(url, "GET"))[0] == 200
    await request.shutdown()


@pytest.mark.asyncio
async def test_a_redirect_is_not_followed_with_the_token_in_it(t: LoopbackTelegram, bot: Bot) -> None:
    t.fail("getMe", status=302, body={"ok": False, "error_code": 302, "description": "elsewhere"})
    with pytest.raises(NetworkError):
        await bot.get_me()
    await asyncio.sleep(0)
    assert len(t.calls_to("getMe")) == 2


def test_an_answer_without_end_is_not_waited_for_by_default() -> None:
    assert AiohttpRequest(read_timeout=3).read_timeout == 3
