"""What the host's monitoring asks: `/healthz` and `/metrics`, served by uvicorn inside the bot's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeVar

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import __version__
from bot.config import Config

T = TypeVar("T")

_log = structlog.get_logger(__name__)
DEADLINE = 5.0  # seconds: monitoring that waits longer has its answer
_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot is. `ok` is what the status code says; the rest says why, in words without secrets.

    `oldest`: seconds that the oldest of `backlog` jobs has waited, None without any.
    """

    ok: bool
    platforms: Mapping[str, str]
    backlog: int
    oldest: float | None
    database: str
    providers: Mapping[str, str]
    outages: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # provider -> since, waiting, why


Check = Callable[[], Awaitable[Health]]
Scrape = Callable[[], Awaitable[bytes]]
_METRICS = "text/plain; version=0.0.4; charset=utf-8"


class WebError(Exception):
    """The web server cannot listen. The text is one sentence with the cure."""


def application(check: Check, scrape: Scrape | None = None, routes: Sequence[Route] = ()) -> Starlette:
    """The ASGI application: `/healthz` answers 200 or 503 with a JSON object, `/metrics` what `scrape` gives; then
    `routes` of others."""

    async def healthz(request: Request) -> JSONResponse:
        health = await _ask(check)
        return JSONResponse(_body(health), 200 if health and health.ok else 503, _NO_STORE)

    async def metrics(request: Request) -> Response:
        text = None if scrape is None else await _ask(scrape)
        if text is None:
            return Response("the numbers cannot be had at the moment; the log says why\n", 503, _NO_STORE, "text/plain")
        return Response(text, 200, {**_NO_STORE, "Content-Type": _METRICS})

    numbers = [Route("/metrics", metrics)] if scrape else []
    return Starlette(routes=[Route("/healthz", healthz), *numbers, *routes])


async def _ask(asked: Callable[[], Awaitable[T]]) -> T | None:
    """None where the check itself fails or hangs, which is as unwell as it gets."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await asked()
    except Exception:  # noqa: BLE001 - whatever it is, the answer is 503 and a line in the log
        _log.exception("the health check failed")
        return None


def _body(health: Health | None) -> dict[str, object]:
    if health is None:
        return {"status": "unknown", "version": __version__}
    return {
        "status": "ok" if health.ok else "unwell",
        "platforms": dict(health.platforms),
        "backlog": health.backlog,
        "oldest": health.oldest,
        "database": health.database,
        "providers": dict(health.providers),
        "outages": {name: dict(outage) for name, outage in health.outages.items()},
        "version": __version__,
    }


class _Server(uvicorn.Server):
    """Leaves the signals to whoever owns the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Web:
    """The web server as an async context manager; `port` is the real one while it runs.

    Raises `WebError` on entry where host and port cannot be had.
    """

    def __init__(
        self, config: Config, check: Check, scrape: Scrape | None = None, routes: Sequence[Route] = ()
    ) -> None:
        self._host = config.web_host
        self._port = config.web_port
        self._server = _Server(
            uvicorn.Config(
                application(check, scrape, routes),
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )

    @property
    def port(self) -> int:
        """The port it listens on, also where any free one was asked for."""
        return self._port

    async def __aenter__(self) -> Web:
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="web")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._task


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address, family=family)
    except socket.gaierror:
        raise WebError(f"BEHOLDER_WEB_HOST {host} is not an address of this machine; 127.0.0.1 always is") from None
    except OSError as fault:
        raise WebError(
            f"{host}, port {port}, cannot be listened on ({fault.strerror or fault});"
            " set BEHOLDER_WEB_PORT to another, or to 0 for any free one"
        ) from None
    listener.setblocking(False)
    return listener
