"""A picture that nobody has seen before, of one megapixel: the whole way."""

from __future__ import annotations

import io

from PIL import Image

from benchmarks.duel import COLUMNS, duel
from benchmarks.report import Report
from bot.sandbox import pictures
from bot.sandbox.scenes import card
from policies.model import Category

SIZE = (1152, 868)  # a megapixel
WARM_UP = 5
STATIONS = ("fetch", "decode", "inference", "decide", "disk", "act")


async def run(rounds: int = 60, *, warm_up: int = WARM_UP) -> Report:
    """At most 200 rounds: a guild's cap on removals an hour is not for us to lift."""
    fought = await duel(_photographs(warm_up + rounds), warm_up=warm_up)
    kilobytes = len(_photographs(1)[0]) / 1024
    return Report(
        name="new",
        title="A new picture of one megapixel: MESSAGE_CREATE sent to DELETE received",
        columns=COLUMNS,
        rows=fought.rows(STATIONS),
        notes=(
            f"JPEGs of {SIZE[0]} x {SIZE[1]} pixels and about {kilobytes:.0f} KB, each another.",
            "The barest client does not look: it deletes. Fetching, decoding and both models is what the rest is.",
            "`act` is the deletion, the notice and the card with its evidence together; the time above ends with "
            "the deletion.",
        ),
    )


def _photographs(count: int) -> list[bytes]:
    """Landscapes, each with a test card in it."""
    sign = Image.open(io.BytesIO(card(Category.SEXUAL_EXPLICIT, 0.95, width=640)))
    made = []
    for seed in range(count):
        picture = pictures.landscape(seed, SIZE)
        picture.paste(sign, (40, 40))
        made.append(pictures.jpeg(picture))
    return made
