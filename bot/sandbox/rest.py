"""REST v10: finds the route, lets faults strike, asks for the token, answers as Discord does.

`Content-Type` is exactly `application/json` and `Via` is always there: discord.py compares the one
literally and takes a 429 without the other for a ban by Cloudflare.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from zlib import crc32

from aiohttp import BodyPartReader, hdrs, web

from bot.sandbox.entities import Json
from bot.sandbox.errors import NO_ROUTE, TOO_LARGE, UNAUTHORIZED, WRONG_METHOD, ApiError, invalid_form
from bot.sandbox.faults import Break, Fault, Faults
from bot.sandbox.forms import FILE_LIMIT, Upload
from bot.sandbox.gateway import reset
from bot.sandbox.interactions import Interactions
from bot.sandbox.world import World

PREFIX = "/api/v10"
BODY_LIMIT = 26 * 1024 * 1024
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as a route sees it."""

    world: World
    interactions: Interactions
    ids: Mapping[str, str]
    query: Mapping[str, str]
    form: Any
    files: Mapping[str, Upload]
    reason: str | None

    def id(self, name: str) -> int:
        """A snowflake of the path."""
        return snowflake(self.ids[name], name)


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and JSON body; `body` None: no content."""

    status: int = 200
    body: Any = None


NO_CONTENT = Reply(204)
Endpoint = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `public`: its token is in the path, none is asked for in the header."""

    method: str
    template: str
    endpoint: Endpoint
    public: bool
    parts: tuple[str, ...]
    headers: Mapping[str, str]


class Routes:
    """The table of endpoints; the templates are those of Discord's OpenAPI."""

    def __init__(self) -> None:
        self._by_shape: dict[tuple[str, int], list[Route]] = {}

    def add(self, method: str, template: str, *, public: bool = False) -> Callable[[Endpoint], Endpoint]:
        """Decorator: `endpoint` answers `method template`."""
        parts = tuple(template.strip("/").split("/"))
        bucket = f"{crc32(f'{method} {template}'.encode()):08x}"
        headers = {
            "X-RateLimit-Bucket": bucket,
            "X-RateLimit-Limit": "1000",
            "X-RateLimit-Remaining": "999",
            "X-RateLimit-Reset-After": "1.0",
            "Via": "1.1 google",
        }

        def register(endpoint: Endpoint) -> Endpoint:
            route = Route(method, template, endpoint, public, parts, headers)
            self._by_shape.setdefault((method, len(parts)), []).append(route)
            return endpoint

        return register

    def include(self, other: Routes) -> None:
        """Take over all routes of `other`."""
        for shape, routes in other._by_shape.items():
            self._by_shape.setdefault(shape, []).extend(routes)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of `path` and the values of its template; literal parts win over variables."""
        parts = path.strip("/").split("/")
        found = [route for route in self._by_shape.get((method, len(parts)), ()) if all(map(_fits, route.parts, parts))]
        if not found:
            known = any(n == len(parts) and m != method for m, n in self._by_shape)
            raise WRONG_METHOD if known and self._any_method(parts) else NO_ROUTE
        route = min(found, key=lambda r: sum(part[0] == "{" for part in r.parts))
        return route, {t[1:-1]: unquote(p) for t, p in zip(route.parts, parts, strict=True) if t[0] == "{"}

    def _any_method(self, parts: list[str]) -> bool:
        return any(
            all(map(_fits, route.parts, parts))
            for (_, length), routes in self._by_shape.items()
            if length == len(parts)
            for route in routes
        )


def _fits(template: str, part: str) -> bool:
    return template[0] == "{" or template == part


def snowflake(value: Any, field_name: str) -> int:
    """An id as text or number (Discord takes both); else 400."""
    if isinstance(value, str | int) and str(value).isdecimal():
        return int(value)
    raise invalid_form(field_name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


@dataclass(slots=True)
class Exchange:
    """One request and what became of it, for assertions. `status` 0: the connection broke.

    `at` is perf_counter seconds when the request was read, `done` when it was answered; `effect`
    says whether it reached its endpoint.
    """

    method: str
    path: str
    template: str
    query: Mapping[str, str]
    form: Any
    files: Mapping[str, Upload]
    reason: str | None
    at: float
    multipart: bool = False
    status: int = 0
    body: Any = None
    done: float = 0.0
    effect: bool = False


Observer = Callable[[Exchange], None]


@dataclass(slots=True)
class Rest:
    """The server side of the API."""

    world: World
    interactions: Interactions
    routes: Routes
    faults: Faults = field(default_factory=Faults)
    observers: list[Observer] = field(default_factory=list)
    log: list[Exchange] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        at = time.perf_counter()
        path = request.path[len(PREFIX) :]
        try:
            route, ids = self.routes.find(request.method, path)
            form, files, multipart = await _read(request)
        except ApiError as error:
            return _response(error.status, error.body, {"Via": "1.1 google"})
        reason = request.headers.get("X-Audit-Log-Reason")
        reason = unquote(reason) if reason else None
        query = dict(request.query)
        exchange = Exchange(request.method, path, route.template, query, form, files, reason, at, multipart)
        self.log.append(exchange)
        call = Call(self.world, self.interactions, ids, query, form, files, reason)
        response = await self._answer(request, route, call, exchange)
        exchange.done = time.perf_counter()
        for observer in self.observers:
            observer(exchange)
        return response

    async def _answer(self, request: web.BaseRequest, route: Route, call: Call, exchange: Exchange) -> web.Response:
        fault = self.faults.find(route.method, route.template)
        if fault and (early := await self._strike(request, route, fault, exchange)):
            return early
        status, body = self._perform(request, route, call, exchange)
        if fault and fault.reset is Break.AFTER:
            return _broken(request)
        exchange.status, exchange.body = status, body
        return _response(status, body, route.headers)

    async def _strike(
        self, request: web.BaseRequest, route: Route, fault: Fault, exchange: Exchange
    ) -> web.Response | None:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.reset is Break.BEFORE:
            return _broken(request)
        if fault.status is None:
            return None
        exchange.status, exchange.body = fault.status, fault.body
        return _response(fault.status, fault.body, {**route.headers, **fault.headers})

    def _perform(self, request: web.BaseRequest, route: Route, call: Call, exchange: Exchange) -> tuple[int, Any]:
        try:
            if not route.public and request.headers.get(hdrs.AUTHORIZATION) != f"Bot {self.world.token}":
                raise UNAUTHORIZED
            exchange.effect = True
            reply = route.endpoint(call)
        except ApiError as error:
            return error.status, error.body
        return reply.status, reply.body


def _broken(request: web.BaseRequest) -> web.Response:
    reset(request)
    return web.Response(status=499)


def _response(status: int, body: Any, headers: Mapping[str, str]) -> web.Response:
    if body is None:
        return web.Response(status=status, headers=headers)
    if isinstance(body, str):
        return web.Response(
            status=status, headers={**headers, "Content-Type": "text/html"}, text=None, body=body.encode()
        )
    now = {"X-RateLimit-Reset": f"{time.time() + 1:.3f}", "Content-Type": "application/json"}
    return web.Response(status=status, headers={**now, **headers}, body=_encode(body).encode())


async def _read(request: web.BaseRequest) -> tuple[Any, dict[str, Upload], bool]:
    """The body as (form, files by part name, whether it was multipart)."""
    if not request.body_exists:
        return None, {}, False
    if request.content_type == "multipart/form-data":
        return *await _read_parts(request), True
    text = await request.read()
    return (_json(text) if text else None), {}, False


async def _read_parts(request: web.BaseRequest) -> tuple[Json, dict[str, Upload]]:
    form: Json = {}
    files: dict[str, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read())
        if part.name == "payload_json":
            form = _json(content)
        elif part.filename is None:
            form[part.name] = content.decode()
        elif len(content) > FILE_LIMIT:
            raise TOO_LARGE
        else:
            files[part.name] = Upload(part.filename, content, _mime(part))
    return form, files


def _mime(part: BodyPartReader) -> str | None:
    """What the uploader says; where it says nothing, what the name suggests, as Discord does."""
    said = part.headers.get(hdrs.CONTENT_TYPE)
    if said is None or said == "application/octet-stream":
        return mimetypes.guess_type(part.filename or "")[0]
    return said


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None
