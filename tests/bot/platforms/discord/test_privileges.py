"""Privileged intents: asked for where the application has them, said where it has not, done without where refused."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest
from structlog.testing import capture_logs

from bot.platforms.discord.privileges import PATIENCE, Privileges, findings
from bot.sandbox.loopback import Loopback
from bot.texts.catalogue import Texts
from tests.bot.platforms.discord.conftest import start
from tests.bot.platforms.discord.world import PNG

MEMBERS, MEMBERS_LIMITED, CONTENT, CONTENT_LIMITED = (1 << n for n in (14, 15, 18, 19))
PLAIN = {"guilds", "guild_messages", "guild_reactions", "dm_messages"}


def flags(value: int) -> discord.ApplicationFlags:
    return discord.ApplicationFlags._from_value(value)


def names(intents: discord.Intents) -> set[str]:
    return {name for name, on in intents if on}


@pytest.mark.parametrize(
    ("value", "more"),
    [
        (0, set()),
        (CONTENT, {"message_content"}),
        (CONTENT_LIMITED, {"message_content"}),
        (MEMBERS, {"members"}),
        (MEMBERS_LIMITED | CONTENT_LIMITED, {"members", "message_content"}),
        (1 << 12 | 1 << 13, set()),  # presences are never wanted
    ],
)
def test_no_more_intents_than_needed_and_allowed(value: int, more: set[str]) -> None:
    assert names(Privileges().plain()) == PLAIN
    assert names(Privileges().chosen(flags(value))) == PLAIN | more


def test_what_is_missing_is_said_once_with_its_cure() -> None:
    privileges = Privileges()
    with capture_logs() as logs:
        privileges.chosen(flags(0))
        privileges.chosen(flags(0))
    assert [line["intent"] for line in logs] == ["Server Members Intent", "Message Content Intent"]
    assert all("developer portal" in line["cure"] and line["log_level"] == "warning" for line in logs)
    assert privileges.missing == ("members", "message_content")
    with capture_logs() as logs:
        privileges.chosen(flags(MEMBERS | CONTENT))
        privileges.chosen(flags(MEMBERS))
    assert [line["intent"] for line in logs] == ["Message Content Intent"], "said again where it went missing again"


def test_what_discord_refuses_in_spite_of_its_flags_is_given_up_the_pictures_last() -> None:
    privileges, promised = Privileges(), flags(MEMBERS | CONTENT)
    asked = []
    for _ in range(5):
        asked.append(names(privileges.chosen(promised)) - PLAIN)
        privileges.refused()
    both = {"members", "message_content"}
    assert asked == [both, both, {"message_content"}, set(), set()]
    assert len([a for a in asked if a == both]) == PATIENCE
    assert names(privileges.chosen(flags(CONTENT))) - PLAIN == {"message_content"}, "new flags, a new beginning"


def test_a_single_promise_is_given_up_at_once() -> None:
    privileges = Privileges()
    for wanted in ({"message_content"}, {"message_content"}, set(), set()):
        assert names(privileges.chosen(flags(CONTENT))) - PLAIN == wanted
        privileges.refused()


def test_a_guild_is_told_what_goes_without() -> None:
    none, every = findings(Privileges().plain(), Texts()), findings(discord.Intents.all(), Texts())
    assert [f.ok for f in none] == [False, False]
    assert all("restart the bot" in f.cure for f in none)
    assert [f.ok for f in every] == [True, True]


# --- on the wire -------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_without_message_content_mentions_and_direct_messages_are_seen_and_it_is_said() -> None:
    async with Loopback(intents_enabled=()) as d:
        guild = d.guild()
        live = start(d)
        try:
            await asyncio.wait_for(live.platform.ready.wait(), 10)
            channel, ann = d.channel(guild), d.member(guild, "ann")
            files: list[Any] = [("a.png", PNG, "image/png")]
            d.post(channel, ann, files=files)
            mention = d.post(channel, ann, f"<@{d.world.bot.id}> look", files=files)
            private = d.post(d.direct(ann), ann, files=files)
            events = await live.seen(2)
            assert {e.message for e in events} == {str(mention.id), str(private.id)}
            assert live.platform.status().missing == ("members", "message_content")
            assert live.platform.status().restarts == 0
        finally:
            await live.stop()


@pytest.mark.asyncio
async def test_an_intent_switched_off_while_running_costs_a_life_and_no_more() -> None:
    async with Loopback() as d:
        d.guild()
        live = start(d)
        try:
            await asyncio.wait_for(live.platform.ready.wait(), 10)
            d.world.intents_enabled = frozenset({"members"})
            await d.gateway.drop(4014)
            await d.until(lambda: live.platform.status().restarts == 1)
            await d.until(live.platform.ready.is_set)
            assert live.platform.status().missing == ("message_content",)
        finally:
            await live.stop()


@pytest.mark.asyncio
async def test_flags_that_promise_too_much_are_believed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Loopback(intents_enabled=("message_content",)) as d:
        d.guild()
        monkeypatch.setattr(type(d.world), "app_flags", MEMBERS_LIMITED | CONTENT_LIMITED)
        live = start(d)
        try:
            await asyncio.wait_for(live.platform.ready.wait(), 10)
            assert live.platform.status().restarts == PATIENCE
            assert live.platform.status().missing == ("members",)
        finally:
            await live.stop()
