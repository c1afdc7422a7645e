"""From bytes to an `Image`, by way of the sandbox."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import ParamSpec, Self, TypeVar

from bot.media import sandbox
from bot.media.pool import Lost, Slot
from bot.media.sandbox import NAME, Confinement
from bot.media.sniff import Kind, Sort, sniff
from policies.model import Evidence, Unscreened, UnscreenedReason
from providers.base import Image

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 10.0


class Intake:
    """Decodes hostile bytes in sandboxed workers. `async with` starts and ends them.

    `workers`: how many images are decoded at once (default: one a processor core). `seconds`: how long
    one may take by the clock; the processor time it may use is `sandbox.CPU_SECONDS`. A crash, a hang
    or a bomb costs that one image.
    """

    def __init__(self, workers: int | None = None, *, seconds: float = SECONDS) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._seconds = seconds
        self._slots: list[Slot] = []
        self._free: asyncio.LifoQueue[Slot] = asyncio.LifoQueue()  # last in, first out: warm caches
        self._running: set[asyncio.Task[object]] = set()
        self._confinement: Confinement | None = None

    async def __aenter__(self) -> Self:
        self._slots = [Slot(self._seconds) for _ in range(self._workers)]
        try:
            *_, self._confinement = await asyncio.gather(*(slot.run(sandbox.confinement) for slot in self._slots))
        except Lost as error:
            await self._close()
            raise RuntimeError(
                f"the sandbox for images does not start: {error}. See the lines above; "
                "it needs /proc, and limits no tighter than 1 GB of address space"
            ) from None
        for slot in self._slots:
            self._free.put_nowait(slot)
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._close()

    @property
    def confinement(self) -> Confinement | None:
        """Which walls stand around the workers; None before they started."""
        return self._confinement

    async def open(self, original: bytes) -> Image | Unscreened:
        """Everything that is ever needed of `original`, or why there is none. Never raises for bad bytes."""
        kind = sniff(original)
        if kind.sort is not Sort.PICTURE:
            return _refusal(kind, original)
        try:
            return await self._run(sandbox.look, original)
        except Lost as error:
            return _unscreened(UnscreenedReason.UNDECODABLE, str(error))

    async def picture(self, still: bytes, level: Evidence) -> bytes | None:
        """`still` as evidence for a card (JPEG), or None: nothing is to be shown, or nothing can be."""
        if level is Evidence.NONE:
            return None
        try:
            return await self._run(sandbox.picture, still, level)
        except Lost:
            return None

    async def _run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """A caller that goes away does not take the worker with it: the image is finished, the slot goes on."""
        task = asyncio.create_task(self._in_free_slot(function, *args, **kwargs))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _in_free_slot(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        slot = await self._free.get()
        try:
            return await slot.run(function, *args, **kwargs)
        finally:
            self._free.put_nowait(slot)

    async def _close(self) -> None:
        await asyncio.gather(*(slot.close() for slot in self._slots))


def _refusal(kind: Kind, original: bytes) -> Unscreened:
    if kind.sort is Sort.EXOTIC:
        return _unscreened(UnscreenedReason.UNSUPPORTED, kind.name)
    if kind.sort is Sort.UNKNOWN:
        return _unscreened(UnscreenedReason.UNDECODABLE, "not an image" if original else "empty")
    return _unscreened(UnscreenedReason.UNDECODABLE, kind.name)


def _unscreened(reason: UnscreenedReason, detail: str) -> Unscreened:
    return Unscreened(provider=NAME, reason=reason, detail=detail)
