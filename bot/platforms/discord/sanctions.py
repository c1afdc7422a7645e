"""What is done to members. Each is asked for anew before: nobody is punished on stale facts, nor from below.

Neither is whoever asked for it taken at their word of a minute ago: an actor's roles and rights are fetched too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import discord

from bot.model import Outcome, OutcomeState, Quarantine, RemoveMember, Tenant, TimeoutMember, Unban
from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.outcomes import (
    DONE,
    LEFT_CODES,
    NOT_THERE,
    UNBANNED_CODE,
    NotYet,
    Refusal,
    mark_of,
    reason_of,
)
from bot.platforms.discord.rights import Punishment, Rank, lack, objection, rank
from bot.ports import Clock
from policies.wording import Worded

LONGEST_TIMEOUT = timedelta(days=28)  # Discord's limit
SAME_END = timedelta(seconds=2)  # two timeouts that end as close as this are one: Discord rounds
WEEK = 604_800  # seconds: as far back as a ban may delete posts
RULE, PERSON = "repeated removals", "a moderator's decision"
REPEALED = "the case was decided otherwise"

Punishing = TimeoutMember | Quarantine | RemoveMember
LEFT: Final = Worded("they have left the server")
ALREADY: Final = Worded("they are in quarantine already")
FREE: Final = Worded("they are not in quarantine any more")
NOT_TOLD: Final = Worded(
    "they are in quarantine, but whether I put them there only the audit log says: give my role “View Audit Log”"
)
LOOKED_THROUGH: Final = 100  # entries of ours in the audit log, the latest first


class Sanctions:
    """Timeouts, quarantine, kicks, bans and their lifting, for one connected client.

    What Discord answers passes through; each raises Refusal where it is not, or not any more, to be done.
    """

    def __init__(self, client: BeholderClient, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def time_out(self, action: TimeoutMember) -> Outcome:
        """Time them out, or lift the timeout."""
        guild = self._present(action.tenant)
        if action.images_only:
            raise Refusal(Worded("Discord cannot keep images alone from somebody: use a timeout in its place"))
        if action.until is not None and action.until <= self._clock.now():
            raise Refusal(Worded("the timeout would be over by now"))
        if action.until is not None and action.until > self._clock.now() + LONGEST_TIMEOUT:
            raise Refusal(Worded("Discord allows a timeout of 28 days at most: shorten it in the strike ladder"))
        member = await _member(guild, action.author)
        if member is None:
            raise Refusal(LEFT)
        if action.until is None and (lifted := _lifted(member, action, self._clock.now())):
            return lifted
        if action.actor is None and _outlasts(member, action.until):
            return Outcome(OutcomeState.DONE, Worded("they are timed out for longer already"))
        await _allowed(guild, member, action, to=Punishment.TIMEOUT)
        await member.timeout(action.until, reason=_reason(action, lifts=action.until is None))
        return DONE

    async def quarantine(self, action: Quarantine) -> Outcome:
        """Give or take back the quarantine role. Its `ref` says whether it was this case that gave it.

        Taking it back is no punishment, so it asks nothing of where the member stands.
        """
        guild = self._present(action.tenant)
        role = _givable(guild, action.role)
        member = await _member(guild, action.author)
        if member is None:
            return _gone(action)
        if (role.id in {r.id for r in member.roles}) is action.on:
            if action.on and action.again:
                return await _whose(guild, action)
            return Outcome(OutcomeState.DONE, ALREADY if action.on else FREE)
        reason = _reason(action, lifts=not action.on)
        if action.on:
            await _allowed(guild, member, action, to=Punishment.QUARANTINE)
            await member.add_roles(role, reason=reason)
            return Outcome(OutcomeState.DONE, ref=action.role)
        await member.remove_roles(role, reason=reason)
        return DONE

    async def remove(self, action: RemoveMember) -> Outcome:
        """Kick or ban; who has left can still be banned.

        How far back posts are deleted is always said: left to itself, discord.py would delete a day of them.
        """
        guild, to = self._present(action.tenant), Punishment.BAN if action.ban else Punishment.KICK
        member = await _member(guild, action.author)
        if member is None and not action.ban:
            return Outcome(OutcomeState.DONE, Worded("they have left already"))
        await _allowed(guild, member, action, to=to)
        if member is None and await _ban(guild, action.author) is not None:
            return Outcome(OutcomeState.DONE, Worded("they are banned already"))
        who, reason = discord.Object(int(action.author)), _reason(action)
        if action.ban:
            reach = min(max(action.delete_seconds, 0), WEEK)
            await guild.ban(who, delete_message_seconds=reach, reason=reason)
        else:
            await guild.kick(who, reason=reason)
        return DONE

    async def unban(self, action: Unban) -> Outcome:
        """Lift the ban whose reason names the case; another's ban stays."""
        guild = self._present(action.tenant)
        if why := lack(rank(guild.me), Punishment.BAN):
            raise Refusal(why)
        stands = await _ban(guild, action.author)
        if stands is None:
            return Outcome(OutcomeState.DONE, Worded("they are not banned any more"))
        if not (stands.reason or "").startswith(mark_of(action.case)):
            raise Refusal(Worded("somebody else has banned them, and that ban stays"))
        await guild.unban(discord.Object(int(action.author)), reason=reason_of(action.case, REPEALED))
        return DONE

    def _present(self, tenant: Tenant) -> discord.Guild:
        """The guild, with ranks as they are known. Raises NotYet while Discord has not told us of it: nobody stays
        banned, or unpunished, because the connection was new or the server had an outage."""
        guild = self._client.get_guild(int(tenant.id)) if tenant.id.isdecimal() else None
        if guild is None and self._client.is_ready():
            raise Refusal(NOT_THERE)
        if guild is None or guild.unavailable or guild.me is None:
            raise NotYet(Worded("Discord does not show me that server at the moment"))
        return guild


def _reason(action: Punishing, *, lifts: bool = False) -> str:
    why = REPEALED if lifts else PERSON if action.actor else RULE
    return reason_of(action.case, why, action.actor)


async def _allowed(guild: discord.Guild, member: discord.Member | None, action: Punishing, *, to: Punishment) -> None:
    """Raises Refusal unless bot and actor stand above the member and have the right. Who left stands nowhere."""
    if member is not None and member.id == guild.me.id:
        raise Refusal(Worded("I do not act against myself"))
    me, target = rank(guild.me), Rank(-1) if member is None else rank(member)
    if why := objection(me, target, to=to):  # before the actor is asked for: most often this settles it
        raise Refusal(why)
    if action.actor is None:
        return
    actor = await _member(guild, action.actor)
    if actor is None:
        raise Refusal(Worded("whoever asked is no member here any more"))
    if why := objection(me, target, rank(actor), to=to, entrusted=action.entrusted):
        raise Refusal(why)


def _givable(guild: discord.Guild, ident: str) -> discord.Role:
    """The quarantine role. Raises Refusal with the cure if it is not one that the bot can give and take."""
    role = guild.get_role(int(ident)) if ident.isdecimal() else None
    if role is None or role.is_default():
        raise Refusal(Worded("there is no quarantine role: choose one with /policy quarantine"))
    if role.managed:
        theirs = Worded(
            "the role {role} belongs to an app or to boosters: choose another with /policy quarantine",
            role=role.mention,
        )
        raise Refusal(theirs)
    if why := lack(rank(guild.me), Punishment.QUARANTINE):
        raise Refusal(why)
    if role >= guild.me.top_role and guild.owner_id != guild.me.id:
        raise Refusal(Worded("the quarantine role is not below mine: drag my role above it in Server Settings → Roles"))
    return role


async def _whose(guild: discord.Guild, action: Quarantine) -> Outcome:
    """Who gave the role that they wear, where the answer to an earlier try of ours was lost. If that cannot be told it
    is `unknown`, and counts as ours: whoever overturns the case lets them out."""
    if not guild.me.guild_permissions.view_audit_log:
        return Outcome(OutcomeState.UNKNOWN, NOT_TOLD)
    ours = guild.audit_logs(limit=LOOKED_THROUGH, user=guild.me, action=discord.AuditLogAction.member_role_update)
    try:
        targets = [
            str(e.target.id) async for e in ours if e.target and (e.reason or "").startswith(mark_of(action.case))
        ]
    except discord.Forbidden:
        return Outcome(OutcomeState.UNKNOWN, NOT_TOLD)
    given = action.author in targets
    return Outcome(OutcomeState.DONE, ref=action.role) if given else Outcome(OutcomeState.DONE, ALREADY)


def _gone(action: Quarantine) -> Outcome:
    """Who is not there wears no role."""
    if action.on:
        raise Refusal(LEFT)
    return Outcome(OutcomeState.DONE, LEFT)


async def _member(guild: discord.Guild, ident: str) -> discord.Member | None:
    """The member, asked for anew, since nobody is punished on stale facts; None if they have left."""
    try:
        return await guild.fetch_member(int(ident))
    except discord.NotFound as error:
        if error.code in LEFT_CODES:
            return None
        raise


async def _ban(guild: discord.Guild, ident: str) -> discord.guild.BanEntry | None:
    """The ban that stands; None if there is none."""
    try:
        return await guild.fetch_ban(discord.Object(int(ident)))
    except discord.NotFound as error:
        if error.code == UNBANNED_CODE:
            return None
        raise


def _outlasts(member: discord.Member, until: datetime | None) -> bool:
    """Whether a timeout stands that ends later: no rule shortens what a moderator, or another case, gave."""
    stands = member.timed_out_until
    return until is not None and stands is not None and stands > until + SAME_END


def _lifted(member: discord.Member, action: TimeoutMember, now: datetime) -> Outcome | None:
    """How lifting a timeout ends where there is nothing to lift: it is over, or it is another one."""
    stands = member.timed_out_until
    if stands is None or stands <= now:
        return Outcome(OutcomeState.DONE, Worded("they are not timed out any more"))
    if action.given is not None and abs(stands - action.given) > SAME_END:
        raise Refusal(Worded("they were timed out again since then, and that timeout stays"))
    return None
