"""Which of a client's connections are on the line: what is posted where one is missing is not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import structlog

log = structlog.get_logger("beholder.discord")


class Sharded(Protocol):
    """A client, once it knows how many connections it needs."""

    @property
    def shard_count(self) -> int | None:
        """How many; None before it is asked."""
        ...


class Roll:
    """Calls the roll of one client's shards; `changed` is told whenever all are there or no longer are.

    discord.py's own `ready` comes once, for all shards together: a shard that must IDENTIFY anew after that
    only says `shard_ready`, and one that resumes while another is away says `resumed` all the same.
    """

    def __init__(self, client: Sharded, changed: Callable[[bool], None]) -> None:
        self._client = client
        self._changed = changed
        self._here: set[int] = set()
        self._complete = False

    @property
    def missing(self) -> tuple[int, ...]:
        """Shards that are not on the line, in order."""
        return tuple(n for n in range(self._client.shard_count or 0) if n not in self._here)

    def came(self, shard: int) -> None:
        """A shard is ready, or has resumed."""
        self._here.add(shard)
        self._count()

    def left(self, shard: int) -> None:
        """A shard's connection is gone."""
        self._here.discard(shard)
        self._count()

    def _count(self) -> None:
        complete = bool(self._here) and not self.missing
        if complete is not self._complete:
            self._complete = complete
            self._changed(complete)
