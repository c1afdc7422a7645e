"""`HitPaw`: the vendor on 127.0.0.1, on real sockets, for the demo, tests and benchmarks.

async with HitPaw("a-key", clock=clock) as vendor:
    settings = HitPawSettings(api_key="a-key", url=vendor.url)
    vendor.script(Script(seconds=4, result="high"))        # the next job
    vendor.fail("/api/task-status", status=502)             # the next question
    ...
    assert len(vendor.charges) == 1

It checks keys and upload signatures, takes only what the vendor's documents say it takes, fetches the picture from
its link itself, lets time pass on `clock` alone, and writes down every charge.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from bot.ports import Clock
from bot.sandbox.cdn import dimensions
from bot.sandbox.entities import Json
from bot.sandbox.faults import Break, Faults
from bot.sandbox.gateway import reset
from bot.sandbox.hitpaw_books import Asked, Charge, Job, Refusal, Script, Stored, Trouble, by_test_card

HOST = "127.0.0.1"
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
MOST_PIXELS = 36_000_000
STORED_SECONDS = 7 * 24 * 3600.0
CREDITS = 5


class HitPaw:
    """A HitPaw of one's own. `charges`, `jobs`, `requests` and `fetched` are its books.

    `balance`: credits left; None: any number. `per_second`: requests a second it takes; None: any number. `naive`:
    it finds a link's ending as a careless program would, query and all. `judge`: what a picture deserves.
    """

    def __init__(
        self,
        key: str = "sandbox-hitpaw-key",
        *,
        clock: Clock,
        usual: Script = Script(),
        balance: int | None = None,
        per_second: int | None = None,
        naive: bool = False,
        judge: Callable[[bytes], str] = by_test_card,
    ) -> None:
        self.key = key
        self.url = ""
        self.balance = balance
        self.usual = usual
        self.jobs: dict[str, Job] = {}
        self.charges: list[Charge] = []
        self.requests: list[Asked] = []
        self.fetched: list[str] = []
        self.stored: dict[str, Stored] = {}
        self._clock = clock
        self._per_second = per_second
        self._naive = naive
        self._judge = judge
        self._scripts: deque[Script] = deque()
        self._faults = Faults()
        self._recent: deque[float] = deque()
        self._secret = secrets.token_bytes(16)
        self._runner: web.AppRunner | None = None
        self.broken = 0  # requests that met a pulled plug
        self._plugged = True

    # --- life -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0, backlog=512).start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """What `beholder run` needs in its environment to use it."""
        return {"BEHOLDER_HITPAW_API_KEY": self.key, "BEHOLDER_HITPAW_URL": self.url}

    # --- on command ---------------------------------------------------------------------------------------

    def script(self, *scripts: Script) -> None:
        """How the next jobs go, one after another; then `usual` again."""
        self._scripts.extend(scripts)

    def fail(
        self,
        path: str,
        *,
        status: int | None = None,
        code: int | None = None,
        body: Json | str | None = None,
        answer: Json | str | None = None,
        headers: dict[str, str] | None = None,
        nth: int = 1,
        times: int | None = 1,
        reset: Break | None = None,
        torn: bool = False,
        stalled: asyncio.Event | None = None,
        delay: float = 0.0,
    ) -> Trouble:
        """Requests to `path` (`/api/…`, `/storage`, `/files`) go wrong so. A `code` alone rides on the status that
        it carries; a 5xx with neither code nor body is a gateway's HTML page."""
        if code is not None:
            status = status or int(str(code)[3:6])
            body = {"code": code, "message": "refused on demand"}
        elif status is not None and body is None:
            body = f"<html><h1>{status}</h1></html>" if status >= 500 else {"message": "refused on demand"}
        trouble = Trouble(None, path, nth, times, status, body, headers or {}, reset, delay)
        trouble.torn, trouble.stalled, trouble.answer = torn, stalled, answer
        self._faults.lay(trouble)
        return trouble

    def well_again(self) -> None:
        """No more trouble."""
        self._faults.clear()

    def plug(self, *, into: bool) -> None:
        """Pull the plug, after which every connection breaks before anything is read; or put it back in."""
        self._plugged = into

    def asked(self, path: str) -> list[Asked]:
        """The requests to `path` so far."""
        return [r for r in self.requests if r.path.startswith(path)]

    # --- answering ----------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if not self._plugged:
            self.broken += 1
            return _broken(request)
        asked = Asked(request.method, request.path, dict(request.headers), await request.read())
        self.requests.append(asked)
        prefix = request.path if request.path.startswith("/api/") else "/" + request.path.split("/")[1]
        fault = self._faults.find(request.method, prefix)
        trouble = fault if isinstance(fault, Trouble) else None
        if trouble and trouble.delay:
            await self._clock.sleep(trouble.delay)
        if trouble and trouble.reset is Break.BEFORE:
            return _broken(request)
        if trouble and trouble.status is not None:
            response: web.Response = _response(trouble.status, trouble.body, trouble.headers)
        else:
            response = await self._answer(request, asked)
        if trouble and trouble.reset is Break.AFTER:
            return _broken(request)
        if trouble and trouble.answer is not None:
            response = _response(200, trouble.answer, {})
        asked.status = response.status
        if trouble and (trouble.torn or trouble.stalled):
            return await _tear(request, response, trouble.stalled)
        return response

    async def _answer(self, request: web.Request, asked: Asked) -> web.Response:
        try:
            if request.path.startswith("/storage/"):
                return self._put(request, asked)
            if request.path.startswith("/files/"):
                return self._get(request)
            return web.json_response(await self._call(request, asked))
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)

    async def _call(self, request: web.Request, asked: Asked) -> Json:
        calls = {
            "/api/oss/presign-put": self._presign,
            "/api/image-nsfw": self._submit,
            "/api/task-status": self._status,
        }
        call = calls.get(request.path)
        if call is None or request.method != "POST":
            raise Refusal(404, 100404000, "Not Found")
        if not hmac.compare_digest(request.headers.get("Apikey", "").encode(), self.key.encode()):
            raise Refusal(400, 110400000, "api_key is not valid")
        self._check_pace()
        asked.body = _object(asked.body)
        return await call(asked.body)

    def _check_pace(self) -> None:
        now = self._clock.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if self._per_second is not None and len(self._recent) >= self._per_second:
            raise Refusal(429, 100429000, "Too many requests")
        self._recent.append(now)

    # --- storage ------------------------------------------------------------------------------------------

    async def _presign(self, body: Json) -> Json:
        name, kind, seconds = body.get("filename"), body.get("content_type"), body.get("expire_seconds", 3600)
        if not isinstance(name, str) or not isinstance(kind, str) or not 60 <= int(seconds) <= 7200:
            raise Refusal(400, 100400002, "Bad Request", word="msg")
        key = f"{secrets.token_hex(8)}/{name}"
        expires = int(self._clock.now().timestamp() + int(seconds))
        self.stored[key] = Stored(kind, expires)
        return {
            "code": 0,
            "msg": "success",
            "data": {
                "upload_url": f"{self.url}/storage/{key}?expires={expires}&signature={self._sign(key, expires)}",
                "access_url": f"{self.url}/files/{key}",
                "object_key": key,
                "content_type": kind,
                "expire_at": expires,
            },
        }

    def _sign(self, key: str, expires: int) -> str:
        return hmac.new(self._secret, f"{key}|{expires}".encode(), hashlib.sha256).hexdigest()

    def _put(self, request: web.Request, asked: Asked) -> web.Response:
        key = request.path.removeprefix("/storage/")
        stored, expires = self.stored.get(key), request.query.get("expires", "")
        right = hmac.compare_digest(request.query.get("signature", ""), self._sign(key, int(expires or 0)))
        if (
            stored is None
            or request.method != "PUT"
            or not right
            or self._clock.now().timestamp() >= stored.expires
            or request.headers.get("Content-Type") != stored.content_type
            or "Apikey" in request.headers
        ):
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="text/xml")
        stored.content, stored.at = asked.body, self._clock.now().timestamp()
        return web.Response()

    def _get(self, request: web.Request) -> web.Response:
        stored = self.stored.get(request.path.removeprefix("/files/"))
        now = self._clock.now().timestamp()
        if stored is None or stored.content is None or now > stored.at + STORED_SECONDS:
            return web.Response(status=404)
        return web.Response(body=stored.content, content_type=stored.content_type)

    # --- jobs ---------------------------------------------------------------------------------------------

    async def _submit(self, body: Json) -> Json:
        url = body.get("file_url")
        if not isinstance(url, str):
            raise Refusal(400, 100400002, "Bad Request")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refusal(400, 100400001, "Invalid URL")
        if not (url if self._naive else parts.path).lower().endswith(ENDINGS):
            raise Refusal(400, 110400007, "The extension is not valid")
        script = self._scripts.popleft() if self._scripts else self.usual
        picture = None if script.late else await self._fetch(url)
        if not script.late:
            size = dimensions(picture) if picture else None
            if size is None:
                raise Refusal(400, 110400012, "Get The image resolution is failed,please try a new image")
            if size[0] * size[1] > MOST_PIXELS:
                raise Refusal(400, 110400009, "The input resolution is over limit")
        return self._take_on(url, script, picture)

    def _take_on(self, url: str, script: Script, picture: bytes | None) -> Json:
        if self.balance is not None:
            if self.balance < CREDITS:
                raise Refusal(402, 110402001, "The coins is not enough")
            self.balance -= CREDITS
        job = Job(secrets.token_hex(16), url, script, self._clock.monotonic(), picture)
        self.jobs[job.id] = job
        self.charges.append(Charge(job.id, CREDITS, hashlib.sha256(picture).hexdigest() if picture else None))
        return {"code": 200, "message": "OK", "data": {"job_id": job.id, "consume_coins": CREDITS}}

    async def _fetch(self, url: str) -> bytes | None:
        """As any program on the internet would: the type must fit the ending, and only a 200 will do."""
        self.fetched.append(url)
        kind = TYPES.get("." + urlsplit(url).path.rpartition(".")[2].lower())
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
                async with session.head(url) as answer:
                    if answer.status != 200:
                        return None
                async with session.get(url) as answer:
                    content = await answer.read()
                    return content if answer.status == 200 and answer.content_type == kind else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def _status(self, body: Json) -> Json:
        job = self.jobs.get(str(body.get("job_id")))
        if job is None:
            raise Refusal(400, 110400002, "The task is not exist")
        job.asked += 1
        if job.asked <= job.script.lag:
            raise Refusal(400, 110400002, "The task is not exist")
        status, result = await self._stand(job)
        found = {"job_id": job.id, "status": status, "res_data": {"check_result": result}}
        return {"code": 200, "message": "OK", "data": found}

    async def _stand(self, job: Job) -> tuple[str, str]:
        script, passed = job.script, self._clock.monotonic() - job.began
        if script.seconds is None or passed < script.seconds:
            share = passed / script.seconds if script.seconds else 1.0
            return script.on_the_way[min(int(share * len(script.on_the_way)), len(script.on_the_way) - 1)], ""
        if script.end not in ("COMPLETED", "NSFW"):
            job.told = True
            return script.end, ""
        if job.picture is None:
            job.picture = await self._fetch(job.url)
            if job.picture is None:
                return "ERROR", ""
        if job.empties < script.empties:
            job.empties += 1
            return script.end, ""
        job.told, picture = True, job.picture
        return script.end, script.result if script.result is not None else await asyncio.to_thread(self._judge, picture)


def _object(body: bytes) -> Json:
    try:
        form: Any = json.loads(body)
    except ValueError:
        raise Refusal(400, 100400002, "Bad Request") from None
    if not isinstance(form, dict):
        raise Refusal(400, 100400002, "Bad Request")
    return form


def _response(status: int, body: Json | str | None, headers: dict[str, str]) -> web.Response:
    if isinstance(body, str):
        return web.Response(status=status, text=body, content_type="text/html", headers=headers)
    return web.json_response(body, status=status, headers=headers)


def _broken(request: web.Request) -> web.Response:
    reset(request)
    return web.Response(status=499)


async def _tear(request: web.Request, response: web.Response, until: asyncio.Event | None) -> web.StreamResponse:
    """Half of the body, then nothing; with `until` the rest, but not before."""
    whole = response.body if isinstance(response.body, bytes) else b""
    torn = web.StreamResponse(status=response.status, headers={"Content-Length": str(len(whole))})
    torn.content_type = "application/json"
    await torn.prepare(request)
    await torn.write(whole[: len(whole) // 2])
    if until is None:
        reset(request)
        return torn
    await until.wait()
    with contextlib.suppress(ConnectionError):
        await torn.write(whole[len(whole) // 2 :])
    return torn
