"""`LoopbackHuawei`: IAM and Image Moderation V3 on 127.0.0.1, on real sockets.

async with LoopbackHuawei() as huawei:
    provider = HuaweiProvider(HuaweiSettings(ak=huawei.ak, sk=huawei.sk, url=huawei.url), clock=clock)
    huawei.fail("AIS.0003", times=2)
    await provider.screen(image, ask)
    assert huawei.charges == {"porn": 1}
"""

from __future__ import annotations

import itertools
import secrets
from collections import Counter, deque
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.clock import SystemClock
from bot.ports import Clock
from bot.sandbox.huawei import troubles
from bot.sandbox.huawei.gate import Asked, Gate
from bot.sandbox.huawei.iam import Iam
from bot.sandbox.huawei.service import Bad, Call, Moderation
from bot.sandbox.huawei.troubles import Answering, Trouble, refusal
from bot.sandbox.huawei.words import TOO_LARGE, WORDS, Said

HOST = "127.0.0.1"
GATEWAY_BODY = 12 * 2**20


class LoopbackHuawei:
    """Verifies signatures and tokens for real, keeps to the limits, counts what it charges, fails on command.

    `per_second`: how many requests it takes from the account; None: as many as come. In `moderation`: `answers`
    are results that it gives one after another before it begins to look for itself, `biz_types` the policies that
    its console knows, `bills` what was charged to each enterprise project. `answered` counts requests that it judged.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        per_second: int | None = 10,
        ak: str = "",
        sk: str = "",
        security_token: str = "",
        port: int = 0,
    ) -> None:
        self.ak, self.sk = ak or f"HPUA{secrets.token_hex(8).upper()}", sk or secrets.token_urlsafe(30)
        self.security_token = security_token
        self.clock = clock or SystemClock()
        self.gate = Gate(self.clock, {self.ak: self.sk}, security_token)
        self.iam = Iam(self.gate, self.clock, project=secrets.token_hex(16), region="ap-southeast-3")
        self.moderation = Moderation()
        self.requests: list[Asked] = []
        self.url = ""
        self._per_second = per_second
        self._recent: deque[float] = deque()
        self._troubles: list[Trouble] = []
        self._ids = itertools.count(1)
        self._port = port
        self.answered = 0
        self.broken = 0  # requests that met a pulled plug
        self._plugged = True
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port, backlog=256).start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    # --- what it is and has seen ----------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        """What `beholder run` needs in its environment to use it."""
        return {
            "BEHOLDER_HUAWEI_AK": self.ak,
            "BEHOLDER_HUAWEI_SK": self.sk,
            "BEHOLDER_HUAWEI_PROJECT_ID": self.iam.project,
            "BEHOLDER_HUAWEI_REGION": self.iam.region,
            "BEHOLDER_HUAWEI_URL": self.url,
            "BEHOLDER_HUAWEI_IAM_URL": self.url,
        }

    @property
    def charges(self) -> Counter[str]:
        """How often it has charged for each category."""
        return self.moderation.charges

    @property
    def calls(self) -> list[Call]:
        """Every request for moderation that it could read."""
        return self.moderation.calls

    # --- trouble --------------------------------------------------------------------------------------------

    def fail(self, trouble: str | Said | Answering, *, times: int | None = 1) -> Trouble:
        """The next `times` requests for moderation end so: with an error code, or with any of `troubles`."""
        if isinstance(trouble, str):
            trouble = WORDS[trouble]
        laid = Trouble(troubles.coded(trouble) if isinstance(trouble, Said) else trouble, times)
        self._troubles.append(laid)
        return laid

    def well_again(self) -> None:
        """Clear all troubles."""
        self._troubles.clear()

    def plug(self, *, into: bool) -> None:
        """Pull the plug, after which every connection breaks before anything is read; or put it back in."""
        self._plugged = into

    def withdraw_tokens(self) -> None:
        """As after a change of password: every token that is out is worth nothing."""
        self.gate.withdrawn.update(self.gate.tokens)

    # --- answering ------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if not self._plugged:
            self.broken += 1
            return await troubles.reset()(request)
        body = await request.content.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.raw_path, headers, body)
        self.requests.append(asked)
        response = await self._routed(request, asked)
        if not response.prepared:
            response.headers["Date"] = format_datetime(self.clock.now(), usegmt=True)
        return response

    async def _routed(self, request: web.BaseRequest, asked: Asked) -> web.StreamResponse:
        if (asked.method, request.path) == ("POST", "/v3/auth/tokens"):
            return self.iam.login(asked)
        refused = self.gate.refusal(asked)
        if refused is not None:
            return refusal(refused)
        if (asked.method, request.path) == ("GET", "/v3/projects"):
            return self.iam.projects(request.query.get("name", self.iam.region))
        refused = self._refusal(request, asked)
        return refusal(refused) if refused is not None else await self._moderated(request, asked)

    def _refusal(self, request: web.BaseRequest, asked: Asked) -> Said | None:
        """Why the gateway sends a request for moderation back, if so."""
        project, _, rest = request.path.removeprefix("/v3/").partition("/")
        if asked.method != "POST" or rest not in ("moderation/image", "moderation/image/batch"):
            return WORDS["APIGW.0101"]
        if project != self.iam.project:
            return WORDS["APIGW.0310"]
        if len(asked.body) > GATEWAY_BODY:
            return TOO_LARGE
        return WORDS["APIGW.0308"] if self._is_throttled() else None

    async def _moderated(self, request: web.BaseRequest, asked: Asked) -> web.StreamResponse:
        if (trouble := next((t for t in self._troubles if not t.is_over), None)) is not None:
            trouble.struck += 1
            return await trouble.answer(request)
        serve = self.moderation.batch if request.path.endswith("/batch") else self.moderation.one
        try:
            body: dict[str, Any] = await serve(asked)
        except Bad as bad:
            return refusal(bad.said)
        self.answered += 1
        return web.json_response({"request_id": f"{next(self._ids):032x}", **body})

    def _is_throttled(self) -> bool:
        now = self.clock.monotonic()
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if self._per_second is not None and len(self._recent) >= self._per_second:
            return True
        self._recent.append(now)
        return False
