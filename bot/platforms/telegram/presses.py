"""Presses on inline buttons: of cards and notices, and of pages.

Anybody who sees a message can press its buttons, and a client may send any data with a press. So each is asked of the
desk with the presser's rights in the guarded chat at this moment, wherever the button stands; and a page's button does
nothing unless it stands under the message. Telegram shows the answer to the presser alone, 200 characters, once, and
only soon: what takes longer is told in words.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update, User
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from bot.model import Answer, Option, Presser, Tenant
from bot.platforms.telegram import pages
from bot.platforms.telegram.extract import DIRECT, PLATFORM
from bot.platforms.telegram.keys import CardKey, Mark, PageKey, read
from bot.platforms.telegram.layout import ALERT, LABEL, clipped, plain, rich
from bot.platforms.telegram.menu import Menu
from bot.platforms.telegram.pages import Laid
from bot.platforms.telegram.reception import FAILED, NO_PREVIEW, Reception, Way
from bot.texts import firstdays, menu
from bot.texts.catalogue import Texts, mark
from bot.texts.sanctions import SANCTION, prompt

log = structlog.get_logger("beholder.telegram")

SOON: Final = 5.0  # seconds within which a press is answered in any case
ELSEWHERE: Final = mark("This button belongs to another chat. Press it there.")
OUTDATED: Final = mark("This page is too old, or not from me. Type /settings for a new one.")
WORKING: Final = mark("I am at it.")

Ask = Callable[[Presser], Awaitable[Answer]]


class Presses:
    """What comes of every `callback_query`."""

    def __init__(self, reception: Reception, settings: Menu) -> None:
        self._at = reception
        self._menu = settings

    async def pressed(self, update: Update, _context: object) -> None:
        """Answer it, whatever it asks. Nobody is left waiting."""
        query = update.callback_query
        if query is None:
            return
        key = read(query.data or "")
        try:
            if isinstance(key, CardKey):
                await self._card(query, key)
            elif isinstance(key, PageKey):
                await self._page(query, key)
            else:
                await self._alert(query, Texts().gettext(OUTDATED))
        except Exception as error:  # noqa: BLE001 - whatever went wrong
            guild = None if key is None else str(key.tenant)
            log.error("press failed", guild=guild, error=type(error).__name__)
            with contextlib.suppress(TelegramError):
                await self._alert(query, Texts().gettext(FAILED))

    # --- cards and notices ------------------------------------------------------------------------------

    async def _card(self, query: CallbackQuery, key: CardKey) -> None:
        texts = await self._at.texts(key.tenant)
        presser = await self._presser(query, key.tenant)
        if presser is None:
            await self._alert(query, texts.gettext(ELSEWHERE))
            return
        if key.verb == SANCTION:
            await self._offer(query, key, presser, texts)
            return
        told = await self._in_time(query, self._ask(key, presser), texts)
        if told.confirm is not None:
            sure = CardKey(key.tenant, key.number, told.confirm.verb, sure=True)
            await self._below(query, told.text, [(sure, told.confirm.label)])
        elif key.sure and isinstance(query.message, Message):
            with contextlib.suppress(TelegramError):  # the question is answered
                await query.message.delete()

    def _ask(self, key: CardKey, presser: Presser) -> Awaitable[Answer]:
        """Which room of the desk a card's button leads to."""
        sanction, colon, value = key.verb.partition(":")
        if colon and sanction == SANCTION:
            return self._at.desk.sanction(key.tenant, key.number, value, presser, confirmed=key.sure)
        return self._at.desk.press(key.tenant, key.number, key.verb, presser, confirmed=key.sure)

    async def _offer(self, query: CallbackQuery, key: CardKey, presser: Presser, texts: Texts) -> None:
        """What can be done to the author of a case, each with a button of its own."""
        told = await self._in_time(
            query, self._at.desk.records.view(key.tenant, presser, key.number), texts, quiet=True
        )
        options: tuple[Option, ...] = told.card.sanctions if told.card is not None else ()
        choices = [(CardKey(key.tenant, key.number, f"{SANCTION}:{o.value}"), o.label) for o in options]
        if choices:
            await self._below(query, f"**#{key.number}** {prompt(texts)}", choices)

    async def _below(self, query: CallbackQuery, text: str, choices: list[tuple[CardKey, str]]) -> None:
        """A question under the message that was pressed, for a minute."""
        rows = [[InlineKeyboardButton(clipped(plain(label), LABEL), callback_data=str(key))] for key, label in choices]
        if isinstance(query.message, Message):
            await self._at.say_briefly(query.message, Laid(rich(text), InlineKeyboardMarkup(rows)))

    async def _presser(self, query: CallbackQuery, tenant: Tenant) -> Presser | None:
        """With the rights that they have in the guarded chat. Cases of what was written to the bot itself are decided
        in the one chat that the host named for them, by whoever holds the right there."""
        if tenant != DIRECT:
            return await self._at.vouch(tenant, query.from_user)
        policy, _ = await self._at.settings.policy(DIRECT)
        here = "" if query.message is None else str(query.message.chat.id)
        if policy.mod_channel is None or policy.mod_channel.partition("/")[0] != here:
            return None
        return await self._at.vouch(Tenant(PLATFORM, here), query.from_user)

    # --- pages --------------------------------------------------------------------------------------------

    async def _page(self, query: CallbackQuery, key: PageKey) -> None:
        texts, message = await self._at.texts(key.tenant), query.message
        if not isinstance(message, Message) or not pages.stands_under(message.reply_markup, str(query.data)):
            await self._alert(query, texts.gettext(OUTDATED))
            return
        private = message.chat.type == "private"
        if not private and str(message.chat.id) != key.tenant.id:
            await self._alert(query, texts.gettext(ELSEWHERE))
            return
        if not private and _opens(key):
            await query.answer(url=self._at.link(Way("setup", key.tenant)))
            return
        if key.mark is Mark.SHARE:
            await self._menu.ask_for_chat(query.from_user, key.tenant)
            await query.answer()
            return
        if (key.page, key.control) == (menu.MENU, menu.OTHER):
            await self._menu.ask_which(query.from_user, texts)
            await query.answer()
            return
        presser = await self._at.vouch(key.tenant, query.from_user)
        told = await self._turned(query, key, presser, message, texts)
        if told.page is not None or told.card is not None:
            await self._replace(message, await self._at.laid(told, key.tenant))

    async def _turned(
        self, query: CallbackQuery, key: PageKey, presser: Presser, message: Message, texts: Texts
    ) -> Answer:
        chosen = pages.values(key, message.reply_markup or InlineKeyboardMarkup([]))
        turn = self._menu.turn(key, presser, chosen)
        return await self._in_time(query, turn, texts, quiet=True)

    async def _replace(self, message: Message, shown: Laid) -> None:
        """The page that a press leads to takes the place of the one that was pressed."""
        try:
            await message.edit_text(
                shown.text, parse_mode=ParseMode.HTML, reply_markup=shown.keyboard, link_preview_options=NO_PREVIEW
            )
        except BadRequest as error:
            if "modified" not in error.message:  # what it shows already
                raise

    # --- answers ------------------------------------------------------------------------------------------

    async def _in_time(
        self, query: CallbackQuery, ask: Awaitable[Answer], texts: Texts, *, quiet: bool = False
    ) -> Answer:
        """The desk's answer, shown to the presser; `quiet`: unless a page or a card says it all.

        Telegram forgets a press that is not answered within seconds, so one that takes longer is told that it is
        being worked at, and its answer comes in private, if they ever wrote to us.
        """
        late = asyncio.ensure_future(self._at.clock.sleep(SOON))
        asked = asyncio.ensure_future(ask)
        try:
            await asyncio.wait({asked, late}, return_when=asyncio.FIRST_COMPLETED)
            in_time = asked.done()
            if not in_time:
                await query.answer(texts.gettext(WORKING))
            told = await asked
        finally:
            asked.cancel()
            late.cancel()
        says_it = quiet and (told.page is not None or told.card is not None)
        if not in_time:
            await self._whisper(query.from_user, "" if says_it else told.text)
        elif says_it or told.confirm is not None:
            await query.answer()
        else:
            await self._alert(query, told.text, loud=not told.done)
        return told

    async def _alert(self, query: CallbackQuery, text: str, *, loud: bool = True) -> None:
        """`loud`: it stays until it is closed, else it passes by."""
        await query.answer(clipped(plain(text), ALERT), show_alert=loud)

    async def _whisper(self, user: User, text: str) -> None:
        if text:
            with contextlib.suppress(TelegramError):
                await self._at.say(user.id, Laid(rich(text)))


def _opens(key: PageKey) -> bool:
    """Whether a button in a group leads to pages for one person alone."""
    return key.page == firstdays.WELCOME or (key.page, key.control) == (firstdays.REMINDER, firstdays.SET_UP)
