"""One locked-in worker process at a time, replaced whenever it dies.

Each slot is a pebble pool of one: in a pool of several, a worker that hangs holds the pipe that all of
them share until it is killed. The parent trusts nothing that comes out of the pipe: answers are bounded
in size and unpickled to the few types that an answer is made of, since a worker taken over by a hostile
image would otherwise need only a pickle to step outside.
"""

from __future__ import annotations

import asyncio
import io
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from bot.media import sandbox

P = ParamSpec("P")
T = TypeVar("T")

ANSWER_BYTES = 32 * 1024 * 1024
TASKS = 2000  # a worker is replaced after so many images, lest anything add up

_ANSWERS = {
    "pebble.pool.process": {"Acknowledgement", "TaskResult"},
    "pebble.common.types": {"Result", "ResultStatus"},
    "bot.media.sandbox": {"Confinement"},
    "providers.base": {"Image", "View", "Fingerprint"},
    "policies.model.screenings": {"Frames", "Unscreened", "UnscreenedReason"},
}


class Lost(Exception):
    """The worker did not answer: it died, hung, or broke off. Its replacement is ready or on its way."""


class _AnswerUnpickler(pickle.Unpickler):
    """Builds nothing but answers."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in _ANSWERS.get(module, ()):
            raise TypeError(f"a worker sent a {module}.{name}")  # pebble takes a TypeError for a broken pool
        return super().find_class(module, name)


class _AnswerPipe(connection.Connection):
    """The parent's reading end. In the worker it is rebuilt as an ordinary connection."""

    def recv(self) -> Any:
        return _AnswerUnpickler(io.BytesIO(self.recv_bytes(ANSWER_BYTES))).load()

    def __reduce__(self) -> Any:
        return connection.reduce_connection(self)  # type: ignore[attr-defined]


SECRETS = "BEHOLDER_"  # how variables of the environment begin that are the bot's own: its tokens among them

_start_lock = threading.Lock()


@contextmanager
def _nothing_of_the_bot() -> Iterator[None]:
    """Let a new process start without our `__main__`, which it would import again, and without our settings.

    They are gone before the start, not cleared by the worker: `/proc/<pid>/environ` keeps what a process
    was started with. Nothing else in the bot reads them after its own start.
    """
    with _start_lock:
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        settings = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(SECRETS)}
        try:
            yield
        finally:
            os.environ.update(settings)
            sys.modules["__main__"] = main


class _Process(SpawnProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802
        with _nothing_of_the_bot():
            return SpawnProcess._Popen(process_obj)


class _Context(SpawnContext):
    Process = _Process

    def Pipe(self, duplex: bool = True) -> Any:  # noqa: N802
        reader, writer = super().Pipe(duplex)
        with reader:
            return _AnswerPipe(os.dup(reader.fileno()), writable=False), writer


class Slot:
    """Room for one image at a time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        with _nothing_of_the_bot():  # a helper process of `multiprocessing`, as long-lived as we are
            resource_tracker.ensure_running()
        self._pool = _pool()

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` in the worker. Raises `Lost`; the slot is usable again afterwards.

        A pool that breaks (its worker died before it took the image) costs nobody an image: once more.
        """
        for _ in range(2):
            try:
                return await self._attempt(function, *args, **kwargs)
            except (BrokenProcessPool, RuntimeError):
                await self.restart()
        raise Lost("the decoder broke off")

    async def _attempt(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The time limit is kept here and not by pebble, whose timer follows the wall clock's jumps."""
        future = self._pool.schedule(function, args=args, kwargs=kwargs)
        try:
            async with asyncio.timeout(self._seconds):
                answer: T = await asyncio.wrap_future(future)
        except ProcessExpired as error:  # pebble has replaced the worker already
            raise Lost(_death(error.exitcode)) from None
        except TimeoutError:
            await self.restart()
            raise Lost(f"the decoder took longer than {self._seconds:g} seconds") from None
        return answer

    async def restart(self) -> None:
        """End the worker and start another."""
        await self.close()
        self._pool = _pool()

    async def close(self) -> None:
        """End the worker, whatever it is doing."""
        await asyncio.to_thread(_end, self._pool)


def _pool() -> ProcessPool:
    return ProcessPool(max_workers=1, max_tasks=TASKS, initializer=sandbox.enter, context=_Context())


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _death(code: int) -> str:
    return f"the decoder was killed by signal {-code}" if code < 0 else f"the decoder ended with code {code}"
