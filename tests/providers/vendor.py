"""A vendor on loopback that answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Vendor:
    """A server on loopback that answers as told."""

    def __init__(self) -> None:
        self.answer: Answer = self._echo
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.url = ""
        self.at_once = self.most_at_once = 0
        self.full = asyncio.Semaphore(0)  # given once three are there at once

    async def _echo(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"hello": "you"}, headers={"X-Request-Id": "7"})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        if self.at_once == 3:
            self.full.release()
        try:
            self.seen.append(
                (
                    request.method,
                    request.path_qs,
                    {k.lower(): v for k, v in request.headers.items()},
                    await request.read(),
                )
            )
            return await self.answer(request)
        finally:
            self.at_once -= 1


@asynccontextmanager
async def served() -> AsyncIterator[Vendor]:
    """One, on a port of its own."""
    vendor = Vendor()
    app = web.Application(client_max_size=32 * 2**20)
    app.router.add_route("*", "/{path:.*}", vendor.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vendor.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield vendor
    await runner.cleanup()
