"""Requests that go together: one by one while it is quiet, in bulk when a flood comes, as commits of a journal do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class Wish(Generic[W]):
    """Something that waits for the request before it, and whoever waits for its end."""

    what: W
    ended: asyncio.Future[None]


class Gathering(Generic[K, W]):
    """A lone wish is sent at once. Those of the same place that come while one is on its way wait for it and then go
    together; each still ends for itself."""

    def __init__(
        self, together: Callable[[K, Sequence[Wish[W]]], Awaitable[None]], many: Callable[[Sequence[Wish[W]]], int]
    ) -> None:
        """`together` ends each of its wishes; `many`: how many of a queue, from its head, go in one go."""
        self._together = together
        self._many = many
        self._waiting: dict[K, list[Wish[W]]] = {}  # by place, while a request is on its way there
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, place: K, what: W, alone: Callable[[], Awaitable[None]]) -> None:
        """Done when this returns; raises what sending it raised. `alone` sends it where nothing is on its way."""
        if (queue := self._waiting.get(place)) is not None:
            wish = Wish(what, asyncio.get_running_loop().create_future())
            queue.append(wish)
            return await wish.ended
        self._waiting[place] = []
        try:
            await alone()
        finally:
            self._go_on(place)
        return None

    def _go_on(self, place: K) -> None:
        """With those that came meanwhile, in a task of its own: nobody waits for what others asked for."""
        if not self._waiting[place]:
            del self._waiting[place]
            return
        task = asyncio.create_task(self._drain(place), name=f"deletions in {place}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, place: K) -> None:
        queue = self._waiting[place]
        try:
            while queue:
                wishes = queue[: self._many(queue)]
                del queue[: len(wishes)]
                await self._together(place, [w for w in wishes if not w.ended.done()])
        finally:
            del self._waiting[place]
            for wish in queue:
                wish.ended.cancel()


def end(wishes: Sequence[Wish[W]], error: Exception | None = None) -> None:
    """Who gave up waiting hears nothing."""
    for wish in wishes:
        if wish.ended.done():
            continue
        if error is None:
            wish.ended.set_result(None)
        else:
            wish.ended.set_exception(error)
