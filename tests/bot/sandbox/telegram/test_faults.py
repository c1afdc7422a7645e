"""Trouble on demand, and what the server says to those who are not allowed or do not know it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.sandbox.faults import Break
from bot.sandbox.telegram.entities import Chat
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.sandbox.telegram.raw import Raw
from tests.clock import FakeClock


@pytest.fixture
def town(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup()
    t.add_bot(chat, "can_delete_messages")
    return chat


@pytest.mark.asyncio
async def test_every_form_of_a_call(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    async with raw.session.get(raw.url("getMe")) as answer:
        assert (await answer.json())["result"]["username"] == "beholder_bot"
    query = {"chat_id": str(town.id), "text": "in the address"}
    async with raw.session.get(raw.url("SENDMESSAGE"), params=query) as answer:
        assert (await answer.json())["result"]["text"] == "in the address"
    async with raw.session.post(raw.url("sendMessage"), data={"chat_id": town.id, "text": "a form"}) as answer:
        assert (await answer.json())["result"]["text"] == "a form"
    sent = await raw.upload("sendMessage", {}, chat_id=str(town.id), text="multipart")
    assert sent["text"] == "multipart"
    assert len(t.calls_to("sendMessage")) == 3


@pytest.mark.asyncio
async def test_a_wrong_token_and_an_unknown_method(t: LoopbackTelegram, raw: Raw) -> None:
    async with raw.session.post(f"{t.root}/bot123:wrong/getMe") as answer:
        assert answer.status == 401
        assert await answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert await raw.call("getNothing") == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found: method not found"},
    )
    async with raw.session.get(f"{t.root}/elsewhere") as answer:
        assert answer.status == 404


@pytest.mark.asyncio
async def test_what_cannot_be_read_or_is_too_much(
    t: LoopbackTelegram, raw: Raw, town: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body in (b"{", b"[1]"):
        headers = {"Content-Type": "application/json"}
        async with raw.session.post(raw.url("getMe"), data=body, headers=headers) as answer:
            assert (answer.status, (await answer.json())["ok"]) == (400, False)
    monkeypatch.setattr("bot.sandbox.telegram.server.BODY_LIMIT", 1000)
    form = aiohttp.FormData({"chat_id": str(town.id)})
    form.add_field("photo", b"x" * 1001, filename="x.jpg")
    async with raw.session.post(raw.url("sendPhoto"), data=form) as answer:
        assert (answer.status, (await answer.json())["description"]) == (413, "Request Entity Too Large")
    assert [call.status for call in t.calls] == [400, 400, 413]


@pytest.mark.asyncio
async def test_a_proxys_error_is_a_page(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    t.fail("sendMessage", status=502, times=2)
    for _ in range(2):
        async with raw.session.post(raw.url("sendMessage"), json={"chat_id": town.id, "text": "x"}) as answer:
            assert answer.status == 502
            assert answer.content_type == "text/html"
            assert "502 Bad Gateway" in await answer.text()
    await raw.ok("sendMessage", chat_id=town.id, text="x")
    assert [call.effect for call in t.calls] == [False, False, True]


@pytest.mark.asyncio
async def test_a_limit_on_demand_for_any_method(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    t.rate_limit("deleteMessage", retry_after=7, nth=2)
    ann = t.member(town, "ann")
    one, two = t.say(town, ann, "1"), t.say(town, ann, "2")
    await raw.ok("deleteMessage", chat_id=town.id, message_id=one.id)
    status, body = await raw.call("deleteMessage", chat_id=town.id, message_id=two.id)
    assert (status, body["parameters"]) == (429, {"retry_after": 7})
    assert two.deleted_at is None
    t.fail(status=403, times=None)
    assert "refused on demand" in await raw.refused("getMe")
    t.well_again()
    await raw.ok("getMe")


@pytest.mark.asyncio
@pytest.mark.parametrize(("when", "sent"), [(Break.BEFORE, 0), (Break.AFTER, 1)])
async def test_a_lost_call_and_a_lost_answer(t: LoopbackTelegram, raw: Raw, town: Chat, when: Break, sent: int) -> None:
    t.fail("sendMessage", reset=when)
    with pytest.raises(aiohttp.ClientConnectionError):
        await raw.call("sendMessage", chat_id=town.id, text="x")
    assert len(t.posts(town)) == sent
    assert (t.calls[-1].status, t.calls[-1].effect) == (0, bool(sent))


@pytest.mark.asyncio
async def test_a_late_answer_and_a_broken_download(t: LoopbackTelegram, raw: Raw, town: Chat, clock: FakeClock) -> None:
    t.fail("getMe", delay=90)
    late = asyncio.create_task(raw.ok("getMe"))
    await t.until(lambda: clock.slept == [90])
    assert not late.done()
    await clock.advance(90)
    assert (await late)["id"] == t.bot.id
    t.fail("file", status=500)
    async with raw.session.get(f"{t.root}/file/bot{t.token}/photos/x.jpg") as answer:
        assert answer.status == 500


@pytest.mark.asyncio
async def test_poison_stands_between_good_updates(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    ann = t.member(town, "ann")
    t.poison()
    t.say(town, ann, "good")
    *_, poison, good = await raw.updates()
    assert poison["message"] == {"message_id": 1}
    assert good["message"]["text"] == "good"


@pytest.mark.asyncio
async def test_waiting_says_what_did_not_come(t: LoopbackTelegram, raw: Raw, town: Chat) -> None:
    await raw.ok("getMe")
    with pytest.raises(TimeoutError, match="getMe"):
        await t.posted(town, timeout=0.02)


@pytest.mark.asyncio
async def test_a_waiting_poller_does_not_keep_it_from_ending() -> None:
    async with aiohttp.ClientSession() as session:
        async with LoopbackTelegram() as t:
            poll = asyncio.create_task(Raw(t, session).updates(timeout=50))
            await t.until(lambda: t.calls)
        assert await poll == []
