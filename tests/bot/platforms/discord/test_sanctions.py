"""Lifting timeouts, kicking and banning: what Discord shows afterwards, and who is spared."""

from __future__ import annotations

import pytest

from bot.model import Action, OutcomeState, Quarantine, RemoveMember, TimeoutMember, Unban
from bot.platforms.discord.platform import CAPABILITIES
from bot.sandbox.members import BOT_RIGHTS
from bot.sandbox.permissions import Permission
from policies.model import Act
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_actions import MEMBER, Scene
from tests.bot.platforms.discord.world import later

BAN = "/guilds/{guild_id}/bans/{user_id}"
RIGHTS = int(BOT_RIGHTS | Permission.KICK_MEMBERS | Permission.BAN_MEMBERS)
ROUTES = {False: ("DELETE", MEMBER), True: ("PUT", BAN)}


def removal(scene: Scene, *, ban: bool, author: int | None = None) -> RemoveMember:
    return RemoveMember(scene.tenant, str(author or scene.ann.id), ban, 7)


def lift(scene: Scene, timeout: TimeoutMember) -> TimeoutMember:
    return TimeoutMember(scene.tenant, timeout.author, None, 7, given=timeout.until)


def asked_to_punish(scene: Scene) -> list[str]:
    """Requests that Discord was sent about members."""
    return [r.method for r in scene.d.requests if r.template in (MEMBER, BAN) and r.method != "GET"]


# --- lifting a timeout --------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_timeout_is_lifted_and_lifting_it_twice_is_once(live: Live) -> None:
    scene = Scene(live)
    timeout = scene.time_out()
    assert (await scene.perform(timeout)).state is OutcomeState.DONE
    member = scene.guild.members[scene.ann.id]
    assert member.timeout_until is not None
    for _ in range(2):
        assert (await scene.perform(lift(scene, timeout))).state is OutcomeState.DONE
        assert member.timeout_until is None
    assert asked_to_punish(scene) == ["PATCH", "PATCH"]
    assert "case 7" in (scene.guild.audit_log[-1].reason or "")


@pytest.mark.asyncio
async def test_a_timeout_that_was_given_since_then_stays(live: Live) -> None:
    scene = Scene(live)
    timeout = scene.time_out()
    by_hand = later(60)
    await scene.perform(TimeoutMember(scene.tenant, str(scene.ann.id), by_hand, 9))
    outcome = await scene.perform(lift(scene, timeout))
    assert (outcome.state, outcome.retry) == (OutcomeState.REFUSED, False)
    assert "stays" in outcome.detail
    assert scene.guild.members[scene.ann.id].timeout_until == by_hand


@pytest.mark.asyncio
async def test_who_stands_above_the_bot_keeps_their_timeout_and_the_cure_is_said(live: Live) -> None:
    scene = Scene(live)
    timeout = scene.time_out()
    await scene.perform(timeout)
    high = scene.d.role(scene.guild, "high", position=60)
    scene.guild.members[scene.ann.id].roles.append(high.id)
    outcome = await scene.perform(lift(scene, timeout))
    assert outcome.state is OutcomeState.REFUSED
    assert "drag my role" in outcome.detail


@pytest.mark.asyncio
async def test_a_rule_does_not_shorten_a_timeout_and_a_moderator_may(live: Live) -> None:
    scene = Scene(live)
    by_hand = later(60)
    await scene.perform(TimeoutMember(scene.tenant, str(scene.ann.id), by_hand, 9))
    outcome = await scene.perform(scene.time_out())
    assert (outcome.state, outcome.detail) == (OutcomeState.DONE, "they are timed out for longer already")
    assert scene.guild.members[scene.ann.id].timeout_until == by_hand
    lifted = await scene.perform(lift(scene, scene.time_out()))
    assert lifted.state is OutcomeState.REFUSED, "overturning the case that changed nothing changes nothing"
    assert scene.guild.members[scene.ann.id].timeout_until == by_hand
    mods = scene.d.role(scene.guild, "mods", RIGHTS, position=30)
    mod = scene.d.member(scene.guild, "mo", roles=[mods])
    shorter = TimeoutMember(scene.tenant, str(scene.ann.id), later(5), 9, actor=str(mod.id))
    assert (await scene.perform(shorter)).state is OutcomeState.DONE
    assert scene.guild.members[scene.ann.id].timeout_until == shorter.until


@pytest.mark.asyncio
async def test_discord_takes_nobodys_images_alone(live: Live) -> None:
    scene = Scene(live)
    outcome = await scene.perform(TimeoutMember(scene.tenant, str(scene.ann.id), later(60), 9, images_only=True))
    assert outcome.state is OutcomeState.REFUSED
    assert "use a timeout" in outcome.detail
    assert scene.guild.members[scene.ann.id].timeout_until is None


# --- a guild that is not there --------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["ban", "unban", "timeout", "quarantine"])
@pytest.mark.parametrize("where", ["an outage", "a new connection", "thrown out"])
async def test_only_a_guild_that_was_left_is_given_up(live: Live, where: str, kind: str) -> None:
    """Whoever was banned by mistake must not stay so because the lifting met a connection that was new."""
    scene = Scene(live, RIGHTS)
    await scene.perform(scene.delete())
    client = live.platform.connected
    assert client is not None
    guild = client.get_guild(scene.guild.id)
    assert guild is not None
    if where == "an outage":
        guild.unavailable = True
    else:
        client._connection._remove_guild(guild)
    if where == "a new connection":
        client._ready.clear()
    who = str(scene.ann.id)
    actions: dict[str, Action] = {
        "ban": removal(scene, ban=True),
        "unban": Unban(scene.tenant, who, 7),
        "timeout": scene.time_out(),
        "quarantine": Quarantine(scene.tenant, who, "1", False, 7),
    }
    outcome = await live.platform.perform(actions[kind])
    given_up = where == "thrown out"
    assert (outcome.state, outcome.retry) == (
        (OutcomeState.REFUSED, False) if given_up else (OutcomeState.FAILED, True)
    )
    assert asked_to_punish(scene) == []


# --- kicks and bans -----------------------------------------------------------------------------------------


def test_kick_and_ban_are_on_offer() -> None:
    assert {Act.KICK, Act.BAN} <= CAPABILITIES.acts


@pytest.mark.asyncio
@pytest.mark.parametrize("ban", [False, True])
async def test_a_member_is_removed_with_the_case_in_the_audit_log_and_twice_is_once(live: Live, ban: bool) -> None:
    scene = Scene(live, RIGHTS)
    for _ in range(2):
        assert (await scene.perform(removal(scene, ban=ban))).state is OutcomeState.DONE
        assert scene.ann.id not in scene.guild.members
        assert (scene.ann.id in scene.guild.bans) is ban
    assert "case 7" in (scene.guild.audit_log[-1].reason or "")


@pytest.mark.asyncio
async def test_a_ban_deletes_nothing_and_says_so_itself(live: Live) -> None:
    scene = Scene(live, RIGHTS)
    await scene.perform(removal(scene, ban=True))
    assert scene.post.deleted_at is None
    (asked,) = scene.d.requests_to("PUT", BAN)
    stated = {**(asked.form or {}), **asked.query}
    assert int(stated["delete_message_seconds"]) == 0


@pytest.mark.asyncio
async def test_who_left_in_time_is_banned_all_the_same_and_needs_no_kick(live: Live) -> None:
    scene = Scene(live, RIGHTS)
    scene.d.leave(scene.guild, scene.ann)
    assert (await scene.perform(removal(scene, ban=False))).state is OutcomeState.DONE
    assert asked_to_punish(scene) == []
    assert (await scene.perform(removal(scene, ban=True))).state is OutcomeState.DONE
    assert scene.ann.id in scene.guild.bans


@pytest.mark.asyncio
async def test_who_leaves_between_the_look_and_the_kick_is_gone(live: Live) -> None:
    scene = Scene(live, RIGHTS)
    scene.d.fail("DELETE", MEMBER, status=404, body={"message": "Unknown Member", "code": 10007})
    assert (await scene.perform(removal(scene, ban=False))).state is OutcomeState.DONE


@pytest.mark.asyncio
@pytest.mark.parametrize("member", [True, False])
@pytest.mark.parametrize(("ban", "title"), [(False, "Kick Members"), (True, "Ban Members")])
async def test_a_bot_that_was_not_given_the_right_says_so_and_does_not_ask(
    live: Live, ban: bool, title: str, member: bool
) -> None:
    scene = Scene(live)
    if not member:
        scene.d.leave(scene.guild, scene.ann)
    outcome = await scene.perform(removal(scene, ban=ban))
    assert asked_to_punish(scene) == []
    if not member and not ban:
        assert outcome.state is OutcomeState.DONE
        return
    assert (outcome.state, outcome.retry) == (OutcomeState.REFUSED, False)
    assert title in outcome.detail
    assert "give it to my role" in outcome.detail


@pytest.mark.asyncio
@pytest.mark.parametrize("ban", [False, True])
async def test_those_above_the_bot_the_owner_and_administrators_stay(live: Live, ban: bool) -> None:
    scene = Scene(live, RIGHTS)
    high = scene.d.role(scene.guild, "high", position=60)
    admins = scene.d.role(scene.guild, "admins", int(Permission.ADMINISTRATOR))
    above, admin = scene.d.member(scene.guild, "a", roles=[high]), scene.d.member(scene.guild, "b", roles=[admins])
    for target in (above.id, admin.id, scene.guild.owner_id):
        outcome = await scene.perform(removal(scene, ban=ban, author=target))
        assert outcome.state is OutcomeState.REFUSED
        assert target in scene.guild.members
    assert asked_to_punish(scene) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("ban", [False, True])
async def test_trouble_is_worth_another_try(live: Live, ban: bool) -> None:
    scene = Scene(live, RIGHTS)
    fault = scene.d.fail(*ROUTES[ban], status=503)
    outcome = await scene.perform(removal(scene, ban=ban))
    assert fault.struck
    assert (outcome.state, outcome.retry) == (OutcomeState.FAILED, True)
    scene.d.well_again()
    assert (await scene.perform(removal(scene, ban=ban))).state is OutcomeState.DONE
