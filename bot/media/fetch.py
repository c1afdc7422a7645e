"""Fetching bytes that somebody else chose: from allowed hosts only, capped, in time, and no further.

No redirects, no cookies, no proxies or credentials of the environment, no decompression. Addresses may
carry tokens and signatures, so none is ever part of an exception.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Self, TypeVar
from urllib.parse import quote, unquote

import aiohttp
from yarl import URL

from bot.media.sniff import SNIFFED, sniff
from bot.ports import Gone, Unfetchable
from policies.model import UnscreenedReason

T = TypeVar("T")

CHUNK = 64 * 1024
CAP = 32 * 1024 * 1024
DEADLINE = 20.0
STALL = 8.0  # seconds without a byte

_ADDRESS = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(/[^\s\\]*)?", re.ASCII)
_ASCII = bytes(range(128)).decode("ascii")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Stale(Unfetchable):
    """The host refuses the address (403): its signature has expired or is wrong.

    An adapter gets a fresh address from the platform and tries once more. Not a kind of `Gone`: if a host
    refuses everything, nothing is gone, and unjudged posts have to wait as in any other outage.
    """


@dataclass(frozen=True, slots=True)
class Allow:
    """Addresses that may be fetched: one scheme, host and port, and every path below `path`.

    A `*` in the host stands for a number of up to three digits, as in `images-ext-*.discordapp.net`.
    """

    scheme: str
    host: str
    port: int
    path: str = "/"

    @classmethod
    def parse(cls, base: str) -> Self:
        """The rule for a configured base address. Raises ValueError with the cure."""
        url = URL(base.replace("*", "0"))
        if url.scheme not in _DEFAULT_PORTS or not url.host or url.user or url.query_string or url.fragment:
            raise ValueError(f"{base!r} is not a base address; write for example https://cdn.discordapp.com")
        host = base.partition("://")[2].partition("/")[0].rpartition("@")[2]
        host = host if url.explicit_port is None else host.rpartition(":")[0]
        return cls(url.scheme, host.lower().strip("[]"), url.port or _DEFAULT_PORTS[url.scheme], _folder(url.raw_path))

    def permits(self, url: URL) -> bool:
        """Whether `url`, as `address` gives it, is one of these."""
        return (
            url.scheme == self.scheme
            and url.port == self.port
            and re.fullmatch(re.escape(self.host).replace(r"\*", "[0-9]{1,3}"), url.raw_host or "") is not None
            and url.raw_path.startswith(self.path)
        )


def _folder(path: str) -> str:
    return path.rstrip("/") + "/"


def address(text: str) -> URL | None:
    """`text` as an address that means one thing only, or None.

    Refused: user names, backslashes, spaces, dot segments however often they are encoded. What is
    checked is what is fetched: the same parse, sent as it stands.
    """
    try:
        text = quote(text.partition("#")[0], safe=_ASCII)
        if _ADDRESS.fullmatch(text) is None:
            return None
        url = URL(text, encoded=True)
        ambiguous = url.raw_user is not None or url.port is None or _climbs(url.raw_path)
    except ValueError:
        return None
    return None if ambiguous else url


def _climbs(path: str) -> bool:
    while True:
        if {".", ".."} & set(re.split(r"[/\\]", path)):
            return True
        path, before = unquote(path), path
        if path == before:
            return False


def session() -> aiohttp.ClientSession:
    """A session that remembers nothing and unpacks nothing."""
    return aiohttp.ClientSession(
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"},
        raise_for_status=False,
        read_bufsize=CHUNK,
        timeout=aiohttp.ClientTimeout(total=None),  # kept by `Fetcher`, over all steps
        trust_env=False,
    )


class Fetcher:
    """Streams what lies at allowed addresses. `async with`, or `aclose` in the end.

    `deadline` (seconds) is for the whole, `stall` for each step of it, `cap` in bytes.
    """

    def __init__(
        self,
        allow: Sequence[Allow],
        *,
        cap: int = CAP,
        deadline: float = DEADLINE,
        stall: float = STALL,
        open_session: Callable[[], aiohttp.ClientSession] = session,
    ) -> None:
        self._allow = tuple(allow)
        self._cap = cap
        self._deadline = deadline
        self._stall = stall
        self._open_session = open_session
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. Idempotent."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def permits(self, text: str) -> bool:
        """Whether `stream` would fetch this address."""
        url = address(text)
        return url is not None and any(rule.permits(url) for rule in self._allow)

    async def stream(self, text: str) -> AsyncIterator[bytes]:
        """The bytes at an address, in chunks of up to 64 KiB.

        Raises `Gone` (404, 410), `Stale` (403) or `Unfetchable`: `outage` for what a later attempt may
        mend, `undecodable` for what will not change (address not allowed, a redirect, over the cap). What
        is over the cap gives its first `SNIFFED` bytes all the same, so that a large file is not refused
        as an image if it is none.
        """
        url = address(text)
        if url is None or not any(rule.permits(url) for rule in self._allow):
            raise _hopeless("the address is not one that may be fetched")
        until = asyncio.get_running_loop().time() + self._deadline
        if self._session is None:
            self._session = self._open_session()
        response = await self._step(self._session.get(url, allow_redirects=False), until)
        try:
            self._inspect(response)
            size, read = response.content_length or 0, 0
            while chunk := await self._step(response.content.read(CHUNK), until):
                read += len(chunk)
                yield chunk
                if max(size, read) > self._cap and read >= min(SNIFFED, self._cap):
                    raise _too_large(self._cap)
        finally:
            response.close()

    async def _step(self, awaitable: Awaitable[T], until: float) -> T:
        """One wait, bounded by the deadline and by `stall`. The client's own errors name the address: not passed on."""
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(until, now + self._stall)):
                return await awaitable
        except TimeoutError:
            failure = _outage("the host took too long")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = _outage(f"the host broke off ({type(error).__name__})")
        raise failure  # outside, so that the client's error is not even its context

    def _inspect(self, response: aiohttp.ClientResponse) -> None:
        if response.status != 200:
            raise _refused(response.status)
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise _hopeless("the host sent it compressed, unasked")


def _refused(status: int) -> Exception:
    if status in {404, 410}:
        return Gone(f"the host says {status}")
    if status == 403:
        return Stale(UnscreenedReason.OUTAGE, "the host says 403")
    if 300 <= status < 400:
        return _hopeless(f"the host sends elsewhere ({status})")
    if status in {400, 413, 414, 415, 422}:
        return _hopeless(f"the host says {status}")
    return _outage(f"the host says {status}")


def _hopeless(detail: str) -> Unfetchable:
    return Unfetchable(UnscreenedReason.UNDECODABLE, detail)


def _outage(detail: str) -> Unfetchable:
    return Unfetchable(UnscreenedReason.OUTAGE, detail)


def _too_large(cap: int) -> Unfetchable:
    return _hopeless(f"larger than {cap / 1024 / 1024:g} MB")


@asynccontextmanager
async def opened(stream: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    """Whoever stops reading early lets go of the connection at once, not when memory is tidied."""
    try:
        yield stream
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


async def collect(chunks: AsyncIterator[bytes], *, cap: int, deadline: float, claimed: bool) -> bytes | None:
    """All of `chunks`, or None as soon as the bytes are no image and nobody `claimed` they were.

    Raises `Unfetchable` over `cap` bytes or after `deadline` seconds, and whatever the stream raises.
    """
    collected = bytearray()
    sniffed = claimed
    try:
        async with asyncio.timeout(deadline), aclosing(_as_generator(chunks)) as stream:
            async for chunk in stream:
                collected += chunk
                if not sniffed and len(collected) >= min(SNIFFED, cap):
                    sniffed = True
                    if not sniff(bytes(collected[:SNIFFED])).is_image:
                        return None
                if len(collected) > cap:
                    raise _too_large(cap)
    except TimeoutError:
        failure = _outage("the host took too long")
    else:
        return bytes(collected) if sniffed or sniff(bytes(collected)).is_image else None
    raise failure


async def _as_generator(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Adapters may hand in any iterator; only a generator has to be closed."""
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
