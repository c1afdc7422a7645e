"""The self-check of a chat: the bot's rights one by one, what it is shown, and where its cards go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from telegram import Bot, ChatMember
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.model import Finding, Tenant
from bot.platforms.telegram.spots import Spot
from bot.ports.desk import Survey
from bot.texts.catalogue import Texts, mark
from policies.model import Policy, Surface

ADMINS: Final = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})
OUT: Final = frozenset({ChatMemberStatus.LEFT, ChatMemberStatus.BANNED})


@dataclass(frozen=True, slots=True)
class Right:
    """One right of an admin: its name in links, what Telegram's settings call it, and what fails without it."""

    name: str
    title: str
    without: str

    @property
    def field(self) -> str:
        """Its name in the Bot API's ChatAdministratorRights."""
        return f"can_{self.name}"


NEEDED: Final = (
    Right("delete_messages", mark("Delete messages"), mark("posts that break the rules stay up")),
    Right(
        "restrict_members",
        mark("Ban users"),
        mark("who posts such things again and again is neither muted nor banned"),
    ),
)
FOR_COVERS: Final = Right("change_info", mark("Change info"), mark("a bad picture of this chat itself stays"))


def adding_link(username: str, *, channel: bool = False) -> str:
    """The link that adds the bot to a chat of one's choice and asks for the rights that it needs, in one tap
    (core.telegram.org/api/links#groupchannel-bot-links)."""
    rights = "+".join(right.name for right in NEEDED)
    return f"https://t.me/{username}?{'startchannel' if channel else 'startgroup'}=added&admin={rights}"


class Checkup:
    """Looks by asking Telegram each time: a right that was just given counts at once."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def findings(self, tenant: Tenant, policy: Policy) -> Sequence[Finding]:
        """What is well and what is not, each with what fails without it and the cure."""
        return [*await self.rights(tenant, policy), await self._mod_chat(policy.mod_channel, Texts(policy.language))]

    async def rights(self, tenant: Tenant, policy: Policy) -> Sequence[Finding]:
        """The bot's rights in the chat itself, and whether Telegram shows it every post."""
        texts = Texts(policy.language)
        me = await self._me_in(int(tenant.id))
        if me is None or me.status in OUT:
            _ = texts.gettext
            return [Finding(_("This chat"), False, _("I cannot see it at the moment. Check again in a minute."))]
        return [*_rights(me, policy, texts), self._sight(me, texts)]

    async def _me_in(self, chat: int) -> ChatMember | None:
        """How the bot stands to a chat; None where Telegram does not say."""
        try:
            return await self._bot.get_chat_member(chat, self._bot.id)
        except TelegramError:
            return None

    def _sight(self, me: ChatMember, texts: Texts) -> Finding:
        """An admin is shown all messages, whatever BotFather's privacy mode says (core.telegram.org/bots/features)."""
        _ = texts.gettext
        sees = me.status in ADMINS or bool(self._bot.bot.can_read_all_group_messages)
        cure = _(
            "privacy mode is on and I am no admin, so Telegram hides pictures from me. Make me an admin; or switch it "
            "off (@BotFather → /setprivacy → Disable), then remove me and add me again."
        )
        return Finding(_("Seeing every post"), sees, cure)

    async def _mod_chat(self, chat: str | None, texts: Texts) -> Finding:
        _ = texts.gettext
        name = _("Moderators' channel")
        if chat is None:
            return Finding(name, False, _("without it, nobody sees what I find. Run /setup and choose one."))
        gone = Finding(
            name,
            False,
            _("I am not in it, and then nobody sees what I find. Add me there, or choose another in /setup."),
        )
        try:
            spot = Spot.parse(chat)
            there = await self._bot.get_chat(spot.chat)
            me = await self._bot.get_chat_member(spot.chat, self._bot.id)
        except (ValueError, BadRequest, Forbidden):
            return gone
        except TelegramError:
            return Finding(name, False, _("Telegram does not answer at the moment. Check again in a minute."))
        if me.status in OUT:
            return gone
        if there.type == ChatType.CHANNEL and not getattr(me, "can_post_messages", False):
            return Finding(name, False, _("I may not post in it. Make me an admin there who may post messages."))
        if there.username:
            return Finding(name, False, _("everybody can read it, and cards show what was removed: make it private."))
        return Finding(name, True)


def _rights(me: ChatMember, policy: Policy, texts: Texts) -> Iterator[Finding]:
    wanted = (*NEEDED, FOR_COVERS) if Surface.COVERS in policy.surfaces else NEEDED
    for right in wanted:
        cure = texts.gettext(
            "without it, {loss}. Chat settings → Administrators → me: switch on “{right}”.",
            loss=texts.gettext(right.without),
            right=texts.gettext(right.title),
        )
        held = me.status == ChatMemberStatus.OWNER or bool(getattr(me, right.field, False))
        yield Finding(texts.gettext(right.title), held, cure)


def other_bots(texts: Texts) -> str:
    """No method tells whether Bot-to-Bot mode is on, so it can only be explained (core.telegram.org/bots/features)."""
    return texts.gettext(
        "Posts of other bots: Telegram shows me those only in Bot-to-Bot mode, which whoever runs me switches on with "
        "@BotFather. I cannot see whether it is on."
    )


def survey(checkup: Checkup, tenant: Tenant) -> Survey:
    """The self-check of one chat, for the desk."""

    async def look(policy: Policy) -> Sequence[Finding]:
        return await checkup.findings(tenant, policy)

    return look
