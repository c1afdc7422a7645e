"""A platform that the bot is connected to: what runs, shows its health and knows which guilds there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.model import Entry, Event, Job, Tenant
from bot.ports import Platform


@dataclass(frozen=True, slots=True)
class Status:
    """How the connection is, for health. `latency` in seconds; `skipped` counts malformed events; `missing` are
    the privileges that it does without."""

    ready: bool
    guilds: int
    latency: float | None
    restarts: int
    skipped: int
    last_error: str
    missing: tuple[str, ...] = ()


class Connected(Platform, Protocol):
    """What the composition root needs of a platform beyond what the pipeline does."""

    ready: asyncio.Event
    """Set while the platform answers."""

    def status(self) -> Status:
        """How the connection is at this moment."""
        ...

    async def round(self) -> None:
        """Look at which guilds there are: greet, note, leave. Made again and again."""
        ...

    async def leave(self, tenant: Tenant) -> None:
        """Leave a guild, which may already be done. Raises ConnectionError where it cannot be done now."""
        ...


@dataclass(frozen=True, slots=True)
class Received:
    """A platform's own update on its way to the journal, as a job of kind `RAW`.

    `event`: what it means, where that is known already, to be looked at ahead; it has the key of `entry`.
    """

    entry: Entry
    event: Event | None = None


Receive = Callable[[Sequence[Received]], Awaitable[None]]
"""Hands updates to the journal; returns when they are on disk, and may be acknowledged."""

Judge = Callable[[Job, Event], Awaitable[None]]
"""Brings an event to its end, and its job with it (`bot.pipeline.Pipeline.handle`)."""


class Reads(Protocol):
    """A platform whose updates are journalled as they come, and understood after that."""

    async def read(self, job: Job, judge: Judge) -> None:
        """Do what the update of a `RAW` job asks for, and bring the job to its end. What it raises leaves the
        job to be tried again."""
        ...
