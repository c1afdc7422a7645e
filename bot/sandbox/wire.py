"""How the sandbox's things look as JSON of Discord's API v10."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.sandbox.entities import (
    CATEGORY,
    DM,
    FORUM,
    AuditEntry,
    Channel,
    Guild,
    Json,
    Member,
    Role,
)

if TYPE_CHECKING:
    from bot.sandbox.entities import User

LARGE = 250  # members from which on a guild is a large one


def stamp(at: datetime | None) -> str | None:
    """ISO 8601 with offset, as Discord writes it."""
    return at.astimezone(UTC).isoformat() if at else None


def optional(ident: int | None) -> str | None:
    """A snowflake or null."""
    return None if ident is None else str(ident)


def user(who: User) -> Json:
    """UserResponse."""
    body: Json = {
        "id": str(who.id),
        "username": who.name,
        "global_name": who.global_name,
        "discriminator": "0000" if who.bot else "0",
        "avatar": who.avatar,
        "banner": who.banner,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "public_flags": 0,
        "flags": 0,
    }
    if who.bot:
        body["bot"] = True
    return body


def partial_member(member: Member) -> Json:
    """A member without its user, as inside MESSAGE_CREATE."""
    return {
        "roles": [str(role) for role in member.roles],
        "nick": member.nick,
        "avatar": member.avatar,
        "banner": None,
        "avatar_decoration_data": None,
        "joined_at": stamp(member.joined_at),
        "premium_since": None,
        "communication_disabled_until": stamp(member.timeout_until),
        "pending": False,
        "mute": False,
        "deaf": False,
        "flags": 0,
    }


def member(who: Member) -> Json:
    """GuildMemberResponse."""
    return {**partial_member(who), "user": user(who.user)}


def role(of: Role) -> Json:
    """GuildRoleResponse."""
    return {
        "id": str(of.id),
        "name": of.name,
        "permissions": str(of.permissions),
        "position": of.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel(of: Channel) -> Json:
    """GuildChannelResponse, ThreadResponse or PrivateChannelResponse, by type."""
    last = next(reversed(of.messages), None)
    body: Json = {"id": str(of.id), "type": of.type, "flags": 0, "last_message_id": optional(last)}
    if of.type == DM:
        return {**body, "recipients": [user(of.recipient)] if of.recipient else []}
    body |= {
        "name": of.name,
        "guild_id": str(of.guild.id) if of.guild else "",
        "parent_id": optional(of.parent_id),
        "rate_limit_per_user": 0,
    }
    return {**body, **(_thread(of) if of.is_thread else _guild_channel(of))}


def _thread(of: Channel) -> Json:
    return {
        "owner_id": optional(of.owner_id),
        "message_count": len(of.messages),
        "member_count": 1,
        "total_message_sent": len(of.messages),
        "thread_metadata": {
            "archived": of.archived,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
            "auto_archive_duration": 1440,
            "locked": False,
        },
    }


def _guild_channel(of: Channel) -> Json:
    body: Json = {
        "position": of.position,
        "nsfw": of.nsfw,
        "topic": of.topic,
        "permission_overwrites": [
            {"id": str(o.target), "type": int(o.of_member), "allow": str(o.allow), "deny": str(o.deny)}
            for o in of.overwrites.values()
        ],
    }
    if of.type == CATEGORY:
        del body["topic"]
    if of.type == FORUM:
        body |= {
            "available_tags": [],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
        }
    return body


def guild(of: Guild) -> Json:
    """GuildWithCountsResponse without the counts."""
    return {
        "id": str(of.id),
        "name": of.name,
        "icon": of.icon,
        "owner_id": str(of.owner_id),
        "roles": [role(r) for r in of.roles.values()],
        "emojis": list(of.emojis.values()),
        "stickers": list(of.stickers.values()),
        "preferred_locale": of.locale,
        "system_channel_id": optional(of.system_channel),
        **_GUILD_CONSTANTS,
    }


_GUILD_CONSTANTS: Json = {
    "description": None,
    "home_header": None,
    "splash": None,
    "discovery_splash": None,
    "banner": None,
    "features": [],
    "application_id": None,
    "region": "deprecated",
    "afk_channel_id": None,
    "afk_timeout": 300,
    "system_channel_flags": 0,
    "widget_enabled": False,
    "widget_channel_id": None,
    "verification_level": 1,
    "default_message_notifications": 1,
    "mfa_level": 0,
    "explicit_content_filter": 0,
    "max_presences": None,
    "max_members": 500_000,
    "max_stage_video_channel_users": 50,
    "max_video_channel_users": 25,
    "vanity_url_code": None,
    "premium_tier": 0,
    "premium_subscription_count": 0,
    "rules_channel_id": None,
    "safety_alerts_channel_id": None,
    "public_updates_channel_id": None,
    "premium_progress_bar_enabled": False,
    "nsfw": False,
    "nsfw_level": 0,
    "incidents_data": None,
}


def guild_create(of: Guild, bot_id: int) -> Json:
    """The `d` of GUILD_CREATE: with channels and threads, and of the members only the bot itself.

    Of a guild with a crowd it has as many members as an app may ask for at most (`large_threshold` 250).
    """
    others = [m for m in of.people(LARGE) if m.user.id != bot_id] if of.crowd else []
    return {
        **guild(of),
        "joined_at": stamp(of.members[bot_id].joined_at),
        "large": of.member_count > LARGE,
        "unavailable": False,
        "member_count": of.member_count,
        "members": [member(m) for m in (of.members[bot_id], *others[: LARGE - 1])],
        "channels": [channel(c) for c in of.channels.values()],
        "threads": [channel(t) for t in of.threads.values() if not t.archived],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def audit_entry(of: AuditEntry) -> Json:
    """AuditLogEntryResponse."""
    body: Json = {
        "id": str(of.id),
        "action_type": of.action,
        "user_id": str(of.actor),
        "target_id": optional(of.target),
    }
    if of.changes:
        body["changes"] = of.changes
    if of.options:
        body["options"] = of.options
    if of.reason:
        body["reason"] = of.reason
    return body
