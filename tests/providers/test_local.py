"""The provider `local`: from views and codes to a verdict."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image as Pillow

from policies.model import Category, Context, Frames, Label, Medium, Verdict
from providers import testcard
from providers.base import Ask, Image, View
from providers.errors import BadRequest
from providers.local import LocalProvider
from providers.local.vote import confidence
from tests.providers.samples import image, models, sessions, view

CORPUS = Path(__file__).parents[3] / "shared/corpus/pillow/Tests/images"


@pytest_asyncio.fixture
async def local() -> AsyncIterator[LocalProvider]:
    provider = LocalProvider(models())
    yield provider
    await provider.aclose()


async def judge(local: LocalProvider, picture: Image) -> Verdict:
    verdict = await local.screen(picture, Ask())
    assert isinstance(verdict, Verdict)
    return verdict


@pytest.mark.asyncio
async def test_a_verdict_reports_scores_and_no_suggestion(local: LocalProvider) -> None:
    verdict = await judge(local, image(frames=Frames(seen=1, total=9)))
    scores = sessions().score(view().pixels)
    assert verdict.provider == "local"
    assert verdict.suggestion is None
    assert verdict.labels == (
        Label(Category.SEXUAL_EXPLICIT, "hentai" if scores.drawn else "porn", confidence(scores.vote)),
        Label(Category.SEXUAL_SUGGESTIVE, "sexy", scores.sexy),
    )
    assert verdict.frames == Frames(1, 9)
    assert verdict.medium is (Medium.DRAWN if scores.drawn else Medium.PHOTO)


@pytest.mark.asyncio
async def test_it_says_what_it_did_not_look_for(local: LocalProvider) -> None:
    verdict = await judge(local, image())
    unseen = frozenset(Category) - verdict.assessed
    assert {Category.VIOLENCE, Category.VIOLENCE_GRAPHIC, Category.EXTREMISM, Category.OFFENSIVE_TEXT} <= unseen
    assert verdict.assessed == local.covers


@pytest.mark.asyncio
async def test_the_worst_of_all_views_counts(local: LocalProvider) -> None:
    views = [view(n) for n in range(5)]
    whole = await judge(local, image(*views))
    alone = [await judge(local, image(v)) for v in views]
    for category in (Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE):
        assert whole.confidence(category) == max(v.confidence(category) for v in alone)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), 0.0),
        (("https://free-nitro.example",), 0.6),
        (("",), 0.6),
        (("beholder:test:sexual_explicit:0.9",), 0.0),
        (("beholder:test:nonsense",), 0.0),
        (("beholder:test:violence:0.9", "https://free-nitro.example"), 0.6),
    ],
)
async def test_qr_codes_are_advertising_but_test_cards_are_not(
    local: LocalProvider, codes: tuple[str, ...], expected: float
) -> None:
    verdict = await judge(local, image(codes=codes))
    assert verdict.confidence(Category.ADVERTISING) == expected


@pytest.mark.asyncio
async def test_what_the_sandbox_did_not_open_is_never_a_pass(local: LocalProvider) -> None:
    bare = Image("ab" * 32, "png", 9, 9, Frames(), b"")
    with pytest.raises(BadRequest, match="no views"):
        await local.screen(bare, Ask())
    with pytest.raises(BadRequest, match="bytes, not 3"):
        await local.screen(image(view(), View(b"abc")), Ask())


def test_the_answer_depends_on_the_weights_and_on_nothing_that_is_asked() -> None:
    provider = LocalProvider(models())
    asks = [Ask(), Ask(context=Context.HEAD_IMAGE), Ask(language="de", account="other", options=(("a", "b"),))]
    assert len({provider.cache_key(ask) for ask in asks}) == 1
    assert "864bb37b" in provider.version
    assert "509a35a2" in provider.version


@pytest.mark.asyncio
async def test_test_cards_themselves_are_harmless(local: LocalProvider) -> None:
    card = Pillow.open(BytesIO(testcard.draw("sexual_explicit", 0.99))).resize((256, 256), Pillow.Resampling.BILINEAR)
    verdict = await judge(local, image(View(card.tobytes())))
    assert verdict.confidence(Category.SEXUAL_EXPLICIT) < 0.5


@pytest.mark.asyncio
@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the shared corpus of image files beside the checkout")
@pytest.mark.parametrize("name", ["flower.jpg", "hopper.jpg", "iptc.jpg", "pil_sample_rgb.jpg"])
async def test_ordinary_photographs_are_left_alone(local: LocalProvider, name: str) -> None:
    with Pillow.open(CORPUS / name) as file:
        small = file.convert("RGB").resize((256, 256), Pillow.Resampling.BILINEAR)
    verdict = await judge(local, image(View(small.tobytes())))
    assert verdict.confidence(Category.SEXUAL_EXPLICIT) < 0.5
    assert verdict.confidence(Category.SEXUAL_SUGGESTIVE) < 0.5
