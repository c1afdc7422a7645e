"""Rights: what is asked for, what is missing, and who may punish whom."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.model import OutcomeState, TimeoutMember
from bot.platforms.discord.rights import NEEDED, OPTIONAL, Punishment, Rank, findings, invite_link, objection, wanted
from policies.model import Act, Actions, Context, Ladder, Policy, Rung, frozen
from policies.presets import PRESETS, preset
from tests.bot.platforms.discord.world import World, later, simulated, take_rights


def test_the_invite_asks_for_exactly_what_is_needed() -> None:
    query = parse_qs(urlsplit(invite_link(42)).query)
    asked = discord.Permissions(int(query["permissions"][0]))
    assert {name for name, held in asked if held} == {
        {"view_channel": "read_messages"}.get(right.name, right.name) for right in NEEDED
    }
    assert query["client_id"] == ["42"]
    assert query["scope"] == ["bot applications.commands"]


def test_every_right_has_its_bit_and_says_why() -> None:
    for right in (*NEEDED, *OPTIONAL):
        assert getattr(discord.Permissions, right.name).flag == right.bit
        assert right.why


# --- who may punish whom --------------------------------------------------------------------------


ALL = frozenset(Punishment)


def test_no_invite_asks_for_the_rights_to_remove_members() -> None:
    asked = discord.Permissions(int(parse_qs(urlsplit(invite_link(42)).query)["permissions"][0]))
    assert {right.name for right in OPTIONAL} == {"manage_roles", "kick_members", "ban_members"}
    assert not asked.manage_roles
    assert not asked.kick_members
    assert not asked.ban_members


@pytest.mark.parametrize(("bot", "target", "actor"), list(product(range(4), repeat=3)))
def test_nobody_is_punished_from_below_or_beside(bot: int, target: int, actor: int) -> None:
    for to in Punishment:
        why = objection(Rank(bot, may=frozenset({to})), Rank(target), Rank(actor, may=frozenset({to})), to=to)
        assert (why is None) == (bot > target and actor > target)


@pytest.mark.parametrize("high", [Rank(9, owner=True), Rank(0, administrator=True)])
@pytest.mark.parametrize("to", Punishment)
def test_owner_and_administrators_are_never_punished(high: Rank, to: Punishment) -> None:
    assert to.done in (objection(Rank(10, may=ALL, administrator=True), high, Rank(10, owner=True), to=to) or "")


def test_whoever_asks_needs_the_right_themselves_unless_they_own_the_place() -> None:
    bot, target = Rank(5, may=ALL), Rank(1)
    for to in Punishment:
        assert "lacks" in (objection(bot, target, Rank(9, may=ALL - {to}), to=to) or "")
        assert objection(bot, target, Rank(0, owner=True), to=to) is None
        assert objection(bot, target, Rank(2, administrator=True), to=to) is None


@pytest.mark.parametrize(
    ("to", "title"),
    [
        (Punishment.TIMEOUT, "Timeout Members"),
        (Punishment.KICK, "Kick Members"),
        (Punishment.BAN, "Ban Members"),
    ],
)
def test_the_bot_needs_the_right(to: Punishment, title: str) -> None:
    assert title in (objection(Rank(5, may=ALL - {to}), Rank(1), to=to) or "")
    assert objection(Rank(5, may=frozenset({to})), Rank(1), to=to) is None


@pytest.mark.asyncio
@pytest.mark.parametrize("target_above", [False, True])
@pytest.mark.parametrize("right", [False, True])
async def test_timeouts_agree_with_the_simulated_discord(target_above: bool, right: bool) -> None:
    async with simulated() as world:
        place: dict[str, Any] = {"position": 9} if target_above else {}
        role = world.guild.create_role("their role", **place)
        target = world.guild.add_member(world.env.create_user("target"), roles=[role])
        if not right:
            take_rights(world, "moderate_members")
        await world.env.settle()
        ours = await world.platform.perform(TimeoutMember(world.tenant, str(target.id), later(10), case=3))
        asked = [r for r in world.env.http_requests if r.method == "PATCH" and "/members/" in r.path]
        theirs = await _discords_opinion(world, target.id)
        assert (ours.state is OutcomeState.DONE) == theirs == (right and not target_above)
        assert len(asked) == (1 if theirs else 0), "what Discord would refuse must not be asked"


async def _discords_opinion(world: World, target: int) -> bool:
    """Whether the simulated Discord lets the bot do it when nobody checks before."""
    try:
        await world.client.http.edit_member(world.guild.id, target, communication_disabled_until=later(10).isoformat())
    except discord.Forbidden:
        return False
    return True


@pytest.mark.asyncio
async def test_owner_and_administrator_are_refused_with_the_reason() -> None:
    async with simulated() as world:
        admins = world.guild.create_role("admins", permissions=discord.Permissions(administrator=True))
        admin = world.guild.add_member(world.env.create_user("admin"), roles=[admins])
        for target, word in ((world.guild.owner.id, "owner"), (admin.id, "administrator")):
            outcome = await world.platform.perform(TimeoutMember(world.tenant, str(target), later(10), case=3))
            assert outcome.state is OutcomeState.REFUSED
            assert word in outcome.detail


@pytest.mark.asyncio
async def test_a_timeout_says_its_case_and_ends_when_it_was_decided_to() -> None:
    async with simulated() as world:
        target = world.guild.add_member(world.env.create_user("target"))
        until = later(10).replace(microsecond=0)
        for _ in range(2):
            outcome = await world.platform.perform(TimeoutMember(world.tenant, str(target.id), until, case=31))
            assert outcome.state is OutcomeState.DONE
        member = await world.client.get_guild(world.guild.id).fetch_member(target.id)  # type: ignore[union-attr]
        assert member.timed_out_until == until
        assert "case 31" in (world.guild.audit_log()[-1].reason or "")


@pytest.mark.asyncio
async def test_a_timeout_that_never_was_is_not_said_to_have_been() -> None:
    async with simulated() as world:
        gone = await world.platform.perform(TimeoutMember(world.tenant, "123456", later(10), case=3))
        assert (gone.state, gone.retry) == (OutcomeState.REFUSED, False)
        assert "left" in gone.detail
        past = await world.platform.perform(TimeoutMember(world.tenant, "123456", later(-1), case=3))
        assert past.state is OutcomeState.REFUSED
        assert "over by now" in past.detail
        assert not [r for r in world.env.http_requests if r.method == "PATCH"]
        too_long = await world.platform.perform(TimeoutMember(world.tenant, "1", later(60 * 24 * 29), case=3))
        assert too_long.state is OutcomeState.REFUSED


# --- the self-check ----------------------------------------------------------------------------------


def of(mod_channel: str | None, **changes: Any) -> Policy:
    """A policy with that moderators' channel."""
    return replace(preset("standard"), mod_channel=mod_channel, **changes)


@pytest.mark.asyncio
async def test_findings_name_what_is_missing_and_where() -> None:
    async with simulated() as world:
        mods = world.guild.create_text_channel(
            "mods",
            overwrites={world.guild.default_role: discord.PermissionOverwrite(read_messages=False)},
        )
        await world.env.settle()
        guild = world.client.get_guild(world.guild.id)
        assert guild is not None
        by_name = {f.name: f for f in findings(guild, of(str(mods.id)))}
        assert all(by_name[right.title].ok for right in NEEDED)
        assert not by_name["Moderators' channel"].ok, "the overwrite shuts the bot out, too"
        take_rights(world, "manage_messages")
        await world.env.settle()
        by_name = {f.name: f for f in findings(guild, of(None))}
        assert not by_name["Manage Messages"].ok
        assert "/setup" in by_name["Moderators' channel"].cure
        assert world.channel.mention in by_name["Channels I can protect"].cure


@pytest.mark.asyncio
async def test_a_moderators_channel_that_all_can_read_is_no_good_one() -> None:
    async with simulated() as world:
        guild = world.client.get_guild(world.guild.id)
        assert guild is not None
        (finding,) = [f for f in findings(guild, of(str(world.channel.id))) if f.name == "Moderators' channel"]
        assert not finding.ok
        assert "private" in finding.cure
        (gone,) = [f for f in findings(guild, of("99")) if f.name == "Moderators' channel"]
        assert "/setup" in gone.cure


def test_optional_rights_are_asked_for_only_where_the_policy_has_a_use_for_them() -> None:
    for name in PRESETS:
        assert wanted(preset(name)) == NEEDED, "kicks and bans of a preset are proposed, and pressed by a person"
    rungs = (Rung(2, Act.KICK), Rung(3, Act.BAN))
    uses = {
        ("kick_members", "ban_members"): of(None, ladder=Ladder(rungs, automatic_removal=True)),
        ("manage_roles",): of(None, quarantine_role="5"),
        ("ban_members",): of(
            None, context_actions=frozen({Context.HEAD_IMAGE: Actions(block=(Act.BAN,), review=(Act.ESCALATE,))})
        ),
    }
    for names, policy in uses.items():
        assert tuple(right.name for right in wanted(policy)[len(NEEDED) :]) == names


@pytest.mark.asyncio
@pytest.mark.parametrize("right", NEEDED, ids=lambda right: right.name)
async def test_what_is_missing_says_what_fails_without_it_and_the_cure(right: Any) -> None:
    async with simulated() as world:
        take_rights(world, right.name)
        await world.env.settle()
        guild = world.client.get_guild(world.guild.id)
        assert guild is not None
        (finding,) = [f for f in findings(guild, of(None)) if f.name == right.title]
        assert not finding.ok
        assert finding.cure.startswith(f"without it, {right.without}. Server Settings → Roles")
        assert f"switch on “{right.title}”" in finding.cure


@pytest.mark.asyncio
async def test_a_quarantine_role_must_exist_and_stand_below_ours() -> None:
    async with simulated() as world:
        low = world.guild.create_role("quarantine")
        high = world.guild.create_role("above", position=90)
        await world.env.settle()
        guild = world.client.get_guild(world.guild.id)
        assert guild is not None
        found = {
            ident: next(f for f in findings(guild, of(None, quarantine_role=ident)) if f.name == "Quarantine role")
            for ident in (str(low.id), str(high.id), "99")
        }
        assert found[str(low.id)].ok
        assert "above my role" in found[str(high.id)].cure
        assert "gone" in found["99"].cure
        assert not [f for f in findings(guild, of(None)) if f.name == "Quarantine role"]
