"""OpenAI's moderation: what it saw, what it did not look for, and what it refuses."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.engine import decide
from policies.model import Category, Context, Frames, Place, Seen, Standing, Suggestion, Verdict
from policies.presets import preset
from providers.base import Ask
from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    ServerFault,
    TooLarge,
    UnsupportedFormat,
)
from providers.guard import Guard
from providers.http import Reply
from providers.openai import OpenAIProvider, OpenAISettings, wire
from tests.clock import FakeClock
from tests.providers.mutations import damaged
from tests.providers.samples import image, ticket
from tests.providers.vendor import Vendor

KEY = "sk-canary-openai-0123456789"
TEXT_ONLY = ("harassment", "hate", "illicit", "sexual/minors")


def answer(flagged: bool = False, **scores: float) -> dict[str, Any]:
    """As omni-moderation answers about an image: text-only categories score 0 and apply to nothing."""
    given = {name.replace("__", "/").replace("_", "-"): score for name, score in scores.items()}
    every = {name: given.get(name, 0.0001) for name in wire.MAPPING} | dict.fromkeys(TEXT_ONLY, 0.0)
    return {
        "id": "modr-0d9740456c391e43c445bf0f010940c7",
        "model": "omni-moderation-2024-09-26",
        "results": [
            {
                "flagged": flagged,
                "categories": {name: score > 0.5 for name, score in every.items()},
                "category_scores": every,
                "category_applied_input_types": {n: ["image"] if n in wire.MAPPING else [] for n in every},
            }
        ],
    }


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    return Reply("OpenAI", status, headers, json.dumps(body).encode())


def read(body: object) -> Verdict:
    return wire.verdict(reply(body), Frames())


def test_what_it_saw_and_what_it_did_not_look_for() -> None:
    verdict = read(answer(sexual=0.97, violence__graphic=0.4))
    assert verdict.confidence(Category.SEXUAL_EXPLICIT) == 0.97
    assert verdict.confidence(Category.VIOLENCE_GRAPHIC) == 0.4
    assert verdict.assessed == wire.COVERS - {Category.OTHER}
    assert Category.HATE not in verdict.assessed, "a score of 0 for text alone is no clean bill"
    assert verdict.suggestion is Suggestion.REVIEW
    assert verdict.versions.model == "omni-moderation-2024-09-26"
    assert verdict.request_id == "modr-0d9740456c391e43c445bf0f010940c7"


def test_a_category_that_was_not_applied_to_the_image_is_not_assessed() -> None:
    body = answer(violence=0.9)
    body["results"][0]["category_applied_input_types"]["violence"] = ["text"]
    verdict = read(body)
    assert Category.VIOLENCE not in verdict.assessed
    assert verdict.confidence(Category.VIOLENCE) == 0.0


def test_the_strongest_of_three_kinds_of_self_harm_counts() -> None:
    assert read(answer(self_harm__intent=0.8, self_harm=0.1)).confidence(Category.SELF_HARM) == 0.8


def test_a_category_it_has_got_since_is_not_lost() -> None:
    """Ruling 3: unknown, so `other`; but what it does not object to, or looked for in text alone, says nothing."""
    body = answer(True)
    result = body["results"][0]
    for name, flagged, inputs in (("gore", True, ["image"]), ("calm", False, ["image"]), ("slander", True, ["text"])):
        result["categories"][name], result["category_applied_input_types"][name] = flagged, inputs
        result["category_scores"][name] = 0.9
    verdict = read(body)
    assert [(x.category, x.confidence) for x in verdict.labels if x.name not in wire.MAPPING] == [(Category.OTHER, 0.9)]
    assert verdict.suggestion is Suggestion.REVIEW
    assert Category.OTHER in verdict.assessed


def test_an_answer_about_text_alone_is_none() -> None:
    body = answer()
    body["results"][0]["category_applied_input_types"] = {name: ["text"] for name in wire.MAPPING}
    with pytest.raises(Garbled, match="without having looked at the image"):
        read(body)


BAD = answer(True, sexual=0.99, violence=0.99, violence__graphic=0.99, self_harm=0.99)


@settings(max_examples=8 * settings().max_examples)
@given(damaged(BAD))
def test_a_damaged_answer_never_becomes_a_pass(body: Any) -> None:
    """Either it is no answer, or whatever it still claims to have looked for is as bad as it was or visible."""
    try:
        verdict = wire.verdict(Reply("OpenAI", 200, {}, json.dumps(body).encode()), Frames())
    except Garbled:
        return
    seen = Seen((verdict,))
    assert decide(preset("standard"), Place(Context.GROUP_MESSAGE, "1"), seen, Standing("2")).suggestion >= "review"


@given(st.binary(max_size=300))
def test_garbage_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        wire.verdict(Reply("OpenAI", 200, {}, body), Frames())


@pytest.mark.parametrize(
    ("status", "code", "kind", "cure"),
    [
        (401, "invalid_api_key", BadCredentials, "BEHOLDER_OPENAI_API_KEY"),
        (403, None, BadCredentials, "BEHOLDER_OPENAI_API_KEY"),
        (429, "rate_limit_exceeded", RateLimited, "spread out"),
        (429, "insufficient_quota", QuotaSpent, "add credit"),
        (400, "invalid_image_format", UnsupportedFormat, "format"),
        (400, "image_too_large", TooLarge, "too large"),
        (413, None, TooLarge, "too large"),
        (404, "model_not_found", Denied, "BEHOLDER_OPENAI_URL"),
        (400, None, BadRequest, "400"),
        (500, None, ServerFault, "asked again"),
        (503, "overloaded", ServerFault, "asked again"),
        (302, None, ServerFault, "asked again"),
    ],
)
def test_each_refusal_has_its_class_and_its_cure(
    status: int, code: str | None, kind: type[ProviderError], cure: str
) -> None:
    told = wire.error(reply({"error": {"message": f"no {KEY}", "type": "x", "code": code}}, status), None)
    assert type(told) is kind
    assert cure in str(told)
    assert KEY not in str(told)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": "x"}', b'{"error": {"code": 7}}', b""])
def test_a_refusal_without_a_code_goes_by_its_status(body: bytes) -> None:
    assert type(wire.error(Reply("OpenAI", 502, {}, body), None)) is ServerFault


# --- on real sockets ----------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def openai(vendor: Vendor) -> AsyncIterator[OpenAIProvider]:
    provider = OpenAIProvider(OpenAISettings(KEY, vendor.url + "/v1"), clock=FakeClock(auto=True))
    yield provider
    await provider.aclose()


@pytest.mark.asyncio
async def test_the_still_and_nothing_else_is_sent(openai: OpenAIProvider, vendor: Vendor) -> None:
    async def moderate(request: web.Request) -> web.StreamResponse:
        return web.json_response(answer(True, sexual=0.9))

    vendor.answer = moderate
    verdict = await openai.screen(replace(image(), still=b"\xff\xd8pixels"), Ask())
    assert isinstance(verdict, Verdict)
    assert verdict.confidence(Category.SEXUAL_EXPLICIT) == 0.9
    [(method, path, headers, body)] = vendor.seen
    assert (method, path, headers["authorization"]) == ("POST", "/v1/moderations", f"Bearer {KEY}")
    sent = json.loads(body)
    assert set(sent) == {"model", "input"}
    [part] = sent["input"]
    assert part["image_url"]["url"] == "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8pixels").decode()


@pytest.mark.asyncio
async def test_a_passing_trouble_is_waited_out(openai: OpenAIProvider, vendor: Vendor) -> None:
    async def busy_once(request: web.Request) -> web.StreamResponse:
        if len(vendor.seen) == 1:
            return web.json_response({"error": {"code": "x"}}, status=429, headers={"Retry-After": "2"})
        return web.json_response(answer())

    vendor.answer = busy_once
    assert isinstance(await openai.screen(image(), Ask()), Verdict)
    assert len(vendor.seen) == 2


@pytest.mark.asyncio
async def test_the_key_is_in_no_log_and_no_error(
    openai: OpenAIProvider, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"code": "invalid_api_key", "message": f"bad key {KEY}"}}, status=401)

    vendor.answer = refuse
    with pytest.raises(BadCredentials) as caught:
        await openai.screen(image(), Ask())
    assert KEY not in str(caught.value) + repr(openai) + repr(openai._settings) + caplog.text


@pytest.mark.asyncio
async def test_it_leaves_nothing_pending_and_needs_a_still(openai: OpenAIProvider) -> None:
    with pytest.raises(BadRequest):
        await openai.resume(ticket("openai"))
    with pytest.raises(BadRequest, match="sandbox"):
        await openai.screen(replace(image(), still=b""), Ask())


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (
            {
                "x-ratelimit-limit-requests": "500",
                "x-ratelimit-remaining-requests": "499",
                "x-ratelimit-limit-tokens": "10000",
                "x-ratelimit-remaining-tokens": "9214",
            },
            "499 of 500 requests left, 9214 of 10000 tokens left",
        ),
        ({"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "0"}, "0 of 500 requests left"),
        ({"x-ratelimit-remaining-requests": "7"}, ""),
        ({"x-ratelimit-limit-tokens": "many", "x-ratelimit-remaining-tokens": "<b>"}, ""),
        ({}, ""),
    ],
)
def test_what_is_left_is_what_its_headers_say(headers: dict[str, str], said: str) -> None:
    assert wire.quota(Reply("OpenAI", 200, headers, b"")) == said


@pytest.mark.asyncio
async def test_the_latest_answer_that_says_what_is_left_counts(vendor: Vendor) -> None:
    left = iter(["2", "1", None])

    async def tell(request: web.Request) -> web.StreamResponse:
        now = next(left)
        told = {} if now is None else {"x-ratelimit-limit-requests": "3", "x-ratelimit-remaining-requests": now}
        return web.json_response(answer(), headers=told)

    vendor.answer = tell
    provider = Guard(OpenAIProvider(OpenAISettings(KEY, vendor.url), clock=FakeClock(auto=True)), clock=FakeClock())
    assert provider.quota() == ""
    for said in ("2 of 3 requests left", "1 of 3 requests left", "1 of 3 requests left"):
        await provider.screen(image(), Ask())
        assert provider.quota() == said
    await provider.aclose()
