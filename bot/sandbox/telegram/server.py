"""The HTTP side: finds bot and method, reads parameters in every form Telegram takes, lets faults strike.

A body is JSON, a form or multipart; parameters may stand in the address too. Answers are
`{"ok": true, "result": …}` or `{"ok": false, "error_code": …, "description": …}`.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import BodyPartReader, web

from bot.sandbox.faults import Break, Fault, Faults
from bot.sandbox.forms import Upload
from bot.sandbox.gateway import reset
from bot.sandbox.telegram.calls import Call, Exchange, Method, Methods
from bot.sandbox.telegram.entities import Json
from bot.sandbox.telegram.errors import UNAUTHORIZED, ApiError, bad
from bot.sandbox.telegram.specification import Specification
from bot.sandbox.telegram.wire import for_bot
from bot.sandbox.telegram.world import World

BODY_LIMIT = 50 * 1024 * 1024
Observer = Callable[[Exchange], None]
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@dataclass(slots=True)
class Server:
    """Answers every request. `specification`: Telegram's own, by which each call is judged; None: none is."""

    world: World
    methods: Methods
    specification: Specification | None = None
    limited: bool = True
    faults: Faults = field(default_factory=Faults)
    observers: list[Observer] = field(default_factory=list)
    log: list[Exchange] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        path = unquote(request.path)
        if path.startswith("/file/bot"):
            return await self._file(request, path.removeprefix("/file/bot"))
        if not path.startswith("/bot"):
            return web.Response(status=404)
        token, _, name = path.removeprefix("/bot").partition("/")
        exchange = Exchange(name, {}, {}, self.world.bots.get(token), time.perf_counter())
        self.log.append(exchange)
        try:
            exchange.params, exchange.files = await _read(request)
            return await self._answer(request, exchange)
        except ApiError as error:
            exchange.status, exchange.body = error.code, error.body
            return _response(error.code, error.body)
        finally:
            exchange.done = time.perf_counter()
            for observer in self.observers:
                observer(exchange)

    async def _answer(self, request: web.BaseRequest, exchange: Exchange) -> web.StreamResponse:
        fault = self.faults.find(request.method, exchange.method)
        if fault and (early := await self._strike(request, fault, exchange)):
            return early
        try:
            result = await self._perform(exchange)
            status, body = 200, {"ok": True, "result": result}
        except ApiError as error:
            status, body = error.code, error.body
        if fault and fault.reset is Break.AFTER:
            return _broken(request)
        exchange.status, exchange.body = status, body
        return _response(status, body)

    async def _strike(self, request: web.BaseRequest, fault: Fault, exchange: Exchange) -> web.Response | None:
        if fault.delay:
            await self.world.clock.sleep(fault.delay)
        if fault.reset is Break.BEFORE:
            return _broken(request)
        if fault.status is None:
            return None
        exchange.status, exchange.body = fault.status, fault.body
        return _response(fault.status, fault.body, fault.headers)

    async def _perform(self, exchange: Exchange) -> Any:
        bot = exchange.bot
        if bot is None:
            raise UNAUTHORIZED
        method = self.methods.find(exchange.method)
        exchange.method = method.name
        self._judge(exchange)
        call = Call(self.world, bot, exchange.params, exchange.files)
        self._count(call, method)
        exchange.effect = True
        result = method.endpoint(call)
        result = await result if inspect.isawaitable(result) else result
        if method.as_is:
            return result
        shown = for_bot(result, bot)
        if self.specification:
            exchange.violations = self.specification.result(method.name, shown)
        return shown

    def _judge(self, exchange: Exchange) -> None:
        if self.specification is None:
            return
        exchange.violations = self.specification.request(exchange.method, exchange.params, set(exchange.files))
        if exchange.violations:
            raise bad(exchange.violations[0])

    def _count(self, call: Call, method: Method) -> None:
        if method.cost is None or not self.limited:
            return
        chat = call.chat()
        self.world.floods[call.bot.id].count(chat.id, group=chat.is_group, messages=method.cost(call))

    async def _file(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        token, _, path = rest.partition("/")
        fault = self.faults.find(request.method, "file")
        exchange = Exchange("file", {"path": path}, {}, self.world.bots.get(token), time.perf_counter())
        self.log.append(exchange)
        if fault and (early := await self._strike(request, fault, exchange)):
            return early
        answer = self._download(exchange, path)
        exchange.status, exchange.done = answer.status, time.perf_counter()
        exchange.effect = answer.status == 200
        return answer

    def _download(self, exchange: Exchange, path: str) -> web.Response:
        if exchange.bot is None:
            return _response(401, UNAUTHORIZED.body)
        file = self.world.files.at(path)
        if file is None:
            return _response(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        return web.Response(body=file.content, content_type="application/octet-stream")


def _broken(request: web.BaseRequest) -> web.Response:
    reset(request)
    return web.Response(status=499)


def _response(status: int, body: Json | str | None, headers: dict[str, str] | None = None) -> web.Response:
    if isinstance(body, str):
        return web.Response(status=status, headers=headers, text=body, content_type="text/html")
    answer = _encode(body).encode()
    return web.Response(status=status, headers=headers, body=answer, content_type="application/json")


async def _read(request: web.BaseRequest) -> tuple[Json, dict[str, Upload]]:
    params: Json = dict(request.query)
    files: dict[str, Upload] = {}
    if not request.body_exists:
        return params, files
    if request.content_type == "multipart/form-data":
        await _read_parts(request, params, files)
    elif request.content_type == "application/json":
        params |= _object(await request.read())
    else:
        params |= {key: str(value) for key, value in (await request.post()).items()}
    return params, files


def _object(body: bytes) -> Json:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise bad("can't parse request: expected a JSON object")
    return found


async def _read_parts(request: web.BaseRequest, params: Json, files: dict[str, Upload]) -> None:
    weight = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read())
        weight += len(content)
        if weight > BODY_LIMIT:
            raise ApiError(413, "Request Entity Too Large")
        if part.filename is None:
            params[part.name] = content.decode()
        else:
            files[part.name] = Upload(part.filename, content, part.headers.get("Content-Type"))
