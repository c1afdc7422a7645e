"""`/case` and `/check`."""

from __future__ import annotations

from typing import Final

from telegram import Message

from bot.model import Answer, EventKind
from bot.platforms.telegram.commands.asked import Asked
from bot.platforms.telegram.extract import DIRECT, event_of
from bot.platforms.telegram.layout import rich, whole_lines
from bot.platforms.telegram.pages import Laid
from bot.platforms.telegram.walker import found_in
from bot.texts import menu as words
from bot.texts.checks import together
from policies.model import Context, Place

LIST: Final = "list"
CHECKED_AT_ONCE: Final = 4  # images that one answer speaks of


async def case(asked: Asked) -> None:
    """`/case 12`, `/case list [state]`."""
    records, tenant, presser = asked.at.desk.records, asked.tenant, asked.presser
    match asked.words:
        case (number,) if number.isdecimal() and len(number) <= 12:
            told = await records.view(tenant, presser, int(number))
            await asked.answer(told, asked.way("case", number))
        case () | ("list",):
            await asked.answer(await records.listing(tenant, presser), asked.way("case"))
        case ("list", state):
            await asked.answer(await records.listing(tenant, presser, state=state), asked.way("case"))
        case _:
            await asked.say(words.case_usage(asked.texts))


async def check(asked: Asked) -> None:
    """`/check`, as a reply to a picture: judged, and nothing is done about it."""
    about = asked.message.reply_to_message or asked.message
    told = await _judged(asked, about)
    shown = Laid(rich(whole_lines(told.text)))
    await asked.at.tell_or_say(asked.message, asked.user, shown, asked.texts)


async def _judged(asked: Asked, about: Message) -> Answer:
    raw = about.to_dict()
    found = [one for one in found_in(raw) if one.media.unsupported is None]
    if not found:
        return Answer(words.reply_to_a_picture(asked.texts))
    event = event_of(raw, EventKind.MESSAGE, found)
    place = Place(Context.GROUP_MESSAGE) if event.tenant == DIRECT else event.place
    looked = event.media[:CHECKED_AT_ONCE]
    desk, fetch = asked.at.desk, asked.at.fetch
    answers = [await desk.check(asked.tenant, asked.presser, place, fetch(event, media)) for media in looked]
    return Answer(together([a.text for a in answers], len(event.media) - len(looked), asked.texts))
