"""The loopback HitPaw is as strict as the vendor's documents say."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from PIL import Image as Pillow

from bot.sandbox.faults import Break
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script, by_test_card
from bot.sandbox.scenes import card
from policies.model import Category
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import jpeg

KEY = {"Apikey": "k"}
PRESIGN = {"filename": "a.jpg", "content_type": "image/jpeg", "expire_seconds": 600}
Said = tuple[int, Any]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=True)


@pytest_asyncio.fixture
async def vendor(clock: FakeClock) -> AsyncIterator[HitPaw]:
    async with HitPaw("k", clock=clock, usual=Script(seconds=4)) as vendor:
        yield vendor


async def call(vendor: HitPaw, path: str, body: object, headers: dict[str, str] = KEY) -> Said:
    async with aiohttp.ClientSession() as session, session.post(vendor.url + path, json=body, headers=headers) as a:
        return a.status, await a.json(content_type=None)


async def put(url: str, content: bytes, kind: str = "image/jpeg", **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.put(url, data=content, headers={"Content-Type": kind, **headers}) as a,
    ):
        return a.status


async def upload(vendor: HitPaw, content: bytes) -> str:
    _, said = await call(vendor, "/api/oss/presign-put", PRESIGN)
    assert await put(said["data"]["upload_url"], content) == 200
    return str(said["data"]["access_url"])


async def submit(vendor: HitPaw, content: bytes | None = None) -> str:
    _, said = await call(vendor, "/api/image-nsfw", {"file_url": await upload(vendor, content or jpeg())})
    return str(said["data"]["job_id"])


async def status(vendor: HitPaw, job: str) -> tuple[str, str]:
    _, said = await call(vendor, "/api/task-status", {"job_id": job})
    return said["data"]["status"], said["data"]["res_data"]["check_result"]


@pytest.mark.asyncio
@pytest.mark.parametrize("headers", [{}, {"Apikey": ""}, {"Apikey": "K"}, {"Authorization": "Bearer k"}])
@pytest.mark.parametrize("path", ["/api/oss/presign-put", "/api/image-nsfw", "/api/task-status"])
async def test_no_call_without_the_key(vendor: HitPaw, path: str, headers: dict[str, str]) -> None:
    assert await call(vendor, path, {}, headers) == (400, {"code": 110400000, "message": "api_key is not valid"})


@pytest.mark.asyncio
async def test_the_documented_answers(vendor: HitPaw, clock: FakeClock) -> None:
    code, said = await call(vendor, "/api/oss/presign-put", PRESIGN)
    assert (code, said["code"]) == (200, 0)
    assert set(said["data"]) == {"upload_url", "access_url", "object_key", "content_type", "expire_at"}
    link = await upload(vendor, jpeg())
    code, said = await call(vendor, "/api/image-nsfw", {"file_url": link})
    assert (code, said["code"], said["data"]["consume_coins"]) == (200, 200, 5)
    job = said["data"]["job_id"]
    assert await status(vendor, job) == ("WAITING", "")
    await clock.sleep(2)
    assert await status(vendor, job) == ("CONVERTING", "")
    await clock.sleep(2)
    assert await status(vendor, job) == ("COMPLETED", "low")
    assert [(c.job, c.credits) for c in vendor.charges] == [(job, 5)]


@pytest.mark.asyncio
async def test_a_presigned_place_takes_what_it_was_signed_for(vendor: HitPaw, clock: FakeClock) -> None:
    _, said = await call(vendor, "/api/oss/presign-put", PRESIGN)
    url = said["data"]["upload_url"]
    assert await put(url, jpeg(), "image/png") == 403
    assert await put(url, jpeg(), Apikey="k") == 403
    assert await put(url[:-1] + "x", jpeg()) == 403
    assert await put(url, jpeg()) == 200
    await clock.sleep(601)
    assert await put(url, jpeg()) == 403


@pytest.mark.asyncio
async def test_a_stored_file_goes_after_seven_days(vendor: HitPaw, clock: FakeClock) -> None:
    link = await upload(vendor, jpeg())
    await clock.sleep(8 * 24 * 3600)
    code, said = await call(vendor, "/api/image-nsfw", {"file_url": link})
    assert (code, said["code"]) == (400, 110400012)


@pytest.mark.asyncio
@pytest.mark.parametrize("seconds", [59, 7201])
async def test_presigning_takes_60_to_7200_seconds(vendor: HitPaw, seconds: int) -> None:
    code, said = await call(vendor, "/api/oss/presign-put", PRESIGN | {"expire_seconds": seconds})
    assert (code, said["code"]) == (400, 100400002)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 100400002),
        ({"file_url": 7}, 100400002),
        ({"file_url": "ftp://x/a.jpg"}, 100400001),
        ({"file_url": "nonsense"}, 100400001),
        ({"file_url": "https://x.invalid/a.gif"}, 110400007),
        ({"file_url": "https://x.invalid/unknown"}, 110400007),
        ({"file_url": "http://127.0.0.1:1/a.jpg"}, 110400012),
    ],
)
async def test_what_is_no_picture_is_refused_and_costs_nothing(vendor: HitPaw, body: object, code: int) -> None:
    status, said = await call(vendor, "/api/image-nsfw", body)
    assert (status, said["code"]) == (400, code)
    assert vendor.charges == []


@pytest.mark.asyncio
@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xd8\xff"])
async def test_it_opens_what_it_fetches(vendor: HitPaw, content: bytes) -> None:
    link = await upload(vendor, content)
    code, said = await call(vendor, "/api/image-nsfw", {"file_url": link})
    assert (code, said["code"]) == (400, 110400012)


@pytest.mark.asyncio
async def test_it_takes_no_picture_of_too_many_pixels(vendor: HitPaw) -> None:
    out = io.BytesIO()
    Pillow.new("1", (6001, 6001)).save(out, "JPEG")
    code, said = await call(vendor, "/api/image-nsfw", {"file_url": await upload(vendor, out.getvalue())})
    assert (code, said) == (400, {"code": 110400009, "message": "The input resolution is over limit"})


@pytest.mark.asyncio
async def test_credits_run_out(vendor: HitPaw) -> None:
    vendor.balance = 5
    await submit(vendor)
    code, said = await call(vendor, "/api/image-nsfw", {"file_url": await upload(vendor, jpeg(2))})
    assert (code, said) == (402, {"code": 110402001, "message": "The coins is not enough"})


@pytest.mark.asyncio
async def test_a_job_that_is_none(vendor: HitPaw) -> None:
    code, said = await call(vendor, "/api/task-status", {"job_id": "x"})
    assert (code, said["code"]) == (400, 110400002)


@pytest.mark.asyncio
async def test_asked_too_often(clock: FakeClock) -> None:
    async with HitPaw("k", clock=clock, per_second=3) as vendor:
        codes = [(await call(vendor, "/api/task-status", {"job_id": "x"}))[1]["code"] for _ in range(5)]
        assert codes == [110400002] * 3 + [100429000] * 2
        await clock.sleep(1.1)
        assert (await call(vendor, "/api/task-status", {"job_id": "x"}))[1]["code"] == 110400002


@pytest.mark.asyncio
async def test_a_job_may_stick_for_ever(vendor: HitPaw, clock: FakeClock) -> None:
    vendor.script(Script(seconds=None))
    job = await submit(vendor)
    await clock.sleep(1e6)
    assert await status(vendor, job) == ("CONVERTING", "")


@pytest.mark.asyncio
async def test_a_late_picture_that_is_gone_ends_in_error(vendor: HitPaw, clock: FakeClock) -> None:
    vendor.script(Script(late=True))
    job = await submit(vendor)
    vendor.stored.clear()
    await clock.sleep(5)
    assert await status(vendor, job) == ("ERROR", "")


@pytest.mark.asyncio
async def test_trouble_on_command(vendor: HitPaw) -> None:
    vendor.fail("/api/task-status", code=100500003)
    assert (await call(vendor, "/api/task-status", {}))[0] == 500
    vendor.fail("/api/task-status", status=502)
    with pytest.raises(ValueError, match="Expecting value"):
        await call(vendor, "/api/task-status", {})
    for trouble in ({"reset": Break.BEFORE}, {"reset": Break.AFTER}, {"torn": True}):
        vendor.fail("/api/task-status", **trouble)
        with pytest.raises(aiohttp.ClientError):
            await call(vendor, "/api/task-status", {})
    vendor.fail("/api/task-status", times=None, status=500)
    vendor.well_again()
    assert (await call(vendor, "/api/task-status", {"job_id": "x"}))[0] == 400


@pytest.mark.parametrize(("confidence", "risk"), [(0.95, "high"), (0.85, "high"), (0.6, "mid"), (0.2, "low")])
def test_it_judges_by_test_cards(confidence: float, risk: str) -> None:
    assert by_test_card(card(Category.SEXUAL_EXPLICIT, confidence)) == risk


def test_any_other_picture_is_low() -> None:
    assert by_test_card(jpeg()) == "low"
