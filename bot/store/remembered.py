"""What was read once and needs no second look: bounded, and dropped when another process writes."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from cachetools import LRUCache

K = TypeVar("K")
V = TypeVar("V")


class Generations(Protocol):
    """Whoever knows when another process has written."""

    generation: int


class Remembered(Generic[K, V]):
    """A least-recently-used memory of `size` entries, valid for one generation of the database."""

    def __init__(self, source: Generations, size: int) -> None:
        self._source = source
        self._generation = source.generation
        self._entries: LRUCache[K, V] = LRUCache(size)

    def get(self, key: K) -> V | None:
        """What is remembered under `key` and still valid."""
        self._forget_the_stale()
        return self._entries.get(key)

    def put(self, key: K, value: V, *, read_in: int | None = None) -> None:
        """Remember it, unless it was read in a generation that has since passed."""
        self._forget_the_stale()
        if read_in is None or read_in == self._generation:
            self._entries[key] = value

    def drop(self, key: K) -> None:
        """Look again next time."""
        self._entries.pop(key, None)

    def _forget_the_stale(self) -> None:
        if self._generation != self._source.generation:
            self._entries.clear()
            self._generation = self._source.generation
