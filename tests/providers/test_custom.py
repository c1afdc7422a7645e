"""The contract of self-hosted models, held to the letter where an answer could pass for a pass."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given, settings

from policies.model import Category, Context, Frames, Medium, Suggestion, Verdict
from providers.base import Ask
from providers.custom import CustomProvider, CustomSettings, wire
from providers.errors import BadCredentials, BadRequest, Garbled, ProviderError, RateLimited, Refused, ServerFault
from providers.http import Reply
from tests.clock import FakeClock
from tests.providers.mutations import damaged
from tests.providers.samples import image, ticket
from tests.providers.vendor import Vendor

TOKEN = "canary-custom-token-01234"
GOOD: dict[str, Any] = {
    "model": "gore-net 3",
    "assessed": ["violence_graphic", "hate"],
    "labels": [{"category": "violence_graphic", "name": "blood", "confidence": 0.97}],
    "suggestion": "block",
    "medium": "photo",
}


def read(body: object) -> Verdict:
    return wire.verdict(Reply("custom", 200, {}, json.dumps(body).encode()), Frames(2, 9))


def test_an_answer() -> None:
    verdict = read(GOOD | {"added later": 1})
    assert verdict.confidence(Category.VIOLENCE_GRAPHIC) == 0.97
    assert verdict.assessed == {Category.VIOLENCE_GRAPHIC, Category.HATE}
    assert (verdict.suggestion, verdict.medium) == (Suggestion.BLOCK, Medium.PHOTO)
    assert (verdict.versions.model, verdict.labels[0].name, verdict.frames) == ("gore-net 3", "blood", Frames(2, 9))


def test_the_least_that_is_an_answer() -> None:
    verdict = read({"model": "m", "assessed": [], "labels": []})
    assert (verdict.assessed, verdict.suggestion, verdict.medium) == (frozenset(), None, Medium.UNKNOWN)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"labels": None}, "labels must be a list"),
        ({"labels": [7]}, "labels[0] must be an object"),
        ({"labels": [{"category": "blood", "confidence": 1}]}, "labels[0].category must be one of sexual_explicit"),
        ({"labels": [{"category": "hate", "confidence": "1"}]}, "labels[0].confidence must be a number from 0 to 1"),
        ({"labels": [{"category": "hate", "confidence": 1.01}]}, "labels[0].confidence must be a number from 0 to 1"),
        ({"labels": [{"category": "hate", "confidence": 1, "name": 5}]}, "labels[0].name must be a text"),
        ({"labels": [{"category": "hate", "confidence": 1}] * 101}, "labels has more than 100 entries"),
        ({"assessed": "hate"}, "assessed must be a list"),
        ({"assessed": ["hat"]}, "assessed[0] must be one of"),
        ({"suggestion": "unscreened"}, "suggestion must be null or one of pass, review, block"),
        ({"suggestion": ["pass"]}, "suggestion must be null or one of"),
        ({"medium": "film"}, "medium must be null or one of photo, drawn, unknown"),
        ({"model": ""}, "model must be a text"),
    ],
)
def test_what_breaks_the_contract_is_said_to_whoever_wrote_the_model(change: dict[str, Any], what: str) -> None:
    with pytest.raises(Garbled) as caught:
        read(GOOD | change)
    assert what in str(caught.value)
    assert str(caught.value).endswith("see docs/providers/custom.md.")


@settings(max_examples=8 * settings().max_examples)
@given(damaged(GOOD))
def test_a_damaged_answer_never_hides_what_it_claims_to_have_looked_for(body: Any) -> None:
    try:
        verdict = wire.verdict(Reply("custom", 200, {}, json.dumps(body).encode()), Frames())
    except Garbled:
        return
    dropped = "labels" not in body or not body["labels"]
    assert dropped or verdict.labels


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, BadCredentials),
        (403, BadCredentials),
        (400, BadRequest),
        (404, BadRequest),
        (413, Refused),
        (415, Refused),
        (422, Refused),
        (429, RateLimited),
        (500, ServerFault),
        (204, ServerFault),
        (301, ServerFault),
    ],
)
def test_each_status(status: int, kind: type[ProviderError]) -> None:
    assert type(wire.error(Reply("custom", status, {}, b""), 1.0)) is kind


# --- on real sockets ----------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def custom(vendor: Vendor) -> AsyncIterator[CustomProvider]:
    provider = CustomProvider(CustomSettings(vendor.url + "/judge", TOKEN), clock=FakeClock(auto=True))
    yield provider
    await provider.aclose()


@pytest.mark.asyncio
async def test_what_a_model_is_told(custom: CustomProvider, vendor: Vendor) -> None:
    async def judge(request: web.Request) -> web.StreamResponse:
        return web.json_response(GOOD)

    vendor.answer = judge
    ask = Ask(Context.HEAD_IMAGE, frozenset({Category.HATE, Category.VIOLENCE}), "ar")
    verdict = await custom.screen(replace(image(), still=b"pixels"), ask)
    assert isinstance(verdict, Verdict)
    [(method, path, headers, body)] = vendor.seen
    assert (method, path, headers["authorization"]) == ("POST", "/judge", f"Bearer {TOKEN}")
    assert json.loads(body) == {
        "contract": 1,
        "image": "cGl4ZWxz",
        "type": "image/jpeg",
        "sha256": "ab" * 32,
        "context": "head_image",
        "language": "ar",
        "categories": ["hate", "violence"],
    }


@pytest.mark.asyncio
async def test_a_model_that_is_down_is_asked_three_times(custom: CustomProvider, vendor: Vendor) -> None:
    async def down(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text=TOKEN)

    vendor.answer = down
    with pytest.raises(ServerFault) as caught:
        await custom.screen(image(), Ask())
    assert len(vendor.seen) == 3
    assert TOKEN not in str(caught.value) + repr(custom._settings)


def test_another_address_is_another_version() -> None:
    one, two = (CustomProvider(CustomSettings(f"http://127.0.0.1/judge?model={n}"), clock=FakeClock()) for n in (3, 4))
    assert one.version != two.version


def test_what_was_found_was_looked_for() -> None:
    assert read(GOOD | {"assessed": []}).assessed == {Category.VIOLENCE_GRAPHIC}


def test_another_ask_is_another_answer(custom: CustomProvider) -> None:
    asks = [Ask(), Ask(Context.HEAD_IMAGE), Ask(language="ar"), Ask(categories=frozenset({Category.HATE}))]
    assert len({custom.cache_key(ask) for ask in asks}) == len(asks)


@pytest.mark.asyncio
async def test_it_leaves_nothing_pending_and_needs_a_still(custom: CustomProvider) -> None:
    with pytest.raises(BadRequest):
        await custom.resume(ticket("custom"))
    with pytest.raises(BadRequest, match="sandbox"):
        await custom.screen(replace(image(), still=b""), Ask())
