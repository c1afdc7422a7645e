"""The loopback OpenAI and the loopback model keep to their documents, and the bot's clients understand them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.sandbox import marks, pictures
from bot.sandbox.custom import LoopbackModel
from bot.sandbox.huawei import troubles
from bot.sandbox.openai import IN_IMAGES, IN_TEXT_ALONE, LoopbackOpenAI
from policies.model import Category, Context, Suggestion, Verdict
from providers.base import Ask, Image
from providers.custom import CustomProvider, CustomSettings
from providers.errors import BadCredentials, Unavailable
from providers.openai import OpenAIProvider, OpenAISettings
from tests.clock import FakeClock
from tests.providers.samples import image

GORE = pictures.jpeg(marks.marked(pictures.landscape(1), Category.VIOLENCE_GRAPHIC, 0.93))
HATE = pictures.jpeg(marks.marked(pictures.landscape(2), Category.HATE, 0.95))
ASK = Ask(Context.GROUP_MESSAGE, categories=frozenset(Category))


@pytest_asyncio.fixture
async def openai() -> AsyncIterator[LoopbackOpenAI]:
    async with LoopbackOpenAI() as vendor:
        yield vendor


@pytest_asyncio.fixture
async def model() -> AsyncIterator[LoopbackModel]:
    async with LoopbackModel() as vendor:
        yield vendor


def shown(still: bytes) -> Image:
    return replace(image(), still=still)


async def post(url: str, body: object, key: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with aiohttp.ClientSession() as session, session.post(url, data=content, headers=headers) as answer:
        return answer.status, await answer.json()


# --- OpenAI -------------------------------------------------------------------------------------------------------


def about(picture: bytes, *, kind: str = "image/jpeg", **more: object) -> dict[str, object]:
    url = f"data:{kind};base64,{b64encode(picture).decode()}"
    return {"model": "omni-moderation-latest", "input": [{"type": "image_url", "image_url": {"url": url}}], **more}


@pytest.mark.asyncio
async def test_openai_answers_as_documented(openai: LoopbackOpenAI) -> None:
    status, said = await post(f"{openai.outlet.url}/v1/moderations", about(GORE), openai.key)
    assert (status, said["model"]) == (200, "omni-moderation-2024-09-26")
    assert said["id"].startswith("modr-")
    (result,) = said["results"]
    assert set(result) == {"flagged", "categories", "category_scores", "category_applied_input_types"}
    names = {*IN_IMAGES, *IN_TEXT_ALONE}
    assert len(names) == 13
    assert set(result["categories"]) == set(result["category_scores"]) == names
    assert result["category_scores"]["violence/graphic"] == 0.93
    assert [n for n, flag in result["categories"].items() if flag] == ["violence/graphic"]
    assert result["category_applied_input_types"]["sexual"] == ["image"]
    assert result["category_applied_input_types"]["hate"] == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, None),
        ({"input": "text"}, 400, None),
        ({"input": []}, 400, None),
        (about(GORE, model="gpt-2"), 404, "model_not_found"),
        (about(b"words"), 400, "invalid_image_format"),
        (about(GORE, kind="image/tiff"), 400, "invalid_image_format"),
    ],
)
async def test_openai_refuses_as_documented(
    openai: LoopbackOpenAI, body: object, status: int, code: str | None
) -> None:
    answered, said = await post(f"{openai.outlet.url}/v1/moderations", body, openai.key)
    assert (answered, said["error"]["code"]) == (status, code)
    assert (openai.asked, openai.answered) == (1, 0)


@pytest.mark.asyncio
async def test_openai_and_the_bots_client(openai: LoopbackOpenAI) -> None:
    settings = OpenAISettings(openai.key, f"{openai.outlet.url}/v1")
    provider = OpenAIProvider(settings, clock=FakeClock(auto=True))
    wrong = OpenAIProvider(OpenAISettings("sk-wrong", settings.url), clock=FakeClock(auto=True))
    try:
        verdict = await provider.screen(shown(GORE), ASK)
        with pytest.raises(BadCredentials):
            await wrong.screen(shown(GORE), ASK)
    finally:
        await provider.aclose()
        await wrong.aclose()
    assert isinstance(verdict, Verdict)
    assert verdict.confidence(Category.VIOLENCE_GRAPHIC) == 0.93
    assert verdict.suggestion is Suggestion.REVIEW
    assert Category.HATE not in verdict.assessed


# --- a model of one's own --------------------------------------------------------------------------------------------


def contract(**more: object) -> dict[str, object]:
    asked = {"contract": 1, "image": b64encode(HATE).decode(), "type": "image/jpeg", "sha256": "0" * 64}
    return {**asked, "context": "group_message", "language": "en", "categories": ["hate", "violence"], **more}


@pytest.mark.asyncio
async def test_the_model_answers_by_the_contract(model: LoopbackModel) -> None:
    status, said = await post(f"{model.outlet.url}/judge", contract(), model.token)
    assert status == 200
    assert said["assessed"] == ["hate"], "of what is wanted, what it looks for"
    assert said["labels"] == [{"category": "hate", "name": "mark", "confidence": 0.95}]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("broken", "status"),
    [
        ({"contract": 2}, 400),
        ({"categories": ["moon"]}, 400),
        ({"sha256": "x"}, 400),
        ({"context": "moon"}, 400),
        ({"image": "%"}, 400),
        ({"type": "image/gif"}, 415),
        ({"image": b64encode(b"words").decode()}, 422),
    ],
)
async def test_the_model_refuses_what_breaks_the_contract(
    model: LoopbackModel, broken: dict[str, object], status: int
) -> None:
    assert (await post(f"{model.outlet.url}/judge", contract(**broken), model.token))[0] == status
    assert (await post(f"{model.outlet.url}/judge", contract(), "wrong"))[0] == 401


@pytest.mark.asyncio
async def test_the_model_and_the_bots_client_also_unplugged(model: LoopbackModel) -> None:
    settings = CustomSettings(f"{model.outlet.url}/judge", model.token)
    provider = CustomProvider(settings, clock=FakeClock(auto=True))
    try:
        model.outlet.plug(into=False)
        with pytest.raises(Unavailable):
            await provider.screen(shown(HATE), ASK)
        assert model.asked == 0, "nothing of it arrived"
        model.outlet.plug(into=True)
        laid = model.outlet.fail(troubles.page(502))
        verdict = await provider.screen(shown(HATE), ASK)
        assert laid.struck == 1
    finally:
        await provider.aclose()
    assert isinstance(verdict, Verdict)
    assert verdict.confidence(Category.HATE) == 0.95
    assert verdict.assessed == model.looks_for
