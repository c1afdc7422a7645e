"""What takes posts away: one by one while it is quiet, together when a flood comes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from telegram import Bot
from telegram.error import BadRequest

from bot.platforms.gathering import Gathering, Wish, end
from bot.platforms.telegram.answers import NOT_FOUND, says

_Wish = Wish[tuple[int, ...]]  # a post, of one message or an album's several

MOST: Final = 100  # ids in one deleteMessages: Telegram's limit


class Deletions:
    """Deletions of one bot. What Telegram answers passes through; what is gone already is no error.

    A lone deletion is sent at once. Those in the same chat that come while one is on its way wait for it and then go
    together. deleteMessages says True whether or not a message was there, and Telegram offers no way to look: like its
    own clients we take it at its word, since what it may not delete it answers with an error.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._gathering: Gathering[int, tuple[int, ...]] = Gathering(self._together, _first)

    async def delete(self, chat: int, ids: Sequence[int]) -> None:
        """Delete a post with all its parts, alone or with others. Raises a TelegramError."""
        await self._gathering.add(chat, tuple(ids), partial(self._all, chat, ids))

    async def _together(self, chat: int, wishes: Sequence[_Wish]) -> None:
        """Where Telegram takes offence at one of several, each goes alone and ends for itself."""
        try:
            await self._all(chat, list(dict.fromkeys(ident for wish in wishes for ident in wish.what)))
        except BadRequest as error:
            if len(wishes) == 1:
                return end(wishes, error)
            for wish in wishes:
                await self._together(chat, [wish])
            return None
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for it
            return end(wishes, error)
        return end(wishes)

    async def _all(self, chat: int, ids: Sequence[int]) -> None:
        if len(ids) == 1:
            return await self._one(chat, ids[0])
        for start in range(0, len(ids), MOST):
            some = ids[start : start + MOST]
            try:
                await self._bot.delete_messages(chat, some)
            except BadRequest:
                await self._each(chat, some)
        return None

    async def _each(self, chat: int, ids: Sequence[int]) -> None:
        """One after the other: what can go goes, and the first refusal is told afterwards."""
        refusals = []
        for ident in ids:
            try:
                await self._one(chat, ident)
            except BadRequest as error:
                refusals.append(error)
        if refusals:
            raise refusals[0]

    async def _one(self, chat: int, ident: int) -> None:
        try:
            await self._bot.delete_message(chat, ident)
        except BadRequest as error:
            if not says(error, NOT_FOUND):
                raise


def _first(queue: Sequence[_Wish]) -> int:
    """As many as fit into one request, but at least one."""
    taken = ids = 0
    for wish in queue:
        ids += len(wish.what)
        if taken and ids > MOST:
            break
        taken += 1
    return taken
