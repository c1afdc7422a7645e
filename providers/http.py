"""One vendor's HTTP: a deadline, a bounded number of calls in flight, no redirects, no secret in any error.

The only importer of httpx. Its own connection pool is quadratic in what waits (encode/httpcore#1035), so
aiohttp carries the bytes, and a semaphore outside bounds what is in flight.

What ends without an answer is an error of `providers.errors`; what an answer *means* is the vendor's client's
to say: several put all their errors on one status.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from providers.errors import Garbled, RateLimited, Timeout, Unavailable
from providers.guard import Clock

T = TypeVar("T")

CONNECT_SECONDS = 5.0
PIECE = 64 * 1024  # bytes written at once
MOST = 2 * 1024 * 1024  # bytes of an answer that are read


class NotSent(Unavailable):
    """No connection came about: the vendor has certainly not seen the request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever its status. Names of `headers` are in small letters."""

    vendor: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body read as JSON. Raises Garbled."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Garbled(f"{self.vendor} answered {self.status} with what is no JSON; it is asked again.") from None

    def object(self) -> Mapping[str, Any]:
        """The body read as a JSON object. Raises Garbled."""
        read = self.json()
        if not isinstance(read, Mapping):
            raise Garbled(f"{self.vendor} answered {self.status} with JSON that is no object; it is asked again.")
        return read

    def retry_after(self, now: datetime) -> float | None:
        """Seconds that the vendor asks to wait (RFC 9110, 10.2.3), or None."""
        said = self.headers.get("retry-after", "").strip()
        if said.isdecimal():
            return float(said)
        try:
            return max(0.0, (parsedate_to_datetime(said) - now).total_seconds())
        except (TypeError, ValueError):
            return None


class Http:
    """Calls to one vendor. `deadline`: seconds one call may take, connecting included."""

    def __init__(
        self,
        vendor: str,
        *,
        deadline: float = 20.0,
        in_flight: int = 50,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._vendor = vendor
        self._deadline = deadline
        self._slots = asyncio.Semaphore(in_flight)
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b"") -> Reply:
        """Send exactly these bytes once. Raises NotSent, Timeout, Unavailable or Garbled (too long an answer)."""
        async with self._slots:
            try:
                async with asyncio.timeout(self._deadline):
                    return await self._sent(method, url, headers, content)
            except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
                raise Timeout(f"{self._vendor} gave no answer in {self._deadline:g} s; it is asked again.") from error
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                raise self._broken(error) from error

    def _broken(self, error: Exception) -> Unavailable:
        """httpx's own class cannot tell: this transport calls a refused connection and one lost half-way alike."""
        if isinstance(error.__cause__, aiohttp.ClientConnectorError):
            return NotSent(f"{self._vendor} cannot be reached; check the network and its address.")
        return Unavailable(f"the connection to {self._vendor} broke; it is asked again.")

    async def aclose(self) -> None:
        """Close the connections. Idempotent."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _sent(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Reply:
        sized = {**headers, "Content-Length": str(len(content))}  # else it would be sent chunked, which gateways refuse
        async with self._open().stream(method, url, headers=sized, content=_pieces(content)) as answer:
            body = await self._read(answer)
        return Reply(self._vendor, answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)

    async def _read(self, answer: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > MOST:
                raise Garbled(f"{self._vendor} answered with more than {MOST} bytes; report it to the vendor.")
        return bytes(body)

    def _open(self) -> httpx.AsyncClient:
        """Made at the first call: sessions belong to the loop that they are used in."""
        if self._client is None:
            transport = self._transport or AiohttpTransport(limits=httpx.Limits(max_connections=None))
            self._client = httpx.AsyncClient(
                transport=transport,
                follow_redirects=False,
                trust_env=False,  # no proxy and no .netrc sees a key unasked
                timeout=httpx.Timeout(self._deadline, connect=min(CONNECT_SECONDS, self._deadline)),
            )
        return self._client


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    """Several megabytes in one write would hold up the loop."""
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


async def retried(
    call: Callable[[], Awaitable[T]],
    *,
    clock: Clock,
    tries: int = 3,
    first: float = 0.5,
    longest: float = 8.0,
    again: tuple[type[Exception], ...] = (Unavailable, Garbled),
    jitter: Callable[[], float] = random.random,
) -> T:
    """What `call` gives, tried up to `tries` times where it raises one of `again`.

    Waits double from `first` seconds, between half and the whole of it. Where the vendor says how long to wait
    that is kept to; longer than `longest` is not waited here: whoever keeps the job on disk comes back later.
    (stamina reads the event loop's clock alone, so half an hour could not be simulated with it.)
    """
    for attempt in range(1, tries + 1):
        try:
            return await call()
        except again as error:
            wait = _wait(error, first * 2 ** (attempt - 1), jitter)
            if attempt == tries or wait > longest:
                raise
        await clock.sleep(wait)
    raise ValueError(f"tries must be 1 or more, not {tries}")


def _wait(error: Exception, usual: float, jitter: Callable[[], float]) -> float:
    if isinstance(error, RateLimited):
        return error.retry_after
    return usual * (0.5 + jitter() / 2)
