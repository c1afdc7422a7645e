"""Pictures under links of our own, for vendors that take nothing but a link: `providers.base.Publisher`.

`https://public.example/m/{expires}.{signature}/{128 random bits}.jpg`: everything is in the path, since what a
vendor makes of a query is not documented, and it ends in the true ending. A link lives while its job does, and for
at most its seconds; it serves the re-encoded still and nothing else, from memory, under one fixed type. Whoever asks
for what is not there learns nothing: expired, forged and unknown are all the same 404.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.ports import Clock
from providers.base import Image
from providers.errors import Crowded, UnsupportedFormat

PATH = "/m"
ENDINGS: Mapping[str, str] = MappingProxyType({"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"})
MOST = 512  # pictures at once
MOST_BYTES = 64 * 1024 * 1024  # of all of them together
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }
)


class Bucket:
    """So many at once, and then so many a second."""

    def __init__(self, most: float, per_second: float, clock: Clock) -> None:
        self._most = self._left = most
        self._per_second = per_second
        self._clock = clock
        self._at = clock.monotonic()

    def take(self) -> bool:
        """Whether there is one left; takes it."""
        now = self._clock.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True)
class _Shown:
    still: bytes
    content_type: str
    until: float  # monotonic seconds
    bucket: Bucket


class Relay:
    """`publish` gives a link, `routes` serve it: `Web(..., routes=relay.routes)`."""

    def __init__(self, public_url: str, clock: Clock, *, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """`public_url`: under which the web server is reached from outside. Raises ValueError with the cure."""
        if not _is_public(public_url):
            raise ValueError("BEHOLDER_PUBLIC_URL must begin with https:// for vendors to fetch pictures from it")
        self._base = public_url.rstrip("/")
        self._clock = clock
        self._most = most
        self._most_bytes = most_bytes
        self._secret = secrets.token_bytes(32)  # links end with the process: so do the pictures
        self._shown: dict[str, _Shown] = {}
        self._strangers = Bucket(60, 20, clock)

    @property
    def routes(self) -> list[Route]:
        """For the web server: GET and HEAD."""
        return [Route(f"{PATH}/{{signed}}/{{name}}", self._serve, methods=["GET"])]

    @property
    def open(self) -> int:
        """How many pictures are shown."""
        return len(self._shown)

    @asynccontextmanager
    async def publish(self, image: Image, *, seconds: float) -> AsyncIterator[str]:
        """See `Publisher.publish`. Raises Crowded where it is full, UnsupportedFormat for an odd still."""
        ending = ENDINGS.get(image.still_type)
        if ending is None or not image.still:
            raise UnsupportedFormat(f"A still of type {image.still_type or 'none'} is not shown to vendors.")
        self._make_room(len(image.still))
        name = f"{secrets.token_hex(16)}.{ending}"
        until = self._clock.monotonic() + seconds
        self._shown[name] = _Shown(image.still, image.still_type, until, Bucket(12, 1, self._clock))
        expires = str(int(self._clock.now().timestamp() + seconds))
        try:
            yield f"{self._base}{PATH}/{expires}.{self._sign(expires, name)}/{name}"
        finally:
            self._shown.pop(name, None)

    def _make_room(self, size: int) -> None:
        now = self._clock.monotonic()
        for name in [n for n, shown in self._shown.items() if shown.until <= now]:
            del self._shown[name]
        held = sum(len(shown.still) for shown in self._shown.values())
        if len(self._shown) >= self._most or held + size > self._most_bytes:
            raise Crowded("Too many pictures wait for a vendor to fetch them; it is asked again.")

    def _sign(self, expires: str, name: str) -> str:
        return hmac.new(self._secret, f"{expires}/{name}".encode(), hashlib.sha256).hexdigest()

    async def _serve(self, request: Request) -> Response:
        shown = self._find(request.path_params["signed"], request.path_params["name"])
        if shown is None:
            return _refused(404) if self._strangers.take() else _refused(429)
        if not shown.bucket.take():
            return _refused(429)
        return Response(shown.still, headers={**HEADERS, "Content-Type": shown.content_type})

    def _find(self, signed: str, name: str) -> _Shown | None:
        expires, _, signature = signed.partition(".")
        genuine = hmac.compare_digest(signature.encode(), self._sign(expires, name).encode())
        shown = self._shown.get(name) if genuine else None
        return shown if shown is not None and self._clock.monotonic() < shown.until else None


def _refused(status: int) -> Response:
    retry = {"Retry-After": "5"} if status == 429 else {}
    return Response(status_code=status, headers={**HEADERS, **retry})


def _is_public(url: str) -> bool:
    """https, or for tests and the demo http on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.query or parts.fragment or not host:
        return False
    if parts.scheme == "https":
        return True
    try:
        return parts.scheme == "http" and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
