"""What the host does and sees, on the real bot: guilds that come and go, limits, leaving, numbers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.entities import Guild
from bot.sandbox.loopback import Loopback
from bot.sandbox.permissions import Permission
from bot.sandbox.process import BotProcess
from bot.sandbox.scenes import card, files, view
from bot.sandbox.stage import Stage
from policies.model import Category
from tests.bot.commandline import Host, json_lines
from tests.bot.web.test_metrics import BOUNDED, Series, series
from tests.e2e.theatre import CANARY, READY, Theatre, begin
from tests.openapi import Validator

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("operate"), pytest.mark.timeout(180)]


async def beholder(theatre: Theatre, *args: object) -> str:
    """`beholder` as the host types it, in a process of its own beside the bot."""
    host = Host(theatre.folder, {"BEHOLDER_DATA_DIR": str(theatre.folder)})
    done = await asyncio.to_thread(host.process, *args)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def listed(theatre: Theatre, *options: str) -> dict[str, dict[str, Any]]:
    """`guild list --json`, by the guild's name."""
    return {g["name"]: g for g in json_lines(await beholder(theatre, "guild", "list", "--json", *options))}


def greeted(theatre: Theatre, guild: Guild) -> list[tuple[object, ...]]:
    """Payloads of the greetings of a guild, as the journal has them."""
    return theatre.rows(
        "select jobs.payload from jobs join tenants on tenants.id = jobs.tenant "
        f"where jobs.kind = 'greet' and tenants.name = 'discord:{guild.id}'"
    )


def present(theatre: Theatre, guild: Guild) -> bool:
    """Whether the register says that the bot is in it."""
    return theatre.rows(
        "select 1 from guilds join tenants on tenants.id = guilds.tenant "
        f"where tenants.name = 'discord:{guild.id}' and left_at is null and joined_at is not null"
    ) == [(1,)]


async def noted(theatre: Theatre, guild: Guild, *, here: bool = True) -> None:
    await theatre.discord.until(lambda: present(theatre, guild) is here, 20.0)


def in_it(theatre: Theatre, guild: Guild) -> bool:
    return theatre.discord.world.bot.id in guild.members


async def scraped(theatre: Theatre) -> Series:
    return series(await scraped_text(theatre))


async def scraped_text(theatre: Theatre) -> bytes:
    port = [line["port"] for line in theatre.bot.lines if line.get("event") == "web"][-1]
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        assert answer.status == 200
        return await answer.read()


# --- guilds that come and go -----------------------------------------------------------------------------------


async def test_a_guild_is_noted_when_the_bot_joins_and_when_it_is_thrown_out(theatre: Theatre) -> None:
    guild = theatre.discord.guild("Brook")
    theatre.discord.channel(guild, "hello")
    await noted(theatre, guild)
    shown = (await listed(theatre))["Brook"]
    assert (shown["guild"], shown["members"], shown["mode"]) == (f"discord:{guild.id}", 2, "observe")
    theatre.discord.kick_bot(guild)
    await noted(theatre, guild, here=False)
    assert "Brook" not in await listed(theatre)
    assert (await listed(theatre, "--all"))["Brook"]["left_at"] is not None


async def test_an_outage_of_a_guild_is_no_leaving(theatre: Theatre) -> None:
    guild = theatre.discord.guild("Cloud")
    await noted(theatre, guild)
    theatre.discord.outage(guild)
    later = theatre.discord.guild("Sun")  # noted in a later round, by which the outage was seen too
    await noted(theatre, later)
    assert present(theatre, guild)
    theatre.discord.back(guild)
    another = theatre.discord.guild("Star")
    await noted(theatre, another)
    assert len(greeted(theatre, guild)) == 1


async def test_the_greeting_goes_where_the_bot_may_speak(theatre: Theatre) -> None:
    d = theatre.discord
    assert await theatre.bot.stop() == 0
    silent = d.guild("Hush")
    locked = d.channel(silent, "locked")
    d.overwrite(locked, silent, deny=int(Permission.SEND_MESSAGES))
    free = d.channel(silent, "free")
    d.channel(silent, "other")
    official = d.guild("Official")
    d.channel(official, "first")
    system = d.channel(official, "system")
    official.system_channel = system.id
    mute = d.guild("Mute", bot_permissions=int(Permission.VIEW_CHANNEL))
    d.overwrite(d.channel(mute, "x"), mute, deny=int(Permission.SEND_MESSAGES))
    await theatre.restart()
    for guild, channel in ((silent, f'"{free.id}"'), (official, f'"{system.id}"'), (mute, "null")):
        await noted(theatre, guild)
        ((payload,),) = greeted(theatre, guild)
        assert f'"channel":{channel}' in str(payload).replace(" ", "")


async def test_what_happened_while_the_bot_was_away_is_noted_at_its_start(theatre: Theatre) -> None:
    leaving, staying, returning = (theatre.discord.guild(n) for n in ("Leaving", "Staying", "Returning"))
    for guild in (leaving, staying, returning):
        await noted(theatre, guild)
    assert await theatre.bot.stop() == 0
    theatre.discord.kick_bot(leaving)
    theatre.discord.kick_bot(returning)
    theatre.discord.invite_bot(returning)
    joining = theatre.discord.guild("Joining")
    await theatre.restart()
    await noted(theatre, joining)
    await noted(theatre, leaving, here=False)
    assert present(theatre, staying)
    assert present(theatre, returning)
    assert [len(greeted(theatre, g)) for g in (staying, returning, joining)] == [1, 2, 1]


async def test_a_guild_lost_together_with_the_session_is_noted_without_a_restart(theatre: Theatre) -> None:
    guild = theatre.discord.guild("Ghost")
    await noted(theatre, guild)
    before = len(theatre.discord.gateway.identifies)
    theatre.discord.gateway.pause()
    theatre.discord.gateway.forget_sessions()
    theatre.discord.kick_bot(guild)
    theatre.discord.gateway.break_off()
    await theatre.discord.until(lambda: len(theatre.discord.gateway.identifies) > before, 40.0)
    await noted(theatre, guild, here=False)


# --- leaving ---------------------------------------------------------------------------------------------------


async def test_the_host_lets_a_running_bot_leave(theatre: Theatre) -> None:
    guild = theatre.discord.guild("Unwanted")
    channel = theatre.discord.channel(guild, "square")
    await noted(theatre, guild)
    assert "within seconds" in await beholder(theatre, "guild", "leave", guild.id)
    said = await theatre.discord.posted(channel, 20.0, having="I am leaving")
    assert said.content.count(".") == 1
    await theatre.discord.until(lambda: not in_it(theatre, guild), 20.0)
    await noted(theatre, guild, here=False)
    theatre.discord.invite_bot(guild)
    await noted(theatre, guild)
    assert in_it(theatre, guild), "once is once"


async def test_the_bot_stays_away_until_it_is_allowed_again(theatre: Theatre) -> None:
    guild = theatre.discord.guild("Barred")
    theatre.discord.channel(guild, "square")
    await noted(theatre, guild)
    await beholder(theatre, "guild", "leave", guild.id, "--stay-away")
    await theatre.discord.until(lambda: not in_it(theatre, guild), 20.0)
    await noted(theatre, guild, here=False)
    greetings = len(greeted(theatre, guild))
    theatre.discord.invite_bot(guild)
    await theatre.discord.until(lambda: not in_it(theatre, guild), 90.0)
    assert len(greeted(theatre, guild)) == greetings, "nobody greets and leaves"
    await beholder(theatre, "guild", "allow", guild.id)
    theatre.discord.invite_bot(guild)
    await theatre.discord.until(lambda: len(greeted(theatre, guild)) > greetings, 20.0)
    assert in_it(theatre, guild)


async def test_a_leaving_that_fails_is_tried_again_and_said_once(theatre: Theatre) -> None:
    guild = theatre.discord.guild("Sticky")
    channel = theatre.discord.channel(guild, "square")
    await noted(theatre, guild)
    fault = theatre.discord.fail("DELETE", "/users/@me/guilds/{guild_id}", status=503)
    await beholder(theatre, "guild", "leave", guild.id)
    await theatre.discord.until(lambda: not in_it(theatre, guild), 30.0)
    assert fault.struck == 1
    assert len([m for m in channel.messages.values() if "I am leaving" in m.content]) == 1


async def test_leaving_is_not_forgotten_while_the_bot_is_down(theatre: Theatre) -> None:
    once, ever = theatre.discord.guild("Once"), theatre.discord.guild("Ever")
    for guild in (once, ever):
        await noted(theatre, guild)
    assert await theatre.bot.stop() == 0
    await beholder(theatre, "guild", "leave", once.id)
    await beholder(theatre, "guild", "leave", ever.id, "--stay-away")
    await theatre.restart()
    await theatre.discord.until(lambda: not in_it(theatre, once) and not in_it(theatre, ever), 30.0)


# --- the allowlist -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def exclusive(folder: Path) -> AsyncIterator[tuple[Theatre, Guild]]:
    """A bot that one guild alone may have, and a stranger's guild that has invited it too."""
    async with Loopback(token=CANARY) as discord:
        validator = Validator().watch(discord)
        stage = Stage.build(discord)
        stranger = discord.guild("Stranger")
        discord.channel(stranger, "square")
        bot = await begin(discord, folder, guilds=str(stage.guild.id))
        try:
            await bot.event(READY, 60.0)
            yield Theatre(discord, stage, folder, bot, validator), stranger
            assert await bot.stop() == 0, bot.tail()
        finally:
            await bot.kill()
    assert validator.violations() == []


async def test_guilds_that_are_not_on_the_list_are_left_unseen(tmp_path: Path) -> None:
    async with exclusive(tmp_path) as (theatre, stranger):
        square = next(iter(stranger.channels.values()))
        await theatre.discord.posted(square, 20.0, having="whoever runs me has not let me look after this server")
        await theatre.discord.until(lambda: not in_it(theatre, stranger), 20.0)
        await noted(theatre, stranger, here=False)
        late = theatre.discord.guild("Late")
        hall = theatre.discord.channel(late, "hall")
        theatre.discord.post(hall, theatre.discord.owner(late), files=files(card(Category.SEXUAL_EXPLICIT, 0.97)))
        await theatre.discord.until(lambda: not in_it(theatre, late), 20.0)
        seen = theatre.post(view(3))
        await theatre.judged(seen)
        events = theatre.rows("select name from jobs join tenants on tenants.id = tenant where kind = 'event'")
        assert set(events) == {(f"discord:{theatre.stage.guild.id}",)}
        assert in_it(theatre, theatre.stage.guild)
        assert greeted(theatre, stranger) == greeted(theatre, late) == []


async def test_a_list_that_is_none_is_refused_with_the_cure(tmp_path: Path) -> None:
    async with Loopback(token=CANARY) as discord:
        bot = await BotProcess.start(discord, tmp_path, CANARY, guilds="Meadow")
        try:
            assert await asyncio.wait_for(bot.process.wait(), 30.0) == 1
        finally:
            await bot.kill()
        assert "BEHOLDER_GUILDS 'Meadow' is not a server's id; write the digits alone" in bot.tail()


# --- the limit ---------------------------------------------------------------------------------------------------


async def first_that_ends_as(theatre: Theatre, event: str) -> None:
    """Post until the running bot has seen what another process wrote, which takes it up to a second."""
    for n in range(60):
        message = str(theatre.post(view(200 + n)).id)
        ended = await theatre.bot.line(
            lambda x, m=message: x.get("message") == m and x.get("event") in ("judged", "host_limit")  # type: ignore[misc]
        )
        if ended["event"] == event:
            return
    raise AssertionError(f"no post ended as {event}")


async def test_a_limit_set_beside_the_running_bot_holds_and_is_told(theatre: Theatre) -> None:
    guild = theatre.stage.guild
    await noted(theatre, guild)
    await beholder(theatre, "guild", "limit", guild.id, 0)
    await first_that_ends_as(theatre, "host_limit")
    left = theatre.post(card(Category.SEXUAL_EXPLICIT, 0.971))
    await theatre.bot.event("host_limit", 20.0, message=str(left.id))
    await theatre.discord.posted(theatre.stage.mods, 20.0, having="0 images a day")
    await beholder(theatre, "guild", "limit", guild.id, "none")
    await first_that_ends_as(theatre, "judged")
    removed = theatre.post(card(Category.SEXUAL_EXPLICIT, 0.972))
    await theatre.discord.deleted(removed, 20.0)
    assert left.deleted_at is None
    told = [m for m in theatre.stage.mods.messages.values() if "images a day" in m.content]
    assert len(told) == 1
    numbers = await scraped(theatre)
    key = ("beholder_images_total", (("reason", "host_limit"), ("suggestion", "unscreened")))
    assert numbers[key] >= 1


# --- numbers -------------------------------------------------------------------------------------------------------


async def test_numbers_are_right_under_load_and_name_nobody(theatre: Theatre) -> None:
    await theatre.judged(theatre.post(view(40)))
    before = await scraped(theatre)
    messages = [theatre.post(view(50 + n)) for n in range(12)]
    messages += [theatre.post(card(Category.SEXUAL_EXPLICIT, 0.973)) for _ in range(6)]
    while_busy = [await scraped(theatre) for _ in range(3)]
    for message in messages:
        await theatre.judged(message, 40.0)
    await theatre.judged(theatre.post(card(Category.SEXUAL_EXPLICIT, 0.973)))  # known by now, for certain
    text = await scraped_text(theatre)
    after = series(text)

    def rise(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after.get(key, 0.0) - before.get(key, 0.0)

    assert rise("beholder_images_total", suggestion="pass", reason="none") == 12
    assert rise("beholder_images_total", suggestion="block", reason="threshold_remove") == 7
    assert rise("beholder_effects_total", kind="delete", outcome="done") == 7
    assert rise("beholder_stage_seconds_count", stage="total") == 19
    calls = rise("beholder_provider_calls_total", provider="local", outcome="answered")
    known = rise("beholder_provider_remembered_total", provider="local")
    assert calls >= 13, "twelve views and one card"
    assert known > 0, "the card's copies were known"
    assert after["beholder_provider_cost_total", (("provider", "local"),)] == 0
    assert after["beholder_gateway_ready", (("platform", "discord"),)] == 1
    assert after["beholder_backlog_jobs", ()] >= 0
    for numbers in while_busy:
        assert numbers["beholder_images_total", (("reason", "none"), ("suggestion", "pass"))] >= 1
    names = [g.name for g in theatre.discord.world.guilds.values()]
    people = [u.name for u in theatre.discord.world.users.values()]
    ids = [
        str(i) for i in (*theatre.discord.world.guilds, *theatre.discord.world.users, *theatre.discord.world.channels)
    ]
    assert not [x for x in (CANARY, *ids) if x.encode() in text]
    labels = {pair for _, pairs in after for pair in pairs}
    assert not {value for _, value in labels} & {*names, *people}
    for name, value in labels:
        allowed = BOUNDED[name]
        assert allowed is None or value in allowed, (name, value)
