"""The provider contract: one suite, every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import NamedTuple, cast

import pytest
import pytest_asyncio
from aiohttp import web

from bot.clock import SystemClock
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.huawei import LoopbackHuawei
from bot.sandbox.rekognition import LoopbackRekognition
from policies.model import Category, Context, Frames, Label, Screening, Unscreened, Verdict, Versions
from providers.base import Ask, Image, Provider, Ticket, View
from providers.custom import CustomProvider, CustomSettings
from providers.errors import ProviderError, Refused, UnsupportedFormat
from providers.guard import Guard
from providers.huawei import HuaweiProvider
from providers.local import LocalProvider
from providers.names import COSTS_MONEY
from providers.openai import OpenAIProvider, OpenAISettings
from providers.rekognition import RekognitionProvider
from providers.testcard import TestCardProvider as Cards
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import KEY, jpeg, provider_of
from tests.providers.huawei.conftest import settings_of
from tests.providers.rekognition.conftest import settings_of as rekognition_settings
from tests.providers.samples import image, models, ticket, view
from tests.providers.test_custom import GOOD
from tests.providers.test_openai import answer as moderated
from tests.providers.vendor import served


class Tiny:
    """The least that is a provider: finds hate where a code says so, and takes no GIFs."""

    name = "tiny"
    covers = frozenset({Category.HATE})
    version = "1/1/1"

    def cache_key(self, ask: Ask) -> str:
        return ask.language

    async def screen(self, image: Image, ask: Ask) -> Screening:
        if image.kind == "gif":
            raise UnsupportedFormat("tiny takes no GIF: send another format")
        await asyncio.sleep(0)
        labels = tuple(Label(Category.HATE, "word", 0.9) for code in image.codes if "hate" in code)
        return Verdict(self.name, labels, self.covers, Versions("1", "1", "1"), frames=image.frames)

    async def resume(self, ticket: Ticket) -> Screening:
        raise Refused(f"tiny knows no job {ticket.job}: screen the image again")

    async def aclose(self) -> None:
        pass


def guarded(provider: Provider) -> Guard:
    return Guard(provider, clock=SystemClock(), concurrency=3, per_second=10_000)


@asynccontextmanager
async def huawei() -> AsyncIterator[Provider]:
    """With a Huawei of its own, on real sockets."""
    clock = FakeClock(auto=True)
    async with LoopbackHuawei(clock=clock, per_second=None) as vendor:
        yield HuaweiProvider(settings_of(vendor, price=0.01), clock=clock)


MAKERS: dict[str, Callable[[], Provider]] = {
    "local": lambda: LocalProvider(models()),
    "testcard": Cards,
    "tiny": Tiny,
    "guarded local": lambda: guarded(LocalProvider(models())),
    "guarded testcard": lambda: guarded(Cards()),
    "guarded tiny": lambda: guarded(Tiny()),
    "twice guarded": lambda: guarded(guarded(Tiny())),
}


@asynccontextmanager
async def hitpaw() -> AsyncIterator[Provider]:
    """At a vendor of its own, on a clock on which nobody waits."""
    clock = FakeClock(auto=True)
    async with HitPaw(KEY, clock=clock) as vendor:
        yield provider_of(vendor.url, clock)


@asynccontextmanager
async def rekognition() -> AsyncIterator[Provider]:
    """With a Rekognition of its own, which checks signatures."""
    clock = FakeClock(auto=True)
    async with LoopbackRekognition(clock=clock, per_second=None) as vendor:
        yield RekognitionProvider(rekognition_settings(vendor), clock=clock)


@asynccontextmanager
async def openai() -> AsyncIterator[Provider]:
    """At a vendor that finds nothing much."""

    async def moderate(request: web.Request) -> web.StreamResponse:
        return web.json_response(moderated(sexual=0.4))

    async with served() as vendor:
        vendor.answer = moderate
        yield OpenAIProvider(OpenAISettings("key", vendor.url), clock=FakeClock(auto=True))


@asynccontextmanager
async def custom() -> AsyncIterator[Provider]:
    """At a model that finds what its host documents."""

    async def judge(request: web.Request) -> web.StreamResponse:
        return web.json_response(GOOD)

    async with served() as vendor:
        vendor.answer = judge
        yield CustomProvider(CustomSettings(vendor.url), clock=FakeClock(auto=True))


AT_A_VENDOR: dict[str, Callable[[], AbstractAsyncContextManager[Provider]]] = {
    "hitpaw": hitpaw,
    "huawei": huawei,
    "rekognition": rekognition,
    "openai": openai,
    "custom": custom,
}
NAME_THEIR_MODEL = ("openai", "custom", "rekognition")
"""Those whose answers say which model gave them: that goes on record, and cannot be known before."""

CARDS = ("beholder:test:hate:0.9", "beholder:test:violence:0.1", "https://example.com")


class Case(NamedTuple):
    what: str
    image: Image


CASES = [
    Case("a scene", image()),
    Case("several views", image(view(1), view(2), view(3), frames=Frames(3, 120))),
    Case("test cards", image(codes=CARDS)),
    Case("a still that a vendor can open", replace(image(), still=jpeg())),
    Case("no views", Image("ab" * 32, "png", 300, 300, Frames(), b"")),
    Case("a view of no pixels", image(View(b""))),
    Case("a view too long", image(View(bytes(256 * 256 * 4)))),
    Case("a gif", Image("ab" * 32, "gif", 300, 300, Frames(1, 5), b"", views=(view(),))),
    Case("odd codes", image(codes=("", "\x00", "beholder:test:", "beholder:test:hate:9", "💥" * 999))),
]

ASKS = [Ask(), Ask(context=Context.HEAD_IMAGE, language="xx", categories=frozenset(), options=(("a", "b"),))]


@pytest_asyncio.fixture(params=[*MAKERS, *AT_A_VENDOR])
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    name = cast("str", request.param)
    if name in AT_A_VENDOR:
        async with AT_A_VENDOR[name]() as made:
            yield made
            await made.aclose()
        return
    made = MAKERS[name]()
    yield made
    await made.aclose()


async def outcome(provider: Provider, picture: Image, ask: Ask = ASKS[0]) -> Screening | str:
    """The screening, or the words of the error; anything but a ProviderError fails the test.

    A vendor gives each call an id of its own, and may know an image that was paid for: neither says anything of it.
    """
    try:
        screening = await provider.screen(picture, ask)
        return replace(screening, request_id=None, cost=0.0) if isinstance(screening, Verdict) else screening
    except ProviderError as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.asyncio
async def test_it_is_a_provider_and_stays_the_same_one(provider: Provider) -> None:
    assert isinstance(provider, Provider)
    before = (provider.name, provider.covers, provider.version)
    await outcome(provider, image())
    assert (provider.name, provider.covers, provider.version) == before
    assert provider.name
    assert provider.name == provider.name.lower().strip()
    assert provider.covers <= frozenset(Category)
    assert provider.covers


@pytest.mark.asyncio
@pytest.mark.parametrize("ask", ASKS, ids=["plain", "odd"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.what)
async def test_it_answers_within_its_bounds_or_raises_a_provider_error(
    provider: Provider, case: Case, ask: Ask
) -> None:
    answer = await outcome(provider, case.image, ask)
    if isinstance(answer, str):
        assert len(answer) > 20  # a sentence, for the card
        return
    assert answer.provider == provider.name
    if isinstance(answer, Unscreened):
        return
    assert answer.assessed <= provider.covers
    assert {label.category for label in answer.labels} <= answer.assessed
    assert all(0 <= label.confidence <= 1 and label.name for label in answer.labels)
    assert answer.frames == case.image.frames
    made_by = answer.versions
    assert provider.version.endswith(f"/{made_by.mapping}/{made_by.preprocessing}")
    if provider.name not in NAME_THEIR_MODEL:
        assert provider.version.startswith(f"{made_by.model}/")


@pytest.mark.asyncio
async def test_what_has_a_price_is_known_to_cost_money(provider: Provider) -> None:
    """Else it would be asked for guilds that were never granted it."""
    answer = await provider.screen(replace(image(), still=jpeg()), Ask())
    assert isinstance(answer, Verdict)
    assert COSTS_MONEY.get(provider.name, False) or not answer.cost


def test_every_provider_that_a_host_may_list_is_held_to_this() -> None:
    assert set(COSTS_MONEY) <= {*MAKERS, *AT_A_VENDOR}


@pytest.mark.asyncio
async def test_its_cache_key_tells_its_answers_apart(provider: Provider) -> None:
    """Where two asks share a key, they share the answer."""
    first, second = ASKS
    assert provider.cache_key(first) == provider.cache_key(Ask())
    if provider.cache_key(first) == provider.cache_key(second):
        assert await outcome(provider, image(codes=CARDS), first) == await outcome(provider, image(codes=CARDS), second)


@pytest.mark.asyncio
async def test_a_job_it_does_not_know_is_refused(provider: Provider) -> None:
    with pytest.raises(Refused):
        await provider.resume(ticket(provider.name))


@pytest.mark.asyncio
async def test_many_at_once_are_answered_as_one_after_another(provider: Provider) -> None:
    pictures = [image(view(n), codes=CARDS[: n % 4]) for n in range(12)]
    together = await asyncio.gather(*(outcome(provider, p) for p in pictures))
    assert together == [await outcome(provider, p) for p in pictures]


@pytest.mark.asyncio
async def test_cancelling_leaves_it_usable(provider: Provider) -> None:
    expected = await outcome(provider, image(codes=CARDS))
    tasks = [asyncio.create_task(outcome(provider, image(view(n)))) for n in range(8)]
    await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.wait_for(outcome(provider, image(codes=CARDS)), 20) == expected


@pytest.mark.asyncio
async def test_closing_twice_is_closing_once(provider: Provider) -> None:
    await outcome(provider, image())
    await provider.aclose()
    await provider.aclose()
    await asyncio.wait_for(outcome(provider, image()), 5)  # an answer or a ProviderError, never a hang
