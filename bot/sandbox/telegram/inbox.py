"""One bot's updates: kept until they are confirmed, handed out by long polling or pushed to its webhook.

Conduct of the official server: a second poller ends the first with 409, a set webhook forbids polling,
an offset confirms what lies before it, a negative one forgets all but the last, `allowed_updates` is
remembered and touches later updates only, an update that nobody took is gone after 24 hours.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.ports import Clock
from bot.sandbox.telegram.entities import Json
from bot.sandbox.telegram.errors import OTHER_POLLER, WEBHOOK_SET, conflict
from bot.sandbox.telegram.wire import stamp

UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Update types that come only if `allowed_updates` names them."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
KEPT_FOR = timedelta(hours=24)
_MOST, _LONGEST = 100, 50
_BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
_PUSH = ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates are pushed to. Telegram wants HTTPS there, the sandbox takes HTTP too."""

    url: str
    secret: str | None = None
    max_connections: int = 40


class Inbox:
    """The queue of one bot."""

    def __init__(self, clock: Clock, first_id: int = 100_000) -> None:
        self._clock = clock
        self._next_id = first_id
        self._poller: asyncio.Future[None] | None = None
        self._pusher: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self._since: deque[datetime] = deque()
        self.pending: deque[Json] = deque()
        self.told: list[Json] = []
        self.allowed: frozenset[str] = frozenset()
        self.webhook: Webhook | None = None
        self.last_error: tuple[int, str] | None = None

    # --- in -----------------------------------------------------------------------------------------

    def wants(self, kind: str) -> bool:
        """Whether the bot asked for this type of update."""
        return kind in self.allowed if self.allowed else kind not in UNASKED

    def put(self, kind: str, payload: object) -> Json | None:
        """A new update, if the bot wants that type; returns it."""
        return self.put_raw({kind: payload}) if self.wants(kind) else None

    def put_raw(self, body: Json) -> Json:
        """An update as it is, with the next `update_id`."""
        update = {"update_id": self._next_id, **body}
        self._next_id += 1
        self.pending.append(update)
        self._since.append(self._clock.now())
        self.told.append(update)
        self._arrived.set()
        if self._poller and not self._poller.done():
            self._poller.set_result(None)
        return update

    # --- polling ------------------------------------------------------------------------------------

    async def poll(self, offset: int, limit: int, timeout: int, allowed: Iterable[str] | None) -> list[Json]:  # noqa: ASYNC109
        """`getUpdates`; `timeout` in seconds. 409 while a webhook is set, and to the earlier of two pollers."""
        if self.webhook:
            raise conflict(WEBHOOK_SET)
        if self._poller and not self._poller.done():
            self._poller.set_exception(conflict(OTHER_POLLER))
        if allowed is not None:
            self.allowed = frozenset(allowed)
        self._confirm(offset)
        if not self.pending and timeout > 0:
            await self._wait(min(timeout, _LONGEST))
        count = limit if 1 <= limit <= _MOST else _MOST
        return [update for update, _ in zip(self.pending, range(count), strict=False)]

    def _confirm(self, offset: int) -> None:
        self._forget_old()
        while self.pending and (len(self.pending) > -offset if offset < 0 else self.pending[0]["update_id"] < offset):
            self._drop()

    def _forget_old(self) -> None:
        while self._since and self._clock.now() - self._since[0] > KEPT_FOR:
            self._drop()

    def _drop(self) -> None:
        self.pending.popleft()
        self._since.popleft()

    async def _wait(self, seconds: float) -> None:
        poller = self._poller = asyncio.get_running_loop().create_future()
        clock = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({poller, clock}, return_when=asyncio.FIRST_COMPLETED)
            if poller.done():
                poller.result()
        finally:
            clock.cancel()
            if not poller.done():
                poller.cancel()

    # --- pushing ------------------------------------------------------------------------------------

    def set_webhook(self, webhook: Webhook | None, allowed: Iterable[str] | None, *, drop: bool) -> None:
        """From now on updates go there; None: they wait to be polled."""
        while drop and self.pending:
            self._drop()
        if allowed is not None:
            self.allowed = frozenset(allowed)
        if webhook and self._poller and not self._poller.done():
            self._poller.set_exception(conflict(WEBHOOK_SET))
        self.webhook, self.last_error = webhook, None
        if self._pusher:
            self._pusher.cancel()
        self._pusher = asyncio.create_task(self._push(webhook)) if webhook else None

    def info(self) -> Json:
        """WebhookInfo."""
        hook = self.webhook
        body: Json = {
            "url": hook.url if hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
        }
        if hook:
            body["max_connections"] = hook.max_connections
        if self.allowed:
            body["allowed_updates"] = sorted(self.allowed)
        if self.last_error:
            body["last_error_date"], body["last_error_message"] = self.last_error
        return body

    async def close(self) -> None:
        """Stop pushing, send pollers home."""
        if self._poller and not self._poller.done():
            self._poller.set_result(None)
        if self._pusher:
            self._pusher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pusher

    async def _push(self, hook: Webhook) -> None:
        headers = {"Content-Type": "application/json"}
        if hook.secret:
            headers[SECRET_HEADER] = hook.secret
        failures = 0
        async with ClientSession(timeout=_PUSH, headers=headers) as session:
            while True:
                self._arrived.clear()
                self._forget_old()
                if not self.pending:
                    await self._arrived.wait()
                    continue
                update = self.pending[0]
                trouble = await self._deliver(session, hook.url, update)
                if trouble is None:
                    failures = 0
                    if self.pending and self.pending[0] is update:
                        self._drop()
                    continue
                self.last_error = (stamp(self._clock.now()), trouble)
                await self._clock.sleep(_BACKOFF[min(failures, len(_BACKOFF) - 1)])
                failures += 1

    async def _deliver(self, session: ClientSession, url: str, update: Json) -> str | None:
        try:
            async with session.post(url, data=json.dumps(update).encode()) as answer:
                if answer.ok:
                    return None
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (ClientError, TimeoutError, OSError) as error:
            return f"Connection failed: {type(error).__name__}"
