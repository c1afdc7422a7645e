"""A vendor's socket in the wall: serves on 127.0.0.1 until the plug is pulled, and fails on command."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiohttp import web

from bot.sandbox.gateway import reset
from bot.sandbox.huawei.troubles import Answering, Trouble

HOST = "127.0.0.1"


class Outlet:
    """Serves `answer`. Unplugged, it breaks every connection before anything is read. `url` is its root."""

    def __init__(self, answer: Answering) -> None:
        self.url = ""
        self._answer = answer
        self._plugged = True
        self._troubles: list[Trouble] = []
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0, backlog=256).start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def plug(self, *, into: bool) -> None:
        """Pull the plug, or put it back in."""
        self._plugged = into

    def fail(self, trouble: Answering, *, times: int | None = 1) -> Trouble:
        """The next `times` requests end so; None: all of them until `well_again`."""
        laid = Trouble(trouble, times)
        self._troubles.append(laid)
        return laid

    def well_again(self) -> None:
        """Clear all troubles."""
        self._troubles.clear()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if not self._plugged:
            reset(request)
            return web.Response()
        if (trouble := next((t for t in self._troubles if not t.is_over), None)) is not None:
            trouble.struck += 1
            return await trouble.answer(request)
        return await self._answer(request)


class Plugged:
    """A vendor at an outlet: it listens for the length of a block. `asked` and `answered` count its requests."""

    def __init__(self) -> None:
        self.outlet = Outlet(self._serve)
        self.asked = self.answered = 0

    async def __aenter__(self) -> Self:
        await self.outlet.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.outlet.__aexit__(kind, error, trace)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        raise NotImplementedError
