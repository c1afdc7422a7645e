"""Settings in private: which chat somebody speaks of, the menu, and where each of its pages leads.

A chat is chosen by sharing it with a button of Telegram's own, which lists what its presser may look after. What was
shared gives no right: with every press the desk asks for the presser's rights in that chat anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from telegram import (
    ChatAdministratorRights,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestChat,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    User,
)
from telegram.error import TelegramError

from bot.model import Answer, Presser, Tenant
from bot.platforms.telegram.checkup import OUT, adding_link, other_bots, survey
from bot.platforms.telegram.extract import PLATFORM
from bot.platforms.telegram.keys import PageKey
from bot.platforms.telegram.layout import LABEL, clipped, rich
from bot.platforms.telegram.pages import Laid, laid
from bot.platforms.telegram.reception import Reception
from bot.texts import images, menu, records, rules
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice

GUARDED_GROUP, GUARDED_CHANNEL, MODS_GROUP, MODS_CHANNEL = 1, 2, 3, 4
"""What a shared chat is for (`ChatShared.request_id`)."""
GUARDED: Final = frozenset({GUARDED_GROUP, GUARDED_CHANNEL})
MODS: Final = frozenset({MODS_GROUP, MODS_CHANNEL})

SETUP_CHANNEL: Final = ("setup_channel", "channel")
"""The page of the wizard and its control that take the moderators' chat."""

Turn = Callable[[PageKey, Presser, Sequence[str]], Awaitable[Answer]]


class Menu:
    """Everything that is set in private."""

    def __init__(self, reception: Reception) -> None:
        self._at = reception
        self._turns: Mapping[str, Turn] = {
            menu.MENU: self._own,
            records.CASES: self._records,
            images.LISTED: self._images,
            rules.PRESET: self._exchange,
            rules.IMPORT: self._exchange,
        }

    # --- pages --------------------------------------------------------------------------------------------

    async def turn(self, key: PageKey, presser: Presser, values: Sequence[str]) -> Answer:
        """A press on any page: the menu's own, one of the desk's rooms, or the wizard's."""
        return await self._turns.get(key.page, self._wizard)(key, presser, values)

    async def open(self, tenant: Tenant, presser: Presser) -> Answer:
        """The wizard."""
        return await self._at.desk.wizard.open(tenant, presser, survey=survey(self._at.checkup, tenant))

    async def examine(self, tenant: Tenant, presser: Presser) -> Answer:
        """The self-check, with what cannot be checked said."""
        policy, _ = await self._at.settings.policy(tenant)
        found = await self._at.checkup.findings(tenant, policy)
        told = await self._at.desk.doctor(tenant, presser, found)
        return Answer(f"{told.text}\n• {other_bots(Texts(policy.language))}") if presser.rights else told

    async def _own(self, key: PageKey, presser: Presser, _values: Sequence[str]) -> Answer:
        tenant, texts, desk = key.tenant, await self._at.texts(key.tenant), self._at.desk
        match key.control:
            case menu.SETUP:
                return await self.open(tenant, presser)
            case menu.RULES:
                told = await desk.show_policy(tenant, presser)
            case menu.CASES:
                told = await desk.records.listing(tenant, presser)
            case menu.DOCTOR:
                told = await self.examine(tenant, presser)
            case menu.PAUSE | menu.RESUME:
                told = await desk.pause(tenant, presser, resume=key.control == menu.RESUME)
            case _:
                return Answer("", page=menu.page(texts))
        if told.page is not None and told.page.controls:
            return told
        said = told.text if told.page is None else told.page.text
        return Answer(said, page=menu.result(said, texts))

    async def _records(self, key: PageKey, presser: Presser, _values: Sequence[str]) -> Answer:
        return await self._at.desk.records.turn(key.tenant, presser, key.control)

    async def _images(self, key: PageKey, presser: Presser, _values: Sequence[str]) -> Answer:
        return await self._at.desk.images.listing(key.tenant, presser, control=key.control)

    async def _exchange(self, key: PageKey, presser: Presser, _values: Sequence[str]) -> Answer:
        return await self._at.desk.exchange.turn(key.tenant, presser, key.page, key.control)

    async def _wizard(self, key: PageKey, presser: Presser, values: Sequence[str]) -> Answer:
        look = survey(self._at.checkup, key.tenant)
        return await self._at.desk.wizard.turn(key.tenant, presser, key.page, key.control, values, survey=look)

    # --- chats --------------------------------------------------------------------------------------------

    async def greet(self, user: User) -> None:
        """To whoever opens the conversation: the ways in which the bot gets into a chat."""
        texts, name = Texts(), self._at.bot.username
        rows = [
            [InlineKeyboardButton(menu.add_to_a_group(texts), url=adding_link(name))],
            [InlineKeyboardButton(menu.add_to_a_channel(texts), url=adding_link(name, channel=True))],
        ]
        await self._at.say(user.id, Laid(rich(menu.hello(texts)), InlineKeyboardMarkup(rows)))

    async def ask_which(self, user: User, texts: Texts) -> None:
        """Which chat is spoken of."""
        keyboard = _sharing(texts, GUARDED_GROUP, GUARDED_CHANNEL)
        await self._at.say(user.id, Laid(rich(menu.which_chat(texts))), reply_markup=keyboard)

    async def ask_for_chat(self, user: User, tenant: Tenant) -> None:
        """Which one is the moderators' of `tenant`."""
        await self._at.choose(user, tenant)
        texts = await self._at.texts(tenant)
        keyboard = _sharing(texts, MODS_GROUP, MODS_CHANNEL)
        await self._at.say(user.id, Laid(rich(menu.which_mod_chat(texts))), reply_markup=keyboard)

    async def shared(self, message: Message, user: User) -> None:
        """A chat was shared with the bot."""
        share = message.chat_shared
        if share is None:
            return
        there = Tenant(PLATFORM, str(share.chat_id))
        if share.request_id in GUARDED:
            await self._at.choose(user, there)
            texts = await self._at.texts(there)
            await self._say_chosen(user, share.title, Voice.to(there, texts))
            await self._at.say(user.id, laid(menu.page(texts), there))
            return
        tenant = await self._at.chosen(user)
        if share.request_id not in MODS or tenant is None:
            await self.ask_which(user, Texts())
            return
        texts = await self._at.texts(tenant)
        if unfit := await self._unfit(tenant, there, user, texts):
            await self._at.say(user.id, Laid(rich(unfit)))
            return
        await self._say_chosen(user, share.title, Voice.to(tenant, texts))
        presser = await self._at.vouch(tenant, user)
        told = await self._wizard(PageKey(tenant, *SETUP_CHANNEL), presser, [there.id])
        await self._at.say(user.id, await self._at.laid(told, tenant))

    async def _unfit(self, tenant: Tenant, there: Tenant, user: User, texts: Texts) -> str:
        """Why cards cannot go there; '' if they can. Nobody has cards posted in a chat of others."""
        if there == tenant:
            return menu.not_itself(texts)
        try:
            me = await self._at.bot.get_chat_member(int(there.id), self._at.bot.id)
        except TelegramError:
            return menu.i_am_not_there(texts)
        if me.status in OUT:
            return menu.i_am_not_there(texts)
        rights = (await self._at.vouch(there, user)).rights
        return "" if "moderate" in rights else menu.not_yours(texts)

    async def _say_chosen(self, user: User, title: str | None, voice: Voice) -> None:
        words = menu.chosen(voice.markup.quote(title) if title else "", voice.texts)
        await self._at.say(user.id, Laid(rich(words)), reply_markup=ReplyKeyboardRemove())


def _sharing(texts: Texts, group: int, channel: int) -> ReplyKeyboardMarkup:
    """Telegram's own lists: of groups and of channels in which the bot is and whose posts the person may delete."""
    buttons = [
        KeyboardButton(
            clipped(label, LABEL),
            request_chat=KeyboardButtonRequestChat(
                ident,
                chat_is_channel=ident == channel,
                user_administrator_rights=_moderator(),
                bot_is_member=True,
                request_title=True,
            ),
        )
        for ident, label in ((group, menu.choose_a_group(texts)), (channel, menu.choose_a_channel(texts)))
    ]
    return ReplyKeyboardMarkup([[button] for button in buttons], resize_keyboard=True, one_time_keyboard=True)


def _moderator() -> ChatAdministratorRights:
    return ChatAdministratorRights(
        is_anonymous=False,
        can_manage_chat=True,
        can_delete_messages=True,
        can_manage_video_chats=False,
        can_restrict_members=False,
        can_promote_members=False,
        can_change_info=False,
        can_invite_users=False,
        can_post_stories=False,
        can_edit_stories=False,
        can_delete_stories=False,
    )
