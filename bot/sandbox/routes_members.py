"""Endpoints of members and bans, with Discord's rules of who may touch whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.sandbox import acts, permissions, wire
from bot.sandbox.entities import Guild, Json, Member
from bot.sandbox.errors import ApiError, invalid_form, missing_permissions, unknown
from bot.sandbox.permissions import Permission
from bot.sandbox.rest import NO_CONTENT, Call, Reply, Routes, snowflake
from bot.sandbox.world import World

routes = Routes()
GUILD = "/guilds/{guild_id}"
LONGEST_TIMEOUT = timedelta(days=28, minutes=1)
WEEK = 604_800


def _guild(call: Call) -> Guild:
    return call.world.guild(call.id("guild_id"))


def _target(call: Call, guild: Guild, *needed: Permission) -> Member:
    """The member of the path, if the bot has what is needed and stands above them; else 403 or 404."""
    me = call.world.require(guild, *needed)
    member = call.world.member(guild, call.id("user_id"))
    if not permissions.outranks(guild, me, member):
        raise missing_permissions()
    return member


@routes.add("GET", GUILD + "/members")
def list_members(call: Call) -> Reply:
    """Members by id; needs the members intent."""
    if "members" not in call.world.intents_enabled:
        raise missing_permissions()
    after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 1))
    members = sorted(_guild(call).members.values(), key=lambda m: m.user.id)
    return Reply(body=[wire.member(m) for m in members if m.user.id > after][:limit])


@routes.add("GET", GUILD + "/members/{user_id}")
def get_member(call: Call) -> Reply:
    """One member."""
    return Reply(body=wire.member(call.world.member(_guild(call), call.id("user_id"))))


@routes.add("PATCH", GUILD + "/members/{user_id}")
def edit_member(call: Call) -> Reply:
    """Time out, rename, give roles: each wants its right and a lower target."""
    guild, form = _guild(call), call.form or {}
    needed = [right for name, right in _RIGHTS.items() if name in form]
    member = _target(call, guild, *needed)
    changes: dict[str, Any] = {}
    if "communication_disabled_until" in form:
        changes["timeout_until"] = _timeout(call, guild, member, form["communication_disabled_until"])
    if "nick" in form:
        changes["nick"] = form["nick"]
    if "roles" in form:
        changes["roles"] = [snowflake(r, "roles") for r in form["roles"]]
        _may_give(call.world, guild, set(changes["roles"]) ^ set(member.roles))
    before = {name: getattr(member, name) for name in changes}
    acts.change_member(call.world, guild, member, changes)
    _record_change(call, guild, member, before)
    return Reply(body=wire.member(member))


_RIGHTS = {
    "communication_disabled_until": Permission.MODERATE_MEMBERS,
    "nick": Permission.MANAGE_NICKNAMES,
    "roles": Permission.MANAGE_ROLES,
}


def _timeout(call: Call, guild: Guild, member: Member, until: str | None) -> datetime | None:
    if until is None:
        return None
    if permissions.in_guild(guild, member) & Permission.ADMINISTRATOR:
        raise missing_permissions()
    at = datetime.fromisoformat(until)
    if at - call.world.clock.now() > LONGEST_TIMEOUT:
        words = "Value must not be more than 28 days in the future."
        raise invalid_form("communication_disabled_until", "BASE_TYPE_MAX", words)
    return at


def _record_change(call: Call, guild: Guild, member: Member, before: dict[str, Any]) -> None:
    if "timeout_until" in before:
        old, new = wire.stamp(before["timeout_until"]), wire.stamp(member.timeout_until)
        change: Json = {"key": "communication_disabled_until"}
        change |= ({"old_value": old} if old else {}) | ({"new_value": new} if new else {})
        call.world.record(guild, acts.MEMBER_UPDATE, member.user.id, call.reason, changes=[change])
    if "roles" in before:
        call.world.record(guild, acts.MEMBER_ROLE_UPDATE, member.user.id, call.reason)


def _may_give(world: World, guild: Guild, roles: set[int]) -> None:
    me = guild.members[world.bot.id]
    highest = permissions.rank(guild, me) if me.user.id != guild.owner_id else 10**9
    for ident in roles:
        if ident not in guild.roles:
            raise unknown("Role")
        if guild.roles[ident].position >= highest:
            raise missing_permissions()


@routes.add("PUT", GUILD + "/members/{user_id}/roles/{role_id}")
def give_role(call: Call) -> Reply:
    """Give a role that stands below the bot's highest."""
    return _set_role(call, given=True)


@routes.add("DELETE", GUILD + "/members/{user_id}/roles/{role_id}")
def take_role(call: Call) -> Reply:
    """Take a role away."""
    return _set_role(call, given=False)


def _set_role(call: Call, *, given: bool) -> Reply:
    guild, role = _guild(call), call.id("role_id")
    call.world.require(guild, Permission.MANAGE_ROLES)
    member = call.world.member(guild, call.id("user_id"))
    _may_give(call.world, guild, {role})
    roles = [r for r in member.roles if r != role] + ([role] if given else [])
    acts.change_member(call.world, guild, member, {"roles": roles})
    call.world.record(guild, acts.MEMBER_ROLE_UPDATE, member.user.id, call.reason)
    return NO_CONTENT


@routes.add("DELETE", GUILD + "/members/{user_id}")
def kick(call: Call) -> Reply:
    """Throw a lower member out."""
    guild = _guild(call)
    member = _target(call, guild, Permission.KICK_MEMBERS)
    acts.leave(call.world, guild, member.user)
    call.world.record(guild, acts.MEMBER_KICK, member.user.id, call.reason)
    return NO_CONTENT


# --- bans ---------------------------------------------------------------------------------------------


@routes.add("GET", GUILD + "/bans")
def list_bans(call: Call) -> Reply:
    """Who is banned."""
    guild = _guild(call)
    call.world.require(guild, Permission.BAN_MEMBERS)
    return Reply(body=[{"user": wire.user(b.user), "reason": b.reason} for b in guild.bans.values()])


@routes.add("GET", GUILD + "/bans/{user_id}")
def get_ban(call: Call) -> Reply:
    """One ban."""
    guild = _guild(call)
    call.world.require(guild, Permission.BAN_MEMBERS)
    ban = guild.bans.get(call.id("user_id"))
    if ban is None:
        raise unknown("Ban")
    return Reply(body={"user": wire.user(ban.user), "reason": ban.reason})


@routes.add("PUT", GUILD + "/bans/{user_id}")
def ban(call: Call) -> Reply:
    """Ban anybody who is no member or a lower one; may delete up to a week of messages."""
    guild = _guild(call)
    me = call.world.require(guild, Permission.BAN_MEMBERS)
    user = call.world.user(call.id("user_id"))
    if user.id in guild.members and not permissions.outranks(guild, me, guild.members[user.id]):
        raise missing_permissions()
    asked = (call.form or {}).get("delete_message_seconds") or call.query.get("delete_message_seconds") or 0
    if not 0 <= int(asked) <= WEEK:
        raise invalid_form("delete_message_seconds", "NUMBER_TYPE_MAX", f"int value should be between 0 and {WEEK}.")
    acts.ban(call.world, guild, user, call.reason, int(asked))
    return NO_CONTENT


@routes.add("DELETE", GUILD + "/bans/{user_id}")
def unban(call: Call) -> Reply:
    """Lift a ban."""
    guild = _guild(call)
    call.world.require(guild, Permission.BAN_MEMBERS)
    if call.id("user_id") not in guild.bans:
        raise unknown("Ban")
    acts.unban(call.world, guild, call.world.user(call.id("user_id")), call.reason)
    return NO_CONTENT


@routes.add("POST", GUILD + "/bulk-ban")
def bulk_ban(call: Call) -> Reply:
    """Ban up to 200; those that stand too high or do not exist are named as failed."""
    guild = _guild(call)
    me = call.world.require(guild, Permission.BAN_MEMBERS, Permission.MANAGE_GUILD)
    form = call.form or {}
    idents = [snowflake(i, "user_ids") for i in form.get("user_ids") or ()]
    if not 1 <= len(idents) <= 200:
        raise invalid_form("user_ids", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 200 in length.")
    banned = [i for i in idents if i in call.world.users and _below(guild, me, i)]
    if not banned:
        raise ApiError(400, 500000, "Failed to ban users")
    for ident in banned:
        acts.ban(call.world, guild, call.world.users[ident], call.reason, int(form.get("delete_message_seconds") or 0))
    failed = [str(i) for i in idents if i not in banned]
    return Reply(body={"banned_users": [str(i) for i in banned], "failed_users": failed})


def _below(guild: Guild, me: Member, ident: int) -> bool:
    return ident not in guild.members or permissions.outranks(guild, me, guild.members[ident])
