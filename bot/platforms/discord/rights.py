"""Which rights the bot needs and why, what is missing in a guild, and who may punish whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

import discord

from bot.model import Finding
from bot.texts.catalogue import Texts, mark
from bot.texts.markup import DiscordMarkup
from policies.model import Act, Policy
from policies.wording import Worded


@dataclass(frozen=True, slots=True)
class Right:
    """One Discord permission: its name in discord.py, its bit, what Discord's settings call it, why we need it, and
    what fails without it."""

    name: str
    bit: int
    title: str
    why: str
    without: str = ""


NEEDED: tuple[Right, ...] = (
    Right("view_channel", 1 << 10, Worded("View Channels"), "to see what is posted", mark("I see no images at all")),
    Right(
        "send_messages",
        1 << 11,
        Worded("Send Messages"),
        "to post notices and moderators' cards",
        mark("moderators get no cards, and nobody is told why a post is gone"),
    ),
    Right(
        "send_messages_in_threads",
        1 << 38,
        Worded("Send Messages in Threads"),
        "to post notices where threads are",
        mark("nobody is told why a post in a thread is gone"),
    ),
    Right(
        "embed_links", 1 << 14, Worded("Embed Links"), "to lay out moderators' cards", mark("moderators get no cards")
    ),
    Right(
        "attach_files",
        1 << 15,
        Worded("Attach Files"),
        "to show evidence and give pictures back",
        mark("cards show no picture, and nothing can be given back"),
    ),
    Right(
        "read_message_history",
        1 << 16,
        Worded("Read Message History"),
        "to fetch a picture again when its link expired",
        mark("older posts cannot be looked at, nor what was missed while I was away"),
    ),
    Right(
        "manage_messages",
        1 << 13,
        Worded("Manage Messages"),
        "to delete posts",
        mark("posts that break the rules stay up"),
    ),
    Right(
        "moderate_members",
        1 << 40,
        Worded("Timeout Members"),
        "to time out repeat offenders",
        mark("who posts such things again and again is not timed out"),
    ),
)
OPTIONAL: tuple[Right, ...] = (  # only for guilds whose policy has a use for them: no invite asks for them
    Right(
        "manage_roles",
        1 << 28,
        Worded("Manage Roles"),
        "to give the quarantine role, where the policy says so",
        mark("nobody is put into quarantine"),
    ),
    Right(
        "kick_members",
        1 << 1,
        Worded("Kick Members"),
        "to kick repeat offenders, where the policy says so",
        mark("nobody is kicked, though your rules say so"),
    ),
    Right(
        "ban_members",
        1 << 2,
        Worded("Ban Members"),
        "to ban repeat offenders, where the policy says so",
        mark("nobody is banned, though your rules say so"),
    ),
)
TITLES = {right.name: right.title for right in (*NEEDED, *OPTIONAL)}
CARD_RIGHTS = ("view_channel", "send_messages", "embed_links", "attach_files", "read_message_history")
WATCH_RIGHTS = ("view_channel", "read_message_history", "manage_messages")
NAMED_CHANNELS = 5  # how many channels a finding names before it only counts

DISCORD = DiscordMarkup()

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


def findings(guild: discord.Guild, policy: Policy) -> list[Finding]:
    """The self-check of one guild: rights, moderators' channel, channels out of reach. What is missing comes with
    what fails without it and the cure. Optional rights are asked for only where `policy` has a use for them."""
    texts = Texts(policy.language)
    return [*_guild_rights(guild, policy, texts), *_places(guild, policy, texts), *_quarantine(guild, policy, texts)]


def wanted(policy: Policy) -> tuple[Right, ...]:
    """The rights that a guild with `policy` needs the bot to have."""
    acts = _automatic_acts(policy)
    names = {right for act, right in _BY_ACT.items() if act in acts}
    return (*NEEDED, *(right for right in OPTIONAL if right.name in names))


_BY_ACT = {Act.QUARANTINE: "manage_roles", Act.KICK: "kick_members", Act.BAN: "ban_members"}


def _automatic_acts(policy: Policy) -> set[Act]:
    """What may be done without anybody's press. Proposed kicks and bans are pressed by a person, from a card."""
    rules = (policy.actions, *policy.context_actions.values())
    acts = {act for rule in rules for act in (*rule.block, *rule.review)}
    if policy.ladder.automatic_removal:
        acts |= {rung.act for rung in policy.ladder.rungs}
    return acts | ({Act.QUARANTINE} if policy.quarantine_role else set())


def _guild_rights(guild: discord.Guild, policy: Policy, texts: Texts) -> Iterator[Finding]:
    held = guild.me.guild_permissions
    for right in wanted(policy):
        cure = texts.gettext(
            "without it, {loss}. Server Settings → Roles → {role}: switch on “{right}”.",
            loss=texts.gettext(right.without),
            role=DISCORD.quote(guild.me.top_role.name),
            right=texts.said(right.title),
        )
        yield Finding(texts.said(right.title), bool(getattr(held, right.name)), cure)


def _places(guild: discord.Guild, policy: Policy, texts: Texts) -> Iterator[Finding]:
    yield _mod_channel(guild, policy.mod_channel, texts)
    yield _reach(guild, texts)


def _mod_channel(guild: discord.Guild, mod_channel: str | None, texts: Texts) -> Finding:
    _ = texts.gettext
    name = _("Moderators' channel")
    if mod_channel is None:
        return Finding(name, False, _("without it, nobody sees what I find. Run /setup and choose one."))
    channel = guild.get_channel_or_thread(int(mod_channel)) if mod_channel.isdecimal() else None
    if channel is None:
        gone = _(
            "it is gone, or I cannot see it, and then nobody sees what I find. Run /setup and choose another, or "
            "let me view it."
        )
        return Finding(name, False, gone)
    if missing := lacking(channel, guild.me, CARD_RIGHTS):
        cure = _(
            "in {channel} I lack: {rights}. Without that, moderators get no cards. Edit the channel's permissions.",
            channel=channel.mention,
            rights=", ".join(map(texts.said, missing)),
        )
        return Finding(name, False, cure)
    if channel.permissions_for(guild.default_role).read_messages:
        cure = _(
            "everybody can read {channel}, and cards show what was removed: make it private.", channel=channel.mention
        )
        return Finding(name, False, cure)
    return Finding(name, True)


def _reach(guild: discord.Guild, texts: Texts) -> Finding:
    name = texts.gettext("Channels I can protect")
    watched: list[discord.abc.GuildChannel] = [*guild.text_channels, *guild.voice_channels, *guild.forums]
    out = [channel for channel in watched if lacking(channel, guild.me, WATCH_RIGHTS)]
    if not out:
        return Finding(name, True)
    named = ", ".join(c.mention for c in out[:NAMED_CHANNELS]) + (" …" if len(out) > NAMED_CHANNELS else "")
    cure = texts.ngettext(
        "I cannot protect {count} channel: {named}. If that is not intended, allow there: {needed}.",
        "I cannot protect {count} channels: {named}. If that is not intended, allow there: {needed}.",
        len(out),
        named=named,
        needed=", ".join(texts.said(TITLES[right]) for right in WATCH_RIGHTS),
    )
    return Finding(name, False, cure)


def _quarantine(guild: discord.Guild, policy: Policy, texts: Texts) -> Iterator[Finding]:
    """A role that is to be given must exist and stand below ours."""
    if policy.quarantine_role is None:
        return
    _ = texts.gettext
    role = guild.get_role(int(policy.quarantine_role)) if policy.quarantine_role.isdecimal() else None
    cure = ""
    if role is None:
        cure = _("it is gone, so nobody can be put into quarantine: choose another with /policy quarantine.")
    elif role >= guild.me.top_role:
        cure = _("it stands above my role, so I cannot give it: drag my role above it in Server Settings → Roles.")
    yield Finding(_("Quarantine role"), not cure, cure)


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
    Punishment.TIMEOUT: Worded("timed out"),
    Punishment.QUARANTINE: Worded("put into quarantine"),
    Punishment.KICK: Worded("kicked"),
    Punishment.BAN: Worded("banned"),
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
        return Worded("the server's owner cannot be {punished}", punished=to.done)
    if target.administrator:
        return Worded("an administrator cannot be {punished}", punished=to.done)
    if why := lack(bot, to):
        return why
    if not bot.owner and bot.position <= target.position:
        return Worded("their highest role is not below mine: drag my role above theirs in Server Settings → Roles")
    if actor is None:
        return None
    return _actor_objection(actor, target, to, entrusted=entrusted)


def lack(bot: Rank, to: Punishment) -> str | None:
    """The right that the bot lacks, with the cure."""
    return None if bot.allows(to) else Worded("I lack “{right}”: give it to my role", right=TITLES[to])


def _actor_objection(actor: Rank, target: Rank, to: Punishment, *, entrusted: bool) -> str | None:
    if actor.owner:
        return None
    if not entrusted and not actor.allows(to):
        return Worded("whoever asked lacks “{right}”", right=TITLES[to])
    if actor.position <= target.position:
        return Worded("their highest role is not below that of whoever asked")
    return None
