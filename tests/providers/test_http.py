"""Real sockets: what ends well, what ends otherwise, and what no error ever says."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import BadCredentials, Garbled, ProviderError, RateLimited, Timeout, Unavailable
from providers.http import MOST, Http, NotSent, Reply, retried
from tests.clock import FakeClock
from tests.providers.vendor import Vendor

SECRET = "sk-canary-0123456789"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Http]:
    http = Http("acme", deadline=5.0)
    yield http
    await http.aclose()


async def ask(http: Http, vendor: Vendor, content: bytes = b"{}") -> Reply:
    return await http.send("POST", f"{vendor.url}/check?key=a%20b", headers={"Apikey": SECRET}, content=content)


@pytest.mark.asyncio
async def test_the_very_bytes_are_sent_and_the_answer_comes_whole(http: Http, vendor: Vendor) -> None:
    body = bytes(range(256)) * 40_000
    reply = await ask(http, vendor, body)
    assert (reply.status, reply.object(), reply.headers["x-request-id"]) == (200, {"hello": "you"}, "7")
    [(method, path, headers, sent)] = vendor.seen
    assert (method, path, headers["apikey"], sent) == ("POST", "/check?key=a%20b", SECRET, body)
    assert (headers["content-length"], headers.get("transfer-encoding")) == (str(len(body)), None)


@pytest.mark.asyncio
async def test_any_status_is_an_answer_and_no_redirect_is_followed(http: Http, vendor: Vendor) -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": f"{vendor.url}/trap"})

    vendor.answer = elsewhere
    assert (await ask(http, vendor)).status == 307
    assert [path for _, path, _, _ in vendor.seen] == ["/check?key=a%20b"]


@pytest.mark.asyncio
async def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        http = Http("acme")
        with pytest.raises(NotSent, match="acme cannot be reached"):
            await http.send("POST", f"http://127.0.0.1:{held.getsockname()[1]}/", headers={})
        await http.aclose()


@pytest.mark.asyncio
async def test_a_connection_lost_half_way_may_have_been_heard(http: Http, vendor: Vendor) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    vendor.answer = cut
    with pytest.raises(Unavailable) as caught:
        await ask(http, vendor)
    assert not isinstance(caught.value, NotSent)


@pytest.mark.asyncio
async def test_an_answer_that_breaks_off_is_none(http: Http, vendor: Vendor) -> None:
    async def torn(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"suggestion": "pass"')
        assert request.transport is not None
        request.transport.abort()
        return response

    vendor.answer = torn
    with pytest.raises(Unavailable):
        await ask(http, vendor)


@pytest.mark.asyncio
async def test_a_slow_answer_is_a_timeout(vendor: Vendor) -> None:
    gate = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        await gate.wait()
        return response

    vendor.answer = slow
    http = Http("acme", deadline=0.2)
    with pytest.raises(Timeout, match=r"acme gave no answer in 0\.2 s"):
        await ask(http, vendor)
    gate.set()
    await http.aclose()


@pytest.mark.asyncio
async def test_an_endless_answer_is_given_up(http: Http, vendor: Vendor) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b" " * (MOST + 1))

    vendor.answer = endless
    with pytest.raises(Garbled, match="more than"):
        await ask(http, vendor)


@pytest.mark.asyncio
async def test_no_more_in_flight_than_allowed(vendor: Vendor) -> None:
    gate = asyncio.Event()

    async def held(request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.json_response({})

    vendor.answer = held
    http = Http("acme", in_flight=3)
    calls = [asyncio.create_task(ask(http, vendor)) for _ in range(9)]
    async with asyncio.timeout(5):
        await vendor.full.acquire()
    gate.set()
    assert {reply.status for reply in await asyncio.gather(*calls)} == {200}
    assert vendor.most_at_once == 3
    await http.aclose()


@pytest.mark.asyncio
async def test_no_error_says_the_key_or_the_address(vendor: Vendor) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    vendor.answer = cut
    http = Http("acme", deadline=0.2)
    for url in (f"{vendor.url}/{SECRET}", f"http://127.0.0.1:1/{SECRET}", f"nonsense://{SECRET}"):
        with pytest.raises(ProviderError) as caught:
            await http.send("POST", url, headers={"Apikey": SECRET})
        assert SECRET not in str(caught.value)
        assert "127.0.0.1" not in str(caught.value)
    await http.aclose()


@pytest.mark.asyncio
async def test_closing_twice_is_closing_once_and_it_opens_again(http: Http, vendor: Vendor) -> None:
    await ask(http, vendor)
    await http.aclose()
    await http.aclose()
    assert (await ask(http, vendor)).status == 200


# --- reading -------------------------------------------------------------------------------------------


def reply(body: bytes, **headers: str) -> Reply:
    return Reply("acme", 200, {k.replace("_", "-"): v for k, v in headers.items()}, body)


@given(st.binary(max_size=200))
def test_what_is_no_json_object_is_garbled(body: bytes) -> None:
    try:
        valid = isinstance(json.loads(body), dict)
    except ValueError:
        valid = False
    if valid:
        assert reply(body).object() == json.loads(body)
    else:
        with pytest.raises(Garbled, match="acme answered 200 with"):
            reply(body).object()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"null", b'"pass"', b"{", b"\xff", b"[" * 100_000])
def test_garbage(body: bytes) -> None:
    with pytest.raises(Garbled):
        reply(body).object()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), (" 0 ", 0.0), ("-1", None), ("soon", None), ("", None), ("1e9", None)],
)
def test_how_long_to_wait(said: str, seconds: float | None) -> None:
    assert reply(b"", retry_after=said).retry_after(NOW) == seconds


def test_how_long_to_wait_as_a_date() -> None:
    assert reply(b"", retry_after=format_datetime(NOW + timedelta(seconds=30), usegmt=True)).retry_after(NOW) == 30.0
    assert reply(b"", retry_after=format_datetime(NOW - timedelta(days=1), usegmt=True)).retry_after(NOW) == 0.0


# --- trying again --------------------------------------------------------------------------------------


class Tries:
    """Raises what it is told to, one after another, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.count = 0

    async def __call__(self) -> str:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return "an answer"


@pytest.mark.asyncio
async def test_what_may_work_later_is_tried_again_with_growing_waits() -> None:
    clock, call = FakeClock(auto=True), Tries(Timeout("a"), Garbled("b"))
    assert await retried(call, clock=clock, jitter=lambda: 1.0) == "an answer"
    assert clock.slept == [0.5, 1.0]


@pytest.mark.asyncio
async def test_what_the_host_must_mend_is_not() -> None:
    call = Tries(BadCredentials("a"))
    with pytest.raises(BadCredentials):
        await retried(call, clock=FakeClock(auto=True))
    assert call.count == 1


@pytest.mark.asyncio
async def test_at_last_the_last_error_is_raised() -> None:
    clock, call = FakeClock(auto=True), Tries(*(Timeout(str(n)) for n in range(5)))
    with pytest.raises(Timeout, match="2"):
        await retried(call, clock=clock)
    assert (call.count, len(clock.slept)) == (3, 2)


@pytest.mark.asyncio
async def test_the_vendor_says_how_long_unless_that_is_too_long() -> None:
    clock, call = FakeClock(auto=True), Tries(RateLimited("a", 3.0))
    assert await retried(call, clock=clock) == "an answer"
    assert clock.slept == [3.0]
    call = Tries(RateLimited("a", 60.0))
    with pytest.raises(RateLimited):
        await retried(call, clock=clock)
    assert call.count == 1


@pytest.mark.asyncio
async def test_no_tries_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        await retried(Tries(), clock=FakeClock(), tries=0)


@given(st.floats(0, 1), st.integers(1, 6))
def test_jitter_keeps_between_half_and_the_whole(chance: float, failures: int) -> None:
    async def run() -> list[float]:
        clock = FakeClock(auto=True)
        call = Tries(*(Timeout("x") for _ in range(failures)))
        await retried(call, clock=clock, tries=7, longest=1e9, jitter=lambda: chance)
        return clock.slept

    for n, wait in enumerate(asyncio.run(run())):
        assert 0.25 * 2**n <= wait <= 0.5 * 2**n
