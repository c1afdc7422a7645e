"""Fetching over real sockets from hosts that mean us no good."""

from __future__ import annotations

import asyncio
import gzip
import resource
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.media.fetch import Allow, Fetcher, Stale, collect
from bot.ports import Gone, Unfetchable
from policies.model import UnscreenedReason
from tests.bot.media.pictures import encoded, photo

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

SECRET = "hm=canary0f1e2d3c"
MB = 1024 * 1024


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A host on loopback; yields its base address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def speaking(answer: bytes, then: Raw | None = None) -> AsyncIterator[str]:
    """A host that says exactly these bytes, whatever it is asked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if then is not None:
                await then(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.sleep(0)


def fetcher(base: str, *, cap: int = MB, deadline: float = 5.0, stall: float = 2.0) -> Fetcher:
    return Fetcher([Allow.parse(base)], cap=cap, deadline=deadline, stall=stall)


async def fetched(base: str, path: str = "/a.png?" + SECRET, **limits: Any) -> bytes:
    async with fetcher(base, **limits) as source:
        return b"".join([chunk async for chunk in source.stream(base + path)])


def words(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__)


def says(status: int, body: bytes = b"", **headers: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handler


@pytest.mark.asyncio
async def test_the_bytes_come_as_they_are() -> None:
    picture = encoded(photo(), "PNG")
    async with serving(says(200, picture)) as base:
        assert await fetched(base) == picture


@pytest.mark.asyncio
async def test_asks_for_no_compression_and_remembers_no_cookie() -> None:
    asked: list[web.Request] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        response = web.Response(body=b"x")
        response.set_cookie("track", "1")
        return response

    async with serving(handler) as base, fetcher(base) as source:
        for _ in range(2):
            assert [c async for c in source.stream(base + "/a?x=%2B")] == [b"x"]
    assert [r.headers["Accept-Encoding"] for r in asked] == ["identity", "identity"]
    assert all("Cookie" not in r.headers and "Authorization" not in r.headers for r in asked)
    assert asked[0].raw_path == "/a?x=%2B"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (404, Gone, None),
        (410, Gone, None),
        (403, Stale, UnscreenedReason.OUTAGE),
        (401, Unfetchable, UnscreenedReason.OUTAGE),
        (429, Unfetchable, UnscreenedReason.OUTAGE),
        (500, Unfetchable, UnscreenedReason.OUTAGE),
        (503, Unfetchable, UnscreenedReason.OUTAGE),
        (206, Unfetchable, UnscreenedReason.OUTAGE),
        (415, Unfetchable, UnscreenedReason.UNDECODABLE),
        (301, Unfetchable, UnscreenedReason.UNDECODABLE),
    ],
)
async def test_each_refusal_has_its_own_meaning(
    status: int, error: type[Exception], reason: UnscreenedReason | None
) -> None:
    async with serving(says(status, b"body")) as base:
        with pytest.raises(error) as caught:
            await fetched(base)
    assert getattr(caught.value, "reason", None) is reason
    assert type(caught.value) is error
    assert SECRET not in words(caught.value)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_even_to_the_same_host(status: int) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with serving(handler) as base:
        with pytest.raises(Unfetchable, match="sends elsewhere"):
            await fetched(base, "/a.png")
    assert asked == ["/a.png"]


@pytest.mark.asyncio
async def test_no_address_outside_the_rules_is_ever_connected_to() -> None:
    trapped: list[object] = []

    async def trap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        trapped.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(trap, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hosts = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "[::1]"]
    hosts += ["[::ffff:127.0.0.1]", "①②⑦.⓪.⓪.①", "x@127.0.0.1", "0", "127.0.0.1%00", "127.0.0.1\\"]
    async with server, serving(says(200, b"fine")) as base, fetcher(base + "/cdn") as source:
        good = base.removeprefix("http://")
        vectors = [f"{scheme}://{host}:{port}/cdn/a" for host in hosts for scheme in ("http", "https", "ws", "ftp")]
        vectors += [f"http://{good}@127.0.0.1:{port}/cdn/a", f"http://{good}\\@127.0.0.1:{port}/cdn/a"]
        vectors += [f"http://{good}#@127.0.0.1:{port}/cdn/a", f"{base}/cdn/../../127.0.0.1:{port}/"]
        vectors += [f"http://127.0.0.1:{port}#{good}/cdn/a", f"http://127.0.0.1:{port}?{base}/cdn/"]
        for vector in vectors:
            with pytest.raises(Unfetchable, match="may be fetched") as caught:
                await anext(aiter(source.stream(vector)))
            assert caught.value.reason is UnscreenedReason.UNDECODABLE
        assert [c async for c in source.stream(base + "/cdn/a")] == [b"fine"]
    assert len(vectors) > 60
    assert trapped == []


@pytest.mark.asyncio
async def test_an_endless_body_is_cut_at_the_cap() -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        while True:
            await response.write(bytes(64 * 1024))
            sent += 64 * 1024

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with serving(endless) as base:
        with pytest.raises(Unfetchable, match="larger than 2 MB") as caught:
            await fetched(base, cap=2 * MB)
    assert caught.value.reason is UnscreenedReason.UNDECODABLE
    assert sent < 12 * MB  # what was in the sockets' buffers
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()  # until the other side closes


def large(start: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + start.ljust(512, b"\0")


@pytest.mark.asyncio
async def test_of_a_declared_length_over_the_cap_only_the_beginning_is_read() -> None:
    async with speaking(large(b"xx"), silent) as base:
        with pytest.raises(Unfetchable, match="larger than 1 MB"):
            await fetched(base, stall=1.0)


@pytest.mark.asyncio
@pytest.mark.parametrize("claimed", [True, False])
@pytest.mark.parametrize("start", [b"PK\x03\x04", b"words and words", b"\x89PNG\r\n\x1a\n"], ids=["zip", "text", "png"])
async def test_a_large_file_is_refused_only_if_it_is_or_claims_to_be_an_image(start: bytes, claimed: bool) -> None:
    async with speaking(large(start), silent) as base, fetcher(base) as source:
        chunks = source.stream(base + "/backup")
        if not claimed and not start.startswith(b"\x89PNG"):
            assert await collect(chunks, cap=MB, deadline=5, claimed=claimed) is None
            return
        with pytest.raises(Unfetchable, match="larger than 1 MB") as refused:
            await collect(chunks, cap=MB, deadline=5, claimed=claimed)
        assert refused.value.reason is UnscreenedReason.UNDECODABLE


@pytest.mark.asyncio
async def test_one_large_chunk_that_is_no_image_is_skipped_too() -> None:
    assert await collect(chunks(b"PK\x03\x04" * 900), cap=1000, deadline=5, claimed=False) is None
    with pytest.raises(Unfetchable, match="larger than"):
        await collect(chunks(b"\xff\xd8\xff" * 900), cap=1000, deadline=5, claimed=False)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\nx\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x89PNG\r\n\x1a\n no HTTP at all",
        b"",
    ],
    ids=["shorter than declared", "negative length", "bad chunk", "huge header", "no http", "nothing"],
)
async def test_a_broken_answer_is_an_outage_and_tells_no_address(answer: bytes) -> None:
    async with speaking(answer) as base:
        with pytest.raises(Unfetchable) as caught:
            await fetched(base)
    assert caught.value.reason is UnscreenedReason.OUTAGE
    assert SECRET not in words(caught.value)


@pytest.mark.asyncio
async def test_nobody_listening_is_an_outage_and_tells_no_address() -> None:
    async with serving(says(200)) as base:
        pass
    with pytest.raises(Unfetchable) as caught:
        await fetched(base)
    assert caught.value.reason is UnscreenedReason.OUTAGE
    assert SECRET not in words(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.asyncio
async def test_a_gzip_bomb_is_refused_packed() -> None:
    bomb = gzip.compress(bytes(100 * MB))
    assert len(bomb) < MB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with serving(says(200, bomb, Content_Encoding="gzip")) as base:
        with pytest.raises(Unfetchable, match="compressed") as caught:
            await fetched(base)
    assert caught.value.reason is UnscreenedReason.UNDECODABLE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "then", "limits"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", drip, {"deadline": 0.3}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nxx", silence, {"stall": 0.2}),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", drip, {"stall": 0.2}),
        (b"", silence, {"stall": 0.2}),
    ],
    ids=["a byte at a time", "silence in the body", "a header without end", "no answer"],
)
async def test_a_slow_host_does_not_hold_us(answer: bytes, then: Raw, limits: dict[str, Any]) -> None:
    began = time.monotonic()
    async with speaking(answer, then) as base:
        with pytest.raises(Unfetchable, match="too long") as caught:
            await fetched(base, **limits)
    assert caught.value.reason is UnscreenedReason.OUTAGE
    assert time.monotonic() - began < 10.0
    assert SECRET not in words(caught.value)


@pytest.mark.asyncio
async def test_a_reader_that_stops_early_lets_go_of_the_connection() -> None:
    closed = asyncio.Event()

    async def then(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        closed.set()

    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + b"plain words, no picture" * 40
    async with speaking(head, then) as base, fetcher(base) as source:
        assert await collect(source.stream(base + "/a.txt"), cap=MB, deadline=5, claimed=False) is None
        async with asyncio.timeout(2):
            await closed.wait()


# --- collect ------------------------------------------------------------------------------------------


async def chunks(*parts: bytes, wait: float = 0.0) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(wait)
        yield part


@pytest.mark.asyncio
async def test_collect_gives_everything_of_an_image() -> None:
    picture = encoded(photo(), "PNG")
    cut = [picture[i : i + 100] for i in range(0, len(picture), 100)]
    for claimed in (True, False):
        assert await collect(chunks(*cut), cap=MB, deadline=5, claimed=claimed) == picture


@pytest.mark.asyncio
async def test_collect_keeps_rubbish_that_was_claimed_to_be_an_image() -> None:
    assert await collect(chunks(b"rub", b"bish"), cap=MB, deadline=5, claimed=True) == b"rubbish"
    assert await collect(chunks(), cap=MB, deadline=5, claimed=True) == b""


@pytest.mark.asyncio
async def test_collect_stops_early_at_what_is_no_image() -> None:
    pulled: list[int] = []

    async def text() -> AsyncIterator[bytes]:
        for n in range(1000):
            pulled.append(n)
            yield b"words and words " * 16

    assert await collect(text(), cap=MB, deadline=5, claimed=False) is None
    assert len(pulled) == 2
    assert await collect(chunks(b"short"), cap=MB, deadline=5, claimed=False) is None


@pytest.mark.asyncio
async def test_collect_is_capped_in_bytes_and_seconds() -> None:
    with pytest.raises(Unfetchable, match="larger than") as over:
        await collect(chunks(b"x" * 600, b"x" * 600), cap=1000, deadline=5, claimed=True)
    assert over.value.reason is UnscreenedReason.UNDECODABLE
    with pytest.raises(Unfetchable, match="too long") as late:
        await collect(chunks(*[b"x"] * 50, wait=0.02), cap=1000, deadline=0.1, claimed=True)
    assert late.value.reason is UnscreenedReason.OUTAGE


@pytest.mark.asyncio
async def test_collect_passes_on_what_the_stream_raises() -> None:
    async def gone() -> AsyncIterator[bytes]:
        yield b"\xff\xd8\xff"
        raise Gone

    with pytest.raises(Gone):
        await collect(gone(), cap=MB, deadline=5, claimed=True)
