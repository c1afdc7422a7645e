"""Which appearances were told already: a memory in front of the seen-table, so that a post costs no look at the disk.

appearance ──▶ known in memory? ──▶ known on disk? ──▶ event into the journal ──▶ noted on disk
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence

import discord
from cachetools import LRUCache

from bot.model import Event
from bot.platforms.discord.appearance import Appearance, of_post
from bot.platforms.discord.extract import guild_id_of
from bot.platforms.wanted import wanted_of
from bot.ports import Clock, Faces
from policies.model import Context, Policy, Surface

REMEMBERED = 50_000  # members, at some 200 bytes each
TOLD_REACTIONS = 20_000  # messages

Submit = Callable[[Sequence[Event]], Awaitable[None]]


class Sightings:
    """Tells `submit` of what somebody shows, once."""

    def __init__(self, faces: Faces, clock: Clock, submit: Submit, remembered: int = REMEMBERED) -> None:
        self._faces = faces
        self._clock = clock
        self._submit = submit
        self._known: LRUCache[Hashable, int] = LRUCache(remembered)
        self._put_off: dict[int, Appearance] = {}  # covers, by guild: no post brings them back as it does faces

    async def see_author(self, message: discord.Message, policy: Policy) -> None:
        """Somebody wrote: mostly one who was seen before, which costs a look into memory. Raises like `see`."""
        wanted = wanted_of(policy, Context.HEAD_IMAGE)
        whom, look = _glance(message, wanted)
        waits = guild_id_of(message) in self._put_off and wanted_of(policy, Context.ROOM_COVER)
        if not waits and (not wanted or self._known.get(whom) == look):
            return
        appearance = of_post(message)
        if appearance is None:
            return
        if wanted:
            self._known[whom] = look  # before anything is awaited: what they write meanwhile is not looked up again
        try:
            await self.see(appearance, policy)
        except BaseException:
            self._known.pop(whom, None)
            raise

    async def see(self, appearance: Appearance, policy: Policy) -> None:
        """Somebody was seen. What nobody would hear of is not noted either, so that it is looked at once they do.

        Raises what the disk or `submit` raise; it will be told at the next sight, then.
        """
        if not appearance.is_cover and (cover := self._put_off.pop(appearance.guild, None)) is not None:
            await self.see(cover, policy)
        wanted = wanted_of(policy, appearance.context)
        if wanted:
            await self._tell(appearance, wanted)
        elif appearance.is_cover:
            self._put_off[appearance.guild] = appearance

    async def _tell(self, appearance: Appearance, wanted: frozenset[Surface]) -> None:
        tenant, owner, shown = appearance.tenant, appearance.author.id, appearance.limited_to(wanted)
        news = await self._faces.news(tenant, owner, shown)
        events = appearance.events(shown, news, self._clock.now())
        if events:
            await self._submit(events)
        if news.slots:
            await self._faces.note(tenant, owner, shown)


def _glance(message: discord.Message, wanted: frozenset[Surface]) -> tuple[Hashable, int]:
    """Who wrote, and in a number what they show and what of it is wanted: as sure as a hash, and it costs no memory.

    Of a webhook each face by itself: bridges speak with another one in every post.
    """
    person, guild = message.author, guild_id_of(message)
    if message.webhook_id is not None:
        return (guild, person.id, person._avatar), hash(wanted)
    if isinstance(person, discord.Member):
        return (guild, person.id), hash((wanted, person._user._avatar, person._avatar, person._banner))
    return (guild, person.id), hash((wanted, person._avatar))


class Reactions:
    """Which emoji under which message were told: a popular one is looked at once, not five hundred times."""

    def __init__(self, remembered: int = TOLD_REACTIONS) -> None:
        self._told: LRUCache[int, set[int]] = LRUCache(remembered)

    def is_new(self, message: int, emoji: int) -> bool:
        """Whether it is seen there for the first time, or for the first time since it was taken off."""
        told = self._told.get(message)
        if told is None:
            self._told[message] = {emoji}
            return True
        if emoji in told:
            return False
        told.add(emoji)  # Discord allows twenty different ones under a message
        return True

    def forget(self, message: int, emoji: int | None = None) -> None:
        """It was taken off, or (without `emoji`) all of them were: who puts one there now is told of again."""
        if emoji is None:
            self._told.pop(message, None)
        elif (told := self._told.get(message)) is not None:
            told.discard(emoji)
