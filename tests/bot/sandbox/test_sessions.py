"""The gateway: logging in, being refused, coming back, and what goes wrong in between."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

import aiohttp
import discord
import pytest

from bot.sandbox.entities import Channel, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.sessions import REPLAY
from tests.bot.sandbox.barest import Barest, Sharded, point_at
from tests.bot.sandbox.pictures import PNG

pytestmark = pytest.mark.asyncio


def scene(d: Loopback) -> tuple[Channel, User]:
    guild = d.guild()
    return d.channel(guild), d.member(guild, "ann")


class Raw:
    """A client without any library: frames in and out."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._inflate = zlib.decompressobj()

    async def next(self) -> dict[str, Any]:
        received = await self.socket.receive(timeout=5)
        if received.type is aiohttp.WSMsgType.BINARY:
            assert received.data.endswith(b"\x00\x00\xff\xff")
            return json.loads(self._inflate.decompress(received.data))  # type: ignore[no-any-return]
        assert received.type is aiohttp.WSMsgType.TEXT, received
        return json.loads(received.data)  # type: ignore[no-any-return]

    async def say(self, op: int, payload: Any) -> None:
        await self.socket.send_json({"op": op, "d": payload})

    async def code(self) -> int:
        """The close code, whatever comes before it."""
        while not self.socket.closed:
            await self.socket.receive(timeout=5)
        assert self.socket.close_code is not None
        return self.socket.close_code


async def raw(session: aiohttp.ClientSession, d: Loopback, query: str = "?v=10&encoding=json") -> Raw:
    return Raw(await session.ws_connect(d.gateway_url + query))


async def test_login_greets_with_the_application_and_then_the_guilds(d: Loopback) -> None:
    guild = d.guild("Home")
    async with aiohttp.ClientSession() as session:
        client = await raw(session, d, "?v=10&encoding=json&compress=zlib-stream")
        assert (await client.next())["d"]["heartbeat_interval"] == 41_250
        await client.say(2, {"token": d.token, "intents": 1 | 1 << 9, "properties": {}})
        ready, created = await client.next(), await client.next()
        assert (ready["t"], ready["s"], ready["d"]["resume_gateway_url"]) == ("READY", 1, d.gateway_url)
        assert ready["d"]["guilds"] == [{"id": str(guild.id), "unavailable": True}]
        assert ready["d"]["application"]["flags"] == 1 << 13 | 1 << 15 | 1 << 19
        assert (created["t"], created["d"]["name"], created["d"]["unavailable"]) == ("GUILD_CREATE", "Home", False)
        await client.say(1, ready["s"])
        assert (await client.next())["op"] == 11
        await client.say(8, {"guild_id": str(guild.id), "query": "", "limit": 0, "nonce": "n"})
        chunk = (await client.next())["d"]
        assert (chunk["nonce"], len(chunk["members"]), chunk["chunk_count"]) == ("n", 2, 1)


@pytest.mark.parametrize(
    ("identify", "code"),
    [
        ({"token": "wrong", "intents": 1}, 4004),
        ({"intents": "all"}, 4013),
        ({"intents": 1, "shard": [2, 2]}, 4010),
    ],
)
async def test_an_identify_that_is_wrong_is_hung_up_on(d: Loopback, identify: dict[str, Any], code: int) -> None:
    async with aiohttp.ClientSession() as session:
        client = await raw(session, d)
        await client.say(2, {"token": d.token, "properties": {}, **identify})
        assert await client.code() == code
        assert d.gateway.sessions == {}


async def test_rubbish_and_impatience_are_hung_up_on(d: Loopback) -> None:
    async with aiohttp.ClientSession() as session:
        garbled, early = await raw(session, d), await raw(session, d)
        await garbled.socket.send_str("{")
        await early.say(8, {"guild_id": "1"})
        assert (await garbled.code(), await early.code()) == (4002, 4003)
        answer = await session.get(d.gateway_url.replace("ws://", "http://"))
        assert answer.status == 400


async def test_a_wrong_token_is_refused_by_rest_too(d: Loopback) -> None:
    point_at(d)
    async with Barest() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")


async def test_an_intent_that_is_not_switched_on_ends_the_client() -> None:
    async with Loopback(intents_enabled=("members",)) as d:
        bot = Barest()
        try:
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await bot.login_to(d)
        finally:
            await bot.end()
        assert not d.gateway.sessions


@pytest.mark.parametrize("how", ["soft", "hard", "asked", "invalid but resumable"])
async def test_after_a_break_the_session_resumes_and_nothing_is_lost(d: Loopback, bot: Barest, how: str) -> None:
    channel, ann = scene(d)
    await bot.login_to(d)
    if how == "soft":
        await d.gateway.drop()
    elif how == "hard":
        d.gateway.break_off()
    elif how == "asked":
        d.gateway.ask_reconnect()
    else:
        d.gateway.invalidate(resumable=True)
    missed = d.post(channel, ann, "while away", files=[("a.png", PNG, "image/png")])
    message = await bot.next_message()
    assert message.id == missed.id
    await message.delete()
    await d.deleted(missed)
    assert (len(d.gateway.identifies), len(d.gateway.resumes)) == (1, 1)
    await d.until(lambda: bot.resumed == 1)


async def test_an_invalidated_session_starts_anew_and_what_happened_in_between_is_lost(d: Loopback) -> None:
    channel, ann = scene(d)
    async with aiohttp.ClientSession() as session:
        client = await raw(session, d)
        await client.next()
        await client.say(2, {"token": d.token, "intents": 1 | 1 << 9 | 1 << 15, "properties": {}})
        ready = await client.next()
        d.gateway.forget_sessions()
        d.post(channel, ann, "lost")
        again = await raw(session, d)
        await again.next()
        await again.say(6, {"token": d.token, "session_id": ready["d"]["session_id"], "seq": 2})
        assert await again.next() == {"op": 9, "d": False, "s": None, "t": None}
        await again.say(2, {"token": d.token, "intents": 1 | 1 << 9 | 1 << 15, "properties": {}})
        assert [(await again.next())["t"] for _ in range(2)] == ["READY", "GUILD_CREATE"]
        d.post(channel, ann, "found")
        assert (await again.next())["d"]["content"] == "found"


async def test_a_resume_that_reaches_too_far_back_is_refused(d: Loopback) -> None:
    scene(d)
    async with aiohttp.ClientSession() as session:
        client = await raw(session, d)
        await client.next()
        await client.say(2, {"token": d.token, "intents": 1, "properties": {}})
        ready = await client.next()
        d.gateway.break_off()
        await d.until(lambda: not d.gateway.connected)
        for n in range(REPLAY):
            d.gateway.send_raw("TYPING_START", {"n": n})
        again = await raw(session, d)
        await again.next()
        await again.say(6, {"token": d.token, "session_id": ready["d"]["session_id"], "seq": 1})
        assert (await again.next())["op"] == 9


async def test_a_malformed_event_kills_a_barest_client(d: Loopback, bot: Barest) -> None:
    scene(d)
    await bot.login_to(d)
    d.gateway.send_raw("MESSAGE_CREATE", {"id": "1", "guild_id": None})
    assert bot.running is not None
    with pytest.raises(KeyError):
        await asyncio.wait_for(asyncio.shield(bot.running), 20)


async def test_heartbeats_are_answered_unless_a_test_forbids_it(d: Loopback, bot: Barest) -> None:
    await bot.login_to(d)
    before = d.gateway.heartbeats
    d.gateway.ask_heartbeat()
    await d.until(lambda: d.gateway.heartbeats > before)
    await d.until(lambda: bot.latency < 5)


async def test_what_is_paused_comes_later_in_order(d: Loopback, bot: Barest) -> None:
    channel, ann = scene(d)
    await bot.login_to(d)
    d.gateway.pause()
    for n in range(3):
        d.post(channel, ann, str(n))
    await asyncio.sleep(0.05)
    assert bot.messages.empty()
    d.gateway.unpause()
    assert [(await bot.next_message()).content for _ in range(3)] == ["0", "1", "2"]


async def test_two_shards_each_hear_of_their_own_guilds(d: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    d.world.shards = 2
    guilds = [d.guild(f"guild {n}") for n in range(2)]
    while len({(g.id >> 22) % 2 for g in guilds}) < 2:
        await asyncio.sleep(0.001)
        guilds.append(d.guild("one more"))
    channels = [d.channel(g) for g in guilds]

    async def at_once(self: discord.Client, shard: int | None, *, initial: bool = False) -> None: ...

    monkeypatch.setattr(Sharded, "before_identify_hook", at_once)
    bot = Sharded()
    try:
        await bot.login_to(d, sessions=2)
        assert sorted(i["shard"] for i in d.gateway.identifies) == [[0, 2], [1, 2]]
        for channel in channels:
            assert channel.guild
            d.post(channel, d.member(channel.guild, "ann"), channel.guild.name)
        heard = [await bot.next_message() for _ in channels]
        assert {m.guild.shard_id for m in heard if m.guild} == {0, 1}
        assert len({m.id for m in heard}) == len(channels)
        assert bot.messages.empty()
    finally:
        await bot.end()
