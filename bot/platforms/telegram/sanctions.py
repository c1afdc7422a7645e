"""What is done to members, and to channels that write in a group.

Each is asked for anew before: nobody is punished on stale facts, and no administrator ever.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from telegram import Bot, ChatMember, ChatMemberBanned, ChatMemberRestricted, ChatPermissions

from bot.model import Outcome, OutcomeState, RemoveMember, Tenant, TimeoutMember, Unban
from bot.platforms.telegram.outcomes import DONE, NO_LIMITS_HERE, Refusal
from bot.platforms.telegram.rights import ABSENT, Members
from bot.ports import Clock
from policies.wording import Worded

SHORTEST, LONGEST = timedelta(seconds=30), timedelta(days=366)
"""What is shorter or longer Telegram takes for ever (core.telegram.org/bots/api#restrictchatmember)."""
SAME_END: Final = timedelta(seconds=2)  # Telegram counts whole seconds
SUPERGROUPS_FROM: Final = -1_000_000_000_000  # ids of supergroups and channels are below it, those of groups above

PICTURES: Final = (
    *("can_send_photos", "can_send_videos", "can_send_video_notes", "can_send_documents"),
    *("can_send_other_messages", "can_add_web_page_previews", "can_send_polls"),
)
"""What shows pictures: stickers and GIFs are "other messages", a link shows its page's picture, and since Bot API
10.0 a poll may hold some."""

BANNED: Final = Outcome(OutcomeState.DONE, Worded("they are banned already"))
LEFT: Final = Outcome(OutcomeState.DONE, Worded("they have left already"))


class Sanctions:
    """Restrictions, kicks, bans and their lifting, for one bot. What Telegram answers passes through; each raises
    Refusal where it is not, or not any more, to be done."""

    def __init__(self, bot: Bot, members: Members, *, clock: Clock) -> None:
        self._bot = bot
        self._members = members
        self._clock = clock

    async def time_out(self, action: TimeoutMember) -> Outcome:
        """Let them write nothing, or post no images, for a while; or lift that."""
        chat, user = _where(action.tenant), _who(action.author)
        if user < 0:
            raise Refusal(Worded("a channel can only be banned"))
        if chat > SUPERGROUPS_FROM:
            raise Refusal(NO_LIMITS_HERE)
        if action.until is None:
            return await self._lift(chat, user, action)
        left = action.until - self._clock.now()
        if left < SHORTEST:
            raise Refusal(Worded("the timeout would be over by now"))
        if left > LONGEST:
            raise Refusal(Worded("Telegram restricts for 366 days at most: shorten it in the strike ladder"))
        member = await self._members.punishable(chat, user, actor=action.actor, entrusted=action.entrusted)
        if (enough := _enough(member, action, action.until)) is not None:
            return enough
        await self._restrict(chat, user, _left_to(member, images_only=action.images_only), action.until)
        return DONE

    async def _lift(self, chat: int, user: int, action: TimeoutMember) -> Outcome:
        member = await self._members.of(chat, user, anew=True)
        if not isinstance(member, ChatMemberRestricted):
            return Outcome(OutcomeState.DONE, Worded("they are not restricted any more"))
        if action.given is not None and abs(_end(member) - action.given) > SAME_END:
            raise Refusal(Worded("they were restricted again since then, and that stays"))
        await self._members.require(chat, "can_restrict_members")
        await self._restrict(chat, user, ChatPermissions.all_permissions(), None)
        return DONE

    async def _restrict(self, chat: int, user: int, granted: ChatPermissions, until: datetime | None) -> None:
        await self._bot.restrict_chat_member(
            chat, user, granted, until_date=until, use_independent_chat_permissions=True
        )
        self._members.forget(chat, user)

    async def remove(self, action: RemoveMember) -> Outcome:
        """Kick or ban; who has left, and a channel, can still be banned."""
        chat, user = _where(action.tenant), _who(action.author)
        member = await self._members.punishable(chat, user, actor=action.actor, entrusted=action.entrusted)
        if user < 0:
            return await self._shut_out(chat, user, action)
        if isinstance(member, ChatMemberBanned):
            return BANNED
        if action.ban:
            await self._bot.ban_chat_member(chat, user)
        elif member is None or member.status == ChatMember.LEFT:
            return LEFT
        else:
            await self._put_out(chat, user)
        self._members.forget(chat, user)
        return DONE

    async def _put_out(self, chat: int, user: int) -> None:
        """unbanChatMember throws a member out and lets them come back: no ban that a crash could leave behind. Only
        a basic group wants a ban for that, which does not keep anybody from being added again."""
        if chat > SUPERGROUPS_FROM:
            await self._bot.ban_chat_member(chat, user)
        else:
            await self._bot.unban_chat_member(chat, user, only_if_banned=False)

    async def _shut_out(self, chat: int, channel: int, action: RemoveMember) -> Outcome:
        if not action.ban:
            raise Refusal(Worded("a channel can only be banned"))
        await self._bot.ban_chat_sender_chat(chat, channel)
        return DONE

    async def unban(self, action: Unban) -> Outcome:
        """Lift the ban. Telegram does not say whose it is: the ledger knows that this case gave one."""
        chat, user = _where(action.tenant), _who(action.author)
        await self._members.require(chat, "can_restrict_members")
        if user < 0:
            await self._bot.unban_chat_sender_chat(chat, user)
            return DONE
        member = await self._members.of(chat, user, anew=True)
        if not isinstance(member, ChatMemberBanned):
            return Outcome(OutcomeState.DONE, Worded("they are not banned any more"))
        await self._bot.unban_chat_member(chat, user, only_if_banned=True)
        self._members.forget(chat, user)
        return DONE


def _where(tenant: Tenant) -> int:
    return int(tenant.id)


def _who(author: str) -> int:
    """Raises Refusal for whom Telegram could not mean: of another platform, or nobody."""
    try:
        return int(author)
    except ValueError:
        raise Refusal(Worded("that is nobody on Telegram")) from None


def _end(member: ChatMemberRestricted) -> datetime:
    """When a restriction ends by itself; at the end of time if never (Telegram says 0 for that)."""
    until = member.until_date
    return datetime.max.replace(tzinfo=UTC) if until is None or until.timestamp() <= 0 else until


def _enough(member: ChatMember | None, action: TimeoutMember, until: datetime) -> Outcome | None:
    """How it ends where it would be no change, or a relief: no rule shortens, and an image mute does not give back
    their words to those who may not write at all."""
    if member is not None and member.status in ABSENT and isinstance(member, ChatMemberBanned):
        return BANNED
    if not isinstance(member, ChatMemberRestricted):
        return None
    if action.images_only and not member.can_send_messages:
        return Outcome(OutcomeState.DONE, Worded("they may write nothing at all at the moment"))
    harsher = action.images_only or not member.can_send_messages
    if action.actor is None and harsher and not member.can_send_photos and _end(member) > until + SAME_END:
        return Outcome(OutcomeState.DONE, Worded("they are restricted for longer already"))
    return None


def _left_to(member: ChatMember | None, *, images_only: bool) -> ChatPermissions:
    """What somebody may still do; of what an administrator took from them before, nothing comes back."""
    if not images_only:
        return ChatPermissions.no_permissions()
    granted: dict[str, Any] = dict.fromkeys(ChatPermissions.all_permissions().to_dict(), True)
    granted |= dict.fromkeys(PICTURES, False)
    if isinstance(member, ChatMemberRestricted):
        granted = {name: given and bool(getattr(member, name, True)) for name, given in granted.items()}
    return ChatPermissions(**granted)
