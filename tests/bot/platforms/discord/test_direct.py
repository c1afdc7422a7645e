"""Direct messages belong to the host: cards in the one channel that the host named, decided there and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from bot.model import (
    Action,
    Button,
    Card,
    Delete,
    EditCard,
    OutcomeState,
    PostCard,
    Quarantine,
    RemoveMember,
    Restore,
    Say,
    Tenant,
    TimeoutMember,
    Unreact,
    Warn,
)
from bot.platforms.discord.direct import DIRECT
from bot.sandbox.entities import Channel, Message
from bot.sandbox.permissions import Permission
from policies.model import Policy
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_actions import MESSAGES
from tests.bot.platforms.discord.test_people import Office
from tests.bot.platforms.discord.world import PNG

CARD = Card(7, "t", (), buttons=(Button("uphold", "Right", "green"),), picture=PNG, link=("5", "6"))


@dataclass
class Host:
    """An office in which the host reads what people write to the bot, and another guild with the same bot."""

    live: Live
    office: Office
    other: Channel = field(init=False)

    @classmethod
    async def of(cls, live: Live) -> Host:
        host = cls(live, Office(live))
        host.other = live.discord.channel(next(iter(live.discord.world.guilds.values())), "elsewhere")
        await host.office.ready()
        client = live.platform.connected
        assert client is not None
        await live.discord.until(lambda: client.get_channel(host.other.id))
        host.name(host.office.mods)
        return host

    def name(self, channel: Channel | None) -> None:
        """The host names the channel for direct messages."""
        self.live.settings.only = replace(Policy("standard"), mod_channel=None if channel is None else str(channel.id))

    async def card(self, channel: Channel | None = None) -> Message:
        where = channel or self.office.mods
        outcome = await self.live.platform.perform(PostCard(DIRECT, str(where.id), CARD, "n1"))
        assert outcome.state is OutcomeState.DONE, outcome
        return where.messages[int(outcome.ref or 0)]


@pytest.mark.asyncio
async def test_a_card_stands_in_the_hosts_channel_without_a_link_that_nobody_could_follow(live: Live) -> None:
    host = await Host.of(live)
    card = await host.card()
    assert card.attachments
    labels = [c.get("label") for row in card.components for c in row["components"]]
    assert labels == ["Right"]
    found = await live.platform.find(DIRECT, str(host.office.mods.id), "n1")
    assert found.state is OutcomeState.DONE


@pytest.mark.asyncio
@pytest.mark.parametrize("named", [True, False])
async def test_no_other_channel_is_ever_shown_one(live: Live, named: bool) -> None:
    host = await Host.of(live)
    if not named:
        host.name(None)
    for channel in (host.other, host.office.channel):
        outcome = await live.platform.perform(PostCard(DIRECT, str(channel.id), CARD, "n2"))
        assert outcome.state is OutcomeState.REFUSED
        assert "mod_channel of discord:dm" in outcome.detail
        assert channel.messages == {}


@pytest.mark.asyncio
async def test_missing_rights_in_the_hosts_channel_are_named_before_discord_is_asked(live: Live) -> None:
    host = await Host.of(live)
    d, mods = live.discord, host.office.mods
    d.overwrite(mods, d.bot_role(host.office.guild), deny=int(Permission.ATTACH_FILES))
    client = live.platform.connected
    assert client is not None
    await d.until(lambda: getattr(client.get_channel(mods.id), "overwrites", None))
    outcome = await live.platform.perform(PostCard(DIRECT, str(mods.id), CARD, "n3"))
    assert outcome.state is OutcomeState.REFUSED
    assert "Attach Files" in outcome.detail


@pytest.mark.asyncio
async def test_a_press_there_counts_with_the_rights_of_that_guild(live: Live) -> None:
    host = await Host.of(live)
    await live.discord.press(await host.card(), "Right", host.office.moderator)
    asked = host.office.asked()
    assert (asked.what, asked.tenant, asked.args["number"]) == ("press", DIRECT, 7)
    assert "moderate" in asked.presser.rights


@pytest.mark.asyncio
async def test_a_press_anywhere_else_decides_nothing(live: Live) -> None:
    """Where the card once stood, where it was copied to, and in another guild altogether."""
    host = await Host.of(live)
    old = await host.card()
    for named in (host.other, host.office.channel, None):
        host.name(named)
        answered = await live.discord.press(old, "Right", live.discord.owner(host.office.guild))
        assert "another server" in answered.text
    assert live.desk.asked == []


@pytest.mark.asyncio
async def test_the_cards_of_guilds_are_not_decided_in_the_hosts_name_nor_the_other_way_round(live: Live) -> None:
    host = await Host.of(live)
    foreign = Tenant("discord", str(host.other.guild.id if host.other.guild else 0))
    outcome = await live.platform.perform(PostCard(foreign, str(host.office.mods.id), CARD, "n4"))
    assert outcome.state is OutcomeState.REFUSED
    await live.discord.press(await host.office.card(), "Remove", host.office.moderator)
    assert host.office.asked().tenant == host.office.tenant


@pytest.mark.asyncio
async def test_a_card_of_a_former_channel_still_loses_its_picture(live: Live) -> None:
    host = await Host.of(live)
    card = await host.card()
    host.name(host.other)
    edited = EditCard(DIRECT, str(host.office.mods.id), str(card.id), replace(CARD, picture=None))
    assert (await live.platform.perform(edited)).state is OutcomeState.DONE
    assert card.attachments == []


@pytest.mark.asyncio
async def test_whoever_wrote_is_answered_where_they_wrote(live: Live) -> None:
    host = await Host.of(live)
    dm = live.discord.direct(host.office.ann)
    outcome = await live.platform.perform(Say(DIRECT, str(dm.id), "Passed on.", "n5"))
    assert outcome.state is OutcomeState.DONE
    assert "Passed on." in dm.messages[int(outcome.ref or 0)].content
    outcome = await live.platform.perform(Say(DIRECT, str(host.other.id), "Passed on.", "n6"))
    assert outcome.state is OutcomeState.REFUSED


@pytest.mark.asyncio
async def test_those_who_take_no_messages_do_not_silence_the_hosts_cards(live: Live) -> None:
    """Whoever blocks or leaves after writing to the bot makes Discord forbid its answer, each as often as they like."""
    host = await Host.of(live)
    d = live.discord
    d.fail("POST", MESSAGES, status=403, body={"message": "Cannot send messages to this user", "code": 50007}, times=32)
    for n in range(32):
        dm = d.direct(d.world.add_user(f"u{n}"))
        outcome = await live.platform.perform(Say(DIRECT, str(dm.id), "Passed on.", f"n{n}"))
        assert outcome.state is OutcomeState.REFUSED
        assert "Cannot send" in outcome.detail
    assert await host.card()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "action",
    [
        Delete(DIRECT, "1", "2", 3),
        Unreact(DIRECT, "1", "2", "3", 4),
        Warn(DIRECT, "1", "2", 3, "n"),
        Quarantine(DIRECT, "1", "2", True, 3),
        TimeoutMember(DIRECT, "1", None, 3),
        RemoveMember(DIRECT, "1", True, 3),
        Restore(DIRECT, "1", "2", "3", "4", 5, "n"),
    ],
    ids=lambda action: type(action).__name__,
)
async def test_nothing_of_others_is_removed_and_nobody_is_a_member(live: Live, action: Action) -> None:
    await Host.of(live)
    before = len(live.discord.requests)
    outcome = await live.platform.perform(action)
    assert outcome.state is OutcomeState.REFUSED
    assert "direct messages" in outcome.detail
    assert len(live.discord.requests) == before
