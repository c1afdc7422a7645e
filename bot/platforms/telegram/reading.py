"""After the disk: each update understood by itself. One that nobody can parse costs nobody but itself.

Updates of one chat are understood in the order in which they came, and its commands and presses done one after
another; what is judged, and other chats, do not wait for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
import telegram
from cachetools import LRUCache
from telegram.ext import Application

from bot.model import Event, Job
from bot.platforms.telegram.actions import Moved
from bot.platforms.telegram.chats import Chats
from bot.platforms.telegram.extract import at, whose
from bot.platforms.telegram.intake import PolicyOf
from bot.platforms.telegram.posts import Posts
from bot.platforms.telegram.rights import Members
from bot.platforms.telegram.sightings import Sightings
from bot.platforms.telegram.updates import POISON, Update, is_addressed
from bot.platforms.telegram.walker import Json
from bot.ports import Clock, Journal
from bot.ports.connected import Judge
from bot.ports.register import Door

log = structlog.get_logger("beholder.telegram")

LOGGED_IN = timedelta(seconds=1)  # until it is asked again whether we are
CHATS = 4096  # whose lines are remembered
MET_FOR = 3600.0  # seconds in which nobody asks again whether somebody's face is known
HEARD = 4096  # updates of which it is remembered that their command or press was done
MEETINGS = 1000  # faces that wait to be asked for; beyond, the next message is the occasion
MEMBERS = frozenset({"chat_member", "my_chat_member"})
AT_ONCE = 4  # faces asked for at once: they share the Bot API with deletions

BotApplication = Application[Any, Any, Any, Any, Any, Any]


class Lines:
    """A line for each chat, in which whoever came first is first."""

    def __init__(self, most: int = CHATS) -> None:
        self._locks: LRUCache[int, asyncio.Lock] = LRUCache(most)

    def of(self, update: Update) -> asyncio.Lock:
        """Held by whoever's turn it is in the chat of `update`."""
        chat = update.chat
        return self._locks.setdefault(0 if chat is None else chat["id"], asyncio.Lock())


class Meetings:
    """Looks at the faces of those who write, beside everything else and never in its way.

    What is lost with the process is made good by their next message.
    """

    def __init__(self, sightings: Sightings, policy_of: PolicyOf, door: Door, clock: Clock) -> None:
        self._sightings = sightings
        self._policy_of = policy_of
        self._door = door
        self._clock = clock
        self._met: LRUCache[tuple[int, int], float] = LRUCache(50_000)
        self._waiting: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)

    def meet(self, message: Json) -> None:
        """Somebody wrote. At once; a malformed message is nobody's."""
        person, chat = message.get("from"), message["chat"]
        whom, now = (chat["id"], person["id"] if person else 0), self._clock.monotonic()
        if now < self._met.get(whom, now) or len(self._waiting) >= MEETINGS:
            return
        self._met[whom] = now + MET_FOR
        task = asyncio.create_task(self._see(message), name="meeting")
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _see(self, message: Json) -> None:
        async with self._room:
            try:
                if await self._door.looks_at(whose(message)):
                    await self._sightings.see_author(message, await self._policy_of(whose(message)))
            except Exception as error:  # noqa: BLE001 - the next message is another occasion
                log.warning("face not seen", error=type(error).__name__)

    async def close(self) -> None:
        """Nobody is asked any more."""
        for task in tuple(self._waiting):
            task.cancel()
        if self._waiting:
            await asyncio.wait(tuple(self._waiting))


class Reader:
    """Does what journalled updates ask for. `poisoned` counts those that were set aside."""

    def __init__(
        self,
        application: BotApplication,
        *,
        posts: Posts,
        chats: Chats,
        sightings: Sightings,
        meetings: Meetings,
        door: Door,
        journal: Journal,
        members: Members,
        moved: Moved,
        policy_of: PolicyOf,
        clock: Clock,
    ) -> None:
        self._application = application
        self._members = members
        self._moved = moved
        self._clock = clock
        self._posts = posts
        self._chats = chats
        self._sightings = sightings
        self._meetings = meetings
        self._door = door
        self._journal = journal
        self._policy_of = policy_of
        self._understanding = Lines()
        self._doing = Lines()
        self._did: LRUCache[int, bool] = LRUCache(HEARD)  # a post that is judged again is no second command
        self.poisoned = 0

    async def read(self, job: Job, judge: Judge) -> None:
        """See `bot.ports.connected.Reads`."""
        try:
            update = Update.of(job.payload.get("update"))
            await self._learn(update)
            async with self._understanding.of(update):
                event = await self._event(update)
        except POISON as error:
            await self._set_aside(job, error)
            return
        if not await self._door.looks_at(job.tenant):
            await self._journal.finish(job)
            return
        try:
            heard = None if self._did.get(update.id) else self._heard(update)
        except POISON as error:
            if event is None:
                await self._set_aside(job, error)
                return
            self._report(job, error)  # what PTB cannot read shows a picture all the same
            heard = None
        if heard is not None:
            if not self._application.running:
                await self._journal.retry(job, self._clock.now() + LOGGED_IN, "not logged in yet", counted=False)
                return
            self._did[update.id] = True
            await self._do(update, heard)
        await self._see(update)
        if event is not None:
            await judge(job, event)
        else:
            await self._journal.finish(job)

    async def _set_aside(self, job: Job, error: Exception) -> None:
        self._report(job, error)
        await self._journal.bury(job, f"poison: {type(error).__name__}")

    def _report(self, job: Job, error: Exception) -> None:
        self.poisoned += 1
        log.error("poison update", guild=str(job.tenant), update=job.key, error=type(error).__name__)

    async def _event(self, update: Update) -> Event | None:
        message = update.message
        if message is None:
            return None
        surfaces = (await self._policy_of(update.tenant)).surfaces
        return await self._posts.event(message, update.event_kind, surfaces, update=update.id)

    def _heard(self, update: Update) -> telegram.Update | None:
        """What PTB's handlers are told. Raises as PTB does."""
        if update.message is not None and not is_addressed(update.message):
            return None
        return telegram.Update.de_json(dict(update.whole), self._application.bot)

    async def _learn(self, update: Update) -> None:
        if update.kind in MEMBERS:
            self._members.forget(update.body["chat"]["id"], update.body["new_chat_member"]["user"]["id"])
        if (ends := update.migration) is not None:
            await self._moved(*ends)
        if update.kind == "my_chat_member":
            self._chats.moved(update.body, at(update.body["date"]))
        elif update.message is not None:
            self._chats.seen(update.message["chat"], at(update.message["date"]))

    async def _do(self, update: Update, heard: telegram.Update) -> None:
        """What a handler raises is said; to do it all again would not mend it."""
        async with self._doing.of(update):
            try:
                await self._application.process_update(heard)
            except Exception as error:
                log.error("update not handled", guild=str(update.tenant), update=update.id, exc_info=error)

    async def _see(self, update: Update) -> None:
        """How they look: those who write, join, or ask to."""
        if update.message is not None:
            self._meetings.meet(update.message)
            return
        see = self._sight(update.kind)
        if see is not None:
            await see(update.body, await self._policy_of(update.tenant))

    def _sight(self, kind: str) -> Callable[[Json, Any], Awaitable[None]] | None:
        match kind:
            case "chat_member":
                return self._sightings.see_member
            case "chat_join_request":
                return self._sightings.see_applicant
        return None
