"""Which rights the bot needs and why, what is missing in a guild, and who may punish whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

import discord

from bot.model import Finding


@dataclass(frozen=True, slots=True)
class Right:
    """One Discord permission: its name in discord.py, its bit, what Discord's settings call it, why we need it."""

    name: str
    bit: int
    title: str
    why: str


NEEDED: tuple[Right, ...] = (
    Right("view_channel", 1 << 10, "View Channels", "to see what is posted"),
    Right("send_messages", 1 << 11, "Send Messages", "to post notices and moderators' cards"),
    Right("send_messages_in_threads", 1 << 38, "Send Messages in Threads", "to post notices where threads are"),
    Right("embed_links", 1 << 14, "Embed Links", "to lay out moderators' cards"),
    Right("attach_files", 1 << 15, "Attach Files", "to show evidence and give pictures back"),
    Right("read_message_history", 1 << 16, "Read Message History", "to fetch a picture again when its link expired"),
    Right("manage_messages", 1 << 13, "Manage Messages", "to delete posts"),
    Right("moderate_members", 1 << 40, "Timeout Members", "to time out repeat offenders"),
)
OPTIONAL: tuple[Right, ...] = (  # only for guilds that let automation remove members: no invite asks for them
    Right("manage_roles", 1 << 28, "Manage Roles", "to give the quarantine role, where the policy says so"),
    Right("kick_members", 1 << 1, "Kick Members", "to kick repeat offenders, where the policy says so"),
    Right("ban_members", 1 << 2, "Ban Members", "to ban repeat offenders, where the policy says so"),
)
TITLES = {right.name: right.title for right in (*NEEDED, *OPTIONAL)}
CARD_RIGHTS = ("view_channel", "send_messages", "embed_links", "attach_files", "read_message_history")
WATCH_RIGHTS = ("view_channel", "read_message_history", "manage_messages")
NAMED_CHANNELS = 5  # how many channels a finding names before it only counts

AnyChannel = discord.abc.GuildChannel | discord.Thread


def invite_link(client_id: int | str) -> str:
    """The address that adds the bot to a server with exactly the rights it needs."""
    permissions = sum(right.bit for right in NEEDED)
    query = {"client_id": str(client_id), "scope": "bot applications.commands", "permissions": str(permissions)}
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"


def lacking(channel: AnyChannel, member: discord.Member, names: Iterable[str]) -> list[str]:
    """Which of the permissions `names` `member` lacks in `channel`, as Discord's settings call them."""
    try:
        allowed = channel.permissions_for(member)
    except discord.ClientException:  # a thread whose parent is not cached: let Discord say
        return []
    return [TITLES[name] for name in names if not getattr(allowed, name)]


def findings(guild: discord.Guild, mod_channel: str | None) -> list[Finding]:
    """The self-check of one guild: rights, moderators' channel, channels out of reach."""
    return [*_guild_rights(guild), _mod_channel(guild, mod_channel), _reach(guild)]


def _guild_rights(guild: discord.Guild) -> Iterator[Finding]:
    held = guild.me.guild_permissions
    for right in NEEDED:
        cure = f"Server Settings → Roles → {guild.me.top_role.name}: switch on “{right.title}” ({right.why})."
        yield Finding(right.title, bool(getattr(held, right.name)), cure)


def _mod_channel(guild: discord.Guild, mod_channel: str | None) -> Finding:
    name = "Moderators' channel"
    if mod_channel is None:
        return Finding(name, False, "Run /setup and choose the channel where cards will be posted.")
    channel = guild.get_channel_or_thread(int(mod_channel)) if mod_channel.isdecimal() else None
    if channel is None:
        return Finding(name, False, "It is gone or I cannot see it: run /setup and choose another, or let me view it.")
    if missing := lacking(channel, guild.me, CARD_RIGHTS):
        cure = f"In {channel.mention} I lack: {', '.join(missing)}. Edit the channel's permissions."
        return Finding(name, False, cure)
    if channel.permissions_for(guild.default_role).read_messages:
        cure = f"Everybody can read {channel.mention}, and cards show what was removed: make it private."
        return Finding(name, False, cure)
    return Finding(name, True)


def _reach(guild: discord.Guild) -> Finding:
    watched: list[discord.abc.GuildChannel] = [*guild.text_channels, *guild.voice_channels, *guild.forums]
    out = [channel for channel in watched if lacking(channel, guild.me, WATCH_RIGHTS)]
    if not out:
        return Finding("Channels I can protect", True)
    named = ", ".join(c.mention for c in out[:NAMED_CHANNELS]) + (" …" if len(out) > NAMED_CHANNELS else "")
    needed = ", ".join(TITLES[name] for name in WATCH_RIGHTS)
    cure = f"I cannot protect {len(out)} channel(s): {named}. If that is not intended, allow there: {needed}."
    return Finding("Channels I can protect", False, cure)


# --- who may punish whom -------------------------------------------------------------------------


class Punishment(StrEnum):
    """What is done to a member, by the right that it takes."""

    TIMEOUT = "moderate_members"
    QUARANTINE = "manage_roles"
    KICK = "kick_members"
    BAN = "ban_members"

    @property
    def done(self) -> str:
        """What its target has been."""
        return _BEEN[self]


_BEEN = {
    Punishment.TIMEOUT: "timed out",
    Punishment.QUARANTINE: "put into quarantine",
    Punishment.KICK: "kicked",
    Punishment.BAN: "banned",
}


@dataclass(frozen=True, slots=True)
class Rank:
    """Where somebody stands in a guild: the position of their highest role, what lifts them above roles, and
    how they may punish those below."""

    position: int
    owner: bool = False
    administrator: bool = False
    may: frozenset[Punishment] = frozenset()

    def allows(self, punishment: Punishment) -> bool:
        """Whether they have the right, leaving aside to whom."""
        return self.owner or self.administrator or punishment in self.may


def rank(member: discord.Member) -> Rank:
    """The rank of `member`."""
    held = member.guild_permissions
    top = (member.top_role.position, -member.top_role.id)
    position = sorted((r.position, -r.id) for r in member.guild.roles).index(top)
    may = frozenset(p for p in Punishment if getattr(held, p))
    return Rank(position, member.guild.owner_id == member.id, held.administrator, may)


def objection(
    bot: Rank, target: Rank, actor: Rank | None = None, *, to: Punishment, entrusted: bool = False
) -> str | None:
    """Why `target` must not be punished by the bot (on behalf of `actor`), or None if they may be.

    Discord itself checks only the bot, and lets it kick administrators below it, which we do not; that
    an actor does not reach above themselves through the bot is ours to check (ruling 4). `entrusted`: the
    guild gave the actor this duty, so Discord's own right is not asked of them, but where they stand is.
    """
    if target.owner:
        return f"the server's owner cannot be {to.done}"
    if target.administrator:
        return f"an administrator cannot be {to.done}"
    if why := lack(bot, to):
        return why
    if not bot.owner and bot.position <= target.position:
        return "their highest role is not below mine: drag my role above theirs in Server Settings → Roles"
    if actor is None:
        return None
    return _actor_objection(actor, target, to, entrusted=entrusted)


def lack(bot: Rank, to: Punishment) -> str | None:
    """The right that the bot lacks, with the cure."""
    return None if bot.allows(to) else f"I lack “{TITLES[to]}”: give it to my role"


def _actor_objection(actor: Rank, target: Rank, to: Punishment, *, entrusted: bool) -> str | None:
    if actor.owner:
        return None
    if not entrusted and not actor.allows(to):
        return f"whoever asked lacks “{TITLES[to]}”"
    if actor.position <= target.position:
        return "their highest role is not below that of whoever asked"
    return None
