"""Before the disk: what of a batch is journalled, and as what. Whatever cannot be understood is; it is found out about
once it is safe. What says nothing that anybody needs to hear is not written down: words that people wrote are none of
our business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.model import Entry, JobKind, Tenant
from bot.platforms.telegram.chats import Chats
from bot.platforms.telegram.posts import Posts, subject_of
from bot.platforms.telegram.updates import POISON, NoUpdate, Update, is_addressed, tenant_or_host
from bot.platforms.telegram.walker import Json
from bot.ports.connected import Received
from bot.ports.register import Door
from policies.model import Policy

log = structlog.get_logger("beholder.telegram")

PolicyOf = Callable[[Tenant], Awaitable[Policy]]


@dataclass(slots=True)
class Intake:
    """`passed`: told of messages that go no further. `skipped` counts what was no update at all."""

    posts: Posts
    chats: Chats
    door: Door
    policy_of: PolicyOf
    passed: Callable[[Json], None]
    skipped: int = 0

    async def sifted(self, batch: Sequence[object]) -> list[Received]:
        """Entries for the journal, once what they need beside it is on disk."""
        received = [entry for raw in batch if (entry := await self._sift(raw)) is not None]
        await self.posts.persist()
        return received

    async def _sift(self, raw: object) -> Received | None:
        """An entry for the journal; None for what can be forgotten. Never raises for what `raw` is."""
        try:
            update = Update.of(raw)
        except NoUpdate as error:
            self.skipped += 1
            log.error("no update", error=str(error))
            return None
        try:
            return await self._entry(update)
        except POISON:
            return Received(_entry(update, tenant_or_host(update)))

    async def _entry(self, update: Update) -> Received | None:
        message = update.message
        if message is None:
            return Received(_entry(update, update.tenant)) if update.kind else None
        if self.posts.notice(message, update.event_kind, update=update.id):
            if await self.door.looks_at(update.tenant):
                return await self._post(update, message)
            return Received(_entry(update, update.tenant)) if self.chats.is_news(message["chat"]) else None
        if is_addressed(message) or self.chats.is_news(message["chat"]):
            return Received(_entry(update, update.tenant))
        self.passed(message)
        return None

    async def _post(self, update: Update, message: Json) -> Received:
        """Its event is looked at on the way: not of an album, whose other parts the disk knows."""
        if message.get("media_group_id"):
            return Received(_entry(update, update.tenant, subject=subject_of(message)))
        surfaces = (await self.policy_of(update.tenant)).surfaces
        event = await self.posts.event(message, update.event_kind, surfaces, update=update.id)
        if event is None:
            return Received(_entry(update, update.tenant, subject=subject_of(message)))
        return Received(_entry(update, event.tenant, key=event.key, subject=event.subject), event)


def _entry(update: Update, tenant: Tenant, *, key: str = "", subject: str = "") -> Entry:
    """Either key has the update's number in it: what is told twice is journalled once."""
    return Entry(tenant, key or update.key, JobKind.RAW, {"update": update.whole}, subject)
