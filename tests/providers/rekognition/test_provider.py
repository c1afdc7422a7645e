"""The provider against our Rekognition: what it sends, what it makes of the answer, and of every kind of trouble."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image as Pillow
from structlog.testing import capture_logs

from bot.sandbox.huawei import troubles
from bot.sandbox.rekognition import LoopbackRekognition
from bot.sandbox.rekognition.service import chain, said
from bot.sandbox.rekognition.words import BUSY
from policies.model import Category, Frames, Label, Medium, Verdict, Versions
from providers import testcard
from providers.base import Ask, Image
from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    Garbled,
    ProviderError,
    RateLimited,
    ServerFault,
    TooLarge,
    Unavailable,
    UnsupportedFormat,
)
from providers.rekognition import still, wire
from tests.clock import FakeClock
from tests.providers.rekognition.conftest import Make
from tests.providers.samples import image, picture, ticket

STILL = replace(image(), still=picture(96, 96, "JPEG"), still_type="image/jpeg")


def shown(content: bytes) -> Image:
    return replace(image(), still=content)


async def verdict(make: Make, shown: Image = STILL, ask: Ask = Ask(), **changes: Any) -> Verdict:
    screening = await make(**changes).screen(shown, ask)
    assert isinstance(screening, Verdict)
    return screening


# --- what comes back ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_clean_picture(make: Make, aws: LoopbackRekognition) -> None:
    got = await verdict(make, replace(STILL, frames=Frames(3, 120)), price=0.002)
    assert got == Verdict(
        provider="rekognition",
        labels=(),
        assessed=frozenset(Category) - {Category.ADVERTISING, Category.OFFENSIVE_TEXT},
        versions=Versions("7.0", "rekognition-1", "still-1-least-80"),
        suggestion=None,
        frames=Frames(3, 120),
        request_id="00000001-7e84-11e9-9ad1-854a4567eb71",
        cost=0.002,
    )
    assert aws.charges == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("seen", sorted(wire.COVERS))
async def test_what_is_seen_comes_back_in_our_words(make: Make, seen: Category) -> None:
    got = await verdict(make, shown(testcard.draw(seen, 0.75, "JPEG", 480)))
    assert {(label.category, label.confidence) for label in got.labels} == {(seen, 0.75)}
    assert seen in got.assessed


@pytest.mark.asyncio
async def test_a_drawing_is_called_one(make: Make, aws: LoopbackRekognition) -> None:
    aws.moderation.answers.append(said(chain(("Explicit", "Explicit Nudity"), 3.0), "Illustrated"))
    got = await verdict(make)
    assert (got.medium, got.labels) == (Medium.DRAWN, (Label(Category.SEXUAL_EXPLICIT, "Explicit Nudity", 0.03),))


@pytest.mark.asyncio
async def test_labels_that_nobody_knows_are_counted_and_told_once(make: Make, aws: LoopbackRekognition) -> None:
    aws.moderation.answers.extend([said(chain(("Violence", "Fireworks"), 60.0))] * 3)
    provider = make()
    with capture_logs() as logs:
        for _ in range(3):
            await provider.screen(STILL, Ask())
    assert provider._unknown.counted == {"Fireworks": 3}
    assert [(line["label"], line["above"]) for line in logs if line["event"] == "label_unknown"] == [
        ("Fireworks", "Violence")
    ]


# --- what is sent ---------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_still_and_nothing_else_is_sent(make: Make, aws: LoopbackRekognition) -> None:
    await verdict(make, ask=Ask(language="de", options=(("a", "canary"),), payer="canary"))
    [asked] = aws.requests
    assert (asked.method, asked.target) == ("POST", "/")
    assert json.loads(asked.body) == {
        "Image": {"Bytes": base64.b64encode(STILL.still).decode()},
        "MinConfidence": wire.MIN_CONFIDENCE,
    }
    own = {"accept", "accept-encoding", "connection", "user-agent", "content-length"}
    assert set(asked.headers) - own == {"authorization", "content-type", "host", "x-amz-date", "x-amz-target"}
    assert "canary" not in repr(asked.headers)


@pytest.mark.asyncio
async def test_a_temporary_key_sends_its_token(clock: FakeClock) -> None:
    from providers.rekognition import RekognitionProvider
    from tests.providers.rekognition.conftest import settings_of

    async with LoopbackRekognition(clock=clock, key_id="ASIAIOSFODNN7EXAMPLE", session_token="session/+==") as aws:
        provider = RekognitionProvider(settings_of(aws), clock=clock)
        assert isinstance(await provider.screen(STILL, Ask()), Verdict)
        aws.gate.has_expired = True
        with pytest.raises(BadCredentials, match="expired"):
            await provider.screen(STILL, Ask())
        await provider.aclose()


@pytest.mark.asyncio
async def test_what_nobody_wants_is_not_paid_for(make: Make, aws: LoopbackRekognition) -> None:
    provider = make()
    unwanted = Ask(categories=frozenset({Category.ADVERTISING}))
    got = await provider.screen(STILL, unwanted)
    assert isinstance(got, Verdict)
    assert (got.assessed, got.labels, got.cost, aws.requests) == (frozenset(), (), 0.0, [])
    assert provider.cache_key(unwanted) != provider.cache_key(Ask())
    one, two = Ask(categories=frozenset({Category.HATE})), Ask(language="zh")
    assert provider.cache_key(one) == provider.cache_key(two) == ""


# --- limits, before the call -----------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"", UnsupportedFormat, "sandbox"),
        (b"\xff\xd8pixels", UnsupportedFormat, "no JPEG or PNG"),
        (picture(96, 96, "WEBP"), UnsupportedFormat, "no JPEG or PNG"),
        (picture(96, 96) + bytes(still.MOST_BYTES), TooLarge, "5242880 at most"),
        (picture(96, 10_001), TooLarge, "80 to 10000"),
        (picture(20, 6000), TooLarge, "80 to 10000"),
    ],
    ids=["empty", "torn", "webp", "bytes", "tall", "thin"],
)
async def test_what_it_would_not_take_is_never_sent(
    make: Make, aws: LoopbackRekognition, content: bytes, kind: type[ProviderError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        await make().screen(shown(content), Ask())
    assert aws.requests == []


@pytest.mark.parametrize("size", [(80, 80), (80, 10_000), (200, 81)])
def test_what_fits_is_sent_as_it_is(size: tuple[int, int]) -> None:
    assert still.fitted(picture(*size)) == picture(*size)


@pytest.mark.asyncio
@pytest.mark.parametrize(("size", "becomes"), [((20, 20), (80, 80)), ((48, 32), (144, 96)), ((79, 3000), (158, 6000))])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
async def test_an_emoji_is_enlarged_until_it_is_taken(
    make: Make, aws: LoopbackRekognition, size: tuple[int, int], becomes: tuple[int, int], kind: str
) -> None:
    await verdict(make, shown(picture(*size, kind)))
    sent = base64.b64decode(aws.moderation.asked[0]["Image"]["Bytes"])
    with Pillow.open(BytesIO(sent)) as enlarged:
        assert (enlarged.size, enlarged.format) == (becomes, "PNG")


def test_what_is_see_through_stays_so_when_enlarged() -> None:
    with BytesIO() as file:
        Pillow.new("RGBA", (24, 24), (255, 0, 0, 90)).save(file, "PNG")
        with Pillow.open(BytesIO(still.fitted(file.getvalue()))) as enlarged:
            assert enlarged.getpixel((50, 50)) == (255, 0, 0, 90)


# --- trouble ----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trouble",
    ["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError", BUSY, troubles.reset()],
    ids=["throttled", "pace", "fault", "busy", "reset"],
)
async def test_a_passing_trouble_is_waited_out(
    make: Make, aws: LoopbackRekognition, clock: FakeClock, trouble: Any
) -> None:
    aws.fail(trouble, times=2)
    assert isinstance(await make().screen(STILL, Ask()), Verdict)
    assert (len(aws.requests), aws.charges) == (3, 1)
    assert len(clock.slept) == 2


@pytest.mark.asyncio
async def test_each_try_is_signed_anew(make: Make, aws: LoopbackRekognition) -> None:
    aws.fail("ThrottlingException", times=2)  # a second's wait each
    await verdict(make)
    assert len({asked.headers["x-amz-date"] for asked in aws.requests}) == 3


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("trouble", "kind", "times"),
    [
        ("InternalServerError", ServerFault, 3),
        ("ThrottlingException", RateLimited, 3),
        (troubles.torn(), Unavailable, 3),
        (troubles.page(502), ServerFault, 3),
        (troubles.page(403), Denied, 1),
        ("AccessDeniedException", Denied, 1),
        ("InvalidImageFormatException", UnsupportedFormat, 1),
        ("InvalidParameterException", BadRequest, 1),
    ],
    ids=["fault", "throttled", "torn", "gateway", "proxy", "rights", "format", "parameter"],
)
async def test_a_lasting_trouble_is_an_error_and_costs_nothing(
    make: Make, aws: LoopbackRekognition, trouble: Any, kind: type[ProviderError], times: int
) -> None:
    aws.fail(trouble, times=None)
    with pytest.raises(kind):
        await make().screen(STILL, Ask())
    assert (len(aws.requests), aws.charges) == (times, 0)


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [b"", b"<html>", {"ModerationModelVersion": "7.0"}, {"ModerationLabels": []}])
async def test_an_unreadable_success_is_no_pass_and_not_paid_for_again(
    make: Make, aws: LoopbackRekognition, body: object
) -> None:
    aws.fail(troubles.body(body), times=None)
    with pytest.raises(Garbled):
        await make().screen(STILL, Ask())
    assert len(aws.requests) == 1


@pytest.mark.asyncio
async def test_a_wrong_clock_is_told_with_how_much(make: Make, aws: LoopbackRekognition, clock: FakeClock) -> None:
    theirs = FakeClock(clock.now() + timedelta(minutes=22))
    aws.clock = aws.gate._clock = theirs
    with pytest.raises(BadCredentials, match="22 minutes behind"):
        await make().screen(STILL, Ask())


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "cure"),
    [
        ({"secret_access_key": "canary-wrong"}, "_SECRET_ACCESS_KEY"),
        ({"access_key_id": "AKIAIOSFODNN7STRANGE"}, "_ACCESS_KEY_ID"),
        ({"region": "us-west-2"}, "_REGION"),
    ],
)
async def test_a_wrong_key_is_told_with_its_cure(make: Make, changes: dict[str, str], cure: str) -> None:
    with pytest.raises(BadCredentials, match=cure):
        await make(**changes).screen(STILL, Ask())


@pytest.mark.asyncio
async def test_more_than_the_account_may_is_refused_and_waited_out(clock: FakeClock) -> None:
    from providers.rekognition import RekognitionProvider
    from tests.providers.rekognition.conftest import settings_of

    async with LoopbackRekognition(clock=clock, per_second=2) as aws:
        provider = RekognitionProvider(settings_of(aws), clock=clock)
        for _ in range(5):
            assert isinstance(await provider.screen(STILL, Ask()), Verdict)
        assert (aws.charges, len(aws.requests)) == (5, 7)
        await provider.aclose()


# --- secrets ----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trouble", [None, "AccessDeniedException", "InternalServerError", troubles.page(403), troubles.reset()]
)
async def test_the_key_is_in_no_log_and_no_error(
    make: Make, aws: LoopbackRekognition, caplog: pytest.LogCaptureFixture, trouble: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    provider = make(secret_access_key="canary-wrong") if trouble is None else make()
    if trouble is not None:
        aws.fail(trouble, times=None)
    with capture_logs() as logs, pytest.raises(ProviderError) as caught:
        await provider.screen(STILL, Ask())
    told = "".join(traceback.format_exception(caught.value)) + repr(logs) + caplog.text
    told += repr(provider) + repr(vars(provider)) + repr(provider._settings)
    signatures = [asked.headers["authorization"][-64:] for asked in aws.requests]
    assert signatures
    assert not [secret for secret in (aws.secret, "canary-wrong", *signatures) if secret in told]


@pytest.mark.asyncio
async def test_it_leaves_nothing_pending(make: Make) -> None:
    with pytest.raises(BadRequest, match="screen the image again"):
        await make().resume(ticket("rekognition"))
