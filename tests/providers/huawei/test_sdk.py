"""Huawei's own SDK as the judge: our Huawei takes what it sends, and our signer signs as it does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.huawei import LoopbackHuawei, troubles
from providers.huawei.signing import Keys, signed
from tests.providers.huawei.sdk import SHAPES, client, loopback, sent, vector

pytest.importorskip("huaweicloudsdkmoderation")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK keeps an id of the machine in the home folder and sends it along."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.asyncio
@pytest.mark.parametrize("shape", SHAPES)
async def test_the_sdk_is_let_in_and_we_sign_as_it_does(shape: str) -> None:
    async with loopback(shape) as huawei:
        asked = await sent(shape, huawei)
        assert huawei.gate.refusal(asked) is None
        now = vector(shape, asked)
        at = datetime.strptime(now["headers"]["x-sdk-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        ours = {k: v for k, v in now["headers"].items() if k not in ("host", "x-sdk-date", "x-security-token")}
        keys = Keys(huawei.ak, huawei.sk, huawei.security_token)
        headers = signed(asked.method, now["url"], ours, asked.body, keys, at)
        assert headers["Authorization"] == asked.headers["authorization"]


@pytest.mark.asyncio
async def test_the_sdk_reads_our_answers_field_by_field() -> None:
    place = {"top_left_x": 1, "top_left_y": 2, "bottom_right_x": 30, "bottom_right_y": 40}
    detail = {
        "suggestion": "block",
        "category": "image_text",
        "confidence": 0.93,
        "label": "ad",
        "face_location": place,
        "qr_location": place,
        "qr_content": "https://scam.example",
        "segments": [{"segment": "buy now", "glossary_name": "ads"}],
    }
    async with loopback("base64") as huawei:
        huawei.moderation.answers.append(
            {"suggestion": "block", "category": "image_text", "details": [detail], "ocr_text": "buy now"}
        )
        answer = await _call(huawei, "base64")
    assert answer.request_id == f"{1:032x}"
    result = answer.result.to_dict()
    assert (result["suggestion"], result["category"], result["ocr_text"]) == ("block", "image_text", "buy now")
    [read] = result["details"]
    assert float(read.pop("confidence")) == 0.93
    assert read == {k: v for k, v in detail.items() if k != "confidence"}


@pytest.mark.asyncio
async def test_the_sdk_reads_our_errors() -> None:
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    async with loopback("base64") as huawei:
        huawei.fail("AIS.0402")
        with pytest.raises(ClientRequestException) as caught:
            await _call(huawei, "base64")
    assert (caught.value.error_code, caught.value.error_msg) == ("AIS.0402", "The image format is not supported.")
    assert caught.value.status_code == 400


@pytest.mark.asyncio
@pytest.mark.parametrize("content", [b"<html>", {"request_id": "12", "result": None}, {"request_id": "12"}])
async def test_where_the_sdk_fails_open_we_do_not(content: object) -> None:
    """Why we have a client of our own: the SDK takes an empty answer for one. See `test_provider` for ours."""
    async with loopback("base64") as huawei:
        huawei.fail(troubles.body(content))
        answer = await _call(huawei, "base64")
    assert answer.status_code == 200
    assert answer.result is None


@pytest.mark.asyncio
async def test_a_batch_is_judged_item_by_item() -> None:
    async with loopback("batch") as huawei:
        results = [result.to_dict() for result in (await _call(huawei, "batch")).results]
    assert [(r["data_id"], r["error_code"]) for r in results] == [("one", "AIS.0029"), ("two", "AIS.0029")]


async def _call(huawei: LoopbackHuawei, shape: str) -> Any:
    def call() -> Any:
        with client(huawei) as sdk:
            return SHAPES[shape](sdk)

    return await asyncio.to_thread(call)
