"""What commands and presses need, and the ways in which Telegram lets somebody be told something for them alone.

In a group everybody reads an answer. So whoever asks is answered in private; if they never wrote to the bot, which
Telegram wants first, a button below a short-lived message leads there and asks the same again.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message, User
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden

from bot.model import Answer, Entry, Event, JobKind, Media, Presser, Tenant
from bot.platforms.telegram import cards
from bot.platforms.telegram.checkup import Checkup
from bot.platforms.telegram.extract import DIRECT, PLATFORM
from bot.platforms.telegram.layout import rich, whole_lines
from bot.platforms.telegram.pages import Laid, laid
from bot.platforms.telegram.spots import Spot
from bot.ports import Clock, Drafts, Journal, Settings
from bot.ports.desk import Desk
from bot.texts.catalogue import Texts, mark
from bot.texts.sanctions import prompt

log = structlog.get_logger("beholder.telegram")

BRIEF: Final = timedelta(seconds=60)  # how long an answer stands where everybody reads it
FAILED: Final = mark("Something went wrong on my side, and it has been logged. Nothing may have changed: look again.")
IN_PRIVATE: Final = mark("I have answered you in private.")
COME: Final = mark("That is for you alone. Press the button: I answer in private.")
OPEN: Final = mark("Open")
CHOSEN: Final = "telegram_chat"  # the draft of whoever writes in private: which chat they speak of
NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)

Vouch = Callable[[Tenant, User], Awaitable[Presser]]
"""Who somebody is in a chat, with the rights that Telegram grants them there at this moment. Raises
TelegramError where it does not answer."""
Fetch = Callable[[Event, Media], AsyncIterator[bytes]]
"""The bytes of an image. Raises `Gone` or `Unfetchable`."""


@dataclass(frozen=True, slots=True)
class Way:
    """What a deep link asks for (core.telegram.org/bots/features#deep-linking): at most 64 of A-Z a-z 0-9 _ -."""

    what: str
    tenant: Tenant
    argument: str = ""

    def __str__(self) -> str:
        return "_".join(part for part in (self.what, self.tenant.id, self.argument) if part)

    @classmethod
    def of(cls, payload: str) -> Way | None:
        """None for what no link of ours carries."""
        found = re.fullmatch(r"([a-z]{1,12})_(-?\d{1,15})(?:_(\w{1,24}))?", payload)
        return cls(found[1], Tenant(PLATFORM, found[2]), found[3] or "") if found else None


@dataclass(frozen=True, slots=True)
class Reception:
    """One for the bot."""

    bot: Bot
    desk: Desk
    settings: Settings
    drafts: Drafts
    journal: Journal
    clock: Clock
    vouch: Vouch
    checkup: Checkup
    fetch: Fetch

    async def texts(self, tenant: Tenant) -> Texts:
        """The language of a chat."""
        policy, _ = await self.settings.policy(tenant)
        return Texts(policy.language)

    def link(self, way: Way) -> str:
        """Opens the conversation with the bot, and asks there."""
        return f"https://t.me/{self.bot.username}?start={way}"

    # --- of which chat somebody speaks in private -----------------------------------------------------

    async def choose(self, user: User, tenant: Tenant) -> None:
        """From now on they speak of this one; whether they may is asked with every question."""
        await self.drafts.keep(DIRECT, str(user.id), CHOSEN, {"chat": tenant.id})

    async def chosen(self, user: User) -> Tenant | None:
        """The one that they chose last, within a day."""
        kept = await self.drafts.kept(DIRECT, str(user.id), CHOSEN)
        return None if kept is None else Tenant(PLATFORM, str(kept["chat"]))

    # --- saying ---------------------------------------------------------------------------------------

    async def say(self, chat: int, shown: Laid, **how: Any) -> Message:
        """Post it. Raises TelegramError."""
        return await self.bot.send_message(
            chat,
            shown.text,
            parse_mode=ParseMode.HTML,
            reply_markup=how.pop("reply_markup", shown.keyboard),
            link_preview_options=NO_PREVIEW,
            **how,
        )

    async def say_briefly(self, message: Message, shown: Laid) -> None:
        """As a reply, taken back after a minute."""
        chat = message.chat
        topic = message.message_thread_id if message.is_topic_message else None
        sent = await self.say(chat.id, shown, reply_to_message_id=message.message_id, allow_sending_without_reply=True)
        tenant, spot = Tenant(PLATFORM, str(chat.id)), str(Spot(chat.id, topic))
        entry = Entry(
            tenant,
            f"brief:{sent.message_id}",
            JobKind.RETRACT,
            {"channel": spot, "message": str(sent.message_id)},
            run_at=self.clock.now() + BRIEF,
        )
        await self.journal.put([entry], lease=False)

    async def tell(self, message: Message, user: User, shown: Laid, way: Way, texts: Texts) -> None:
        """Answer `user` alone, who wrote `message`: `way` asks the same in private."""
        if not await self._told_alone(message, user, shown, texts):
            await self.invite(message, way, texts)

    async def tell_or_say(self, message: Message, user: User, shown: Laid, texts: Texts) -> None:
        """Answer `user` alone if that is possible, else for a minute where they asked: it cannot be asked again."""
        if not await self._told_alone(message, user, shown, texts):
            await self.say_briefly(message, shown)

    async def _told_alone(self, message: Message, user: User, shown: Laid, texts: Texts) -> bool:
        """Whether `user` could be told in private; the group hears where the answer went."""
        try:
            await self.say(user.id, shown)
        except (BadRequest, Forbidden):
            return False
        if message.chat.type != "private":
            await self.say_briefly(message, Laid(rich(texts.gettext(IN_PRIVATE))))
        return True

    async def invite(self, message: Message, way: Way, texts: Texts) -> None:
        """A button that leads into private."""
        button = InlineKeyboardButton(texts.gettext(OPEN), url=self.link(way))
        shown = Laid(rich(texts.gettext(COME)), InlineKeyboardMarkup([[button]]))
        await self.say_briefly(message, shown)

    async def laid(self, answer: Answer, tenant: Tenant) -> Laid:
        """An answer of the desk as a message."""
        if answer.card is not None:
            texts = await self.texts(tenant)
            below = cards.keyboard(answer.card, tenant, open_label=texts.gettext("Open the post"), prompt=prompt(texts))
            return Laid(cards.words(answer.card, pictured=False), below)
        if answer.page is not None:
            return laid(answer.page, tenant)
        return Laid(rich(whole_lines(answer.text)))
