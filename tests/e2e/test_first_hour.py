"""From an invited bot to a protected community, clicked through as an owner would, on the real bot."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.entities import Message, User
from bot.sandbox.interactions import Answered
from bot.sandbox.loopback import Loopback
from bot.sandbox.permissions import Permission
from bot.sandbox.presses import NotOffered
from bot.sandbox.stage import Stage
from policies import form
from policies.model import Duty, Mode, Policy
from tests.e2e.theatre import BAD, CANARY, READY, Theatre, assert_nothing_leaked, begin
from tests.openapi import Validator

pytestmark = [pytest.mark.asyncio, pytest.mark.xdist_group("first_hour"), pytest.mark.timeout(180)]

PATIENCE = 15.0


@dataclass
class Hour:
    """An invited bot that nobody has set up, and one who presses."""

    t: Theatre
    page: Message | None = None

    @property
    def text(self) -> str:
        assert self.page is not None
        return "\n".join(c["content"] for c in self.page.components if c["type"] == 10)

    async def setup(self, who: User | None = None) -> str:
        stage = self.t.stage
        answered = await self.t.discord.command("setup", who or stage.owner, stage.general, timeout=PATIENCE)
        self.page = answered.last
        return self.text

    async def press(self, control: str, *values: object, who: User | None = None, page: str = "") -> Answered:
        """`control` by its label, or by its name on a page."""
        assert self.page is not None
        custom_id = f"beholder:{self.t.stage.guild.id}:page:{page}.{control}" if page else control
        picked: list[object] = list(values)
        who = who or self.t.stage.owner
        return await self.t.discord.press(self.page, custom_id, who, values=picked, timeout=PATIENCE)  # type: ignore[arg-type]

    def policy(self) -> Policy | None:
        rows = self.t.rows("select body from policies order by version desc limit 1")
        return form.load(json.loads(str(rows[0][0]))) if rows else None


@asynccontextmanager
async def invited(folder: Path, *, rights: int = 0) -> AsyncIterator[Hour]:
    """Invited, not set up. `rights`: what the bot has beyond the invite's."""
    async with Loopback(token=CANARY) as discord:
        validator = Validator().watch(discord)
        stage = Stage.build(discord)
        discord.bot_role(stage.guild).permissions |= rights
        bot = await begin(discord, folder)
        theatre = Theatre(discord, stage, folder, bot, validator)
        try:
            await bot.event(READY, 60.0)
            yield Hour(theatre)
            assert await theatre.bot.stop() == 0, theatre.bot.tail()
        finally:
            await theatre.bot.kill()
    assert validator.violations() == []
    assert_nothing_leaked(theatre)


async def test_every_page_to_protect_now_with_a_restart_in_the_middle(tmp_path: Path) -> None:
    async with invited(tmp_path, rights=int(Permission.MANAGE_CHANNELS)) as hour:
        t, stage = hour.t, hour.t.stage
        [moderators] = [r for r in stage.guild.roles.values() if r.name == "Moderators"]
        assert "How strict should I be? (1 of 7)" in await hour.setup()
        await hour.press("preset", "strict", page="setup_preset")
        assert "**strict**" in hour.text
        await hour.press("Next")
        await hour.press("decide", moderators, page="setup_staff")
        await hour.press("Next")
        await t.restart()
        await hour.press("Make a private one")
        assert "I made <#" in hour.text
        [made] = [c for c in stage.guild.channels.values() if c.name == "image-moderation"]
        assert not t.discord.world.granted(made, stage.members[0]) & Permission.VIEW_CHANNEL
        assert t.discord.world.granted(made, stage.moderator) & Permission.VIEW_CHANNEL
        await hour.press("Make a private one")
        assert len([c for c in stage.guild.channels.values() if c.name == "image-moderation"]) == 1
        await hour.press("Next")
        await hour.press("Exempt the moderators' roles")
        await hour.press("Next")
        assert "it costs nothing" in hour.text
        await hour.press("Next")
        assert "I have every right that I need here." in hour.text
        await hour.press("Next")
        assert hour.policy() is None, "nothing is saved before the end"
        await hour.press("Protect now")
        assert "Saved. From now on: enforce" in hour.text
        policy = hour.policy()
        assert policy is not None
        role = frozenset({str(moderators.id)})
        assert (policy.preset, policy.mode, policy.mod_channel) == ("strict", Mode.ENFORCE, str(made.id))
        assert (dict(policy.staff), policy.exempt.roles) == ({Duty.DECIDE: role}, role)
        await hour.press("Use all limits of strict")
        message = t.post()
        await t.discord.deleted(message)
        await t.discord.posted(made, 20.0, having="Case 1 ")


async def test_to_watch_first_past_missing_rights_and_a_wrong_person(tmp_path: Path) -> None:
    async with invited(tmp_path) as hour:
        t, stage = hour.t, hour.t.stage
        with pytest.raises(NotOffered):
            await hour.setup(stage.members[0])
        role = t.discord.bot_role(stage.guild)
        held = role.permissions
        role.permissions &= ~int(Permission.MANAGE_MESSAGES)
        t.discord.role_changed(stage.guild, role)
        await hour.setup()
        for _ in range(2):
            await hour.press("Next")
        await hour.press("Next")
        assert "Choose a channel first" in hour.text
        await hour.press("Make a private one")
        assert "I lack “Manage Channels”" in hour.text
        await hour.press("channel", stage.mods, page="setup_channel")
        for _ in range(3):
            await hour.press("Next")
        assert "without it, posts that break the rules stay up." in hour.text
        role.permissions = held
        t.discord.role_changed(stage.guild, role)
        await hour.press("Check again")
        assert "I have every right that I need here." in hour.text
        told = await hour.press("Next", who=stage.moderator)
        assert "Only someone who may manage this server" in told.last.content
        await hour.press("Next")
        await asyncio.gather(hour.press("Watch first"), hour.press("Watch first"))
        assert "That setup is over: it was finished" in hour.text, "pressed twice it saves once"
        policy = hour.policy()
        assert policy is not None
        assert (policy.mode, policy.mod_channel) == (Mode.OBSERVE, str(stage.mods.id))
        assert t.rows("select count(*) from policies") == [(1,)]
        assert t.rows("select kind, key, state from jobs where key = 'remind:1'") == [("remind", "remind:1", "todo")]
        message = t.post(BAD)
        line = await t.judged(message)
        assert line["outcomes"]["delete"] == "simulated"
        assert message.deleted_at is None


async def test_the_greeting_and_the_reminder_open_what_they_say(tmp_path: Path) -> None:
    """A guild that is seen for the first time, and whose three days are over when the bot starts again."""
    async with Loopback(token=CANARY) as discord:
        validator = Validator().watch(discord)
        stage = Stage.build(discord)
        bot = await begin(discord, tmp_path)
        theatre = Theatre(discord, stage, tmp_path, bot, validator)
        try:
            await bot.event(READY, 60.0)
            hello = await discord.posted(stage.general, 20.0, having="Hello, I am Beholder")
            hour = Hour(theatre, hello)
            assert "I only watch" in hour.text
            told = await hour.press("Set up", who=stage.members[0])
            assert "Only someone who may manage" in told.last.content
            opened = await hour.press("Set up")
            assert opened.last.ephemeral
            assert "Hello" in hour.text, "the greeting stays"
            assert "How strict should I be?" in "".join(str(c) for c in opened.last.components)
            assert theatre.rows("select count(*) from jobs where key = 'remind:0'") == [(1,)]
            await _bring_forward(theatre)
            asked = await discord.posted(stage.general, 20.0, having="I am still only watching")
            hour.page = asked
            told = await hour.press("Protect now", who=stage.moderator)
            assert "Only someone who may manage" in told.last.content
            both = await asyncio.gather(hour.press("Protect now"), hour.press("Protect now"))
            assert sorted("lets me act" in each.last.content for each in both) == [False, True]
            assert "Decided" in hour.text
            assert theatre.rows("select count(*) from policies") == [(1,)]
            assert len([m for m in stage.general.messages.values() if m.author is discord.world.bot]) == 2
            assert await theatre.bot.stop() == 0, bot.tail()
        finally:
            await theatre.bot.kill()
    assert validator.violations() == []


async def _bring_forward(theatre: Theatre) -> None:
    """Three days pass between two lives."""
    assert await theatre.bot.stop() == 0
    with sqlite3.connect(theatre.folder / "beholder.db") as connection:
        connection.execute("update jobs set run_at = 0 where kind = 'remind'")
    connection.close()
    theatre.bot = await begin(theatre.discord, theatre.folder)
