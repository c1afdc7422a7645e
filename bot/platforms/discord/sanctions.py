"""What is done to members. Each is asked for anew before: nobody is punished on stale facts, nor from below."""

from __future__ import annotations

from datetime import datetime, timedelta

import discord

from bot.model import Outcome, OutcomeState, RemoveMember, Tenant, TimeoutMember
from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.outcomes import DONE, LEFT_CODES, Refusal, reason_of
from bot.platforms.discord.rights import Punishment, lack, objection, rank
from bot.ports import Clock

LONGEST_TIMEOUT = timedelta(days=28)  # Discord's limit
SAME_END = timedelta(seconds=2)  # two timeouts that end as close as this are one: Discord rounds


class Sanctions:
    """Timeouts, kicks and bans for one connected client. What Discord answers passes through."""

    def __init__(self, client: BeholderClient, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def time_out(self, action: TimeoutMember) -> Outcome:
        """Time them out, or lift the timeout. Raises Refusal where that is not, or not any more, to be done."""
        guild = self._present(action.tenant)
        if action.until is not None and action.until <= self._clock.now():
            raise Refusal("the timeout would be over by now")
        if action.until is not None and action.until > self._clock.now() + LONGEST_TIMEOUT:
            raise Refusal("Discord allows a timeout of 28 days at most: shorten it in the strike ladder")
        member = await _member(guild, action.author)
        if member is None:
            raise Refusal("they have left the server")
        if action.until is None and (lifted := _lifted(member, action, self._clock.now())):
            return lifted
        if why := objection(rank(guild.me), rank(member), to=Punishment.TIMEOUT):
            raise Refusal(why)
        why = "repeated removals" if action.until else "the removal was wrong, the timeout is lifted"
        await member.timeout(action.until, reason=reason_of(action.case, why))
        return DONE

    async def remove(self, action: RemoveMember) -> Outcome:
        """Kick or ban; who has left can still be banned. Raises Refusal like `time_out`.

        No posts are deleted along with it: discord.py would delete a day of them, unasked.
        """
        guild, to = self._present(action.tenant), Punishment.BAN if action.ban else Punishment.KICK
        member, me = await _member(guild, action.author), rank(guild.me)
        if member is None and not action.ban:
            return Outcome(OutcomeState.DONE, "they have left already")
        if why := lack(me, to) if member is None else objection(me, rank(member), to=to):
            raise Refusal(why)
        who, reason = discord.Object(int(action.author)), reason_of(action.case, "repeated removals")
        if action.ban:
            await guild.ban(who, delete_message_seconds=0, reason=reason)
        else:
            await guild.kick(who, reason=reason)
        return DONE

    def _present(self, tenant: Tenant) -> discord.Guild:
        guild = self._client.get_guild(int(tenant.id))
        if guild is None or guild.unavailable:
            raise Refusal("I am not in that server, or it is not available")
        return guild


async def _member(guild: discord.Guild, ident: str) -> discord.Member | None:
    """The member, asked for anew, since nobody is punished on stale facts; None if they have left."""
    try:
        return await guild.fetch_member(int(ident))
    except discord.NotFound as error:
        if error.code in LEFT_CODES:
            return None
        raise


def _lifted(member: discord.Member, action: TimeoutMember, now: datetime) -> Outcome | None:
    """How lifting a timeout ends where there is nothing to lift: it is over, or it is another one."""
    stands = member.timed_out_until
    if stands is None or stands <= now:
        return Outcome(OutcomeState.DONE, "they are not timed out any more")
    if action.given is not None and abs(stands - action.given) > SAME_END:
        raise Refusal("they were timed out again since then, and that timeout stays")
    return None
