"""`LoopbackRekognition`: AWS Rekognition on 127.0.0.1, on real sockets.

async with LoopbackRekognition(clock=clock) as aws:
    settings = RekognitionSettings(aws.key_id, aws.secret, url=aws.url)
    aws.fail("ThrottlingException", times=2)
    await RekognitionProvider(settings, clock=clock).screen(image, ask)
    assert aws.charges == 1
"""

from __future__ import annotations

import itertools
import json
import secrets
from collections import deque
from email.utils import format_datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.clock import SystemClock
from bot.ports import Clock
from bot.sandbox.huawei.gate import Asked
from bot.sandbox.huawei.troubles import Answering, Trouble, reset
from bot.sandbox.rekognition.gate import Gate
from bot.sandbox.rekognition.service import Bad, Moderation
from bot.sandbox.rekognition.words import WORDS, Said

HOST = "127.0.0.1"
TARGET = "RekognitionService.DetectModerationLabels"
CONTENT_TYPE = "application/x-amz-json-1.1"


class LoopbackRekognition:
    """Verifies signatures for real, keeps to the limits, counts what it charges, fails on command.

    `per_second`: how many requests it takes from the account; None: as many as come. `moderation.answers` are what it
    says one after another before it begins to look for itself.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        per_second: int | None = 5,
        key_id: str = "",
        secret: str = "",
        session_token: str = "",
        region: str = "eu-west-1",
    ) -> None:
        self.key_id = key_id or f"AKIA{secrets.token_hex(8).upper()}"
        self.secret, self.session_token, self.region = secret or secrets.token_urlsafe(30), session_token, region
        self.clock = clock or SystemClock()
        self.gate = Gate(self.clock, {self.key_id: self.secret}, region, session_token)
        self.moderation = Moderation()
        self.requests: list[Asked] = []
        self.answered = 0
        self.broken = 0  # requests that met a pulled plug
        self._plugged = True
        self.url = ""
        self._per_second = per_second
        self._recent: deque[float] = deque()
        self._troubles: list[Trouble] = []
        self._ids = itertools.count(1)
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

    @property
    def environment(self) -> dict[str, str]:
        """What `beholder run` needs in its environment to use it."""
        token = {"BEHOLDER_REKOGNITION_SESSION_TOKEN": self.session_token} if self.session_token else {}
        return {
            "BEHOLDER_REKOGNITION_ACCESS_KEY_ID": self.key_id,
            "BEHOLDER_REKOGNITION_SECRET_ACCESS_KEY": self.secret,
            "BEHOLDER_REKOGNITION_REGION": self.region,
            "BEHOLDER_REKOGNITION_URL": self.url,
            **token,
        }

    @property
    def charges(self) -> int:
        """How many pictures it has charged for."""
        return self.moderation.charges

    def fail(self, trouble: str | Said | Answering, *, times: int | None = 1) -> None:
        """The next `times` requests (None: all) end so: with an error's name, or with any of Huawei's `troubles`."""
        if isinstance(trouble, str):
            trouble = WORDS[trouble]
        self._troubles.append(Trouble(coded(trouble) if isinstance(trouble, Said) else trouble, times))

    def plug(self, *, into: bool) -> None:
        """Pull the plug, after which every connection breaks before anything is read; or put it back in."""
        self._plugged = into

    # --- answering ------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if not self._plugged:
            self.broken += 1
            return await reset()(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.raw_path, headers, await request.content.read())
        self.requests.append(asked)
        response = await self._answered(request, asked)
        if not response.prepared:
            response.headers["Date"] = format_datetime(self.clock.now(), usegmt=True)
            response.headers["x-amzn-RequestId"] = f"{next(self._ids):08x}-7e84-11e9-9ad1-854a4567eb71"
        return response

    async def _answered(self, request: web.BaseRequest, asked: Asked) -> web.StreamResponse:
        refused = self.gate.refusal(asked) or self._refusal(asked)
        if refused is not None:
            return refusal(refused)
        if (trouble := next((t for t in self._troubles if not t.is_over), None)) is not None:
            trouble.struck += 1
            return await trouble.answer(request)
        try:
            found = await self.moderation.detect(asked)
        except Bad as bad:
            return refusal(bad.said)
        self.answered += 1
        return _json(200, found)

    def _refusal(self, asked: Asked) -> Said | None:
        told = (asked.method, asked.headers.get("x-amz-target"), asked.headers.get("content-type"))
        if told != ("POST", TARGET, CONTENT_TYPE):
            return WORDS["UnknownOperationException"]
        now = self.clock.monotonic()
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if self._per_second is not None and len(self._recent) >= self._per_second:
            return WORDS["ProvisionedThroughputExceededException"]
        self._recent.append(now)
        return None


def refusal(said: Said) -> web.Response:
    """The response that `said` is on the wire."""
    return _json(said.status, {"__type": said.code, "Message": said.words})


def coded(said: Said) -> Answering:
    """A trouble that is an error of AWS'."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return refusal(said)

    return answer


def _json(status: int, body: object) -> web.Response:
    return web.Response(status=status, body=json.dumps(body).encode(), content_type=CONTENT_TYPE)
