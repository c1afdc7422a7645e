"""Who may punish whom: rights, hierarchy, administrators, the audit log."""

from __future__ import annotations

from datetime import timedelta

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox import permissions
from bot.sandbox.entities import Channel, Guild, Member, Overwrite, Role, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.permissions import ALL, EVERYONE, NONE, READ_ONLY, Permission
from bot.sandbox.world import World
from tests.bot.sandbox.barest import Barest
from tests.bot.sandbox.pictures import PNG

BITS = st.sets(st.sampled_from([p for p in Permission if p is not Permission.ADMINISTRATOR])).map(sum)


async def seen(bot: Barest, guild: Guild, user: User) -> discord.Member:
    found = bot.get_guild(guild.id)
    assert found is not None
    return await found.fetch_member(user.id)


@pytest.mark.asyncio
async def test_a_timeout_is_set_told_of_and_written_down_with_its_reason(d: Loopback, bot: Barest) -> None:
    guild = d.guild()
    ann = d.member(guild, "ann")
    await bot.login_to(d)
    await (await seen(bot, guild, ann)).timeout(timedelta(hours=1), reason="case 3: röt")
    member = guild.members[ann.id]
    assert member.in_timeout(d.world.clock.now())
    assert (guild.audit_log[-1].action, guild.audit_log[-1].reason) == (24, "case 3: röt")
    await d.wait_for(lambda e: e.name == "GUILD_MEMBER_UPDATE" and e.payload["communication_disabled_until"])
    with pytest.raises(discord.HTTPException) as refused:
        await (await seen(bot, guild, ann)).timeout(timedelta(days=29))
    assert refused.value.code == 50035
    await (await seen(bot, guild, ann)).timeout(None)
    assert member.timeout_until is None


@pytest.mark.asyncio
@pytest.mark.parametrize("who", ["above", "same height", "owner", "administrator", "below but no right"])
async def test_nobody_above_the_bot_or_in_charge_is_timed_out(d: Loopback, bot: Barest, who: str) -> None:
    rights = (
        int(Permission.VIEW_CHANNEL) if who == "below but no right" else int(Permission.MODERATE_MEMBERS) | EVERYONE
    )
    guild = d.guild(bot_permissions=rights, bot_position=20)
    target = {
        "above": lambda: d.member(guild, "boss", roles=[d.role(guild, "boss", position=21)]),
        "same height": lambda: d.member(guild, "peer", roles=[d.role(guild, "peer", position=20)]),
        "owner": lambda: d.owner(guild),
        "administrator": lambda: d.member(guild, "adm", roles=[d.role(guild, "adm", Permission.ADMINISTRATOR)]),
        "below but no right": lambda: d.member(guild, "ann"),
    }[who]()
    await bot.login_to(d)
    with pytest.raises(discord.Forbidden) as refused:
        await (await seen(bot, guild, target)).timeout(timedelta(hours=1))
    assert refused.value.code == 50013
    assert guild.members[target.id].timeout_until is None
    assert guild.audit_log == []


@pytest.mark.asyncio
async def test_a_ban_removes_the_member_and_as_many_messages_as_asked(d: Loopback, bot: Barest) -> None:
    guild = d.guild(bot_permissions=int(Permission.BAN_MEMBERS | Permission.KICK_MEMBERS) | EVERYONE)
    channel, ann = d.channel(guild), d.member(guild, "ann")
    old = d.post(channel, ann, "old", at=d.world.clock.now() - timedelta(hours=3))
    new = d.post(channel, ann, "new")
    await bot.login_to(d)
    here = bot.get_guild(guild.id)
    assert here is not None
    await here.ban(discord.Object(ann.id), delete_message_seconds=3600, reason="raid")
    assert (old.deleted_at is None, new.deleted_at is None) == (True, False)
    assert ann.id not in guild.members
    assert (await here.fetch_ban(discord.Object(ann.id))).reason == "raid"
    await here.unban(discord.Object(ann.id))
    with pytest.raises(discord.NotFound):
        await here.fetch_ban(discord.Object(ann.id))
    bob = d.member(guild, "bob")
    await (await seen(bot, guild, bob)).kick(reason="enough")
    assert bob.id not in guild.members
    assert [e.action for e in guild.audit_log] == [22, 23, 20]


@pytest.mark.asyncio
async def test_roles_are_given_below_the_bots_own_only(d: Loopback, bot: Barest) -> None:
    guild = d.guild(
        bot_permissions=int(Permission.MANAGE_ROLES | Permission.VIEW_AUDIT_LOG) | EVERYONE, bot_position=20
    )
    ann, low, high = d.member(guild, "ann"), d.role(guild, "low"), d.role(guild, "high", position=30)
    await bot.login_to(d)
    member = await seen(bot, guild, ann)
    await member.add_roles(discord.Object(low.id), reason="quarantine")
    assert guild.members[ann.id].roles == [low.id]
    with pytest.raises(discord.Forbidden):
        await member.add_roles(discord.Object(high.id))
    await member.remove_roles(discord.Object(low.id))
    assert guild.members[ann.id].roles == []
    here = bot.get_guild(guild.id)
    assert here is not None
    assert [e.reason async for e in here.audit_logs(limit=5)] == [None, "quarantine"]


@pytest.mark.asyncio
async def test_people_come_change_their_faces_and_the_bot_may_be_thrown_out(d: Loopback, bot: Barest) -> None:
    guild = d.guild()
    channel = d.channel(guild)
    await bot.login_to(d)
    ann = d.member(guild, "ann")
    joined = await bot.members.get()
    d.avatar(ann, PNG)
    await d.wait_for(lambda e: e.name == "GUILD_MEMBER_UPDATE" and e.payload["user"]["avatar"] == ann.avatar)
    person = await bot.fetch_user(joined.id)
    assert person.avatar is not None
    assert await person.avatar.with_format("png").read() == PNG
    d.kick_bot(guild)
    await d.until(lambda: bot.get_guild(guild.id) is None)
    with pytest.raises(discord.NotFound) as gone:
        await bot.http.send_message(channel.id, params=discord.http.MultipartParameters({"content": "x"}, None, None))
    assert gone.value.code == 10003


@pytest.mark.asyncio
async def test_channels_can_be_made_with_overwrites(d: Loopback, bot: Barest) -> None:
    guild = d.guild(bot_permissions=int(Permission.MANAGE_CHANNELS | Permission.MANAGE_ROLES) | EVERYONE)
    await bot.login_to(d)
    here = bot.get_guild(guild.id)
    assert here is not None
    hidden: dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]
    hidden = {here.default_role: discord.PermissionOverwrite(view_channel=False)}
    made = await here.create_text_channel("mods", overwrites=hidden, nsfw=True)
    channel = d.world.channels[made.id]
    ann = d.member(guild, "ann")
    assert (channel.nsfw, d.world.granted(channel, ann)) == (True, NONE)
    assert [c.name for c in await here.fetch_channels()] == ["mods"]


# --- the arithmetic of permissions ---------------------------------------------------------------------


def place(everyone: int, role: int, *overwrites: Overwrite) -> tuple[World, Guild, Channel, Member]:
    world = World("t", frozenset())
    guild = Guild(1, "g", owner_id=99)
    guild.roles = {1: Role(1, "@everyone", everyone, 0), 2: Role(2, "r", role, 1)}
    channel = Channel(3, "c", guild=guild, overwrites={o.target: o for o in overwrites})
    return world, guild, channel, Member(User(4, "m"), world.clock.now(), [2])


@given(BITS, BITS, BITS, BITS)
def test_an_overwrite_of_the_member_has_the_last_word(everyone: int, role: int, allow: int, deny: int) -> None:
    view = int(Permission.VIEW_CHANNEL)
    own = Overwrite(4, True, allow | view, deny & ~view)
    world, guild, channel, member = place(everyone, role, Overwrite(1, False, deny=ALL), own)
    granted = permissions.in_channel(guild, channel, member, world.clock.now())
    assert granted & (allow | view) == allow | view
    assert granted & ~(allow | view) == 0


@given(BITS, BITS)
def test_who_cannot_view_can_do_nothing_and_who_is_in_timeout_can_only_read(everyone: int, role: int) -> None:
    world, guild, channel, member = place(everyone, role)
    now = world.clock.now()
    granted = permissions.in_channel(guild, channel, member, now)
    assert granted == (everyone | role if (everyone | role) & Permission.VIEW_CHANNEL else NONE)
    member.timeout_until = now + timedelta(hours=1)
    assert permissions.in_channel(guild, channel, member, now) == granted & READ_ONLY
    channel.overwrites[1] = Overwrite(1, False, deny=int(Permission.VIEW_CHANNEL))
    assert permissions.in_channel(guild, channel, member, now) == NONE


@given(BITS, BITS, BITS)
def test_administrators_and_the_owner_may_everything(everyone: int, role: int, deny: int) -> None:
    world, guild, channel, member = place(everyone, role | Permission.ADMINISTRATOR, Overwrite(4, True, deny=deny))
    assert permissions.in_channel(guild, channel, member, world.clock.now()) == ALL
    owner = Member(User(99, "o"), world.clock.now())
    assert permissions.in_channel(guild, channel, owner, world.clock.now()) == ALL
    assert permissions.outranks(guild, owner, member)
    assert not permissions.outranks(guild, member, owner)


@pytest.mark.asyncio
async def test_a_bulk_ban_names_whom_it_could_not_reach(d: Loopback, bot: Barest) -> None:
    guild = d.guild(bot_permissions=int(Permission.BAN_MEMBERS | Permission.MANAGE_GUILD) | EVERYONE)
    ann = d.member(guild, "ann")
    await bot.login_to(d)
    here = bot.get_guild(guild.id)
    assert here is not None
    done = await here.bulk_ban([discord.Object(ann.id), discord.Object(guild.owner_id)])
    assert [[u.id for u in users] for users in (done.banned, done.failed)] == [[ann.id], [guild.owner_id]]
    assert list(guild.bans) == [ann.id]
    with pytest.raises(discord.HTTPException):
        await here.bulk_ban([discord.Object(guild.owner_id)])
