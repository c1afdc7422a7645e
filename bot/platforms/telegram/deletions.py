"""What takes posts away: one by one while it is quiet, together when a flood comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from telegram import Bot
from telegram.error import BadRequest

from bot.platforms.telegram.answers import NOT_FOUND, says

MOST: Final = 100  # ids in one deleteMessages: Telegram's limit


@dataclass(frozen=True, slots=True)
class _Wish:
    """A post, of one message or an album's several, and whoever waits for its end."""

    ids: tuple[int, ...]
    ended: asyncio.Future[None]


class Deletions:
    """Deletions of one bot. What Telegram answers passes through; what is gone already is no error.

    A lone deletion is sent at once. Those in the same chat that come while one is on its way wait for it and then go
    together. deleteMessages says True whether or not a message was there, and Telegram offers no way to look: like its
    own clients we take it at its word, since what it may not delete it answers with an error.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._waiting: dict[int, list[_Wish]] = {}  # by chat, while a request is on its way there
        self._tasks: set[asyncio.Task[None]] = set()

    async def delete(self, chat: int, ids: Sequence[int]) -> None:
        """Delete a post with all its parts, alone or with others. Raises a TelegramError."""
        if (queue := self._waiting.get(chat)) is not None:
            wish = _Wish(tuple(ids), asyncio.get_running_loop().create_future())
            queue.append(wish)
            return await wish.ended
        self._waiting[chat] = []
        try:
            await self._all(chat, ids)
        finally:
            self._go_on(chat)
        return None

    def _go_on(self, chat: int) -> None:
        """With those that came meanwhile, in a task of its own: nobody waits for what others asked for."""
        if not self._waiting[chat]:
            del self._waiting[chat]
            return
        task = asyncio.create_task(self._drain(chat), name=f"deletions in {chat}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, chat: int) -> None:
        queue = self._waiting[chat]
        try:
            while queue:
                wishes = _first(queue)
                del queue[: len(wishes)]
                await self._together(chat, [w for w in wishes if not w.ended.done()])
        finally:
            del self._waiting[chat]
            for wish in queue:
                wish.ended.cancel()

    async def _together(self, chat: int, wishes: Sequence[_Wish]) -> None:
        """Where Telegram takes offence at one of several, each goes alone and ends for itself."""
        try:
            await self._all(chat, list(dict.fromkeys(ident for wish in wishes for ident in wish.ids)))
        except BadRequest as error:
            if len(wishes) == 1:
                return _end(wishes, error)
            for wish in wishes:
                await self._together(chat, [wish])
            return None
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for it
            return _end(wishes, error)
        return _end(wishes)

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


def _first(queue: Sequence[_Wish]) -> list[_Wish]:
    """As many as fit into one request, but at least one."""
    taken: list[_Wish] = []
    for wish in queue:
        if taken and sum(len(w.ids) for w in (*taken, wish)) > MOST:
            break
        taken.append(wish)
    return taken


def _end(wishes: Iterable[_Wish], error: Exception | None = None) -> None:
    """Who gave up waiting hears nothing."""
    for wish in wishes:
        if wish.ended.done():
            continue
        if error is None:
            wish.ended.set_result(None)
        else:
            wish.ended.set_exception(error)
