"""Who may do what in a chat: asked of Telegram, remembered for a minute, forgotten when Telegram tells of a change.

What decides about a person is asked anew: nobody is punished, and nobody punishes, on what was true a minute ago.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cachetools import TTLCache
from telegram import Bot, ChatMember, ChatMemberAdministrator, ChatMemberOwner, User
from telegram.error import BadRequest, ChatMigrated

from bot.model import Presser, Tenant
from bot.platforms.telegram.answers import NO_SUCH_MEMBER, says
from bot.platforms.telegram.extract import NOBODY
from bot.platforms.telegram.outcomes import ADMIN, LINKED, Refusal
from bot.ports import Clock
from policies.wording import Worded

REMEMBERED_FOR: Final = 60.0  # seconds
REMEMBERED: Final = 10_000

RIGHTS: Final = {
    "moderate": "can_delete_messages",
    "punish": "can_restrict_members",
    "kick": "can_restrict_members",
    "ban": "can_restrict_members",
    "manage": "can_change_info",
}
"""What each right of a presser (`bot.model.Presser`) is on Telegram. Who may change the chat's name, photo and other
settings may change ours. `roles` is missing: there are none to be given."""

TITLES: Final = {
    "can_delete_messages": Worded("Delete messages"),
    "can_restrict_members": Worded("Ban users"),
    "can_change_info": Worded("Change group info"),
}
ABSENT: Final = frozenset({ChatMember.LEFT, ChatMember.BANNED})


def rights_of(member: ChatMember) -> frozenset[str]:
    """What a member may ask of us: an owner everything, others what Telegram itself lets them do."""
    if isinstance(member, ChatMemberOwner):
        return frozenset(RIGHTS)
    if isinstance(member, ChatMemberAdministrator):
        return frozenset(name for name, theirs in RIGHTS.items() if getattr(member, theirs, False))
    return frozenset()


def is_admin(member: ChatMember) -> bool:
    """Owner or administrator, whatever their rights."""
    return isinstance(member, ChatMemberOwner | ChatMemberAdministrator)


@dataclass(frozen=True, slots=True)
class _Whom:
    chat: int
    user: int


class Members:
    """How people stand to chats, by getChatMember. For others than itself a bot must be an administrator there."""

    def __init__(self, bot: Bot, clock: Clock) -> None:
        self._bot = bot
        self._known: TTLCache[_Whom, ChatMember] = TTLCache(REMEMBERED, REMEMBERED_FOR, timer=clock.monotonic)

    async def of(self, chat: int, user: int, *, anew: bool = False) -> ChatMember | None:
        """How `user` stands to `chat`; None for whom Telegram does not know there. Raises a TelegramError."""
        whom = _Whom(chat, user)
        if not anew and whom in self._known:
            return self._known[whom]
        try:
            member = await self._asked(chat, user)
        except BadRequest as error:
            if says(error, NO_SUCH_MEMBER):
                return None
            raise
        self._known[whom] = member
        return member

    async def _asked(self, chat: int, user: int) -> ChatMember:
        """Buttons and links that were made before a group became a supergroup name what it was."""
        try:
            return await self._bot.get_chat_member(chat, user)
        except ChatMigrated as moved:
            return await self._bot.get_chat_member(moved.new_chat_id, user)

    async def me(self, chat: int, *, anew: bool = False) -> ChatMember | None:
        """How we stand to `chat`."""
        return await self.of(chat, self._bot.id, anew=anew)

    def forget(self, chat: int, user: int | None = None) -> None:
        """Telegram told of a change: of `user`, or of the whole chat."""
        if user is not None:
            self._known.pop(_Whom(chat, user), None)
            return
        for whom in [w for w in self._known if w.chat == chat]:
            self._known.pop(whom, None)

    # --- those who ask --------------------------------------------------------------------------

    async def presser(self, tenant: Tenant, user: User, *, otherwise: int | None = None) -> Presser:
        """Whoever pressed or wrote, with their rights in the *guarded* chat, wherever they pressed.

        The host's own tenant is no chat; there `otherwise` counts, where its cards are shown. An anonymous admin's
        press carries who they are. Their command does not (GroupAnonymousBot), so it is nobody's: no rights. Raises a
        TelegramError where Telegram does not answer: then nobody may do anything.
        """
        chat = int(tenant.id) if tenant.id.lstrip("-").isdecimal() else otherwise
        member = None if chat is None or user.id in NOBODY else await self.of(chat, user.id)
        rights = frozenset[str]() if member is None else rights_of(member)
        return Presser(str(user.id), user.full_name, rights=rights)

    # --- those who are acted on -----------------------------------------------------------------

    async def require(self, chat: int, right: str) -> None:
        """Raises Refusal with the cure if we lack `right` in `chat`."""
        me = await self.me(chat)
        if me is None or not (isinstance(me, ChatMemberOwner) or getattr(me, right, False)):
            raise Refusal(Worded("I lack the right “{right}” in the chat: give it to me there", right=TITLES[right]))

    async def punishable(
        self, chat: int, user: int, *, actor: str | None = None, entrusted: bool = False
    ) -> ChatMember | None:
        """How whoever is to be punished stands to the chat now; None if Telegram does not know them there.

        Raises Refusal for owners, administrators, the chat itself, its channel and Telegram; where we lack the right;
        and where `actor`, who asked for it, has it no more. No member stands above another, so ranks are not asked.
        """
        if user in NOBODY or user == chat or (user < 0 and await self._is_linked(chat, user)):
            raise Refusal(LINKED)
        if user == self._bot.id:
            raise Refusal(Worded("I do not act against myself"))
        await self.require(chat, "can_restrict_members")
        member = await self.of(chat, user, anew=True) if user > 0 else None
        if member is not None and is_admin(member):
            raise Refusal(ADMIN)
        if actor is not None:
            await self._require_of(chat, actor, entrusted=entrusted)
        return member

    async def _is_linked(self, chat: int, channel: int) -> bool:
        """Whether it is the channel whose discussion group this is: it may write there by hand, too."""
        return (await self._bot.get_chat(chat)).linked_chat_id == channel

    async def _require_of(self, chat: int, actor: str, *, entrusted: bool) -> None:
        theirs = await self.of(chat, int(actor), anew=True) if actor.isdecimal() else None
        if theirs is None or theirs.status in ABSENT:
            raise Refusal(Worded("whoever asked is no member here any more"))
        if not entrusted and "punish" not in rights_of(theirs):
            raise Refusal(Worded("whoever asked lacks “{right}”", right=TITLES["can_restrict_members"]))
