"""Long polling on raw updates: on disk before they are acknowledged, through every trouble of the line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter

from bot.platforms.telegram.config import ALLOWED_UPDATES
from bot.platforms.telegram.polling import CONFLICT, LONGEST_PAUSE, Connection, Pauses, Poller, Pushed
from bot.platforms.telegram.request import AiohttpRequest
from bot.sandbox.faults import Break
from bot.sandbox.telegram.inbox import Webhook
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.platforms.telegram.conftest import config_of
from tests.clock import FakeClock


@dataclass
class Disk:
    """Where batches go. `fails`: how many of the next it does not take."""

    batches: list[list[Any]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    fails: int = 0

    async def take(self, batch: Sequence[Any]) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("disk full")
        if self.gate is not None:
            await self.gate.wait()
        self.batches.append(list(batch))

    @property
    def texts(self) -> list[str]:
        updates = [u for batch in self.batches for u in batch if isinstance(u, dict)]
        return [text for u in updates if (text := u.get("message", {}).get("text"))]


@dataclass
class Polling:
    disk: Disk
    connection: Connection
    turns: list[bool]
    clock: FakeClock


@asynccontextmanager
async def polling(t: LoopbackTelegram, disk: Disk | None = None) -> AsyncIterator[Polling]:
    config, clock, disk = config_of(t), FakeClock(auto=True), disk or Disk()
    turns: list[bool] = []
    request = AiohttpRequest()
    bot = Bot(config.token, base_url=config.base_url, request=AiohttpRequest(), get_updates_request=request)
    connection = Connection(clock, turns.append, Pauses(lambda: 1.0))
    async with bot:
        poller = Poller(bot, request, config, disk.take, connection, clock)
        task = asyncio.create_task(poller.run())
        yield Polling(disk, connection, turns, clock)
        task.cancel()
        await asyncio.wait([task])


def _town(t: LoopbackTelegram) -> Any:
    town = t.supergroup()
    t.add_bot(town, "can_delete_messages")
    return town, t.member(town, "ann")


@pytest.mark.asyncio
async def test_a_backlog_comes_in_order_and_whole(t: LoopbackTelegram) -> None:
    town, ann = _town(t)
    for n in range(250):
        t.say(town, ann, str(n))
    async with polling(t) as p:
        await t.until(lambda: len(p.disk.texts) == 250)
        assert p.disk.texts == [str(n) for n in range(250)]
        t.say(town, ann, "late")
        await t.until(lambda: p.disk.texts[-1] == "late")
        assert p.turns == [True]
    asked = t.calls_to("getUpdates")
    assert all(set(ALLOWED_UPDATES) == set(_names(call.params["allowed_updates"])) for call in asked)


def _names(given: Any) -> list[str]:
    return list(json.loads(given)) if isinstance(given, str) else list(given)


@pytest.mark.asyncio
async def test_nothing_is_acknowledged_before_it_is_on_disk(t: LoopbackTelegram) -> None:
    town, ann = _town(t)
    t.say(town, ann, "precious")
    disk = Disk(gate=asyncio.Event())
    async with polling(t, disk):
        await t.until(lambda: len(t.calls_to("getUpdates")) == 1)
        await asyncio.sleep(0.02)
        assert len(t.calls_to("getUpdates")) == 1  # the next one would acknowledge
    waiting = t.world.inboxes[t.bot.id].pending
    assert waiting[-1]["message"]["text"] == "precious"  # killed now, it comes again


@pytest.mark.asyncio
async def test_a_webhook_of_earlier_is_taken_away(t: LoopbackTelegram) -> None:
    t.world.inboxes[t.bot.id].webhook = Webhook("https://elsewhere.example/hook")
    town, ann = _town(t)
    async with polling(t) as p:
        t.say(town, ann, "hello")
        await t.until(lambda: "hello" in p.disk.texts)
    assert t.calls_to("deleteWebhook")[0].params == {"drop_pending_updates": "false"}


@pytest.mark.asyncio
async def test_another_poller_is_said_and_waited_out(t: LoopbackTelegram) -> None:
    town, ann = _town(t)
    async with polling(t) as p, ClientSession() as session:
        await t.until(lambda: p.connection.is_well)
        await t.until(lambda: len(t.calls_to("getUpdates")) >= 2 and t.calls_to("getUpdates")[-1].done == 0)
        async with session.get(f"{config_of(t).method('getUpdates')}?limit=1"):
            pass
        await t.until(lambda: p.connection.restarts == 1)
        assert p.connection.last_error == CONFLICT
        assert min(p.clock.slept) >= 5.0
        t.say(town, ann, "on we go")
        await t.until(lambda: "on we go" in p.disk.texts)
        assert p.turns == [True, False, True]


@pytest.mark.asyncio
async def test_a_lost_line_is_found_again_and_loses_nothing(t: LoopbackTelegram) -> None:
    town, ann = _town(t)
    t.fail("getUpdates", reset=Break.AFTER, times=2)
    t.fail("getUpdates", status=502, nth=3, times=1)
    t.rate_limit("getUpdates", retry_after=9, nth=4, times=1)
    for n in range(3):
        t.say(town, ann, str(n))
    async with polling(t) as p:
        await t.until(lambda: p.disk.texts == ["0", "1", "2"])
        assert max(p.clock.slept) >= 9.0


@pytest.mark.asyncio
async def test_what_the_disk_does_not_take_is_asked_for_again(t: LoopbackTelegram) -> None:
    town, ann = _town(t)
    t.say(town, ann, "hello")
    async with polling(t, Disk(fails=3)) as p:
        await t.until(lambda: "hello" in p.disk.texts)
        assert p.connection.is_well


@pytest.mark.asyncio
async def test_what_has_no_number_stops_nothing(t: LoopbackTelegram) -> None:
    town, ann = _town(t)
    t.fail("getUpdates", status=200, body={"ok": True, "result": ["rubbish", {"message": {}}]})
    t.fail("getUpdates", status=200, nth=2, body={"ok": True, "result": {"odd": 1}})
    t.say(town, ann, "hello")
    async with polling(t) as p:
        await t.until(lambda: "hello" in p.disk.texts)


@pytest.mark.asyncio
async def test_a_webhook_is_set_with_its_secret_and_watched(t: LoopbackTelegram) -> None:
    config = config_of(t, webhook_url="https://bot.example/telegram", webhook_secret="s3cret")
    clock, turns = FakeClock(), list[bool]()
    bot = Bot(config.token, base_url=config.base_url, request=AiohttpRequest())
    t.fail("setWebhook", status=502, times=1)
    async with bot:
        task = asyncio.create_task(Pushed(bot, config, Connection(clock, turns.append), clock).run())
        await t.until(lambda: len(clock.slept) == 1)
        await clock.advance(60)
        await t.until(lambda: turns == [True])
        hook = t.world.inboxes[t.bot.id].webhook
        assert hook
        assert (hook.url, hook.secret) == (config.webhook_url, "s3cret")
        t.world.inboxes[t.bot.id].webhook = None  # somebody else takes it away
        await t.until(lambda: len(clock.slept) == 2)
        await clock.advance(60)
        await t.until(lambda: turns == [True, False])
        await clock.advance(60)
        await t.until(lambda: turns == [True, False, True])
        task.cancel()
        await asyncio.wait([task])


@given(st.lists(st.sampled_from([NetworkError("x"), Conflict("y"), InvalidToken(), RetryAfter(100)]), max_size=30))
def test_pauses_grow_and_never_beyond_a_minute_of_our_own(errors: list[Exception]) -> None:
    pauses = Pauses(lambda: 1.0)
    waited = [(pauses.after(e), e) for e in errors]
    assert all(w <= LONGEST_PAUSE or isinstance(e, RetryAfter) for w, e in waited)
    assert all(w >= 100 for w, e in waited if isinstance(e, RetryAfter))
    plain = [w for w, e in waited if isinstance(e, NetworkError) and not isinstance(e, RetryAfter)]
    assert plain == sorted(plain)
    pauses.over()
    assert pauses.after(NetworkError("x")) == 1.0
