"""Listening and fetching on real sockets: nothing here is mocked but Discord itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.model import Card, Delete, Event, EventKind, OutcomeState, PostCard
from bot.platforms.discord.supervisor import WrongToken
from bot.ports import Gone, Unfetchable
from bot.sandbox.loopback import Loopback
from policies.model import UnscreenedReason
from tests.bot.platforms.discord.conftest import Live, start
from tests.bot.platforms.discord.world import PNG


def guild_of(live: Live):  # type: ignore[no-untyped-def]
    return next(iter(live.discord.world.guilds.values()))


@pytest.mark.asyncio
async def test_a_post_an_edit_a_late_embed_and_a_forward_are_seen(live: Live) -> None:
    d, guild = live.discord, guild_of(live)
    channel = d.channel(guild)
    ann = d.member(guild, "ann")
    message = d.post(channel, ann, files=[("cat.png", PNG, "image/png")])
    await live.seen(1)
    d.embed_arrives_late(message, d.embed("https://example.org/x.png", PNG))
    await live.seen(2)
    d.post(channel, ann, forward_of=message)
    first, second, third = await live.seen(3)
    assert [e.kind for e in live.events] == [EventKind.MESSAGE, EventKind.EDIT, EventKind.MESSAGE]
    assert first.subject == second.subject != third.subject
    assert first.version != second.version
    assert [len(e.media) for e in live.events] == [1, 2, 2]
    assert await live.fetched(second, 0) == await live.fetched(second, 1) == PNG
    assert await live.fetched(third, 0) == PNG


@pytest.mark.asyncio
async def test_other_bots_and_webhooks_are_seen_but_never_ourselves(live: Live) -> None:
    d, guild = live.discord, guild_of(live)
    channel = d.channel(guild)
    await d.until(lambda: live.platform.connected is not None and live.platform.connected.get_channel(channel.id))
    card = PostCard(live.tenant(guild), str(channel.id), Card(1, "title", (), picture=PNG), "n1")
    assert (await live.platform.perform(card)).state is OutcomeState.DONE
    d.post(channel, d.member(guild, "robot", bot=True), files=[("a.png", PNG, "image/png")])
    d.post(channel, d.webhook(), webhook=True, files=[("b.png", PNG, "image/png")])
    events = await live.seen(2)
    await asyncio.sleep(0.05)
    assert [e.author.kind.value for e in events] == ["bot", "webhook"]


@pytest.mark.asyncio
async def test_an_expired_link_is_renewed_and_a_deleted_message_is_gone(live: Live) -> None:
    d, guild = live.discord, guild_of(live)
    channel = d.channel(guild)
    message = d.post(channel, d.member(guild, "ann"), files=[("cat.png", PNG, "image/png")])
    (event,) = await live.seen(1)
    live.platform.forget_urls()
    assert await live.fetched(event) == PNG
    assert len(d.requests_to("GET", "/channels/{channel_id}/messages/{message_id}")) == 1
    assert await live.fetched(event) == PNG, "the fresh link is remembered"
    assert len(d.requests_to("GET", "/channels/{channel_id}/messages/{message_id}")) == 1
    d.delete(message)
    live.platform.forget_urls()
    with pytest.raises(Gone):
        await live.fetched(event)


@pytest.mark.asyncio
async def test_no_answer_from_discord_is_an_outage_not_a_missing_picture(live: Live) -> None:
    d, guild = live.discord, guild_of(live)
    channel = d.channel(guild)
    d.post(channel, d.member(guild, "ann"), files=[("cat.png", PNG, "image/png")])
    (event,) = await live.seen(1)
    live.platform.forget_urls()
    d.fail("GET", "/channels/{channel_id}/messages/{message_id}", status=503, times=None)
    with pytest.raises(Unfetchable) as raised:
        await live.fetched(event)
    assert raised.value.reason is UnscreenedReason.OUTAGE


@pytest.mark.asyncio
async def test_a_malformed_event_costs_that_event_only(live: Live) -> None:
    d, guild = live.discord, guild_of(live)
    channel = d.channel(guild)
    for name in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "GUILD_CREATE", "INTERACTION_CREATE", "CHANNEL_CREATE"):
        d.gateway.send_raw(name, {"guild_id": None, "unexpected": [1, 2]})
    d.post(channel, d.member(guild, "ann"), files=[("cat.png", PNG, "image/png")])
    await live.seen(1)
    assert live.platform.status().restarts == 0
    assert live.platform.status().skipped >= 4


@pytest.mark.asyncio
async def test_garbage_that_breaks_the_connection_brings_a_new_client(live: Live) -> None:
    d, guild = live.discord, guild_of(live)
    channel = d.channel(guild)
    d.gateway.send_raw("READY", {"v": 10})
    await d.until(lambda: live.platform.status().restarts == 1)
    await d.until(lambda: live.platform.ready.is_set())
    d.post(channel, d.member(guild, "ann"), files=[("cat.png", PNG, "image/png")])
    await live.seen(1)


@pytest.mark.asyncio
async def test_the_first_login_may_fail_for_a_while() -> None:
    async with Loopback() as d:
        d.guild()
        d.fail("GET", "/users/@me", status=503, times=2)
        live = start(d)
        try:
            await asyncio.wait_for(live.platform.ready.wait(), 10)
            assert live.platform.status().restarts == 2
            assert live.platform.status().ready
        finally:
            await live.stop()
        assert not live.platform.status().ready


@pytest.mark.asyncio
async def test_a_wrong_token_ends_it_with_the_cure() -> None:
    async with Loopback() as d:
        with pytest.raises(WrongToken):
            await asyncio.wait_for(start(d, token="wrong.token.here").running, 10)


@pytest.mark.asyncio
async def test_before_and_after_the_connection_actions_wait_and_lookups_do_not_guess(live: Live) -> None:
    guild = guild_of(live)
    action = Delete(live.tenant(guild), "1", "2", case=1)
    await live.stop()
    outcome = await live.platform.perform(action)
    assert (outcome.state, outcome.retry) == (OutcomeState.FAILED, True)
    outcome = await live.platform.find(live.tenant(guild), "1", "n")
    assert (outcome.state, outcome.retry) == (OutcomeState.UNKNOWN, True)


@pytest.mark.asyncio
async def test_commands_are_given_to_discord_once(live: Live) -> None:
    d = live.discord
    await d.until(lambda: d.requests_to("PUT", "/applications/{application_id}/commands"))
    await d.gateway.drop(4000)
    d.gateway.forget_sessions()
    await d.until(lambda: not live.platform.ready.is_set())
    await d.until(lambda: live.platform.ready.is_set())
    assert len(d.requests_to("PUT", "/applications/{application_id}/commands")) == 1


@pytest.mark.asyncio
async def test_a_dropped_socket_is_resumed_and_nothing_missed(live: Live) -> None:
    d, guild = live.discord, guild_of(live)
    channel = d.channel(guild)
    ann = d.member(guild, "ann")
    await d.gateway.drop(4000)
    d.post(channel, ann, files=[("cat.png", PNG, "image/png")])
    await live.seen(1)
    await d.until(live.platform.ready.is_set)
    assert live.platform.status().restarts == 0


@pytest.mark.asyncio
async def test_a_journal_that_fails_is_said_aloud_and_the_bot_lives_on(live: Live) -> None:
    d, guild = live.discord, guild_of(live)
    channel = d.channel(guild)
    ann = d.member(guild, "ann")

    async def full(events: object) -> None:
        raise OSError("disk full")

    listen = live.platform.listen
    listen(full)
    d.post(channel, ann, files=[("a.png", PNG, "image/png")])
    await d.until(lambda: live.platform.status().skipped == 1)

    async def mended(events: Sequence[Event]) -> None:
        live.events.extend(events)

    listen(mended)
    d.post(channel, ann, files=[("b.png", PNG, "image/png")])
    await live.seen(1)
    assert live.platform.status().restarts == 0
