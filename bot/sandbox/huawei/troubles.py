"""What goes wrong on command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.huawei.words import Said

Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>openresty</body></html>"


@dataclass(slots=True, eq=False)
class Trouble:
    """Answers the next `times` requests (None: all of them until cleared) in place of the service."""

    answer: Answering
    times: int | None = 1
    struck: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it strikes no more."""
        return self.times is not None and self.struck >= self.times


def coded(said: Said, retry_after: str | None = None) -> Answering:
    """An error as the service and its gateway put it."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return refusal(said, retry_after)

    return answer


def refusal(said: Said, retry_after: str | None = None) -> web.Response:
    """The response that `said` is on the wire."""
    body = {"error_code": said.code, "error_msg": said.words}
    if said.code.startswith("APIGW"):
        body["request_id"] = "d58d1fe6196832aebb76f1c43c169128"
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return web.json_response(body, status=said.status, headers=headers)


def page(status: int, retry_after: str | None = None) -> Answering:
    """A proxy's HTML page."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        return web.Response(status=status, text=_PAGE.format(status), content_type="text/html", headers=headers)

    return answer


def body(content: object, status: int = 200) -> Answering:
    """Any JSON, or bytes as they are."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        return web.Response(status=status, body=raw, content_type="application/json")

    return answer


def reset() -> Answering:
    """The connection ends before any answer."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        _abort(request)
        return web.Response()

    return answer


def torn() -> Answering:
    """The connection ends in the middle of the body, after what looks like a pass."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "300", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"request_id": "1234", "result": {"suggestion": "pass"')
        _abort(request)
        return response

    return answer


def slow(until: asyncio.Event) -> Answering:
    """Half of the body, and nothing more before `until` is set."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"request_id": "1234", ')
        await until.wait()
        return response

    return answer


def _abort(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()
