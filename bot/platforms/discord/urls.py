"""Where the bytes of media are at this moment: a bounded memory, never stored.

Attachment addresses are signed and expire; whoever misses one here fetches the message again,
whose addresses are always fresh.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cachetools import LRUCache

from bot.platforms.discord.walker import Found

MEMORY = 8 * 1024 * 1024  # bytes of addresses kept
OVERHEAD = 400  # bytes an entry costs beside its text, roughly


class Spot(NamedTuple):
    """Which image is meant: channel and message id, the media's key."""

    channel: str
    message: str
    key: str


class Urls:
    """From a spot to where its bytes are; the least recently used are forgotten first."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._known: LRUCache[Spot, Found] = LRUCache(maxsize=memory, getsizeof=_cost)

    def remember(self, channel: str, message: str, found: Iterable[Found]) -> None:
        """Keep where the images of a message are."""
        for one in found:
            if one.url is not None and _cost(one) <= self._known.maxsize:
                self._known[Spot(channel, message, one.media.key)] = one

    def find(self, spot: Spot) -> Found | None:
        """Where it was last seen."""
        return self._known.get(spot)

    def __len__(self) -> int:
        return len(self._known)


def _cost(found: Found) -> int:
    return OVERHEAD + len(found.url or "") + len(found.reduced or "") + len(found.media.key)
