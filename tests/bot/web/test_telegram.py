"""The route that Telegram sends updates to: on disk before the answer, and nobody else is let in."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.config import Config
from bot.web.health import Health, Web
from bot.web.telegram import MOST_BYTES, SECRET, route

WORD = "s3cret-word"
UPDATE = {"update_id": 7, "message": {"text": "hello"}}


class Disk:
    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.full = False

    async def take(self, batch: Sequence[Any]) -> None:
        if self.full:
            raise OSError("disk full")
        self.taken.extend(batch)


async def well() -> Health:
    return Health(ok=True, platforms={}, backlog=0, oldest=None, database="ok", providers={})


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest_asyncio.fixture
async def url(disk: Disk) -> AsyncIterator[str]:
    async with Web(Config(web_port=0), well, routes=[route("/telegram", WORD, disk.take)]) as web:
        yield f"http://127.0.0.1:{web.port}/telegram"


async def send(url: str, body: Any, secret: str | None = WORD) -> int:
    headers = {"Content-Type": "application/json"} | ({SECRET: secret} if secret is not None else {})
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status


@pytest.mark.asyncio
async def test_an_update_is_on_disk_before_it_is_acknowledged(url: str, disk: Disk) -> None:
    assert await send(url, json.dumps(UPDATE)) == 200
    assert disk.taken == [UPDATE]
    disk.full = True
    assert await send(url, json.dumps(UPDATE)) == 503
    disk.full = False
    assert await send(url, json.dumps(UPDATE)) == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("secret", [None, "", "s3cret-wor", "s3cret-word2", "S3CRET-WORD", "schlüssel"])
async def test_nobody_else_is_let_in(url: str, disk: Disk, secret: str | None) -> None:
    assert await send(url, json.dumps(UPDATE), secret) == 403
    assert disk.taken == []


@pytest.mark.asyncio
async def test_secrets_are_compared_in_constant_time(url: str, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return False

    monkeypatch.setattr("bot.web.telegram.hmac.compare_digest", compare)
    assert await send(url, json.dumps(UPDATE)) == 403
    assert compared == [(WORD.encode(), WORD.encode())]


@pytest.mark.asyncio
async def test_odd_bodies(url: str, disk: Disk) -> None:
    assert await send(url, b"no json") == 400
    assert await send(url, b"\xff") == 400
    assert await send(url, io.BytesIO(b"x" * (MOST_BYTES + 1))) == 413
    assert disk.taken == []
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 405


@pytest.mark.asyncio
async def test_without_a_secret_nobody_is_let_in(disk: Disk) -> None:
    async with Web(Config(web_port=0), well, routes=[route("/telegram", "", disk.take)]) as web:
        assert await send(f"http://127.0.0.1:{web.port}/telegram", json.dumps(UPDATE), "") == 403
