"""The select of a card, and cards of direct messages, on real sockets; also after a restart."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from typing import Any

import discord
import pytest

from bot.model import Answer, Button, EditCard, Option, OutcomeState, PostCard, Say
from bot.platforms.discord.direct import DIRECT
from bot.platforms.discord.views import BUTTONS, CARD_ID, SELECT_ID, SURE_ID, SanctionSelect, SureSanction, Whose
from bot.sandbox.entities import Message
from bot.sandbox.loopback import Loopback
from bot.sandbox.presses import NotOffered
from tests.bot.platforms.discord.conftest import Live, start
from tests.bot.platforms.discord.test_people import CARD, Office
from tests.openapi import Validator, specification_or_skip

OPTIONS = (
    Option("warn", "Warn", "Tells them in the channel"),
    Option("timeout:60", "Time out for 1 hour"),
    Option("ban:3600", "Ban", "x" * 300),
)
WITH_SELECT = dataclasses.replace(CARD, sanctions=OPTIONS)


class Bench(Office):
    """An office whose card has a select."""

    async def card(self, tenant: object = None) -> Message:
        await self.ready()
        card = PostCard(self.tenant, str(self.mods.id), WITH_SELECT, "n")
        outcome = await self.live.platform.perform(card)
        return self.mods.messages[int(outcome.ref or 0)]

    @property
    def select(self) -> str:
        return f"beholder:{self.guild.id}:7:sanction"


def shown_select(card: Message) -> dict[str, Any]:
    select: dict[str, Any]
    (select,) = [c for row in card.components for c in row["components"] if c["type"] == 3]
    return select


@pytest.mark.asyncio
async def test_the_select_stands_below_the_buttons_in_words(live: Live) -> None:
    bench = Bench(live)
    card = await bench.card()
    select = shown_select(card)
    assert select["custom_id"] == bench.select
    assert select["placeholder"] == "Do something about the author"
    assert [(o["value"], o["label"]) for o in select["options"]] == [(o.value, o.label) for o in OPTIONS]
    assert all(len(o.get("description") or "") <= 100 for o in select["options"])
    assert [len(row["components"]) for row in card.components] == [2, 1]


@pytest.mark.asyncio
async def test_a_choice_reaches_the_desk_once_with_who_made_it(live: Live) -> None:
    bench = Bench(live)
    answered = await live.discord.press(await bench.card(), bench.select, bench.moderator, values=["timeout:60"])
    assert answered.last.ephemeral
    asked = bench.asked()
    assert (asked.what, asked.tenant, asked.presser.id) == ("sanction", bench.tenant, str(bench.moderator.id))
    assert asked.args == {"number": 7, "value": "timeout:60", "confirmed": False}
    assert "punish" in asked.presser.rights


@pytest.mark.asyncio
async def test_what_throws_out_is_asked_again_and_the_second_press_is_meant(live: Live) -> None:
    bench = Bench(live)
    live.desk.answer = Answer("Ban: Ann?", confirm=Button("sanction:ban:3600", "Yes, do it", "red"))
    question = await live.discord.press(await bench.card(), bench.select, bench.moderator, values=["ban:3600"])
    live.desk.answer = Answer("banned", done=True)
    answered = await live.discord.press(question.last, "Yes, do it", bench.moderator)
    assert answered.text == "banned"
    assert [a.args for a in live.desk.asked] == [
        {"number": 7, "value": "ban:3600", "confirmed": False},
        {"number": 7, "value": "ban:3600", "confirmed": True},
    ]


@pytest.mark.asyncio
async def test_a_select_works_after_a_restart(live: Live) -> None:
    bench = Bench(live)
    card = await bench.card()
    await live.stop()
    again = start(live.discord)
    try:
        await asyncio.wait_for(again.platform.ready.wait(), 10)
        await live.discord.press(card, bench.select, bench.moderator, values=["warn"])
        assert [a.args["value"] for a in again.desk.asked] == ["warn"]
    finally:
        await again.stop()


@pytest.mark.asyncio
async def test_a_card_without_sanctions_has_no_select_and_an_edit_takes_it_away(live: Live) -> None:
    bench = Bench(live)
    card = await bench.card()
    await live.platform.perform(EditCard(bench.tenant, str(bench.mods.id), str(card.id), CARD))
    with pytest.raises(NotOffered):
        await live.discord.press(card, bench.select, bench.moderator, values=["warn"])


@pytest.mark.asyncio
async def test_a_select_of_another_guild_does_nothing(live: Live) -> None:
    bench = Bench(live)
    await bench.ready()
    client = live.platform.connected
    assert client is not None
    view = discord.ui.View(timeout=None).add_item(SanctionSelect(Whose("4242", 7), OPTIONS, "p"))
    view.add_item(SureSanction(Whose("4242", 7), "ban:0", Button("", "Yes, do it")))
    sent = await client.get_partial_messageable(bench.mods.id).send(view=view)
    shown = bench.mods.messages[sent.id]
    for pressed, values in (("beholder:4242:7:sanction", ["warn"]), ("Yes, do it", None)):
        answered = await live.discord.press(shown, pressed, bench.moderator, values=values)
        assert "another server" in answered.text
    assert live.desk.asked == []


@pytest.mark.parametrize(
    "custom_id",
    [
        *("beholder:1:7:remove", "beholder:1:7:remove!", "beholder:dm:7:fine", "beholder:1:7:details:n"),
        *("beholder:1:7:sanction", "beholder:1:7:sanction:ban:3600!", "beholder:1:7:sanction:kick!"),
    ],
)
def test_every_id_is_understood_by_exactly_one(custom_id: str) -> None:
    patterns = [item.__discord_ui_compiled_template__ for item in BUTTONS]
    assert len([p for p in patterns if p.fullmatch(custom_id)]) == 1


@pytest.mark.parametrize("custom_id", ["beholder:1:7:sanction:ban:x!", "beholder:x:7:remove", "beholder:1:7:Sanction"])
def test_what_nobody_made_is_understood_by_none(custom_id: str) -> None:
    assert not any(re.fullmatch(p, custom_id) for p in (CARD_ID, SELECT_ID, SURE_ID))


# --- direct messages ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_case_of_a_direct_message_is_decided_where_the_host_wants_it(live: Live) -> None:
    bench = Bench(live)
    await bench.ready()
    live.settings.only = dataclasses.replace(live.settings.only, mod_channel=str(bench.mods.id))
    outcome = await live.platform.perform(PostCard(DIRECT, str(bench.mods.id), CARD, "n"))
    card = bench.mods.messages[int(outcome.ref or 0)]
    await live.discord.press(card, "It's fine", bench.moderator)
    asked = bench.asked()
    assert (asked.tenant, asked.args["number"], asked.args["verb"]) == (DIRECT, 7, "fine")
    live.settings.only = dataclasses.replace(live.settings.only, mod_channel="1")
    answered = await live.discord.press(card, "It's fine", bench.moderator)
    assert "another server" in answered.text
    assert len(live.desk.asked) == 1


@pytest.mark.asyncio
async def test_who_wrote_is_answered_in_the_direct_message_and_nothing_of_it_goes_to_a_guild(live: Live) -> None:
    bench = Bench(live)
    await bench.ready()
    direct = live.discord.direct(bench.ann)
    said = await live.platform.perform(Say(DIRECT, str(direct.id), "passed on", "s1"))
    assert said.state is OutcomeState.DONE
    assert [m.content for m in direct.messages.values()] == ["passed on\n-# s1"]
    for channel in (str(bench.channel.id), "general", "1"):
        outcome = await live.platform.perform(Say(DIRECT, channel, "secret", "s2"))
        assert outcome.state is not OutcomeState.DONE
    assert bench.channel.messages == {}


@pytest.mark.asyncio
async def test_the_loopback_shows_a_select_as_the_specification_says() -> None:
    specification_or_skip()
    async with Loopback() as d:
        judge = Validator().watch(d)
        d.guild()
        live = start(d)
        try:
            await asyncio.wait_for(live.platform.ready.wait(), 10)
            bench = Bench(live)
            await d.press(await bench.card(), bench.select, bench.moderator, values=["warn"])
        finally:
            await live.stop()
        assert judge.violations() == []
