"""`Loopback`: a whole Discord on 127.0.0.1, on real sockets, for the demo, tests and benchmarks.

async with Loopback(token="secret") as d:
    guild = d.guild()
    channel = d.channel(guild)
    await d.connected()                                     # the bot, started with d.environment
    message = d.post(channel, d.member(guild, "ann"), files=[("cat.png", picture, "image/png")])
    await d.deleted(message)
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.clock import SystemClock
from bot.ports import Clock
from bot.sandbox import routes_account, routes_guilds, routes_interactions, routes_members, routes_messages
from bot.sandbox.cdn import Cdn
from bot.sandbox.crowds import Crowds
from bot.sandbox.entities import Channel, Message
from bot.sandbox.faults import Break, Fault, rate_limited
from bot.sandbox.gateway import Gateway
from bot.sandbox.interactions import Interactions
from bot.sandbox.presses import Presses
from bot.sandbox.rest import PREFIX, Exchange, Observer, Rest, Routes
from bot.sandbox.world import PRIVILEGED, Happened, World

HOST = "127.0.0.1"
PATIENCE = 10.0


def _routes() -> Routes:
    routes = Routes()
    for room in (routes_account, routes_guilds, routes_interactions, routes_members, routes_messages):
        routes.include(room.routes)
    return routes


class Loopback(Crowds, Presses):
    """A Discord of one's own. State in `world`, trouble in `gateway` and `fail`, the log in `requests`.

    `intents_enabled`: which privileged intents the developer portal has switched on, of `members`,
    `message_content`, `presences`. `shards`: how many `/gateway/bot` advises. `port`: of the API; 0
    means any free one. Once entered, `api_url` (with `/api/v10`), `gateway_url` (`ws://…/gateway/`),
    `cdn_url` and `media_url` (each with a path) say where it is.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        intents_enabled: Iterable[str] = tuple(PRIVILEGED),
        shards: int = 1,
        heartbeat_ms: int = 41_250,
        clock: Clock | None = None,
        observers: Iterable[Observer] = (),
        port: int = 0,
    ) -> None:
        self.world = World(
            token or f"sandbox.{secrets.token_urlsafe(16)}", frozenset(intents_enabled), shards, clock or SystemClock()
        )
        self.interactions = Interactions(self.world)
        self.gateway = Gateway(self.world, heartbeat_ms)
        self.rest = Rest(self.world, self.interactions, _routes(), observers=list(observers))
        self.cdn = Cdn(self.world)
        self.api_url = self.gateway_url = self.cdn_url = self.media_url = ""
        self._port = port
        self._runners: list[web.ServerRunner] = []

    # --- life -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        api = await self._listen(self._api, self._port)
        cdn = await self._listen(self.cdn.handle, 0)
        self.api_url, self.gateway_url = f"http://{HOST}:{api}{PREFIX}", f"ws://{HOST}:{api}/gateway/"
        self.cdn_url, self.media_url = f"http://{HOST}:{cdn}/cdn", f"http://{HOST}:{cdn}/media"
        at = self.world.at
        at.gateway, at.cdn, at.media = self.gateway_url, self.cdn_url, self.media_url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gateway.break_off()
        for runner in self._runners:
            await runner.cleanup()

    async def _listen(self, serve: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], port: int) -> int:
        server = web.Server(serve, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        self._runners.append(runner)
        chosen: int = runner.addresses[0][1]
        return chosen

    async def _api(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await self.rest.handle(request)
        if request.path.startswith("/gateway"):
            return await self.gateway.handle(request)
        return web.Response(status=404)

    # --- where it is --------------------------------------------------------------------------------------

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.token

    @property
    def environment(self) -> dict[str, str]:
        """What `beholder run` needs in its environment to live here."""
        return {
            "BEHOLDER_DISCORD_TOKEN": self.token,
            "BEHOLDER_DISCORD_API_URL": self.api_url,
            "BEHOLDER_DISCORD_GATEWAY_URL": self.gateway_url,
            "BEHOLDER_DISCORD_CDN_URL": self.cdn_url,
            "BEHOLDER_DISCORD_MEDIA_URL": self.media_url,
        }

    # --- watching -----------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Exchange]:
        """Every REST request so far, with its answer."""
        return self.rest.log

    def requests_to(self, method: str, template: str) -> list[Exchange]:
        """Those of one endpoint, `requests_to("POST", "/channels/{channel_id}/messages")`."""
        return [e for e in self.rest.log if e.method == method and e.template == template]

    async def wait_for(
        self,
        predicate: Callable[[Happened], bool],
        timeout: float = PATIENCE,  # noqa: ASYNC109
        *,
        since: float = 0.0,
    ) -> Happened:
        """The first event, past (after perf_counter `since`) or to come, that `predicate` takes."""
        for event in self.world.happened:
            if event.at >= since and predicate(event):
                return event
        future: asyncio.Future[Happened] = asyncio.get_running_loop().create_future()

        def listen(event: Happened) -> None:
            if not future.done() and predicate(event):
                future.set_result(event)

        self.world.listeners.append(listen)
        try:
            return await asyncio.wait_for(future, timeout)
        except TimeoutError:
            last = [e.name for e in self.world.happened][-12:]
            raise TimeoutError(f"it did not happen within {timeout} s; the last events were {last}") from None
        finally:
            self.world.listeners.remove(listen)

    async def until(self, condition: Callable[[], object], timeout: float = PATIENCE) -> None:  # noqa: ASYNC109
        """Until `condition()` holds; asked at every turn of a few milliseconds."""
        try:
            async with asyncio.timeout(timeout):
                while not condition():  # noqa: ASYNC110 (any condition, not one that could tell us)
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise TimeoutError(f"the condition did not come true within {timeout} s") from None

    async def connected(self, sessions: int = 1, timeout: float = 30.0) -> None:  # noqa: ASYNC109
        """Until the bot has that many sessions on the line."""
        await self.until(lambda: len(self.gateway.connected) >= sessions, timeout)

    async def deleted(self, message: Message, timeout: float = PATIENCE) -> float:  # noqa: ASYNC109
        """Until `message` is deleted; returns seconds since it was posted."""
        if message.deleted_at is None:
            gone = str(message.id)
            await self.wait_for(
                lambda e: (
                    (e.payload.get("id") == gone and e.name == "MESSAGE_DELETE") or gone in e.payload.get("ids", ())
                ),
                timeout,
                since=time.perf_counter(),
            )
        return (message.deleted_at or 0.0) - message.sent_at

    async def posted(
        self,
        channel: Channel,
        timeout: float = PATIENCE,  # noqa: ASYNC109
        *,
        since: float = 0.0,
        having: str = "",
    ) -> Message:
        """The bot's first post in `channel` (after `since`) that says `having` anywhere."""

        def fits(event: Happened) -> bool:
            post = event.message
            return (
                event.name == "MESSAGE_CREATE"
                and post is not None
                and post.author is self.world.bot
                and post.channel is channel
                and having in str(event.payload)
            )

        found = await self.wait_for(fits, timeout, since=since)
        if found.message is None:
            raise LookupError("a post without a message")
        return found.message

    # --- trouble ------------------------------------------------------------------------------------------

    def fail(
        self,
        method: str | None = None,
        template: str | None = None,
        *,
        status: int | None = None,
        body: dict[str, object] | str | None = None,
        nth: int = 1,
        times: int | None = 1,
        reset: Break | None = None,
        delay: float = 0.0,
    ) -> Fault:
        """From the `nth` matching request on, `times` times: answer `status`, reset the connection
        before or after the effect, or answer late. A 5xx without `body` is a proxy's HTML page."""
        if status and body is None:
            body = f"<html>{status}</html>" if status >= 500 else {"message": "refused on demand", "code": 0}
        return self.rest.faults.lay(Fault(method, template, nth, times, status, body, reset=reset, delay=delay))

    def rate_limit(
        self,
        method: str | None = None,
        template: str | None = None,
        *,
        retry_after: float = 0.3,
        scope: str = "user",
        nth: int = 1,
        times: int | None = 1,
    ) -> Fault:
        """429 with everything Discord sends along; `scope` is `user`, `shared` or `global`."""
        body, headers = rate_limited(retry_after, scope)
        return self.rest.faults.lay(Fault(method, template, nth, times, 429, body, headers))

    def well_again(self) -> None:
        """Clear all faults."""
        self.rest.faults.clear()
