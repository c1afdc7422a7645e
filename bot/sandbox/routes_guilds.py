"""Endpoints of guilds: channels, threads, roles, expressions, the audit log."""

from __future__ import annotations

from bot.sandbox import acts, wire
from bot.sandbox.entities import TEXT, Channel, Guild, Json, Overwrite, Role
from bot.sandbox.errors import invalid_form
from bot.sandbox.permissions import Permission
from bot.sandbox.rest import Call, Reply, Routes, snowflake

routes = Routes()
GUILD = "/guilds/{guild_id}"


def _guild(call: Call) -> Guild:
    return call.world.guild(call.id("guild_id"))


@routes.add("GET", GUILD)
def get_guild(call: Call) -> Reply:
    """The guild; with `with_counts` also how many members."""
    guild = _guild(call)
    body = wire.guild(guild)
    if call.query.get("with_counts") in ("true", "1", "True"):
        body |= {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
    return Reply(body=body)


@routes.add("GET", GUILD + "/channels")
def list_channels(call: Call) -> Reply:
    """All channels but threads."""
    return Reply(body=[wire.channel(c) for c in _guild(call).channels.values()])


@routes.add("POST", GUILD + "/channels")
def create_channel(call: Call) -> Reply:
    """Make a channel; overwrites may give no more than the bot has."""
    guild = _guild(call)
    call.world.require(guild, Permission.MANAGE_CHANNELS)
    form = call.form or {}
    channel = Channel(
        call.world.ids.next(),
        _named(form),
        int(form.get("type") or TEXT),
        guild,
        snowflake(form["parent_id"], "parent_id") if form.get("parent_id") else None,
        bool(form.get("nsfw")),
        form.get("topic"),
        len(guild.channels),
    )
    channel.overwrites = {o.target: o for o in map(_overwrite, form.get("permission_overwrites") or ())}
    acts.open_channel(call.world, channel)
    return Reply(201, wire.channel(channel))


def _named(form: Json) -> str:
    name = form.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return name


def _overwrite(body: Json) -> Overwrite:
    target = snowflake(body["id"], "permission_overwrites")
    return Overwrite(target, int(body["type"]) == 1, int(body.get("allow") or 0), int(body.get("deny") or 0))


@routes.add("PATCH", "/channels/{channel_id}")
def edit_channel(call: Call) -> Reply:
    """Rename, re-topic, age-restrict, archive."""
    channel = call.world.channel(call.id("channel_id"))
    needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
    call.world.channel(channel.id, needed)
    form = call.form or {}
    for name in ("name", "topic", "nsfw", "archived"):
        if name in form:
            setattr(channel, name, form[name])
    if form.get("permission_overwrites") is not None:
        channel.overwrites = {o.target: o for o in map(_overwrite, form["permission_overwrites"])}
    acts.change_channel(call.world, channel)
    return Reply(body=wire.channel(channel))


@routes.add("DELETE", "/channels/{channel_id}")
def delete_channel(call: Call) -> Reply:
    """Delete a channel or thread."""
    channel = call.world.channel(call.id("channel_id"))
    needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
    call.world.channel(channel.id, needed)
    acts.close_channel(call.world, channel)
    return Reply(body=wire.channel(channel))


@routes.add("GET", GUILD + "/threads/active")
def active_threads(call: Call) -> Reply:
    """Threads that are not archived."""
    threads = [wire.channel(t) for t in _guild(call).threads.values() if not t.archived]
    return Reply(body={"threads": threads, "members": [], "has_more": False})


@routes.add("GET", "/channels/{channel_id}/threads/archived/public")
def archived_threads(call: Call) -> Reply:
    """Public threads under a channel that are archived."""
    channel = call.world.channel(call.id("channel_id"), Permission.READ_MESSAGE_HISTORY)
    threads = channel.guild.threads.values() if channel.guild else ()
    mine = [wire.channel(t) for t in threads if t.parent_id == channel.id and t.archived]
    return Reply(body={"threads": mine, "members": [], "has_more": False})


@routes.add("GET", GUILD + "/roles")
def list_roles(call: Call) -> Reply:
    """All roles."""
    return Reply(body=[wire.role(r) for r in _guild(call).roles.values()])


@routes.add("POST", GUILD + "/roles")
def create_role(call: Call) -> Reply:
    """Make a role at the bottom."""
    guild = _guild(call)
    call.world.require(guild, Permission.MANAGE_ROLES)
    form = call.form or {}
    role = Role(call.world.ids.next(), form.get("name") or "new role", int(form.get("permissions") or 0), 1)
    guild.roles[role.id] = role
    call.world.emit("GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": wire.role(role)}, guild=guild)
    return Reply(body=wire.role(role))


@routes.add("GET", GUILD + "/emojis")
def list_emojis(call: Call) -> Reply:
    """Custom emojis."""
    return Reply(body=list(_guild(call).emojis.values()))


@routes.add("GET", GUILD + "/stickers")
def list_stickers(call: Call) -> Reply:
    """Custom stickers."""
    return Reply(body=list(_guild(call).stickers.values()))


@routes.add("GET", GUILD + "/audit-logs")
def audit_logs(call: Call) -> Reply:
    """The audit log, newest first; filters `action_type`, `user_id`, `before`, `limit`."""
    guild = _guild(call)
    call.world.require(guild, Permission.VIEW_AUDIT_LOG)
    query = call.query
    entries = [e for e in reversed(guild.audit_log) if e.id < int(query.get("before", e.id + 1))]
    if "action_type" in query:
        entries = [e for e in entries if e.action == int(query["action_type"])]
    if "user_id" in query:
        entries = [e for e in entries if e.actor == int(query["user_id"])]
    entries = entries[: int(query.get("limit", 50))]
    people = {i for e in entries for i in (e.actor, e.target) if i in call.world.users}
    empty = ("integrations", "webhooks", "guild_scheduled_events", "threads", "application_commands")
    return Reply(
        body={
            "audit_log_entries": [wire.audit_entry(e) for e in entries],
            "users": [wire.user(call.world.users[i]) for i in people if i is not None],
            **{name: [] for name in (*empty, "auto_moderation_rules")},
        }
    )
