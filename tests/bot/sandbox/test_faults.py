"""Trouble on demand, as discord.py meets it."""

from __future__ import annotations

import time

import aiohttp
import discord
import pytest

from bot.sandbox.entities import Channel, Message
from bot.sandbox.faults import Break
from bot.sandbox.loopback import Loopback
from tests.bot.sandbox.barest import Barest

pytestmark = pytest.mark.asyncio
POST, ONE = "/channels/{channel_id}/messages", "/channels/{channel_id}/messages/{message_id}"


def scene(d: Loopback) -> tuple[Channel, Message]:
    guild = d.guild()
    channel = d.channel(guild)
    return channel, d.post(channel, d.member(guild, "ann"), "x")


async def delete(bot: Barest, message: Message) -> None:
    await bot.http.delete_message(message.channel.id, message.id)


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_a_rate_limit_is_waited_out(d: Loopback, bot: Barest, scope: str) -> None:
    _, message = scene(d)
    await bot.login_to(d)
    fault = d.rate_limit("DELETE", ONE, retry_after=0.1, scope=scope)
    before = time.perf_counter()
    await delete(bot, message)
    assert (message.deleted_at or 0) - before >= 0.1
    first, second = d.requests_to("DELETE", ONE)
    assert (fault.struck, first.status, second.status, first.effect) == (1, 429, 204, False)
    assert first.body["global"] is (scope == "global")


async def test_only_the_nth_request_of_that_endpoint_is_hit(d: Loopback, bot: Barest) -> None:
    channel, message = scene(d)
    await bot.login_to(d)
    d.fail("POST", POST, status=503, nth=2)
    there = bot.get_channel(channel.id)
    assert isinstance(there, discord.TextChannel)
    await there.send("one")
    with pytest.raises(discord.DiscordServerError) as down:
        await there.send("two")
    assert down.value.status == 503
    await delete(bot, message)
    await there.send("three")
    assert [m.content for m in channel.messages.values()] == ["one", "three"]


@pytest.mark.parametrize("when", [Break.BEFORE, Break.AFTER])
async def test_a_broken_connection_leaves_the_bot_in_doubt(d: Loopback, bot: Barest, when: Break) -> None:
    channel, _ = scene(d)
    await bot.login_to(d)
    d.fail("POST", POST, reset=when)
    there = bot.get_channel(channel.id)
    assert isinstance(there, discord.TextChannel)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await there.send("card", nonce="n")
    posted = [m.nonce for m in channel.messages.values()][1:]
    assert posted == (["n"] if when is Break.AFTER else [])
    assert (d.requests[-1].effect, d.requests[-1].status) == (when is Break.AFTER, 0)
    again = await there.send("card", nonce="n")
    assert list(channel.messages)[1:] == [again.id]


async def test_aiohttp_itself_repeats_a_deletion_whose_answer_was_lost(d: Loopback, bot: Barest) -> None:
    _, message = scene(d)
    await bot.login_to(d)
    d.fail("DELETE", ONE, reset=Break.AFTER)
    with pytest.raises(discord.NotFound) as gone:
        await delete(bot, message)
    assert gone.value.code == 10008
    assert [e.effect for e in d.requests_to("DELETE", ONE)] == [True, True]
    d.fail("DELETE", ONE, reset=Break.BEFORE, times=None)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await delete(bot, message)


async def test_a_slow_answer_and_a_clean_slate(d: Loopback, bot: Barest) -> None:
    _, message = scene(d)
    await bot.login_to(d)
    d.fail("DELETE", ONE, delay=0.1)
    before = time.perf_counter()
    await delete(bot, message)
    assert time.perf_counter() - before >= 0.1
    d.fail(status=500, times=None)
    d.well_again()
    assert (await bot.fetch_user(message.author.id)).id == message.author.id


async def test_unknown_paths_wrong_methods_and_broken_bodies(d: Loopback) -> None:
    scene(d)
    headers = {"Authorization": f"Bot {d.token}", "Content-Type": "application/json"}
    cases = [
        ("GET", "/nowhere", b"", 404, 0),
        ("PUT", "/users/@me", b"", 405, 0),
        ("POST", "/channels/1/messages", b"{", 400, 50109),
        ("GET", "/channels/abc", b"", 400, 50035),
        ("GET", "/guilds/1", b"", 404, 10004),
        ("GET", "/users/7", b"", 404, 10013),
    ]
    async with aiohttp.ClientSession(headers=headers) as http:
        for method, path, body, status, code in cases:
            async with http.request(method, d.api_url + path, data=body) as answer:
                assert (answer.status, (await answer.json())["code"], path) == (status, code, path)
                assert answer.headers["Content-Type"] == "application/json"
                assert answer.headers["Via"]
        async with http.get(d.api_url + "/users/@me", headers={"Authorization": "Bot wrong"}) as answer:
            assert answer.status == 401


async def test_waiting_in_vain_says_what_did_happen(d: Loopback) -> None:
    _, message = scene(d)
    with pytest.raises(TimeoutError, match="MESSAGE_CREATE"):
        await d.wait_for(lambda e: e.name == "NEVER", timeout=0.01)
    with pytest.raises(TimeoutError):
        await d.deleted(message, timeout=0.01)
