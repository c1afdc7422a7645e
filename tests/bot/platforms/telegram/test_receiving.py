"""From Telegram to the journal and through it: nothing lost, nothing twice, nothing in the way of anything else."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import MutableMapping
from contextlib import closing
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.config import TelegramMode
from bot.model import Job
from bot.platforms.telegram.extract import DIRECT
from bot.platforms.telegram.polling import WrongToken
from bot.ports.connected import Judge
from bot.sandbox.telegram.entities import Chat, User
from bot.sandbox.telegram.inbox import SECRET_HEADER
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.store.database import NAME
from tests.bot.platforms.telegram.conftest import House, house_of, tenant
from tests.bot.street.world import Street

Logs = list[MutableMapping[str, Any]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in hand at the end is let go."""
    monkeypatch.setattr("bot.app.GRACE_SECONDS", 0.2)


def rows(street: Street, query: str) -> list[Any]:
    with closing(sqlite3.connect(street.folder / NAME)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.asyncio
async def test_a_bad_picture_is_deleted_and_a_good_one_stays(house: House, town: Chat, ann: User) -> None:
    fine, bad = house.post(town, ann, "fine"), house.post(town, ann, "bad")
    await house.gone(bad)
    await house.settled()
    assert fine.deleted_at is None
    assert await house.app.health()
    (case,) = await house.street.store.ledger.cases(tenant(town))
    assert case.decision.removes


@pytest.mark.asyncio
async def test_words_do_not_come_near_the_disk(house: House, town: Chat, ann: User) -> None:
    house.t.say(town, ann, "zanzibar alone")
    house.post(town, ann, "fine", caption="zanzibar below a picture")
    bad = house.post(town, ann, "bad", caption="zanzibar below another")
    await house.gone(bad)
    await house.settled()
    payloads = [json.loads(p) if isinstance(p, str) else p for (p,) in rows(house.street, "SELECT payload FROM jobs")]
    assert len(payloads) >= 2
    with closing(sqlite3.connect(house.street.folder / NAME)) as connection:
        dump = "\n".join(connection.iterdump())
    assert "zanzibar" not in dump
    assert "alone" not in dump


@pytest.mark.asyncio
async def test_the_same_update_is_journalled_once(house: House, town: Chat, ann: User) -> None:
    bad = house.post(town, ann)
    await house.gone(bad)
    await house.settled()
    before = house.jobs()
    told = house.t.updates[-1]
    await house.telegram.take([told, told])
    assert house.jobs() == before
    assert len(house.t.calls_to("deleteMessage")) + len(house.t.calls_to("deleteMessages")) == 1


@pytest.mark.asyncio
async def test_poison_costs_nobody_but_itself(house: House, town: Chat, ann: User, logs: Logs) -> None:
    house.t.poison()
    house.t.inject({"callback_query": {"id": "1"}})
    house.t.inject({"message": "rubbish"})
    house.t.inject({"my_chat_member": {"chat": {"id": "x"}}})
    house.t.inject({"subscription": {"new": "kind"}})
    bad = house.post(town, ann)
    await house.gone(bad)
    await house.settled()
    assert house.jobs().count("dead") == house.telegram.status().skipped == 4
    assert {line["event"] for line in logs if line["log_level"] == "error"} == {"poison update"}
    house.t._update_faults.clear()  # the specification finds them odd as well


@pytest.mark.asyncio
async def test_a_backlog_is_drained_in_order(t: LoopbackTelegram, street: Street, town: Chat, ann: User) -> None:
    pictures = [t.world.media.document(f"fine|{n}|".encode(), "a.png", "image/png") for n in range(300)]
    posts = [t.post(town, ann, picture) for picture in pictures]
    async with house_of(t, street) as house:
        await house.settled()
        seen = rows(street, "SELECT subject FROM jobs WHERE kind = 'raw' AND subject <> '' ORDER BY id")
        assert [s for (s,) in seen] == [f"{town.id}/{p.id}" for p in posts]
        assert len(street.judge.asked) == 300


@pytest.mark.asyncio
async def test_what_a_dead_process_had_in_hand_is_done_once(
    t: LoopbackTelegram, street: Street, town: Chat, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the journal and everything else, before Telegram was told that it has arrived."""
    async with house_of(t, street) as house:
        await house.settled()
        killed: list[Job] = []

        async def read(job: Job, judge: Judge) -> None:
            killed.append(job)
            await asyncio.Event().wait()

        monkeypatch.setattr(house.telegram._reader, "read", read)
        told = len(t.updates)
        bad = house.post(town, ann)
        await t.until(lambda: killed)
        assert bad.deleted_at is None
    inbox = t.world.inboxes[t.bot.id]
    if not inbox.pending:  # it was acknowledged meanwhile: tell it again, as if it had not been
        inbox.pending.extend(t.updates[told:])
        inbox._since.extend([t.world.clock.now()] * len(t.updates[told:]))
    await street.restart()
    async with house_of(t, street) as house:
        await house.gone(bad)
        await house.settled()
    assert len(t.calls_to("deleteMessage")) + len(t.calls_to("deleteMessages")) == 1
    assert len(await street.store.ledger.cases(tenant(town))) == 1


@pytest.mark.asyncio
async def test_a_slow_chat_keeps_no_other_waiting(house: House, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    t.fail("getFile", delay=30, times=4)
    for _ in range(8):
        house.post(town, ann, "fine")
    other = t.supergroup("Other")
    t.add_bot(other, "can_delete_messages")
    await house.street.policy(tenant(other), mod_channel=None)
    bad = house.post(other, t.member(other, "bob"))
    await t.until(lambda: bad.deleted_at is not None, 5)
    t.well_again()


@pytest.mark.asyncio
async def test_an_update_is_not_for_the_doorstep(t: LoopbackTelegram, street: Street, town: Chat, ann: User) -> None:
    """A chat that the host does not let in is left, and nothing there is looked at."""
    async with house_of(t, street, guilds=("-1009",)) as house:
        post = house.post(town, ann)
        await house.settled()
        await house.telegram.round()
        await t.until(lambda: t.calls_to("leaveChat"))
        assert post.deleted_at is None
        assert street.judge.asked == []
        assert [c.params["chat_id"] for c in t.calls_to("leaveChat")] == [str(town.id)]
        assert not (await street.store.guilds.one(tenant(town))).present or len(house.telegram._chats) == 0


@pytest.mark.asyncio
async def test_chats_are_learnt_and_forgotten(house: House, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    t.say(town, ann, "hello")
    await house.settled()
    await house.telegram.round()
    known = await house.street.store.guilds.one(tenant(town))
    assert known.present
    assert known.name == town.title
    assert house.telegram.status().guilds == 1
    t.remove(town, t.bot.user)
    await t.until(lambda: house.telegram.status().guilds == 0)
    await house.telegram.round()
    assert not (await house.street.store.guilds.one(tenant(town))).present


@pytest.mark.asyncio
async def test_what_is_said_in_private_is_the_host_s_own(house: House, t: LoopbackTelegram) -> None:
    eve = t.user("eve")
    t.start(eve)
    await house.settled()
    query = "SELECT t.name FROM jobs j JOIN tenants t ON t.id = j.tenant ORDER BY j.id DESC LIMIT 1"
    assert rows(house.street, query) == [(str(DIRECT),)]


@pytest.mark.asyncio
async def test_health_tells_of_it(t: LoopbackTelegram, house: House, town: Chat, ann: User) -> None:
    assert (await house.app.health()).platforms == {"telegram": "ready"}
    text = (await house.app.scrape()).decode()
    assert 'beholder_gateway_ready{platform="telegram"} 1.0' in text
    t.fail("getUpdates", status=502, times=None)
    t.say(town, ann, "hello")
    await t.until(lambda: not house.telegram.ready.is_set())
    assert (await house.app.health()).platforms == {"telegram": "connecting"}
    assert t.token not in repr(house.telegram._config)


@pytest.mark.asyncio
async def test_telegram_may_send_updates_instead(
    t: LoopbackTelegram, street: Street, town: Chat, ann: User, unused_tcp_port: int
) -> None:
    settings = {
        "telegram_mode": TelegramMode.WEBHOOK,
        "public_url": f"http://127.0.0.1:{unused_tcp_port}",
        "web_port": unused_tcp_port,
    }
    async with house_of(t, street, **settings) as house:
        bad = house.post(town, ann)
        await house.gone(bad)
        await house.settled()
        assert not t.calls_to("getUpdates")
        hook = t.world.inboxes[t.bot.id].webhook
        assert hook is not None
        assert hook.secret == house.app._config.webhook_secret
        before = house.jobs()
        async with ClientSession() as session:
            for _ in range(2):  # Telegram tells it again where an answer was lost
                headers = {SECRET_HEADER: hook.secret or ""}
                async with session.post(hook.url, json=t.updates[-1], headers=headers) as answer:
                    assert answer.status == 200
        await house.settled()
        assert house.jobs() == before


@pytest.mark.asyncio
async def test_a_wrong_token_is_one_sentence(t: LoopbackTelegram, street: Street) -> None:
    t.world.bots.clear()
    async with house_of(t, street) as house:
        await asyncio.wait([house.task], timeout=5)
        error: Any = house.task.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        assert isinstance(error, WrongToken)
        assert t.token not in str(error)


@pytest.mark.asyncio
async def test_a_moment_that_is_none_keeps_nothing_from_being_heard(house: House, town: Chat, ann: User) -> None:
    """`datetime` raises OverflowError for it, of a kind of its own."""
    chat = {"id": -1, "type": "group"}
    house.t.inject({"message": {"message_id": 7, "date": 10**20, "chat": chat, "photo": [{"file_id": "x"}]}})
    bad = house.post(town, ann)
    await house.gone(bad)
    await house.settled()
    assert house.jobs().count("dead") == house.telegram.status().skipped == 1
    house.t._update_faults.clear()  # the specification finds it odd as well
