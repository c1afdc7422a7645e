"""Which version of a post is seen: one that comes back after another is new.

Whoever posts a link and hides its embed may show it again a moment later. Discord calls neither an edit, and what is
shown is the same as at first, of which the verdict was superseded by the hiding.
"""

from __future__ import annotations

from typing import Final

from cachetools import LRUCache

from bot.platforms.discord.walker import digest

REMEMBERED: Final = 50_000  # messages that showed pictures


class Versions:
    """How each post looked last. What is forgotten, as in a restart, is at worst judged once more."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._last: LRUCache[int, tuple[str, int]] = LRUCache(remembered)

    def __contains__(self, message: int) -> bool:
        """Whether it has shown anything yet."""
        return message in self._last

    def of(self, message: int, look: str) -> str:
        """The name of the version: `look` itself, unless the post has looked otherwise before."""
        last, changes = self._last.get(message, (look, 0))
        if last != look:
            changes += 1
        self._last[message] = (look, changes)
        return look if not changes else digest(f"{look}\n{changes}")
