"""Do what was decided, and say how it ended.

A post whose answer was lost is `unknown`: the Bot API echoes no nonce and shows no bot what it posted, so it can be
neither looked up nor sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from telegram import Bot, InlineKeyboardMarkup, InputMediaPhoto, LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated

from bot.desk.verbs import Verb
from bot.model import (
    Action,
    Delete,
    EditCard,
    Outcome,
    OutcomeState,
    PostCard,
    PostPage,
    RemoveCover,
    RemoveMember,
    Restore,
    Retract,
    Say,
    Tenant,
    TimeoutMember,
    Unban,
    Warn,
)
from bot.platforms.telegram import cards
from bot.platforms.telegram.answers import NO_PHOTO, UNCHANGED, says
from bot.platforms.telegram.cards import CardAt
from bot.platforms.telegram.deletions import Deletions
from bot.platforms.telegram.extract import DIRECT, PLATFORM
from bot.platforms.telegram.greeting import Greeting
from bot.platforms.telegram.layout import rich, whole_lines
from bot.platforms.telegram.outcomes import (
    DONE,
    MOVED,
    TELEGRAM_ERRORS,
    Impossible,
    Refusal,
    outcome_of,
)
from bot.platforms.telegram.pages import laid
from bot.platforms.telegram.rights import Members
from bot.platforms.telegram.sanctions import Sanctions
from bot.platforms.telegram.spots import Spot, ids_of
from bot.ports import Clock, Settings
from bot.texts import buttons, notices, sanctions
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from policies.wording import Worded

IN_DIRECT = (PostCard, EditCard, Say, Retract)
"""What can be done where there is no guild: show and say."""

OF_OLD_MESSAGES = (Delete, RemoveCover, Retract, EditCard)
"""What is about a message that stands where it stood: the supergroup that a group becomes numbers its own anew, so
under the same number there is another one."""

Moved = Callable[[Tenant, Tenant], Awaitable[None]]
"""Told that a chat has become another one, before anything goes on there."""

NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
UNTOLD: Final = Worded("Telegram shows me nothing of what I posted, so look whether it stands there")


class Actions:
    """`perform` and `find` for one bot, which is initialised and whose limiter is `limiter.Pace`."""

    def __init__(self, bot: Bot, *, settings: Settings, clock: Clock, members: Members, moved: Moved) -> None:
        self._bot = bot
        self._settings = settings
        self._members = members
        self._moved = moved
        self._greeting = Greeting(bot, settings)
        self._deletions = Deletions(bot)
        self._sanctions = Sanctions(bot, members, clock=clock)
        self._neutral: str | None = None  # the file_id of what takes the place of dropped pictures

    async def perform(self, action: Action) -> Outcome:
        """Do it. Never raises for what Telegram or the network answers."""
        try:
            return await self._do(action)
        except ChatMigrated as error:
            return await self._follow(action, error.new_chat_id)
        except TELEGRAM_ERRORS as error:
            return outcome_of(error, action)

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        """It cannot be told whether a message of ours was posted. Nothing else is ever made here."""
        return Outcome(OutcomeState.UNKNOWN, UNTOLD) if channel else Outcome(OutcomeState.FAILED, _not_here("room"))

    async def _follow(self, action: Action, new: int) -> Outcome:
        """The group is a supergroup now: the same there, unless it is about what was posted before."""
        spot, there = _spot_of(action), Tenant(PLATFORM, str(new))
        before = action.tenant if spot is None else Tenant(PLATFORM, str(spot.chat))
        await self._moved(before, there)
        if isinstance(action, OF_OLD_MESSAGES):
            return MOVED
        named: dict[str, Any] = {} if spot is None else {"channel": str(new)}
        if before == action.tenant:
            named["tenant"] = there
        try:
            return await self._do(replace(action, **named))
        except TELEGRAM_ERRORS as error:
            return outcome_of(error, action)

    async def _do(self, action: Action) -> Outcome:
        if action.tenant == DIRECT and not isinstance(action, IN_DIRECT):
            raise Refusal(Worded("in direct messages nothing of others can be removed, and nobody is a member"))
        match action:
            case Delete():
                return await self._delete(action)
            case RemoveCover():
                return await self._remove_cover(action)
            case TimeoutMember():
                return await self._sanctions.time_out(action)
            case RemoveMember():
                return await self._sanctions.remove(action)
            case Unban():
                return await self._sanctions.unban(action)
        return await self._post(action)

    async def _post(self, action: Action) -> Outcome:
        match action:
            case Warn():
                return await self._warn(action)
            case Say():
                return await self._say(action)
            case PostCard():
                return await self._post_card(action)
            case EditCard():
                return await self._edit_card(action)
            case Restore():
                return await self._restore(action)
            case Retract():
                at = CardAt.parse(action.message)
                await self._deletions.delete(Spot.parse(action.channel).chat, [at.message])
                return DONE
            case PostPage():
                page = laid(await self._greeting.completed(action.page, action.tenant), action.tenant)
                return _posted(await self._write(action.channel, page.text, keyboard=page.keyboard))
        raise Impossible(_not_here(type(action).__name__))

    # --- posts ----------------------------------------------------------------------------------

    async def _delete(self, action: Delete) -> Outcome:
        await self._deletions.delete(_own(action.tenant, action.channel).chat, ids_of(action.message))
        return DONE

    async def _remove_cover(self, action: RemoveCover) -> Outcome:
        """The photo of the chat, and the message that shows it in the chat's history."""
        chat = _own(action.tenant, action.channel).chat
        await self._members.require(chat, "can_change_info")
        try:
            await self._bot.delete_chat_photo(chat)
        except BadRequest as error:
            if not says(error, UNCHANGED):
                raise
        await self._deletions.delete(chat, ids_of(action.message))
        return DONE

    async def _warn(self, action: Warn) -> Outcome:
        texts = await self._texts(action.tenant)
        person = Voice.to(action.tenant, texts).markup.person(action.author)
        below = cards.details(action.tenant, action.case, buttons.button(Verb.DETAILS, texts).label)
        said = rich(f"{person} {notices.removed(texts)}")
        return _posted(await self._write(action.channel, said, keyboard=below, silently=True))

    async def _say(self, action: Say) -> Outcome:
        text = action.text
        if action.author is not None:
            voice = Voice.to(action.tenant, await self._texts(action.tenant))
            text = f"{voice.markup.person(action.author)} {text}"
        return _posted(await self._write(action.channel, rich(whole_lines(text))))

    async def _restore(self, action: Restore) -> Outcome:
        """By the file_id that the card has kept: nothing is fetched, and the card may be gone by now."""
        picture = CardAt.parse(action.card_message).picture
        if picture is None:
            raise Impossible(Worded("the picture is no longer on the card, so it cannot be given back"))
        texts = await self._texts(action.tenant)
        credit = texts.gettext(
            "Posted by {author}, removed by mistake and given back by the moderators.",
            author=Voice.to(action.tenant, texts).markup.person(action.author),
        )
        spot = _own(action.tenant, action.channel)
        sent = await self._bot.send_photo(
            spot.chat, picture, caption=rich(credit), parse_mode=ParseMode.HTML, message_thread_id=spot.topic
        )
        return _posted(sent)

    async def _write(
        self,
        channel: str,
        text: str,
        *,
        keyboard: InlineKeyboardMarkup | None = None,
        silently: bool = False,
        protected: bool = False,
    ) -> Message:
        spot = Spot.parse(channel)
        return await self._bot.send_message(
            spot.chat,
            text,
            parse_mode=ParseMode.HTML,
            message_thread_id=spot.topic,
            reply_markup=keyboard,
            link_preview_options=NO_PREVIEW,
            disable_notification=silently,
            protect_content=protected,
        )

    # --- cards ----------------------------------------------------------------------------------

    async def _post_card(self, action: PostCard) -> Outcome:
        """Where Telegram does not take the picture, the words alone: better than no card."""
        below = await self._buttons(action)
        if action.card.picture is not None:
            try:
                return await self._post_picture(action, action.card.picture, below)
            except BadRequest as error:
                if not says(error, NO_PHOTO):
                    raise
        words = cards.words(action.card, pictured=False)
        return _posted(await self._write(action.channel, words, keyboard=below, protected=True))

    async def _post_picture(self, action: PostCard, picture: bytes, below: InlineKeyboardMarkup | None) -> Outcome:
        """Bytes of our own, hidden until they are tapped, not to be saved or passed on."""
        spot = Spot.parse(action.channel)
        sent = await self._bot.send_photo(
            spot.chat,
            picture,
            caption=cards.words(action.card, pictured=True),
            parse_mode=ParseMode.HTML,
            message_thread_id=spot.topic,
            reply_markup=below,
            has_spoiler=True,
            protect_content=True,
        )
        return Outcome(OutcomeState.DONE, ref=str(CardAt(sent.message_id, sent.photo[-1].file_id)))

    async def _edit_card(self, action: EditCard) -> Outcome:
        at, chat, below = CardAt.parse(action.message), Spot.parse(action.channel).chat, await self._buttons(action)
        text = cards.words(action.card, pictured=at.picture is not None)
        if at.picture is None:
            await self._bot.edit_message_text(
                text,
                chat,
                at.message,
                parse_mode=ParseMode.HTML,
                reply_markup=below,
                link_preview_options=NO_PREVIEW,
            )
        elif action.drop_picture:
            await self._drop_picture(chat, at.message, text, below)
        else:
            await self._bot.edit_message_caption(
                chat, at.message, caption=text, parse_mode=ParseMode.HTML, reply_markup=below
            )
        return Outcome(OutcomeState.DONE, ref=action.message)

    async def _drop_picture(self, chat: int, message: int, text: str, below: InlineKeyboardMarkup | None) -> None:
        """A neutral one takes its place; see `cards.neutral`."""
        blank = InputMediaPhoto(self._neutral or cards.neutral(), caption=text, parse_mode=ParseMode.HTML)
        edited = await self._bot.edit_message_media(blank, chat, message, reply_markup=below)
        if isinstance(edited, Message) and edited.photo:
            self._neutral = edited.photo[-1].file_id

    async def _buttons(self, action: PostCard | EditCard) -> InlineKeyboardMarkup | None:
        texts = await self._texts(action.tenant)
        return cards.keyboard(
            action.card,
            action.tenant,
            open_label=texts.gettext("Open the post"),
            prompt=sanctions.prompt(texts),
        )

    async def _texts(self, tenant: Tenant) -> Texts:
        policy, _ = await self._settings.policy(tenant)
        return Texts(policy.language)


def _posted(sent: Message) -> Outcome:
    return Outcome(OutcomeState.DONE, ref=str(sent.message_id))


def _spot_of(action: Action) -> Spot | None:
    channel = getattr(action, "channel", None)
    return None if channel is None else Spot.parse(channel)


def _own(tenant: Tenant, channel: str) -> Spot:
    """Raises Refusal for a chat that is not the tenant's: nothing is removed from another's, nor given to it."""
    spot = Spot.parse(channel)
    if str(spot.chat) != tenant.id:
        raise Refusal(Worded("{channel} is not the chat that this case is about", channel=channel))
    return spot


def _not_here(what: str) -> str:
    return Worded("{what} is not known on Telegram", what=what)
