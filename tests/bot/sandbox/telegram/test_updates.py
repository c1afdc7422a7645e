"""How updates reach a bot: polling, confirming, conflicts, what it asked for, the webhook."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from bot.sandbox.telegram.inbox import SECRET_HEADER
from bot.sandbox.telegram.loopback import HOST, LoopbackTelegram
from tests.bot.sandbox.telegram.raw import Raw
from tests.clock import FakeClock


def _town(t: LoopbackTelegram, *rights: str) -> Any:
    town = t.supergroup()
    t.add_bot(town, *(rights or ("can_delete_messages",)))
    return town


async def _drained(raw: Raw) -> int:
    """Confirm all; the next offset."""
    found = await raw.updates()
    offset = found[-1]["update_id"] + 1 if found else 0
    assert await raw.updates(offset=offset) == []
    return offset


@pytest.mark.asyncio
async def test_an_update_stays_until_an_offset_confirms_it(t: LoopbackTelegram, raw: Raw) -> None:
    town = _town(t)
    ann = t.member(town, "ann")
    await _drained(raw)
    for word in ("one", "two", "three"):
        t.say(town, ann, word)
    first = await raw.updates()
    assert first == await raw.updates()
    assert [u["message"]["text"] for u in first] == ["one", "two", "three"]
    assert [u["update_id"] for u in first] == list(range(first[0]["update_id"], first[0]["update_id"] + 3))
    rest = await raw.updates(offset=first[1]["update_id"])
    assert [u["message"]["text"] for u in rest] == ["two", "three"]
    assert await raw.updates() == rest


@pytest.mark.asyncio
async def test_limit_and_negative_offset(t: LoopbackTelegram, raw: Raw) -> None:
    town = _town(t)
    ann = t.member(town, "ann")
    await _drained(raw)
    for n in range(120):
        t.say(town, ann, str(n))
    assert len(await raw.updates()) == 100
    assert len(await raw.updates(limit=1000)) == 100
    assert [u["message"]["text"] for u in await raw.updates(limit=2)] == ["0", "1"]
    assert [u["message"]["text"] for u in await raw.updates(offset=-2)] == ["118", "119"]
    assert len(await raw.updates()) == 2


@pytest.mark.asyncio
async def test_a_long_poll_ends_with_news_or_when_its_time_is_up(
    t: LoopbackTelegram, raw: Raw, clock: FakeClock
) -> None:
    town = _town(t)
    ann = t.member(town, "ann")
    offset = await _drained(raw)
    poll = asyncio.create_task(raw.updates(offset=offset, timeout=30))
    await t.until(lambda: len(clock.slept) == 1)
    t.say(town, ann, "news")
    assert [u["message"]["text"] for u in await poll] == ["news"]

    offset += 1
    poll = asyncio.create_task(raw.updates(offset=offset, timeout=30))
    await t.until(lambda: len(clock.slept) == 2)
    await clock.advance(30)
    assert await poll == []


@pytest.mark.asyncio
async def test_a_second_poller_ends_the_first(t: LoopbackTelegram, raw: Raw, clock: FakeClock) -> None:
    first = asyncio.create_task(raw.call("getUpdates", timeout=30))
    await t.until(lambda: len(clock.slept) == 1)
    second = asyncio.create_task(raw.updates(timeout=30))
    status, body = await first
    assert status == 409
    assert body["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    await clock.advance(30)
    assert await second == []


@pytest.mark.asyncio
async def test_what_comes_is_what_was_asked_for_and_that_is_remembered(t: LoopbackTelegram, raw: Raw) -> None:
    town = _town(t)
    t.member(town, "ann")
    kinds = {key for u in await raw.updates() for key in u} - {"update_id"}
    assert kinds == {"my_chat_member", "message"}

    await raw.updates(offset=-1, allowed_updates=["chat_member"])
    await raw.updates()
    ben = t.member(town, "ben")
    t.leave(town, ben)
    found = (await raw.updates())[1:]
    assert [list(u)[1] for u in found] == ["chat_member", "chat_member"]
    assert found[0]["chat_member"]["new_chat_member"]["status"] == "member"
    assert found[1]["chat_member"]["new_chat_member"]["status"] == "left"

    await raw.updates(offset=found[-1]["update_id"] + 1, allowed_updates=[])
    t.member(town, "cay")
    assert [list(u)[1] for u in await raw.updates()] == ["message"]


@pytest.mark.asyncio
async def test_an_update_is_kept_for_a_day(t: LoopbackTelegram, raw: Raw, clock: FakeClock) -> None:
    town = _town(t)
    ann = t.member(town, "ann")
    await clock.advance(23 * 3600)
    t.say(town, ann, "later")
    assert len(await raw.updates()) == 4
    await clock.advance(2 * 3600)
    assert [u["message"]["text"] for u in await raw.updates()] == ["later"]


class Receiver:
    """A bot's webhook that answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[int, str | None]] = []
        self.url = ""

    def has(self, count: int) -> bool:
        return len(self.got) >= count

    async def handle(self, request: web.BaseRequest) -> web.Response:
        body = await _json(request)
        status = self.answers.pop(0) if self.answers else 200
        self.got.append((body["update_id"], request.headers.get(SECRET_HEADER)))
        return web.Response(status=status)

    async def __aenter__(self) -> Receiver:
        self._runner = web.ServerRunner(web.Server(self.handle))
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def _json(request: web.BaseRequest) -> Any:
    assert request.content_type == "application/json"
    return json.loads(await request.read())


@pytest.mark.asyncio
async def test_the_webhook_is_given_updates_in_order_with_the_secret(
    t: LoopbackTelegram, raw: Raw, clock: FakeClock
) -> None:
    town = _town(t)
    ann = t.member(town, "ann")
    offset = await _drained(raw)
    async with Receiver() as receiver:
        receiver.answers = [500, 403]
        t.say(town, ann, "0")
        await raw.ok("setWebhook", url=receiver.url, secret_token="s3cret", max_connections=4)
        await t.until(lambda: len(receiver.got) == 1)
        info = await raw.ok("getWebhookInfo")
        assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
        assert (info["pending_update_count"], info["max_connections"]) == (1, 4)
        t.say(town, ann, "1")
        for told in (2, 4):
            await t.until(lambda: clock.slept)
            await clock.advance(5)
            await t.until(partial(receiver.has, told))
        assert [u for u, _ in receiver.got] == [offset, offset, offset, offset + 1]
        assert {secret for _, secret in receiver.got} == {"s3cret"}
        await t.until(lambda: not t.world.inboxes[t.bot.id].pending)
        assert "can't use getUpdates method while webhook is active" in await raw.refused("getUpdates")

        await raw.ok("deleteWebhook")
        t.say(town, ann, "polled")
        assert [u["message"]["text"] for u in await raw.updates()] == ["polled"]
        assert len(receiver.got) == 4
        assert (await raw.ok("getWebhookInfo"))["url"] == ""


@pytest.mark.asyncio
async def test_a_webhook_that_is_not_there_is_tried_again(t: LoopbackTelegram, raw: Raw, clock: FakeClock) -> None:
    town = _town(t)
    async with Receiver() as receiver:
        gone = receiver.url
    await raw.ok("setWebhook", url=gone, allowed_updates=["message"])
    t.member(town, "ann")
    await t.until(lambda: t.world.inboxes[t.bot.id].last_error)
    info = await raw.ok("getWebhookInfo")
    assert info["last_error_message"].startswith("Connection failed")
    assert info["allowed_updates"] == ["message"]
    assert info["last_error_date"] == int(clock.now().timestamp())


@pytest.mark.asyncio
async def test_what_setting_a_webhook_refuses_and_drops(t: LoopbackTelegram, raw: Raw) -> None:
    _town(t)
    assert "HTTPS URL" in await raw.refused("setWebhook", url="http://example.org/")
    assert "illegal characters" in await raw.refused("setWebhook", url="https://example.org/", secret_token="a b")
    await raw.ok("deleteWebhook", drop_pending_updates=True)
    assert await raw.updates() == []
