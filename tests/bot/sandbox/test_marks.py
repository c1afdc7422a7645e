"""A mark is seen by vendors and by nobody else; the doubtful picture stays doubtful."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.media import looks
from bot.sandbox import marks, pictures
from bot.sandbox.hitpaw_books import by_test_card
from bot.sandbox.huawei import sights
from policies.model import Category
from providers.base import VIEW_SIDE, View
from providers.local import Models
from providers.local.vote import labels
from providers.testcard import draw


def worn(picture: Image.Image) -> bytes:
    """After a platform, our sandbox and a smaller size."""
    with Image.open(io.BytesIO(pictures.jpeg(picture, 70))) as once:
        return pictures.jpeg(once.reduce(2), 70)


@pytest.mark.parametrize("category", [Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE, Category.EXTREMISM])
@pytest.mark.parametrize("ground", [marks.doubtful(1), pictures.landscape(5)], ids=["doubtful", "view"])
def test_a_mark_is_read_by_vendors_alone(category: Category, ground: Image.Image) -> None:
    content = worn(marks.marked(ground, category, 0.9125))
    assert marks.seen(content) == {category: 0.9125}
    with Image.open(io.BytesIO(content)) as opened:
        assert list(looks.codes([opened.convert("RGB")])) == [], "to the bot it is a picture like any other"
        details = sights.seen(opened, ["porn", "terrorism"])["details"]
    assert [d["confidence"] for d in details] == [0.9125]
    sexual = category in (Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE)
    assert by_test_card(content) == ("high" if sexual else "low")


def test_of_two_the_stronger_counts_and_a_card_is_one() -> None:
    card = Image.open(io.BytesIO(draw(Category.HATE, 0.4)))
    assert marks.seen(pictures.png(marks.marked(card, Category.HATE, 0.9))) == {Category.HATE: 0.9}
    assert marks.seen(pictures.png(card.convert("RGB"))) == {Category.HATE: 0.4}


def test_no_picture_is_no_answer() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        marks.seen(b"words")


@pytest.mark.asyncio
async def test_the_local_models_are_in_doubt_about_it_marked_or_not() -> None:
    models = Models()
    try:
        for serial in (0, 1, 7):
            for picture in (marks.doubtful(serial), marks.marked(marks.doubtful(serial), Category.HATE, 0.1)):
                small = picture.resize((VIEW_SIDE, VIEW_SIDE), Image.Resampling.BILINEAR)
                scores = await models.scores((View(small.tobytes(), 0, "whole"),))
                explicit = labels(scores, advert=False)[0].confidence
                assert 0.55 < explicit < 0.8
    finally:
        await models.aclose()
