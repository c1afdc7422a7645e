"""Test cards: drawn, posted, mangled on the way, and still read; never more than a harmless picture."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from policies.model import Category, Label, Medium, Verdict
from providers.base import Ask
from providers.testcard import TestCardProvider as Cards
from providers.testcard import draw, is_card, payload, read
from tests.providers.samples import image


def codes(file: bytes, *, halved: bool = False, quality: int | None = None) -> list[str]:
    """The QR codes on a picture after what chat platforms do to it."""
    picture = Pillow.open(BytesIO(file)).convert("RGB")
    if halved:
        picture = picture.resize((picture.width // 2, picture.height // 2))
    if quality:
        squeezed = BytesIO()
        picture.save(squeezed, "JPEG", quality=quality)
        picture = Pillow.open(squeezed)
    return [code.text for code in zxingcpp.read_barcodes(np.asarray(picture))]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("category", list(Category))
def test_every_category_survives_the_journey(category: Category, kind: str) -> None:
    card = draw(category, 0.95, kind)
    assert Pillow.open(BytesIO(card)).format == kind
    assert read(codes(card, halved=True, quality=60)) == (Label(category, "test card", 0.95),)


@pytest.mark.parametrize("width", [480, 700, 1200, 2400])
def test_every_size_survives_the_journey(width: int) -> None:
    card = draw("violence", 0.5, width=width)
    assert Pillow.open(BytesIO(card)).size == (width, round(width * 9 / 16))
    assert codes(card, halved=True, quality=60) == ["beholder:test:violence:0.5"]


def test_a_card_shows_its_words() -> None:
    """Another confidence moves the bar and the number; the hem below and the heading stay."""
    low, high = (np.asarray(Pillow.open(BytesIO(draw("hate", c)))) for c in (0.1, 0.9))
    assert low.shape == high.shape
    differs = (low != high).any(axis=(1, 2))
    assert differs[400:490].any()  # the number and the bar
    assert not differs[600:].any()  # the hem
    assert not (low[:, :740] != high[:, :740]).any(axis=(1, 2))[:380].any()  # heading and category


def test_a_card_is_small_and_without_metadata() -> None:
    file = draw("hate", 0.5, "JPEG")
    assert len(file) < 200_000
    assert not Pillow.open(BytesIO(file)).getexif()


@given(st.sampled_from(Category), st.floats(0, 1))
@example(Category.HATE, 1e-5)
@example(Category.HATE, 1.0)
@example(Category.HATE, 0.99996)
def test_a_payload_is_read_back(category: Category, confidence: float) -> None:
    (label,) = read([payload(category, confidence)])
    assert label.category is category
    assert label.confidence == pytest.approx(confidence, abs=5e-5)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "https://example.com",
        "beholder:test:",
        "beholder:test:sexual_explicit",
        "beholder:test:sexual_explicit:",
        "beholder:test:sexual_explicit:1.1",
        "beholder:test:sexual_explicit:-0.5",
        "beholder:test:sexual_explicit:nan",
        "beholder:test:sexual_explicit:inf",
        "beholder:test:sexual_explicit:1e-1",
        "beholder:test:sexual_explicit:0.9 ",
        "beholder:test:sexual_explicit:0.9\n",
        "beholder:test:sexual_explicit:٠.٩",
        "beholder:test:sexual_explicit:0.99999",
        "beholder:test:nudity:0.9",
        "beholder:test:violence_:0.9",
        "Beholder:test:violence:0.9",
        " beholder:test:violence:0.9",
        "beholder:test:violence:0.9:0.9",
    ],
)
def test_malformed_cards_are_ignored(code: str) -> None:
    assert read([code]) == ()
    assert read([code, "beholder:test:hate:1"]) == (Label(Category.HATE, "test card", 1.0),)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    read([text, "beholder:test:" + text, f"beholder:test:hate:{text}"])
    assert is_card("beholder:test:" + text)


@pytest.mark.asyncio
async def test_the_provider_assesses_what_stands_on_the_cards() -> None:
    on_image = ("beholder:test:hate:0.9", "https://example.com", "beholder:test:violence:0.2", "beholder:test:x:1")
    verdict = await Cards().screen(image(codes=on_image), Ask())
    assert isinstance(verdict, Verdict)
    assert verdict.labels == (
        Label(Category.HATE, "test card", 0.9),
        Label(Category.VIOLENCE, "test card", 0.2),
    )
    assert verdict.assessed == {Category.HATE, Category.VIOLENCE}
    assert verdict.medium is Medium.PHOTO
    assert verdict.suggestion is None


@pytest.mark.asyncio
async def test_without_a_card_nothing_is_assessed() -> None:
    verdict = await Cards().screen(image(codes=("https://example.com",)), Ask())
    assert isinstance(verdict, Verdict)
    assert (verdict.labels, verdict.assessed) == ((), frozenset())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("sexual_explict", 0.5),
            "'sexual_explict' is not a category. Did you mean sexual_explicit? There are: sexual_e",
        ),
        (("zzz", 0.5), "'zzz' is not a category. There are: sexual_explicit, "),
        (("hate", 1.5), "from 0 to 1, for example 0.9, not 1.5"),
        (("hate", float("nan")), "from 0 to 1, for example 0.9, not nan"),
        (("hate", 0.5, "GIF"), "a PNG or a JPEG, not 'GIF'"),
        (("hate", 0.5, "PNG", 100), "480 to 4096 pixels wide, not 100"),
        (("hate", 0.5, "PNG", 1_000_000), "480 to 4096 pixels wide, not 1000000"),
    ],
)
def test_bad_wishes_name_the_good_ones(arguments: tuple[str, float], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        draw(*arguments)
    assert message in str(caught.value)


@settings(max_examples=5, deadline=None)
@given(st.sampled_from(Category), st.floats(0, 1))
def test_any_confidence_can_be_drawn_and_read(category: Category, confidence: float) -> None:
    assert codes(draw(category, confidence, width=480)) == [payload(category, confidence)]
