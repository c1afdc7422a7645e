"""The answer that monitoring gets, over a real socket."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot import __version__
from bot.config import Config
from bot.web import health as health_module
from bot.web.health import Health, Web, WebError

WELL = Health(
    ok=True, platforms={"discord": "connected"}, backlog=0, oldest=None, database="ok", providers={"local": "ok"}
)
UNWELL = Health(
    ok=False,
    platforms={"discord": "connecting"},
    backlog=7,
    oldest=93.5,
    database="disk full",
    providers={"local": "ok"},
)

Answer = tuple[int, dict[str, Any]]


class Patient:
    """Answers what it is told to."""

    def __init__(self) -> None:
        self.health: Health | Exception | None = WELL

    async def __call__(self) -> Health:
        if self.health is None:
            await asyncio.sleep(60)
        if isinstance(self.health, Exception):
            raise self.health
        assert self.health is not None
        return self.health


@pytest.fixture
def patient() -> Patient:
    return Patient()


@pytest_asyncio.fixture
async def web(patient: Patient) -> AsyncIterator[Web]:
    async with Web(Config(web_port=0), patient) as running:
        yield running


async def ask(web: Web, path: str = "/healthz", method: str = "GET") -> Answer:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{web.port}{path}") as answer,
    ):
        is_json = answer.content_type == "application/json"
        assert is_json == (path == "/healthz" and method == "GET")
        return answer.status, await answer.json() if is_json else {}


@pytest.mark.asyncio
async def test_well(web: Web) -> None:
    assert await ask(web) == (
        200,
        {
            "status": "ok",
            "platforms": {"discord": "connected"},
            "backlog": 0,
            "oldest": None,
            "database": "ok",
            "providers": {"local": "ok"},
            "outages": {},
            "version": __version__,
        },
    )


@pytest.mark.asyncio
async def test_unwell_says_why(web: Web, patient: Patient) -> None:
    patient.health = UNWELL
    status, body = await ask(web)
    assert status == 503
    assert body["status"] == "unwell"
    assert (body["backlog"], body["oldest"], body["database"]) == (7, 93.5, "disk full")


@pytest.mark.asyncio
async def test_a_check_that_fails_is_unwell_and_tells_nothing(web: Web, patient: Patient) -> None:
    patient.health = RuntimeError("canary")
    status, body = await ask(web)
    assert (status, body) == (503, {"status": "unknown", "version": __version__})
    patient.health = WELL
    assert (await ask(web))[0] == 200


@pytest.mark.asyncio
async def test_a_check_that_hangs_is_unwell(web: Web, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "DEADLINE", 0.05)
    patient.health = None
    assert (await ask(web))[0] == 503


@pytest.mark.asyncio
async def test_there_is_nothing_else(web: Web) -> None:
    assert (await ask(web, "/"))[0] == 404
    assert (await ask(web, "/healthz", "POST"))[0] == 405


@pytest.mark.asyncio
async def test_signals_stay_with_their_owner(web: Web) -> None:
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert (await ask(web))[0] == 200
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.asyncio
async def test_leaving_frees_the_port(patient: Patient) -> None:
    async with Web(Config(web_port=0), patient) as first:
        port = first.port
        await ask(first)
    async with Web(Config(web_port=port), patient) as second:
        assert second.port == port
        assert (await ask(second))[0] == 200


@pytest.mark.asyncio
async def test_leaving_at_once_hangs_nobody(patient: Patient) -> None:
    async with asyncio.timeout(5), Web(Config(web_port=0), patient):
        pass


@pytest.mark.asyncio
async def test_a_taken_port_says_so(patient: Patient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WebError, match=f"port {port}.*set BEHOLDER_WEB_PORT to another, or to 0"):
            await Web(Config(web_port=port), patient).__aenter__()


@pytest.mark.asyncio
async def test_a_host_that_is_not_ours_says_so(patient: Patient) -> None:
    with pytest.raises(WebError, match="not an address of this machine"):
        await Web(Config(web_host="no.such.host.invalid"), patient).__aenter__()
