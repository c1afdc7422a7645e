"""Where Telegram sends updates to, in webhook mode: on disk before they are acknowledged.

What is not Telegram's own is told apart by the secret that it shows with every update, compared in constant time.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

log = structlog.get_logger("beholder.web.telegram")

SECRET = "X-Telegram-Bot-Api-Secret-Token"
MOST_BYTES = 1024 * 1024  # of one update; the longest that Telegram makes, a rich message, has a tenth of that


def route(path: str, secret: str, take: Callable[[Sequence[Any]], Awaitable[None]]) -> Route:
    """POST only. 200: `take` has it on disk. 403: not Telegram. 413: too long. 503: try again, as Telegram does."""
    expected = secret.encode()

    async def receive(request: Request) -> Response:
        shown = request.headers.get(SECRET, "").encode()
        if not expected or not hmac.compare_digest(shown, expected):
            return Response(status_code=403)
        try:
            body = await _read(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        try:
            update = json.loads(body)
        except ValueError:
            return Response(status_code=400)
        try:
            await take([update])
        except Exception as error:  # noqa: BLE001 - whatever it is, the update is not on disk, and Telegram keeps it
            log.error("update not journalled", error=type(error).__name__)
            return Response(status_code=503, headers={"Retry-After": "5"})
        return Response(status_code=200)

    return Route(path, receive, methods=["POST"])


async def _read(request: Request) -> bytes | None:
    """The body; None as soon as it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
