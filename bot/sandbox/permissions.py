"""Who may do what where: guild permissions, channel overwrites, hierarchy.

Follows Discord's documentation, "Permissions": owner and administrators may everything; otherwise
@everyone and roles are joined, then overwrites of @everyone, of roles and of the member are applied;
whoever cannot view a channel can do nothing in it; a member in timeout can only read.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.sandbox.entities import Channel, Guild, Member


class Permission(IntFlag):
    """Discord's permission bits, by Discord's names."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    MANAGE_GUILD_EXPRESSIONS = 1 << 30
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


ALL = (1 << 53) - 1
NONE = 0
READ_ONLY = int(Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY)
EVERYONE = int(
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.USE_APPLICATION_COMMANDS
)
_ADMINISTRATOR = int(Permission.ADMINISTRATOR)
_VIEW = int(Permission.VIEW_CHANNEL)


def in_guild(guild: Guild, member: Member) -> int:
    """What `member` may in the guild at large."""
    if member.user.id == guild.owner_id:
        return ALL
    granted = guild.roles[guild.id].permissions
    for role in member.roles:
        granted |= guild.roles[role].permissions
    return ALL if granted & _ADMINISTRATOR else granted


def in_channel(guild: Guild, channel: Channel, member: Member, now: datetime) -> int:
    """What `member` may in `channel`; a thread goes by its parent's overwrites."""
    granted = in_guild(guild, member)
    if granted == ALL:
        return ALL
    place = guild.channels.get(channel.parent_id or 0, channel) if channel.is_thread else channel
    granted = _overwritten(guild, place, member, granted)
    if not granted & _VIEW:
        return NONE
    return granted & READ_ONLY if member.in_timeout(now) else granted


def _overwritten(guild: Guild, channel: Channel, member: Member, granted: int) -> int:
    overwrites = channel.overwrites
    if everyone := overwrites.get(guild.id):
        granted = granted & ~everyone.deny | everyone.allow
    of_roles = [overwrites[role] for role in member.roles if role in overwrites]
    for overwrite in of_roles:
        granted &= ~overwrite.deny
    for overwrite in of_roles:
        granted |= overwrite.allow
    if own := overwrites.get(member.user.id):
        granted = granted & ~own.deny | own.allow
    return granted


def outranks(guild: Guild, actor: Member, target: Member) -> bool:
    """Whether `actor` stands above `target`: the owner above all, else by the highest role."""
    if target.user.id == guild.owner_id:
        return False
    return actor.user.id == guild.owner_id or rank(guild, actor) > rank(guild, target)


def rank(guild: Guild, member: Member) -> int:
    """The position of the member's highest role; 0 without any."""
    return max((guild.roles[role].position for role in member.roles), default=0)
