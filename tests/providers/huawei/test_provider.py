"""The provider against our Huawei: what it sends, what it makes of the answer, and of every kind of trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.sandbox.huawei import LoopbackHuawei, troubles
from bot.sandbox.huawei.troubles import Answering
from bot.sandbox.huawei.words import BACKEND_DOWN, BACKEND_SLOW, Said
from policies.model import Category, Context, Detail, DetailKind, Frames, Label, Suggestion, Verdict
from providers import testcard
from providers.base import Ask, Image
from providers.errors import (
    BadRequest,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Refused,
    Timeout,
    TooLarge,
    Unavailable,
    UnsupportedFormat,
)
from providers.guard import Guard
from providers.huawei import HuaweiProvider, ImageTextConfig
from providers.huawei.access import LARGE
from providers.huawei.codes import NotFetched
from providers.huawei.provider import check_size
from providers.huawei.question import NARROWED
from providers.huawei.wire import VERSIONS
from tests.clock import FakeClock
from tests.providers.huawei.conftest import Make, settings_of
from tests.providers.huawei.samples import EVERYTHING
from tests.providers.samples import image, picture, ticket

ASK = Ask()
PORN = Ask(categories=frozenset({Category.SEXUAL_EXPLICIT}))


def card(category: Category, confidence: float = 0.95) -> Image:
    """An image that our Huawei sees something in."""
    return replace(image(), still=testcard.draw(category, confidence, "JPEG", 480), still_type="image/jpeg")


async def verdict(provider: HuaweiProvider, picture: Image | None = None, ask: Ask = ASK) -> Verdict:
    screening = await provider.screen(picture or image(), ask)
    assert isinstance(screening, Verdict)
    return screening


# --- what comes back --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_clean_picture(make: Make) -> None:
    got = await verdict(make(price=0.001), replace(image(), frames=Frames(3, 120)))
    assert got == Verdict(
        provider="huawei",
        labels=(),
        assessed=frozenset(Category) - {Category.HATE, Category.SELF_HARM, Category.OTHER},
        versions=VERSIONS,
        suggestion=Suggestion.PASS,
        frames=Frames(3, 120),
        request_id=f"{1:032x}",
        cost=pytest.approx(0.003),  # type: ignore[arg-type]
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("shown", "label", "suggestion"),
    [
        (Category.SEXUAL_EXPLICIT, Category.SEXUAL_EXPLICIT, Suggestion.BLOCK),
        (Category.SEXUAL_SUGGESTIVE, Category.SEXUAL_SUGGESTIVE, Suggestion.REVIEW),
        (Category.EXTREMISM, Category.EXTREMISM, Suggestion.BLOCK),
        (Category.VIOLENCE, Category.VIOLENCE, Suggestion.REVIEW),
        (Category.ADVERTISING, Category.ADVERTISING, Suggestion.BLOCK),
    ],
)
async def test_what_is_seen_comes_back_in_our_words(
    make: Make, shown: Category, label: Category, suggestion: Suggestion
) -> None:
    got = await verdict(make(), card(shown))
    assert (got.labels, got.suggestion) == ((Label(label, "test_card", 0.95),), suggestion)


@pytest.mark.asyncio
async def test_every_field_reaches_the_card(make: Make, huawei: LoopbackHuawei) -> None:
    huawei.moderation.answers.append(EVERYTHING["result"])
    got = await verdict(make())
    assert [d.kind for d in got.details] == ["text", "words", "words", "qr_code", "face"]
    assert got.details[3] == Detail(DetailKind.QR_CODE, "https://scam.example/7", (10, 20, 110, 120))
    assert got.suggestion is Suggestion.BLOCK


@pytest.mark.asyncio
async def test_what_lands_under_a_category_that_was_not_asked_for_counts_all_the_same(
    make: Make, huawei: LoopbackHuawei
) -> None:
    found = {"suggestion": "block", "category": "politics", "label": "leader", "confidence": 0.9}
    huawei.moderation.answers.append({"suggestion": "block", "category": "politics", "details": [found]})
    got = await verdict(make(), ask=PORN)
    assert got.labels == (Label(Category.OTHER, "leader", 0.9),)
    assert got.assessed == {Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE, Category.OTHER}


@pytest.mark.asyncio
async def test_labels_that_nobody_knows_are_counted_and_told_once(make: Make, huawei: LoopbackHuawei) -> None:
    new = {"suggestion": "review", "category": "porn", "label": "leotard", "confidence": 0.6}
    known = {**new, "label": "sexy_female"}
    huawei.moderation.answers.extend([{"suggestion": "review", "category": "porn", "details": [new, known]}] * 3)
    provider = make()
    with capture_logs() as logs:
        for _ in range(3):
            await verdict(provider)
    assert provider._unknown.counted == {"porn/leotard": 3}
    assert [line["label"] for line in logs if line["event"] == "label_unknown"] == ["porn/leotard"]


@pytest.mark.asyncio
async def test_a_vendor_that_invents_labels_fills_no_memory(make: Make, huawei: LoopbackHuawei) -> None:
    parts = [{"suggestion": "review", "category": "porn", "label": f"l{n}", "confidence": 0.6} for n in range(900)]
    huawei.moderation.answers.append({"suggestion": "review", "category": "porn", "details": parts})
    provider = make()
    await verdict(provider)
    assert len(provider._unknown.counted) == 256


# --- what is sent -----------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("context", Context)
async def test_each_context_is_taken(make: Make, huawei: LoopbackHuawei, context: Context) -> None:
    await verdict(make(), ask=Ask(context=context))
    assert huawei.calls[0].fields["event_type"] == context.value


@pytest.mark.asyncio
@pytest.mark.parametrize(("language", "sent"), [("zh", "zh"), ("ar", "ar"), ("en", "en"), ("fr", "en")])
async def test_each_language_is_taken(make: Make, huawei: LoopbackHuawei, language: str, sent: str) -> None:
    await verdict(make(), ask=Ask(language=language))
    assert huawei.calls[0].fields["language"] == sent


@pytest.mark.asyncio
async def test_only_what_is_wanted_is_asked_and_charged(make: Make, huawei: LoopbackHuawei) -> None:
    provider = make(price=0.002)
    assert (await verdict(provider, ask=PORN)).cost == pytest.approx(0.002)
    assert (await verdict(provider, ask=Ask(options=((NARROWED, "terrorism"),)))).cost == pytest.approx(0.002)
    assert huawei.charges == {"porn": 1, "terrorism": 1}
    assert (await verdict(provider)).cost == pytest.approx(0.006)
    assert huawei.charges == {"porn": 2, "terrorism": 2, "image_text": 1}


@pytest.mark.asyncio
async def test_where_nothing_of_it_is_wanted_it_is_not_asked_and_says_so(make: Make, huawei: LoopbackHuawei) -> None:
    got = await verdict(make(price=1.0), ask=Ask(categories=frozenset({Category.HATE})))
    assert (got.assessed, got.labels, got.suggestion, got.cost) == (frozenset(), (), None, 0.0)
    assert huawei.requests == []


@pytest.mark.asyncio
async def test_enterprise_project_policy_and_word_lists_go_along(make: Make, huawei: LoopbackHuawei) -> None:
    huawei.moderation.biz_types["ads_only"] = ["image_text"]
    lists = ImageTextConfig(black=("广告词库", "spam"), white=("ok",))
    provider = make(
        enterprise_project_id="ep-7", biz_type="ads_only", categories=("image_text",), image_text_config=lists
    )
    got = await verdict(provider)
    [call] = huawei.calls
    assert call.fields["biz_type"] == "ads_only"
    assert call.fields["image_text_config"]["black_glossary_names"] == ["广告词库", "spam"]
    assert huawei.moderation.bills == {"ep-7": 1}
    assert got.assessed == {Category.ADVERTISING, Category.OFFENSIVE_TEXT}


@pytest.mark.asyncio
async def test_a_policy_that_the_console_does_not_know(make: Make) -> None:
    with pytest.raises(ProviderError, match="name of biz_type in the console"):
        await make(biz_type="nobodys").screen(image(), ASK)


@pytest.mark.asyncio
async def test_a_large_picture_arrives_whole(make: Make, huawei: LoopbackHuawei) -> None:
    large = replace(image(), still=picture(1600, 1600))
    assert len(large.still) > LARGE
    assert isinstance(await make().screen(large, ASK), Verdict)
    assert len(huawei.requests[0].body) > len(large.still)
    assert huawei.requests[0].headers["content-length"] == str(len(huawei.requests[0].body))


# --- limits, before the call ------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("still", "kind", "said"),
    [
        (picture(19, 300), TooLarge, "19 x 300: Huawei takes 20 to 6000 pixels"),
        (picture(20, 6001), TooLarge, "20 x 6001"),
        (b"", UnsupportedFormat, "no JPEG or PNG"),
        (b"GIF89a", UnsupportedFormat, "no JPEG or PNG"),
        (b"\xff" * 7_500_003, TooLarge, "7500003 bytes: Huawei takes 7500000 at most"),
    ],
    ids=["narrow", "tall", "empty", "gif", "large"],
)
async def test_what_huawei_would_refuse_is_not_sent(
    make: Make, huawei: LoopbackHuawei, still: bytes, kind: type[Refused], said: str
) -> None:
    with pytest.raises(kind, match=said):
        await make().screen(replace(image(), still=still), ASK)
    assert huawei.requests == []


@pytest.mark.parametrize("still", [picture(20, 6000), picture(6000, 20), picture(20, 20, "JPEG")])
def test_what_just_fits(still: bytes) -> None:
    check_size(still)


# --- by URL -----------------------------------------------------------------------------------------


class Relay:
    """A publisher that serves nothing unless our Huawei asks while the context is open."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.open = self.published = 0
        self.seconds = 0.0

    @asynccontextmanager
    async def _context(self) -> AsyncIterator[str]:
        self.open += 1
        self.published += 1
        try:
            yield self.url
        finally:
            self.open -= 1

    def publish(self, image: Image, *, seconds: float) -> Any:
        self.seconds = seconds
        return self._context()


@pytest.mark.asyncio
async def test_by_url_huawei_fetches_the_picture_itself(make: Make, huawei: LoopbackHuawei) -> None:
    from aiohttp import web

    async def serve(request: web.BaseRequest) -> web.Response:
        return web.Response(body=card(Category.SEXUAL_EXPLICIT).still, content_type="image/jpeg")

    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    relay = Relay(f"http://127.0.0.1:{runner.addresses[0][1]}/r4nd0m.jpg")
    got = await verdict(make(delivery="relay", publisher=relay))
    await runner.cleanup()
    assert got.suggestion is Suggestion.BLOCK
    assert huawei.calls[0].fields["url"] == relay.url
    assert "image" not in huawei.calls[0].fields
    assert (relay.open, relay.published) == (0, 1)
    assert relay.seconds >= 30


@pytest.mark.asyncio
@pytest.mark.parametrize("url", ["http://127.0.0.1:9/gone.jpg", "ftp://nowhere/x.jpg"])
async def test_what_huawei_cannot_fetch_it_is_given(make: Make, huawei: LoopbackHuawei, url: str) -> None:
    relay = Relay(url)
    with capture_logs() as logs:
        got = await verdict(make(delivery="relay", publisher=relay))
    assert got.suggestion is Suggestion.PASS
    assert [set(call.fields) & {"image", "url"} for call in huawei.calls] == [{"url"}, {"image"}]
    assert huawei.charges == {"porn": 1, "terrorism": 1, "image_text": 1}
    assert relay.open == 0
    assert url not in str(logs)


@pytest.mark.asyncio
async def test_by_url_needs_somebody_who_publishes(make: Make) -> None:
    with pytest.raises(ValueError, match="give them as base64 instead"):
        make(delivery="relay")


@pytest.mark.asyncio
async def test_a_relay_is_closed_whatever_happens(make: Make, huawei: LoopbackHuawei) -> None:
    relay = Relay("https://relay.example/a.jpg")
    huawei.fail("AIS.0027")
    with pytest.raises(QuotaSpent):
        await make(delivery="relay", publisher=relay).screen(image(), ASK)
    assert relay.open == 0


def test_not_fetched_is_refused_where_nothing_else_is_left() -> None:
    assert issubclass(NotFetched, Refused)


# --- trouble ----------------------------------------------------------------------------------------

PASSING: dict[str, Answering] = {
    "AIS.0003 on 400": troubles.coded(Said(400, "AIS.0003", "Failed.")),
    "AIS.0405 on 400": troubles.coded(Said(400, "AIS.0405", "Internal error.")),
    "an unknown code": troubles.coded(Said(400, "AIS.7777", "?")),
    "backend down": troubles.coded(BACKEND_DOWN),
    "backend slow": troubles.coded(BACKEND_SLOW),
    "502 of a proxy": troubles.page(502),
    "429 of a proxy": troubles.page(429, "2"),
    "throttled": troubles.coded(Said(429, "APIGW.0308", "limit:10,time:1 second"), "1"),
    "reset": troubles.reset(),
    "reset in the body": troubles.torn(),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", PASSING)
async def test_what_passes_is_tried_again_and_charged_once(make: Make, huawei: LoopbackHuawei, trouble: str) -> None:
    laid = huawei.fail(PASSING[trouble], times=2)
    assert (await verdict(make(), ask=PORN)).suggestion is Suggestion.PASS
    assert (laid.struck, len(huawei.requests), huawei.charges) == (2, 3, {"porn": 1})


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", PASSING)
async def test_what_does_not_pass_is_an_outage_after_three_tries(
    make: Make, huawei: LoopbackHuawei, trouble: str
) -> None:
    laid = huawei.fail(PASSING[trouble], times=None)
    with pytest.raises(Unavailable):
        await make().screen(image(), ASK)
    assert laid.struck == 3
    huawei.well_again()
    assert isinstance(await make().screen(image(), ASK), Verdict)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "content",
    [
        b"<html>200 but no</html>",
        b"",
        {"request_id": "12"},
        {"request_id": "12", "result": None},
        {"request_id": "12", "result": {"suggestion": "fine"}},
        [],
    ],
)
async def test_a_success_without_a_result_is_garbled_and_not_paid_for_again(
    make: Make, huawei: LoopbackHuawei, content: object
) -> None:
    laid = huawei.fail(troubles.body(content), times=None)
    with pytest.raises(Garbled):
        await make().screen(image(), ASK)
    assert laid.struck == 1


@pytest.mark.asyncio
async def test_a_slow_body_is_a_timeout(make: Make, huawei: LoopbackHuawei) -> None:
    gate = asyncio.Event()
    huawei.fail(troubles.slow(gate), times=None)
    with pytest.raises(Timeout):
        await make(deadline=0.1).screen(image(), ASK)
    gate.set()


@pytest.mark.asyncio
async def test_a_wish_to_wait_long_is_passed_on_and_not_waited_out(
    make: Make, huawei: LoopbackHuawei, clock: FakeClock
) -> None:
    laid = huawei.fail(troubles.page(429, "60"), times=None)
    with pytest.raises(RateLimited) as caught:
        await make().screen(image(), ASK)
    assert (caught.value.retry_after, laid.struck, clock.slept) == (60.0, 1, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("code", ["AIS.0004", "AIS.0027", "AIS.0032", "APIGW.0301", "AIS.0402", "AIS.0012"])
async def test_what_no_second_try_mends_is_not_tried_again(make: Make, huawei: LoopbackHuawei, code: str) -> None:
    laid = huawei.fail(code, times=None)
    with pytest.raises(ProviderError, match=code):
        await make().screen(image(), ASK)
    assert laid.struck == 1


@pytest.mark.asyncio
async def test_nobody_there(clock: FakeClock) -> None:
    async with LoopbackHuawei(clock=clock) as huawei:
        settings = settings_of(huawei)
    provider = HuaweiProvider(settings, clock=clock)
    with pytest.raises(Unavailable, match="Huawei cannot be reached"):
        await provider.screen(image(), ASK)
    await provider.aclose()


@pytest.mark.asyncio
async def test_it_leaves_nothing_pending(make: Make) -> None:
    with pytest.raises(BadRequest, match="screen the image again"):
        await make().resume(ticket("huawei"))


# --- beneath a guard --------------------------------------------------------------------------------


class Unhurried(FakeClock):
    """Sleeps pass at once, but no deadline ever comes."""

    async def sleep(self, seconds: float) -> None:
        if seconds >= HuaweiProvider.deadline:
            await asyncio.Event().wait()
        await super().sleep(seconds)


@pytest.mark.asyncio
async def test_at_its_pace_the_vendors_limit_is_never_met() -> None:
    clock = Unhurried(auto=True)
    async with LoopbackHuawei(clock=clock, per_second=10) as huawei:
        provider = HuaweiProvider(settings_of(huawei), clock=clock)
        guard = Guard(
            provider,
            clock=clock,
            concurrency=provider.concurrency,
            per_second=provider.pace,
            deadline=provider.deadline,
        )
        for _ in range(35):
            assert isinstance(await guard.screen(image(), ASK), Verdict)
        assert len(huawei.requests) == 35
        await guard.aclose()


@pytest.mark.asyncio
async def test_without_a_pace_it_is_met_and_waited_out(clock: FakeClock) -> None:
    async with LoopbackHuawei(clock=clock, per_second=10) as huawei:
        provider = HuaweiProvider(settings_of(huawei), clock=clock)
        for _ in range(25):
            assert isinstance(await provider.screen(image(), ASK), Verdict)
        assert huawei.charges["porn"] == 25
        assert len(huawei.requests) > 25
        await provider.aclose()


# --- what the answer depends on ---------------------------------------------------------------------


@pytest.mark.asyncio
async def test_asks_share_an_answer_only_where_they_make_the_same_request(make: Make) -> None:
    provider = make()
    assert provider.cache_key(ASK) == provider.cache_key(Ask(language="fr", account="another"))
    others = (PORN, Ask(context=Context.HEAD_IMAGE), Ask(language="zh"), Ask(options=((NARROWED, "porn"),)))
    keys = [provider.cache_key(ask) for ask in (ASK, *others)]
    assert keys[1] == keys[4]
    assert len(set(keys)) == 4


@pytest.mark.asyncio
async def test_it_covers_what_it_may_be_asked_for(make: Make) -> None:
    assert make(categories=("porn",)).covers == {
        Category.SEXUAL_EXPLICIT,
        Category.SEXUAL_SUGGESTIVE,
        Category.OTHER,
    }
    assert make().version == "moderation-v3/huawei-1/still-1"
    assert make(delivery="direct").version == "moderation-v3/huawei-1/still-1-direct-stills"
